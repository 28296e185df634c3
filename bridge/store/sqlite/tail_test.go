// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
)

// known is all that heads tell of patient a.
type known struct {
	Head           bridge.Head
	Oldest, Newest uint64
	Count, Unread  int
	Conversation   bridge.Conversation
	Order          []bridge.ConversationID
	Entries        int
}

func read(tx bridge.Tx) (k known, err error) {
	errs := make([]error, 6)
	k.Head, errs[0] = tx.Patients().Head("a")
	k.Oldest, k.Newest, errs[1] = tx.Events().Bounds(from("a"))
	k.Count, errs[2] = tx.Disclosures().Count(consentsOf("a")[0])
	k.Conversation, errs[3] = tx.Conversations().Conversation("c")
	k.Unread, _, errs[4] = tx.Conversations().Unread("c", bridge.Mark{Party: to("a")})
	all, err := tx.Conversations().Find(bridge.ConversationQuery{Patient: "a"})
	for _, c := range all {
		k.Order = append(k.Order, c.ID)
	}
	leaves, err2 := tx.Entries().After("a", 0, 10_000)
	k.Entries = len(leaves)
	return k, errors.Join(append(errs, err, err2)...)
}

// A view has one moment's heads, however many commits come while it lasts, and
// whether or not these wrote the heads to their tables.
func TestAViewKeepsItsHeads(t *testing.T) {
	for _, c := range []struct {
		name  string
		early bool // the view reads heads before the commits come
	}{{"read before", true}, {"not read before", false}} {
		for _, commits := range []int{1, 140} {
			s := open(t, filepath.Join(t.TempDir(), "bridge.db"), small)
			update(t, s, "a", newPatient("a"))
			update(t, s, "a", newTalk("a", "c"))
			update(t, s, "a", newTalk("a", "d"))
			for n := range 10 {
				update(t, s, "a", wholePath("a", "c", n))
			}
			var first, then known
			err := s.View(context.Background(), func(tx bridge.Tx) error {
				if _, err := tx.Patients().Patient("a"); err != nil { // here the snapshot begins
					return err
				}
				if c.early {
					var err error
					if first, err = read(tx); err != nil {
						return err
					}
				}
				for n := range commits {
					update(t, s, "a", wholePath("a", "c", 10+n))
					update(t, s, "a", touched("d", noon.Add(time.Duration(n))))
				}
				var err error
				then, err = read(tx)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if !c.early {
				first = then
			}
			if d := cmp.Diff(first, then); d != "" {
				t.Errorf("%s, %d commits: heads moved in a view: %s", c.name, commits, d)
			}
			if then.Newest != 20 || then.Entries != 20 || then.Count != 10 || then.Conversation.LastSeq != 10 || then.Head.Seq != 20 {
				t.Errorf("%s, %d commits: the view reads %+v", c.name, commits, then)
			}
			shut(t, s)
		}
	}
}

// touched moves a conversation in the order of conversations.
func touched(id bridge.ConversationID, at time.Time) func(bridge.Tx) error {
	return func(tx bridge.Tx) error {
		c, err := tx.Conversations().Conversation(id)
		c.ChangedAt = at
		return errors.Join(err, tx.Conversations().Put(c))
	}
}

// What fn did to heads is undone with fn, and nothing else of its group is.
func TestHeadsAreUndoneWithFn(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "bridge.db"), small)
	defer shut(t, s)
	update(t, s, "a", newPatient("a"))
	update(t, s, "a", newTalk("a", "c"))
	no := errors.New("no")
	for n := range 100 {
		update(t, s, "a", wholePath("a", "c", n))
		err := s.Update(context.Background(), "a", func(tx bridge.Tx) error {
			if n%2 == 0 {
				_, err := tx.Conversations().NextSeq("c", noon)
				return errors.Join(err, no)
			}
			return errors.Join(wholePath("a", "c", 1000)(tx), no)
		})
		if !errors.Is(err, no) {
			t.Fatal(err)
		}
	}
	if err := s.Check(context.Background()); err != nil {
		t.Error(err)
	}
	err := s.View(context.Background(), func(tx bridge.Tx) error {
		k, err := read(tx)
		if k.Conversation.LastSeq != 100 || k.Entries != 200 || k.Newest != 200 {
			t.Errorf("reads %+v", k)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// Heads that are in the tail only are read again after a commit that failed, and
// by the next to open the file.
func TestHeadsAreReadFromTheTail(t *testing.T) {
	folder := t.TempDir()
	s := open(t, filepath.Join(folder, "bridge.db"), small)
	update(t, s, "a", newPatient("a"))
	update(t, s, "a", newTalk("a", "c"))
	for n := range 30 {
		update(t, s, "a", wholePath("a", "c", n))
	}
	fail := true
	s.OnCommit(func(commit func() error) error {
		if fail {
			fail = false
			return sqlite.Full()
		}
		return commit()
	})
	if err := s.Update(context.Background(), "a", wholePath("a", "c", 30)); bridge.CodeOf(err) != bridge.CodeStorageFull {
		t.Fatal(err)
	}
	update(t, s, "a", wholePath("a", "c", 30))
	copied := filepath.Join(folder, "copy.db")
	if err := s.Backup(context.Background(), copied); err != nil {
		t.Fatal(err)
	}
	shut(t, s)
	for _, name := range []string{"bridge.db", "copy.db"} {
		s := open(t, filepath.Join(folder, name), small)
		update(t, s, "a", wholePath("a", "c", 31))
		if err := s.Check(context.Background()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		err := s.View(context.Background(), func(tx bridge.Tx) error {
			k, err := read(tx)
			if k.Conversation.LastSeq != 32 || k.Head.Seq != 64 || k.Count != 32 {
				t.Errorf("%s: reads %+v", name, k)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		shut(t, s)
	}
}

// The rows of the tail are numbered for ever; after years nothing takes longer.
func TestTheTailOfAnOldDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bridge.db")
	s := open(t, path, small)
	update(t, s, "a", newPatient("a"))
	update(t, s, "a", newTalk("a", "c"))
	shut(t, s)
	foreign(t, path, `UPDATE tails SET number = 1000000000000000`)
	s = open(t, path, small)
	defer shut(t, s)
	for n := range 200 {
		update(t, s, "a", wholePath("a", "c", n))
	}
	if err := s.Check(context.Background()); err != nil {
		t.Error(err)
	}
}

func FuzzTail(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(sqlite.SomeTail())
	f.Fuzz(func(t *testing.T, doc []byte) {
		if err := sqlite.TailAgain(doc); err != nil {
			t.Error(err)
		}
	})
}
