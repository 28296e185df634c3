// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// Package storetest is the suite that every store has to pass, and a store that
// fails on command.
package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/brobygger/brobygger/bridge"
)

// Opener opens an empty store for one test, which it closes when the test ends.
// reopen closes the store and opens what it left behind.
type Opener func(t *testing.T) (s bridge.Store, reopen func() bridge.Store)

// Run runs the suite. Each test ends with the store's own Check.
func Run(t *testing.T, open Opener) {
	for _, c := range []struct {
		name string
		test func(*testing.T, *world)
	}{
		{"Directory", directory},
		{"DirectoryFind", directoryFind},
		{"Accounts", accounts},
		{"Patients", patients},
		{"PatientIdentifiers", patientIdentifiers},
		{"PatientHeads", patientHeads},
		{"Snapshot", snapshot},
		{"Consents", consents},
		{"EndedConsents", endedConsents},
		{"Due", due},
		{"Emergencies", emergencies},
		{"Activations", activations},
		{"RecordedDecisions", recordedDecisions},
		{"Requests", requests},
		{"HeldRequests", heldRequests},
		{"Conversations", conversations},
		{"ConversationFind", conversationFind},
		{"NextSeq", nextSeq},
		{"Marks", marks},
		{"Unread", unread},
		{"Messages", messages},
		{"MessageKeys", messageKeys},
		{"MessageFind", messageFind},
		{"HeldMessages", heldMessages},
		{"Amend", amend},
		{"Attachments", attachments},
		{"Claims", claims},
		{"ClaimCounts", claimCounts},
		{"Deliveries", deliveries},
		{"Events", events},
		{"LongLogs", longLogs},
		{"Trim", trim},
		{"Lines", lines},
		{"LineSwitches", lineSwitches},
		{"Rings", rings},
		{"RingLives", ringLives},
		{"RingTexts", ringTexts},
		{"RingClaims", ringClaims},
		{"OneWinner", oneWinner},
		{"Callbacks", callbacks},
		{"Entries", entries},
		{"EntriesOfTwo", entriesOfTwo},
		{"TreeGrows", treeGrows},
		{"TreeHasNoHoles", treeHasNoHoles},
		{"TreeOfManySequencers", treeOfManySequencers},
		{"TreeRefuses", treeRefuses},
		{"Checkpoints", checkpoints},
		{"Witnessed", witnessed},
		{"NotFound", notFound},
		{"CaseMatters", caseMatters},
		{"Unicode", unicodeText},
		{"Times", times},
		{"ErrorRollsBack", errorRollsBack},
		{"PanicRollsBack", panicRollsBack},
		{"TxIsOver", txIsOver},
		{"ViewOnlyReads", viewOnlyReads},
		{"ViewSees", viewSees},
		{"ViewStands", viewStands},
		{"Cancelled", cancelled},
		{"Closed", closed},
		{"Reopen", reopen},
		{"OnePatientAtOnce", onePatientAtOnce},
		{"ManyPatientsAtOnce", manyPatientsAtOnce},
		{"FailuresBesideSuccesses", failuresBesideSuccesses},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &world{t: t}
			var again func() bridge.Store
			w.Store, again = open(t)
			w.reopen = func() { w.Store = again() }
			t.Cleanup(func() {
				if err := w.Check(context.Background()); err != nil && !w.ended {
					t.Errorf("checking the store: %v", err)
				}
			})
			c.test(t, w)
		})
	}
}

// world is a store in a test.
type world struct {
	bridge.Store
	t      *testing.T
	reopen func()
	ended  bool // closed by the test
}

// must updates and fails the test on an error. fn returns errors; it can't end
// the test, since an engine may run it in another goroutine.
func (w *world) must(patient bridge.PatientID, fn func(bridge.Tx) error) {
	w.t.Helper()
	if err := w.Update(context.Background(), patient, fn); err != nil {
		w.t.Fatalf("updating: %v", err)
	}
}

// refused updates, wants an error of the code, and that nothing else is told.
func (w *world) refused(code bridge.Code, patient bridge.PatientID, fn func(bridge.Tx) error) {
	w.t.Helper()
	err := w.Update(context.Background(), patient, fn)
	if bridge.CodeOf(err) != code {
		w.t.Errorf("got error %v, want code %q", err, code)
	}
}

// look views and fails the test on an error.
func (w *world) look(fn func(bridge.Tx) error) {
	w.t.Helper()
	if err := w.View(context.Background(), fn); err != nil {
		w.t.Fatalf("viewing: %v", err)
	}
}

// both runs fn in an Update, and again in a View.
func (w *world) both(fn func(bridge.Tx) error) {
	w.t.Helper()
	w.must("", fn)
	w.look(fn)
}

// same compares what a store gave with what it got. An empty slice may come
// back as nil. The instants of times must be equal, and in UTC.
func same[T any](w *world, what string, got, want T) {
	w.t.Helper()
	exact := cmp.Comparer(func(a, b time.Time) bool {
		return a.Equal(b) && a.IsZero() == b.IsZero()
	})
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty(), exact); d != "" {
		w.t.Errorf("%s differs (-want +got):\n%s", what, d)
	}
}

// missing wants ErrNotFound.
func missing(w *world, what string, err error) {
	w.t.Helper()
	if !errors.Is(err, bridge.ErrNotFound) {
		w.t.Errorf("%s: got %v, want not found", what, err)
	}
}

// noon is an instant with nanoseconds to lose.
var noon = time.Date(2026, time.March, 2, 12, 0, 0, 123456789, time.UTC)

func at(n int) time.Time { return noon.Add(time.Duration(n) * time.Second) }

// everyone adds patients with the given ids.
func everyone(ids ...bridge.PatientID) func(bridge.Tx) error {
	return func(tx bridge.Tx) error {
		for _, id := range ids {
			if err := tx.Patients().Put(bridge.Patient{ID: id, Name: "n", Active: true}); err != nil {
				return err
			}
		}
		return nil
	}
}
