// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
)

// kept is a sealed store with something in every table that is sealed.
func kept(t *testing.T) *vault {
	t.Helper()
	v := newVault(t)
	v.fill()
	v.must(v.Update(t.Context(), "p1", func(tx bridge.Tx) error {
		m, err := tx.Messages().Message("m-p1")
		if err != nil {
			return err
		}
		err = tx.Messages().Amend(bridge.Version{Message: m.ID, Number: 1, Parts: m.Parts, At: noon}, m)
		return errors.Join(err, tx.Messages().PutAttachment(bridge.Attachment{ID: "a1", Patient: "p1", Name: "name"}, []byte("a file")))
	}))
	return v
}

// everything reads all that is kept of p1, into one text.
func (v *vault) everything() (string, error) {
	var all string
	var errs []error
	look := func(f func(bridge.Tx) (any, error)) {
		errs = append(errs, v.View(v.t.Context(), func(tx bridge.Tx) error {
			x, err := f(tx)
			if err == nil {
				all += fmt.Sprintf("%+v\n", x)
			}
			return err
		}))
	}
	look(func(tx bridge.Tx) (any, error) { return tx.Messages().Message("m-p1") })
	look(func(tx bridge.Tx) (any, error) { return tx.Messages().Versions("m-p1") })
	look(func(tx bridge.Tx) (any, error) { a, _, err := tx.Messages().Attachment("a1", false); return a, err })
	look(func(tx bridge.Tx) (any, error) {
		_, content, err := tx.Messages().Attachment("a1", true)
		return string(content), err
	})
	look(func(tx bridge.Tx) (any, error) { return tx.Entries().After("p1", 0, 10) })
	look(func(tx bridge.Tx) (any, error) { return tx.Conversations().Conversation("c-p1") })
	return all, errors.Join(errs...)
}

// What SQL can put in the place of something sealed, and how the check names it.
var forgeries = []struct{ name, query, named string }{
	{"a message", `UPDATE messages SET doc = CAST('{"ID":"m-p1","Patient":"p1","Parts":[{"Text":"forged"}],"State":"accepted"}' AS BLOB) WHERE id = 'm-p1'`, "messages m-p1"},
	{"an earlier version", `UPDATE versions SET doc = CAST('{"Parts":[{"Text":"forged"}]}' AS BLOB)`, "versions m-p1/1"},
	{"a file's description", `UPDATE attachments SET doc = CAST('{"Name":"forged"}' AS BLOB)`, "attachments a1"},
	{"a file", `UPDATE attachment_content SET content = CAST('forged' AS BLOB)`, "attachment_content a1"},
	{"a file that is empty now", `UPDATE attachment_content SET content = x''`, "attachment_content a1"},
	{"an entry", `UPDATE entries SET entry = CAST('{"patient":"p1","seq":2,"kind":"forged"}' AS BLOB) WHERE patient = 'p1' AND seq = 2`, "entries 2 of patient p1"},
	{"what somebody wrote", `UPDATE texts SET text = CAST('forged' AS BLOB) WHERE id = 'c-p1'`, "texts conversations/c-p1"},
	{"the same, where it was before", `UPDATE conversations SET doc = CAST(replace(CAST(doc AS TEXT), '\u0001', 'forged') AS BLOB) WHERE id = 'c-p1'`, "conversations c-p1"},
}

// Once everything was sealed, nothing plain opens, is shown, or is sealed as if it
// were ours; the check names it.
func TestWhatIsPutPlainInPlaceOfSomethingSealedIsRefused(t *testing.T) {
	for _, f := range forgeries {
		t.Run(f.name, func(t *testing.T) {
			v := kept(t)
			v.resealed()
			if all, err := v.everything(); err != nil || !strings.Contains(all, "text of p1") || !strings.Contains(all, "subject of p1") {
				t.Fatalf("read %s: %v", all, err)
			}
			v.must(v.Check(t.Context()))
			v.sql(f.query)
			for range 2 {
				all, err := v.everything()
				if !errors.Is(err, sqlite.ErrPlain) || strings.Contains(all, "forged") {
					t.Errorf("read %s: %v", all, err)
				}
				err = v.Check(t.Context())
				if !errors.Is(err, sqlite.ErrPlain) || !strings.Contains(err.Error(), f.named) {
					t.Errorf("the check found: %v", err)
				}
				if f.named != "texts conversations/c-p1" { // nothing else hangs on it
					v.must(v.essential())
				}
				v.resealed() // which makes nothing of it ours
			}
		})
	}
}

