// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
)

// vault is a sealed store in a folder, with two patients.
type vault struct {
	t      *testing.T
	folder string
	o      sqlite.Options
	*sqlite.Store
}

func newVault(t *testing.T) *vault {
	t.Helper()
	v := &vault{t: t, folder: t.TempDir(), o: small}
	v.o.Sealer, v.o.Keys = sealer(t, v.folder)
	v.Store = open(t, v.path(), v.o)
	t.Cleanup(func() { shut(t, v.Store) })
	return v
}

func (v *vault) path() string { return filepath.Join(v.folder, "bridge.db") }

// fill keeps two patients, each with a message and two entries.
func (v *vault) fill() {
	v.t.Helper()
	v.must(v.Update(v.t.Context(), "", func(tx bridge.Tx) error {
		for _, p := range []bridge.PatientID{"p1", "p2"} {
			if err := tx.Patients().Put(bridge.Patient{ID: p, Active: true}); err != nil {
				return err
			}
		}
		return nil
	}))
	for _, p := range []string{"p1", "p2"} {
		v.must(v.Update(v.t.Context(), bridge.PatientID(p), func(tx bridge.Tx) error { return talk(tx, p) }))
	}
}

func talk(tx bridge.Tx, p string) error {
	id := bridge.PatientID(p)
	conv := bridge.Conversation{
		ID: bridge.ConversationID("c-" + p), MID: "mid-" + p, Patient: id, OpenedBy: "PractitionerRole/gp",
		Subject: "subject of " + p, Participants: []bridge.Ref{"PractitionerRole/gp"}, OpenedAt: noon, ChangedAt: noon,
	}
	if err := tx.Conversations().Put(conv); err != nil {
		return err
	}
	seq, err := tx.Conversations().NextSeq(conv.ID, noon)
	if err != nil {
		return err
	}
	m := bridge.Message{
		ID: bridge.MessageID("m-" + p), Conversation: conv.ID, Patient: id, Seq: seq, MID: "mid-m-" + p, Sender: "PractitionerRole/gp",
		Parts: []bridge.Part{{Topics: []bridge.Topic{bridge.TopicMedication}, Text: "text of " + p}}, State: bridge.MessageAccepted, SentAt: noon,
	}
	if err := tx.Messages().Put(m); err != nil {
		return err
	}
	for range 2 {
		if _, err := tx.Entries().Append(ledger.Entry{Patient: p, Time: noon, Kind: ledger.KindAccepted, Message: string(m.ID)}); err != nil {
			return err
		}
	}
	return nil
}

func (v *vault) must(err error) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
}

// sql changes the closed database as a thief of its file can, and opens it again.
func (v *vault) sql(query string) {
	v.t.Helper()
	shut(v.t, v.Store)
	db, err := sql.Open("sqlite", v.path())
	v.must(err)
	r, err := db.ExecContext(v.t.Context(), query)
	v.must(err)
	if n, err := r.RowsAffected(); n == 0 || err != nil {
		v.t.Fatalf("changed %d rows: %v", n, err)
	}
	v.must(db.Close())
	v.Store = open(v.t, v.path(), v.o)
}

func (v *vault) text(id bridge.MessageID) (text string, err error) {
	err = v.View(v.t.Context(), func(tx bridge.Tx) error {
		m, err := tx.Messages().Message(id)
		for _, p := range m.Parts {
			text += p.Text
		}
		return err
	})
	return text, err
}

func TestSealedRowsThatWereMovedDoNotOpen(t *testing.T) {
	for _, c := range []struct{ name, query string }{
		{"another row of another patient", `UPDATE messages SET doc = (SELECT doc FROM messages WHERE id = 'm-p2') WHERE id = 'm-p1'`},
		{"both swapped", `UPDATE messages SET doc = (SELECT o.doc FROM messages o WHERE o.id <> messages.id)`},
		{"given to another patient", `UPDATE messages SET patient = 'p2' WHERE id = 'm-p1'`},
		{"from another table", `UPDATE messages SET doc = (SELECT text FROM texts WHERE patient = 'p1') WHERE id = 'm-p1'`},
		{"one bit", `UPDATE messages SET doc = CAST(substr(doc, 1, length(doc) - 1) || x'00' AS BLOB) WHERE id = 'm-p1'`},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newVault(t)
			v.fill()
			v.sql(c.query)
			text, err := v.text("m-p1")
			if text != "" {
				t.Errorf("read %q: %v", text, err)
			}
			if err := v.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "m-p") {
				t.Errorf("the check found: %v", err)
			}
		})
	}
}

