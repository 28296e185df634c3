// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
)

// The words that somebody wrote into a ring.
var words = []string{"worries about lithium", "is in theatre", "try after two", "nurse knows more"}

// rung keeps a line, a ring of the patient that was declined, answered and handed
// over, and a callback.
func rung(tx bridge.Tx, p string) error {
	r := bridge.Ring{
		ID: bridge.RingID("r-" + p), Rev: 1, MID: "mid-r-" + p, Patient: bridge.PatientID(p), Caller: "PractitionerRole/gp", Line: "l",
		Note: words[0], State: bridge.RingRinging, StartedAt: noon,
	}
	r.Step("rota", []bridge.Ref{"PractitionerRole/a", "PractitionerRole/b"}, false, noon)
	if err := r.Decline("PractitionerRole/a", words[1], words[2], noon); err != nil {
		return err
	}
	if err := r.Accept("PractitionerRole/b", "phone", noon); err != nil {
		return err
	}
	r.HandOver("tier-2", []bridge.Ref{"PractitionerRole/c"}, words[3], noon)
	if err := tx.Rings().Put(r); err != nil {
		return err
	}
	if err := tx.Lines().Put(bridge.Line{ID: "l", Tiers: []bridge.Tier{{Members: []bridge.Ref{"PractitionerRole/a"}}}}); err != nil {
		return err
	}
	return tx.Callbacks().Put(bridge.Callback{
		ID: bridge.CallbackID("b-" + p), Rev: 1, MID: "mid-b-" + p, Ring: r.ID, Line: "l", Patient: r.Patient, Caller: r.Caller,
		State: bridge.CallbackWaiting, AskedAt: noon, DueAt: noon.Add(time.Hour),
	})
}

func (v *vault) ring(p string) {
	v.t.Helper()
	v.must(v.Update(v.t.Context(), bridge.PatientID(p), func(tx bridge.Tx) error { return rung(tx, p) }))
}

// wrote reads what people wrote into a patient's ring.
func (v *vault) wrote(p string) []string {
	v.t.Helper()
	var r bridge.Ring
	v.must(v.View(v.t.Context(), func(tx bridge.Tx) (err error) {
		r, err = tx.Rings().Ring(bridge.RingID("r-" + p))
		return err
	}))
	first := r.Steps[0].Results[0]
	return []string{r.Note, first.Reason, first.Suggest, r.Steps[1].Note}
}

// onDisk lists those of the words that stand in the database's files.
func (v *vault) onDisk() (found []string) {
	v.t.Helper()
	for _, path := range []string{v.path(), v.path() + "-wal"} {
		b, err := os.ReadFile(path)
		if err != nil && !os.IsNotExist(err) {
			v.t.Fatal(err)
		}
		for _, w := range words {
			if bytes.Contains(b, []byte(w)) {
				found = append(found, w)
			}
		}
	}
	return found
}

func TestWhatIsWrittenIntoARingIsSealed(t *testing.T) {
	v := newVault(t)
	v.fill()
	v.ring("p1")
	if got := v.wrote("p1"); !slices.Equal(got, words) {
		t.Errorf("read %q", got)
	}
	shut(t, v.Store)
	if found := v.onDisk(); len(found) > 0 {
		t.Errorf("on the disk: %q", found)
	}
	v.Store = open(t, v.path(), v.o)
	v.must(v.Check(t.Context()))
}

// counting counts what is opened.
type counting struct {
	bridge.Sealer
	opened atomic.Int64
}

func (c *counting) Open(dst []byte, at bridge.Place, sealed []byte) ([]byte, error) {
	c.opened.Add(1)
	return c.Sealer.Open(dst, at, sealed)
}

func TestARingIsFoundWithoutItsPatientsKeys(t *testing.T) {
	v := newVault(t)
	v.fill()
	v.ring("p1")
	shut(t, v.Store)
	opens := &counting{Sealer: v.o.Sealer}
	v.o.Sealer = opens
	v.Store = open(t, v.path(), v.o)
	find := func(tx bridge.Tx) error {
		found, err := tx.Rings().Find(bridge.RingQuery{Party: "PractitionerRole/c"})
		if len(found) != 1 || found[0].ID != "r-p1" || found[0].Note != "" {
			t.Errorf("found %+v", found)
		}
		return err
	}
	v.must(v.Update(t.Context(), "p2", find))
	v.must(v.View(t.Context(), find))
	if n := opens.opened.Load(); n > 0 {
		t.Errorf("%d texts were opened", n)
	}
	v.wrote("p1")
	if n := opens.opened.Load(); n != int64(len(words)) {
		t.Errorf("%d texts were opened, want %d", n, len(words))
	}
}

