// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package storetest

import (
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

func emergencies(_ *testing.T, w *world) {
	glass := func(id string, p bridge.PatientID, asked int, units ...string) bridge.Emergency {
		e := bridge.Emergency{ID: id, MID: "mid-" + id, Patient: p, By: "PractitionerRole/r", Organizations: units, Reason: "unconscious", AskedAt: at(asked)}
		if len(units) > 0 {
			e.ConfirmedAt, e.ExpiresAt, e.Entry = at(asked+1), at(asked+2), 4
			e.FollowUp = &bridge.FollowUp{ID: "f", OpenedAt: at(asked + 1), DueAt: at(asked + 100)}
		}
		return e
	}
	asked, late, early := glass("asked", "a", 1), glass("late", "a", 9, "ward", "region"), glass("early", "b", 5, "ward-2", "region")
	done := glass("done", "b", 3, "ward", "region")
	done.Reviewed, done.Review = true, &bridge.Review{MID: "mid-0000", By: "PractitionerRole/d", At: at(20), Outcome: bridge.OutcomeReferred, Note: bridge.NotePolice}
	done.FollowUp.ClosedAt = at(20)
	w.must("a", everyone("a", "b"))
	put := func(e bridge.Emergency) func(bridge.Tx) error {
		return func(tx bridge.Tx) error { return tx.Consents().Put(e) }
	}
	for _, e := range []bridge.Emergency{asked, late, early, done} {
		w.must(e.Patient, put(e))
	}
	find := func(what string, q bridge.EmergencyQuery, want ...bridge.Emergency) {
		w.t.Helper()
		w.both(func(tx bridge.Tx) error {
			got, err := tx.Emergencies().Find(q)
			same(w, what, got, want)
			return err
		})
	}
	find("all, newest first", bridge.EmergencyQuery{}, late, early, done, asked)
	find("waiting, oldest first", bridge.EmergencyQuery{Waiting: true}, early, late)
	find("of a patient", bridge.EmergencyQuery{Patient: "a"}, late, asked)
	find("confirmed", bridge.EmergencyQuery{Confirmed: true, Patient: "a"}, late)
	find("of a unit", bridge.EmergencyQuery{Organization: "ward"}, late, done)
	find("of what holds it", bridge.EmergencyQuery{Organization: "region", Limit: 1}, late)
	find("of part of a name", bridge.EmergencyQuery{Organization: "war"})
	w.both(func(tx bridge.Tx) error {
		one, err1 := tx.Emergencies().Emergency("done")
		mine, err2 := tx.Emergencies().ByMID("PractitionerRole/r", "mid-late")
		same(w, "one", []bridge.Emergency{one, mine}, []bridge.Emergency{done, late})
		_, err := tx.Emergencies().ByMID("PractitionerRole/x", "mid-late")
		missing(w, "another's mid", err)
		_, err = tx.Emergencies().Emergency("none")
		missing(w, "unknown access", err)
		return firstOf(err1, err2)
	})
	waiting := func(t time.Time, all, overdue int, oldest time.Time) {
		w.t.Helper()
		w.both(func(tx bridge.Tx) error {
			n, late, first, err := tx.Emergencies().Waiting(t)
			if n != all || late != overdue || !first.Equal(oldest) {
				w.t.Errorf("%d wait, %d too long, the first since %v", n, late, first)
			}
			return err
		})
	}
	waiting(at(6), 2, 0, at(6))
	waiting(at(10), 2, 1, at(6))
	w.refused(bridge.CodeConflict, "b", put(glass("late", "b", 9)))
	twice := glass("other", "a", 30)
	twice.MID = late.MID
	w.refused(bridge.CodeConflict, "a", put(twice))
	for _, e := range []*bridge.Emergency{&late, &early} {
		e.Reviewed = true
		w.must(e.Patient, put(*e))
	}
	waiting(at(1000), 0, 0, time.Time{})
}