// essential reads the conversation as a withdrawal would: it is not held up.
func (v *vault) essential() error {
	return v.Update(bridge.Essential(v.t.Context()), "p1", func(tx bridge.Tx) error {
		c, err := tx.Conversations().Conversation("c-p1")
		if strings.Contains(c.Subject, "forged") {
			err = errors.New("it read what was forged")
		}
		return err
	})
}

// Taking the database's own marks away changes nothing: the note is with the keys.
func TestTheDatabaseCantSayThatItIsNotSealed(t *testing.T) {
	v := kept(t)
	v.resealed()
	v.sql(`DELETE FROM meta WHERE key LIKE 'sealed:%' OR key = 'keys'`)
	v.sql(forgeries[0].query)
	v.resealed()
	if all, err := v.everything(); !errors.Is(err, sqlite.ErrPlain) || strings.Contains(all, "forged") {
		t.Errorf("read %s: %v", all, err)
	}
	// An erasure needs no mark either.
	v.must(v.Update(t.Context(), "p2", func(tx bridge.Tx) error {
		return tx.Consents().Put(bridge.Erasure{Patient: "p2", At: noon})
	}))
}

// upgraded is a store of before there were keys, opened with keys that have never
// seen everything sealed.
func upgraded(t *testing.T) (v *vault, keys string) {
	t.Helper()
	v = &vault{t: t, folder: t.TempDir(), o: small}
	v.Store = open(t, v.path(), v.o)
	t.Cleanup(func() { shut(t, v.Store) })
	v.fill()
	shut(t, v.Store)
	v.o.Sealer, v.o.Keys = sealer(t, v.folder)
	v.Store = open(t, v.path(), v.o)
	return v, filepath.Join(v.folder, "keys.db")
}

func TestAnUpgradedDatabaseIsReadUntilItIsSealed(t *testing.T) {
	v, _ := upgraded(t)
	if text, err := v.text("m-p1"); text != "text of p1" || err != nil {
		t.Errorf("before: read %q, %v", text, err)
	}
	if done, err := v.Reseal(t.Context()); done || err != nil {
		t.Errorf("one step sealed everything: %v", err)
	}
	if text, err := v.text("m-p2"); text != "text of p2" || err != nil {
		t.Errorf("meanwhile: read %q, %v", text, err)
	}
	v.resealed()
	v.sql(forgeries[0].query)
	if text, err := v.text("m-p1"); text != "" || !errors.Is(err, sqlite.ErrPlain) {
		t.Errorf("after: read %q, %v", text, err)
	}
}

// What a backup brings together: data and keys of different days.
func TestDataAndKeysOfDifferentDays(t *testing.T) {
	v, keys := upgraded(t)
	olderData, olderKeys := filepath.Join(t.TempDir(), "data.db"), filepath.Join(t.TempDir(), "keys.db")
	v.must(v.Update(t.Context(), "p1", func(tx bridge.Tx) error { return nil })) // p1's keys are made
	v.must(errors.Join(sqlite.Backup(t.Context(), v.path(), olderData), sqlite.BackupKeys(t.Context(), keys, olderKeys)))
	v.resealed()
	since, err := sqlite.WholeSince(keys)
	if err != nil || since.IsZero() {
		t.Fatalf("everything was sealed at %v: %v", since, err)
	}
	if before, err := sqlite.WholeSince(olderKeys); err != nil || !before.IsZero() {
		t.Errorf("the older keys say %v: %v", before, err)
	}
	if none, err := sqlite.WholeSince(filepath.Join(t.TempDir(), "none")); err != nil || !none.IsZero() {
		t.Errorf("no keys say %v: %v", none, err)
	}
	v.must(v.FindPlain(t.Context()))

	// Older data with newer keys: nothing plain opens, or is sealed.
	newer := v.Store
	v.Store = open(t, olderData, v.o)
	v.resealed()
	if text, err := v.text("m-p1"); text != "" || !errors.Is(err, sqlite.ErrPlain) {
		t.Errorf("older data: read %q, %v", text, err)
	}
	if err := v.FindPlain(t.Context()); !errors.Is(err, sqlite.ErrPlain) {
		t.Errorf("older data: found %v", err)
	}
	shut(t, v.Store)
	v.Store = newer
	shut(t, v.Store)

	// Until the operator accepts it: then it is read, and sealed.
	folder := t.TempDir()
	kek, err := os.ReadFile(filepath.Join(v.folder, "kek.json"))
	v.must(errors.Join(err, os.WriteFile(filepath.Join(folder, "kek.json"), kek, 0o600)))
	accepted := filepath.Join(folder, "keys.db")
	v.must(errors.Join(sqlite.BackupKeys(t.Context(), keys, accepted), sqlite.AcceptPlain(accepted)))
	v.o.Sealer, v.o.Keys = sealer(t, folder)
	v.Store = open(t, olderData, v.o)
	if text, err := v.text("m-p1"); text != "text of p1" || err != nil {
		t.Errorf("accepted: read %q, %v", text, err)
	}
	v.resealed()
	v.must(errors.Join(v.FindPlain(t.Context()), v.Check(t.Context())))
	if text, err := v.text("m-p1"); text != "text of p1" || err != nil {
		t.Errorf("accepted and sealed: read %q, %v", text, err)
	}
}