func TestRingsOfBeforeThereWereKeysAreSealed(t *testing.T) {
	v := newVault(t)
	shut(t, v.Store)
	v.must(os.Remove(v.path()))
	v.Store = open(t, v.path(), small)
	v.fill()
	v.ring("p1")
	shut(t, v.Store)
	if found := v.onDisk(); len(found) != len(words) {
		t.Errorf("on the disk before: %q", found)
	}
	v.Store = open(t, v.path(), v.o)
	v.resealed()
	if got := v.wrote("p1"); !slices.Equal(got, words) {
		t.Errorf("read %q", got)
	}
	v.must(v.Check(t.Context()))
	shut(t, v.Store)
	if found := v.onDisk(); len(found) > 0 {
		t.Errorf("on the disk behind it: %q", found)
	}
	v.Store = open(t, v.path(), v.o)
}

// With what was said, what was written into rings goes, and that there were some
// stays; with the record, they go too.
func TestErasingCoversRings(t *testing.T) {
	v := newVault(t)
	v.fill()
	v.ring("p1")
	v.ring("p2")
	v.resealed()
	erase := func(p bridge.PatientID, log bool, kinds ...bridge.KeyKind) {
		v.must(v.Update(t.Context(), p, func(tx bridge.Tx) error {
			return tx.Consents().Put(bridge.Erasure{Patient: p, Log: log, At: noon})
		}))
		v.must(v.o.Sealer.Erase(t.Context(), p, time.Time{}, kinds...))
		v.must(v.Check(t.Context()))
	}
	erase("p1", false, bridge.KeyContent)
	if got := v.wrote("p1"); strings.Join(got, "") != "" {
		t.Errorf("read %q", got)
	}
	if got := v.wrote("p2"); !slices.Equal(got, words) {
		t.Errorf("read %q of another patient", got)
	}
	erase("p2", true, bridge.KeyContent, bridge.KeyLog)
	v.must(v.View(t.Context(), func(tx bridge.Tx) error {
		rings, err := tx.Rings().Find(bridge.RingQuery{})
		if len(rings) != 1 || rings[0].ID != "r-p1" {
			t.Errorf("rings that stay: %+v", rings)
		}
		waiting, err2 := tx.Callbacks().Find(bridge.CallbackQuery{})
		if len(waiting) != 1 || waiting[0].ID != "b-p1" {
			t.Errorf("callbacks that stay: %+v", waiting)
		}
		taken, err3 := tx.Rings().Find(bridge.RingQuery{Party: "PractitionerRole/c"})
		if len(taken) != 1 {
			t.Errorf("%d rings have the doctor", len(taken))
		}
		for _, err := range []error{err, err2, err3} {
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

func TestABackupHoldsLines(t *testing.T) {
	folder := t.TempDir()
	s := open(t, filepath.Join(folder, "bridge.db"), small)
	defer shut(t, s)
	update(t, s, "a", newPatient("a"))
	update(t, s, "a", func(tx bridge.Tx) error { return rung(tx, "a") })
	path := filepath.Join(folder, "copy.db")
	if err := s.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Restored(path); err != nil {
		t.Fatal(err)
	}
	old := open(t, path, small)
	defer shut(t, old)
	if err := old.Check(t.Context()); err != nil {
		t.Error(err)
	}
	err := old.View(t.Context(), func(tx bridge.Tx) error {
		if _, err := tx.Lines().Line("l"); err != nil {
			return err
		}
		if _, err := tx.Callbacks().Callback("b-a"); err != nil {
			return err
		}
		r, err := tx.Rings().Ring("r-a")
		if r.Note != words[0] || len(r.Ringing()) != 1 {
			t.Errorf("the ring came back as %+v", r)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestCheckFindsHarmToRings(t *testing.T) {
	const doc = `UPDATE %s SET doc = CAST(replace(CAST(doc AS TEXT), '%s', '%s') AS BLOB)`
	edit := func(table, old, now string) string {
		return strings.NewReplacer("%s SET", table+" SET", "'%s', '%s'", "'"+old+"', '"+now+"'").Replace(doc)
	}
	for _, c := range []struct{ name, harm, want string }{
		{"a member is taken off", `DELETE FROM line_members`, "line l: its people"},
		{"a member of nothing", `INSERT INTO line_members VALUES ('x', 'x', 1)`, "people of no line"},
		{"a deadline is lost", `UPDATE rings SET due = NULL`, "ring r-p1: is not found"},
		{"a revision goes back", `UPDATE rings SET rev = 0`, "ring r-p1: is not found"},
		{"it takes another", `UPDATE ring_parties SET party = 'PractitionerRole/x' WHERE party = 'PractitionerRole/c'`, "ring r-p1: is not found"},
		{"it takes for nothing", `INSERT INTO ring_parties VALUES ('PractitionerRole/x', 'x')`, "taken by no ring"},
		{"two winners", edit("rings", `"result":"declined"`, `"result":"answered"`), "ring r-p1: has not the one winner"},
		{"a text is gone", `DELETE FROM texts WHERE id = 'r-p1/note'`, "ring r-p1: a text of it is gone"},
		{"a text is another's", `UPDATE texts SET text = (SELECT text FROM texts WHERE id = 'r-p1/0/0/reason') WHERE id = 'r-p1/note'`, "ring r-p1: opening"},
		{"closed without an outcome", edit("callbacks", `"state":"waiting"`, `"state":"closed"`) + `, state = 'closed', open = 0`, "callback b-p1: closed without an outcome"},
		{"another time is promised", `UPDATE callbacks SET due = due + 1`, "callback b-p1: is not found"},
		{"a callback for nothing", `DELETE FROM ring_parties; DELETE FROM rings`, "callback b-p1: its ring is not there"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newVault(t)
			v.fill()
			v.ring("p1")
			v.sql(c.harm)
			if err := v.Check(context.WithoutCancel(t.Context())); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// Nobody who rings waits for a table to be read.
func TestRingsAreFoundByAnIndex(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "bridge.db"), small)
	defer shut(t, s)
	live := []bridge.RingState{bridge.RingRinging, bridge.RingAccepted}
	queue := []bridge.CallbackState{bridge.CallbackWaiting}
	for _, c := range []struct {
		name  string
		query any
		index string
	}{
		{"lines of an organization", bridge.LineQuery{Organization: "o"}, "lines_organization"},
		{"lines of a member", bridge.LineQuery{Member: "m", At: noon}, "line_members"},
		{"all lines", bridge.LineQuery{}, "lines_name"},
		{"whom a ring has", bridge.RingQuery{Party: "p"}, "ring_parties"},
		{"whom a live ring has", bridge.RingQuery{Party: "p", States: live}, "ring_parties"},
		{"rings that are due", bridge.RingQuery{DueBefore: noon}, "rings_due"},
		{"live rings of a patient", bridge.RingQuery{Patient: "p", States: live}, "rings_live_patient"},
		{"live rings", bridge.RingQuery{States: live}, "rings_live"},
		{"rings of a patient", bridge.RingQuery{Patient: "p"}, "rings_patient"},
		{"rings of a caller", bridge.RingQuery{Caller: "p"}, "rings_caller"},
		{"a line's quarter", bridge.RingQuery{Line: "l", Since: noon, Until: noon}, "rings_line"},
		{"everybody's quarter", bridge.RingQuery{Since: noon, Until: noon}, "rings_started"},
		{"a line's queue", bridge.CallbackQuery{Line: "l", States: queue}, "callbacks_open"},
		{"callbacks that are due", bridge.CallbackQuery{DueBefore: noon}, "callbacks_due"},
		{"callbacks of a patient", bridge.CallbackQuery{Patient: "p"}, "callbacks_patient"},
		{"callbacks of a caller", bridge.CallbackQuery{Caller: "p"}, "callbacks_caller"},
		{"callbacks of a taker", bridge.CallbackQuery{Taker: "p"}, "callbacks_taker"},
		{"a line's quarter of callbacks", bridge.CallbackQuery{Line: "l", Since: noon}, "callbacks_line"},
	} {
		plan, err := s.Plan(t.Context(), c.query)
		if err != nil || !strings.Contains(plan, c.index) {
			t.Errorf("%s: %v, not by %s:\n%s", c.name, err, c.index, plan)
		}
	}
}