func TestEntriesThatWereMovedOrTakenAwayAreFound(t *testing.T) {
	for _, c := range []struct{ name, query string }{
		{"the entry before", `UPDATE entries SET entry = (SELECT entry FROM entries WHERE patient = 'p1' AND seq = 1) WHERE patient = 'p1' AND seq = 2`},
		{"another patient's", `UPDATE entries SET entry = (SELECT entry FROM entries WHERE patient = 'p2' AND seq = 2) WHERE patient = 'p1' AND seq = 2`},
		{"as if it were erased", `UPDATE entries SET entry = CAST(x'0100000000' || zeroblob(60) AS BLOB) WHERE patient = 'p1' AND seq = 2`},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newVault(t)
			v.fill()
			v.must(v.Check(t.Context()))
			v.sql(c.query)
			err := v.Check(t.Context())
			if err == nil {
				t.Fatal("nothing was found")
			}
			if !strings.Contains(err.Error(), "p1") && !strings.Contains(err.Error(), "entr") {
				t.Errorf("the entry is not named: %v", err)
			}
		})
	}
}

// Erasing one patient leaves the other's chain, and the tree over both, whole:
// with keys and without.
func TestErasingOneLeavesTheOthersProofs(t *testing.T) {
	v := newVault(t)
	v.fill()
	v.resealed()
	v.must(v.Update(t.Context(), "p1", func(tx bridge.Tx) error {
		return tx.Consents().Put(bridge.Erasure{Patient: "p1", Log: true, At: noon})
	}))
	v.must(v.o.Sealer.Erase(t.Context(), "p1", time.Time{}, bridge.KeyContent, bridge.KeyLog))
	v.must(v.Check(t.Context()))
	if text, err := v.text("m-p2"); text != "text of p2" || err != nil {
		t.Errorf("read %q: %v", text, err)
	}
	shut(t, v.Store)
	o := small
	v.Store = open(t, v.path(), o)
	v.must(v.Check(t.Context()))
	if text, err := v.text("m-p2"); text != "" || err != nil {
		t.Errorf("without keys: read %q, %v", text, err)
	}
}

func (v *vault) resealed() {
	v.t.Helper()
	for done := false; !done; {
		var err error
		done, err = v.Reseal(v.t.Context())
		v.must(err)
	}
}

func TestRowsOfBeforeThereWereKeysAreSealed(t *testing.T) {
	v := newVault(t)
	shut(t, v.Store)
	v.must(os.Remove(v.path()))
	plain := small
	v.Store = open(t, v.path(), plain)
	v.fill()
	v.must(v.Update(t.Context(), "p1", func(tx bridge.Tx) error {
		return tx.Messages().PutAttachment(bridge.Attachment{ID: "a1", Patient: "p1", Name: "name of a file"}, []byte("a file's text"))
	}))
	shut(t, v.Store)
	v.Store = open(t, v.path(), v.o)
	if text, err := v.text("m-p1"); text != "text of p1" || err != nil {
		t.Errorf("before: read %q, %v", text, err)
	}
	v.resealed()
	v.must(v.Check(t.Context()))
	if text, err := v.text("m-p1"); text != "text of p1" || err != nil {
		t.Errorf("after: read %q, %v", text, err)
	}
	var content []byte
	var a bridge.Attachment
	var c bridge.Conversation
	v.must(v.View(t.Context(), func(tx bridge.Tx) (err error) {
		if a, content, err = tx.Messages().Attachment("a1", true); err != nil {
			return err
		}
		c, err = tx.Conversations().Conversation("c-p2")
		return err
	}))
	if a.Name != "name of a file" || string(content) != "a file's text" || c.Subject != "subject of p2" {
		t.Errorf("read %+v, %q, %q", a, content, c.Subject)
	}
	shut(t, v.Store)
	v.Store = open(t, v.path(), plain) // which knows no keys
	if text, err := v.text("m-p1"); text != "" || err != nil {
		t.Errorf("without keys: read %q, %v", text, err)
	}
}

func TestADatabaseAndItsKeysBelongTogether(t *testing.T) {
	v, other := newVault(t), newVault(t)
	v.fill()
	shut(t, v.Store)
	if s, err := sqlite.Open(v.path(), other.o); err == nil {
		shut(t, s)
		t.Fatal("another database's keys were taken")
	}
	keys := filepath.Join(v.folder, "keys.db")
	v.must(sqlite.Paired(v.path(), keys))
	for _, wrong := range []string{filepath.Join(other.folder, "keys.db"), filepath.Join(v.folder, "none.db")} {
		if err := sqlite.Paired(v.path(), wrong); err == nil {
			t.Error("another database's keys fit")
		}
	}
	v.must(sqlite.Unpaired(v.path()))
	v.Store = open(t, v.path(), other.o)
	v.must(v.Check(context.WithoutCancel(t.Context())))
	if text, err := v.text("m-p1"); text != "" || err != nil {
		t.Errorf("with other keys: read %q, %v", text, err)
	}
}