// Without its keys a sealed database is only read: what was written then would be
// plain, and refused later.
func TestASealedDatabaseIsNotWrittenWithoutItsKeys(t *testing.T) {
	v := kept(t)
	shut(t, v.Store)
	v.Store = open(t, v.path(), small)
	if err := v.Update(t.Context(), "p1", func(bridge.Tx) error { return nil }); err == nil {
		t.Error("it is written")
	}
	v.must(v.Check(t.Context()))
}

// Sealing what was there before leaves it in the write-ahead log, for as long as the
// bridge runs, and when it was killed. Scrub takes it away, and nothing else.
func TestScrubLeavesNothingOfWhatWasPlain(t *testing.T) {
	v := &vault{t: t, folder: t.TempDir(), o: small}
	v.Store = open(t, v.path(), v.o)
	t.Cleanup(func() { shut(t, v.Store) })
	v.fill()
	v.must(v.Update(t.Context(), "p1", func(tx bridge.Tx) (err error) {
		for i := range 300 { // more than are sealed in one step
			id := bridge.AttachmentID(fmt.Sprintf("a%03d", i))
			err = errors.Join(err, tx.Messages().PutAttachment(bridge.Attachment{ID: id, Patient: "p1", Name: "aubergine " + string(id)}, []byte("aubergine")))
		}
		return err
	}))
	shut(t, v.Store)
	v.o.Sealer, v.o.Keys = sealer(t, v.folder)
	v.Store = open(t, v.path(), v.o)
	v.resealed()
	if err := sqlite.Scrub(t.Context(), v.path()); err == nil {
		t.Error("written anew while it is in use")
	}
	killed := &vault{t: t, folder: t.TempDir(), o: v.o}
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(v.path() + suffix)
		v.must(errors.Join(err, os.WriteFile(killed.path()+suffix, content, 0o600)))
	}
	if killed.left("aubergine") == 0 {
		t.Fatal("nothing is left to take away")
	}
	v.must(sqlite.Scrub(t.Context(), killed.path()))
	if n := killed.left("aubergine"); n > 0 {
		t.Errorf("it stands in the files %d times", n)
	}
	if err := sqlite.Scrub(t.Context(), filepath.Join(t.TempDir(), "none.db")); err == nil {
		t.Error("wrote what is not there")
	}
	killed.Store = open(t, killed.path(), v.o)
	defer shut(t, killed.Store)
	v.must(killed.Check(t.Context()))
	if text, err := killed.text("m-p1"); text != "text of p1" || err != nil {
		t.Errorf("read %q: %v", text, err)
	}
}

// left counts a word in the database's files.
func (v *vault) left(word string) (n int) {
	v.t.Helper()
	names, err := filepath.Glob(v.path() + "*")
	v.must(err)
	for _, name := range names {
		content, err := os.ReadFile(name)
		v.must(err)
		n += bytes.Count(content, []byte(word))
	}
	return n
}
