// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
	"github.com/brobygger/brobygger/bridge/ledger"
)

// work writes down what the bridge has its store and its policy do.
type work struct {
	bridge.Store
	bridge.Decider

	mu   sync.Mutex // guards the following field
	done []string
}

func (w *work) did(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done = append(w.done, what)
}

// by is what doing f took.
func (w *work) by(f func()) []string {
	w.mu.Lock()
	w.done = []string{}
	w.mu.Unlock()
	f()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.done
}

func (w *work) Update(ctx context.Context, p bridge.PatientID, fn func(bridge.Tx) error) error {
	w.did("update")
	err := w.Store.Update(ctx, p, func(tx bridge.Tx) error { return fn(watched{tx, w}) })
	if err == nil {
		w.did("commit")
	}
	return err
}

func (w *work) View(ctx context.Context, fn func(bridge.Tx) error) error {
	w.did("view")
	return w.Store.View(ctx, func(tx bridge.Tx) error { return fn(watched{tx, w}) })
}

func (w *work) Decide(ctx context.Context, q *bridge.Question) (bridge.Decision, error) {
	w.did("decide")
	return w.Decider.Decide(ctx, q)
}

func (w *work) MayConsent(ctx context.Context, by bridge.Actor, s *bridge.Snapshot, now time.Time) (bridge.Decision, error) {
	w.did("may consent")
	return w.Decider.MayConsent(ctx, by, s, now)
}

func (w *work) MayBreakGlass(ctx context.Context, by bridge.Actor, s *bridge.Snapshot, now time.Time) (bridge.Decision, error) {
	w.did("may break glass")
	return w.Decider.MayBreakGlass(ctx, by, s, now)
}

// watched is a transaction whose readings and writings are written down.
type watched struct {
	bridge.Tx
	w *work
}

func (x watched) Directory() bridge.Directory { return watchedDirectory{x.Tx.Directory(), x.w} }
func (x watched) Patients() bridge.Patients   { return watchedPatients{x.Tx.Patients(), x.w} }
func (x watched) Entries() bridge.Entries     { return watchedEntries{x.Tx.Entries(), x.w} }
func (x watched) Consents() bridge.Consents {
	x.w.did("consents")
	return x.Tx.Consents()
}

func (x watched) Conversations() bridge.Conversations {
	x.w.did("conversations")
	return x.Tx.Conversations()
}

func (x watched) Messages() bridge.Messages {
	x.w.did("messages")
	return x.Tx.Messages()
}

func (x watched) Emergencies() bridge.Emergencies {
	x.w.did("emergencies")
	return x.Tx.Emergencies()
}

func (x watched) Policies() bridge.Policies {
	x.w.did("policies")
	return x.Tx.Policies()
}

type watchedPatients struct {
	bridge.Patients
	w *work
}

func (x watchedPatients) Patient(id bridge.PatientID) (bridge.Patient, error) {
	x.w.did("patient")
	return x.Patients.Patient(id)
}

func (x watchedPatients) ByIdentifier(i bridge.Identifier) (bridge.PatientID, error) {
	x.w.did("identifier")
	return x.Patients.ByIdentifier(i)
}

func (x watchedPatients) Put(p bridge.Patient) error {
	x.w.did("put patient")
	return x.Patients.Put(p)
}

func (x watchedPatients) Head(id bridge.PatientID) (bridge.Head, error) {
	x.w.did("head")
	return x.Patients.Head(id)
}

func (x watchedPatients) CareTeam(id bridge.PatientID) ([]bridge.CareTeamMember, error) {
	x.w.did("care team")
	return x.Patients.CareTeam(id)
}

func (x watchedPatients) Snapshot(id bridge.PatientID) (*bridge.Snapshot, error) {
	x.w.did("snapshot")
	return x.Patients.Snapshot(id)
}

type watchedDirectory struct {
	bridge.Directory
	w *work
}

func (x watchedDirectory) Organization(id string) (bridge.Organization, error) {
	x.w.did("organization")
	return x.Directory.Organization(id)
}

func (x watchedDirectory) Role(id string) (bridge.PractitionerRole, error) {
	x.w.did("role")
	return x.Directory.Role(id)
}

func (x watchedDirectory) Account(s bridge.Subject) (bridge.Account, error) {
	x.w.did("account")
	return x.Directory.Account(s)
}

func (x watchedDirectory) Find(q bridge.DirectoryQuery) ([]bridge.RoleEntry, error) {
	x.w.did("find")
	return x.Directory.Find(q)
}

type watchedEntries struct {
	bridge.Entries
	w *work
}

func (x watchedEntries) Append(e ledger.Entry) (ledger.Leaf, error) {
	x.w.did("entry " + string(e.Kind))
	return x.Entries.Append(e)
}

// TestAPatientWhoDoesNotExistIsDeniedWithTheSameWork: what the store and the
// policy do for a no, entry and commit included, is the same whether there is a
// patient or not, at the first question and when all is remembered.
func TestAPatientWhoDoesNotExistIsDeniedWithTheSameWork(t *testing.T) {
	k := &work{}
	w := bridgetest.New(t, func(c *bridge.Config) { k.Store, c.Store, k.Decider, c.Decider = c.Store, k, c.Decider, k })
	asked, _ := held(t, w)
	w.Consent("jens", "jens", bridgetest.Scope("sw", "gp", bridge.PurposeCareCoordination, "c-2", bridge.TopicHousing))
	for name, ask := range lookups(t, w, asked) {
		t.Run(name, func(t *testing.T) {
			_ = ask("somebody-else") // the first who does not exist brings nobody into the store
			if _, err := w.Import(t.Context(), w.As("admin"), bridge.ImportBatch{}); err != nil {
				t.Fatal(err) // which has everything forgotten
			}
			_ = ask("bo") // and the directory remembered
			for _, time := range []string{"first", "second"} {
				var known, unknown error
				one := k.by(func() { known = ask("jens") })
				none := k.by(func() { unknown = ask("nobody") })
				bridgetest.MustDeny(t, known, bridge.CodeForbidden)
				bridgetest.MustDeny(t, unknown, bridge.CodeForbidden)
				if d := cmp.Diff(one, none); d != "" {
					t.Errorf("%s time, who is there (-) and who is not (+):\n%s", time, d)
				}
			}
		})
	}
}

// TestWhoGuessesAtPatientsLeavesATrace, also those who may break the glass; and
// nobody is whose record can't be asked for or brought in.
func TestWhoGuessesAtPatientsLeavesATrace(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	_, err := w.Patient(ctx, w.As("gp-other"), "who")
	bridgetest.MustDeny(t, err, bridge.CodeForbidden, "no_relation")
	_, err = w.BreakGlass(ctx, w.As("psy-other"), bridge.NewEmergency{MID: bridgetest.MID(), Patient: "who", Reason: "he lies on the floor"})
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
	_, err = w.Patient(ctx, w.As("gp-other"), bridge.NobodyPatient)
	bridgetest.MustDeny(t, err, bridge.CodeForbidden, "no_relation")

	var trace []string
	err = w.Store().View(ctx, func(tx bridge.Tx) error {
		leaves, err := tx.Entries().After(bridge.NobodyPatient, 0, 100)
		for _, l := range leaves {
			trace = append(trace, l.Entry.By+l.Entry.To)
			if l.Entry.Kind != ledger.KindDenied {
				t.Errorf("an entry of kind %s", l.Entry.Kind)
			}
		}
		return err
	})
	other, psy := string(bridgetest.Role("gp-other")), string(bridgetest.Role("psy-other"))
	if d := cmp.Diff([]string{other + other, psy, other + other}, trace); d != "" || err != nil {
		t.Error(d, err)
	}
	_, err = w.Import(ctx, w.As("admin"), bridge.ImportBatch{Patients: []bridge.Patient{{ID: bridge.NobodyPatient, Name: "x", Active: true}}})
	bridgetest.MustDeny(t, err, bridge.CodeBadRequest)
}

// TestAPatientWhoComesIsFoundAtOnce: that there was nobody is not remembered for
// longer than it is so.
func TestAPatientWhoComesIsFoundAtOnce(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	_, err := w.Patient(ctx, w.As("gp"), "new")
	bridgetest.MustDeny(t, err, bridge.CodeForbidden, "no_relation")
	_, err = w.Import(ctx, w.As("admin"), bridge.ImportBatch{
		Patients: []bridge.Patient{{ID: "new", Name: "New", BirthDate: bridgetest.Noon.AddDate(-40, 0, 0), Active: true}},
		Teams: map[bridge.PatientID][]bridge.CareTeamMember{"new": {{
			Member: bridgetest.Role("gp"), Function: bridge.FunctionOwnGP, Period: bridge.Period{Start: bridgetest.Noon.AddDate(-1, 0, 0)},
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if p, err := w.Patient(ctx, w.As("gp"), "new"); err != nil || p.Name != "New" {
		t.Errorf("%+v, %v", p, err)
	}
}
