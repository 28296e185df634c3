// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy_test

import (
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/policy"
)

// recorded keeps what the built-in policy decides of the questions, as the gate does.
func recorded(t *testing.T, s bridge.Store, questions ...*bridge.Question) {
	t.Helper()
	e := newEngine(t, policy.Options{})
	err := s.Update(t.Context(), "", func(tx bridge.Tx) error {
		for _, q := range questions {
			d, err := e.Decide(t.Context(), q)
			if err != nil {
				return err
			}
			if err := tx.Patients().Put(bridge.Patient{ID: q.Patient.Patient.ID, BirthDate: q.Patient.Patient.BirthDate}); err != nil {
				return err
			}
			g := bridge.Ground{Patient: q.Patient.Patient.ID, Epoch: q.Patient.Epoch, Active: true, Team: q.Patient.Team}
			if err := tx.Policies().Record(g, bridge.RecordedDecision{
				At: q.Now, Patient: g.Patient, Epoch: g.Epoch, Action: q.Action, From: q.From, To: q.To, Purpose: q.Purpose, Topics: q.Topics,
				Case: q.Case, Line: q.Line, Allow: d.Allow, Basis: d.Basis, Redact: d.Redact, Reasons: d.Reasons, Revision: d.Revision,
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// One law takes the treating team's ground away and gives the support worker one.
func TestAReplayNamesWhoWouldGain(t *testing.T) {
	f := newOffice(t, nil)
	across := treating()
	across.From, across.Purpose, across.Case = worker, bridge.PurposeSocialCasework, "2026-1"
	across.To = gp
	old := treating()
	old.Now = now.AddDate(0, 0, -40)
	recorded(t, f.o.Store, treating(), treating(), across, old)
	_, public := keys(t)
	l, err := policy.Verify(t.Context(), signed(t, policy.Manifest{Revision: 2}, func(s *policy.Sources) {
		withoutTreatment(s)
		social := law(s)["routes"].(map[string]any)["social"].(map[string]any)["health"].(map[string]any)
		social["social-casework"] = map[string]any{"treating": "dk.health-act.41-2-1"}
	}), public, policy.Options{Budget: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.Engine.Replay(t.Context(), f.o.Store, now.AddDate(0, 0, -30))
	if err != nil {
		t.Fatal(err)
	}
	if r.Decisions != 3 || r.Same != 0 || len(r.Differences) != 2 {
		t.Fatalf("%+v", r)
	}
	gain, lose := r.Differences[0], r.Differences[1]
	if gain.Direction != bridge.DirectionGain || gain.FromRole != worker.Role || gain.ToOrg != "noerregade" || gain.Count != 1 || gain.Samples[0] != "3" {
		t.Errorf("%+v", gain)
	}
	if gain.Was[0] != "consent_required" || gain.Is[0] != "dk.health-act.41-2-1" {
		t.Errorf("why: %+v", gain)
	}
	if lose.Direction != bridge.DirectionLose || lose.ToRole != psychiatrist.Role || lose.Count != 2 || len(lose.Samples) != 2 || lose.ID == gain.ID {
		t.Errorf("%+v", lose)
	}
	same, err := newEngine(t, policy.Options{}).Replay(t.Context(), f.o.Store, time.Time{})
	if err != nil || same.Same != 4 || len(same.Differences) > 0 {
		t.Errorf("under the policy that decided: %+v, %v", same, err)
	}
}

// A line that a policy opened to its callers again is a gain, and the callers it
// had are part of what is asked again.
func TestARingIsReplayedWithTheCallersOfItsLine(t *testing.T) {
	f := newOffice(t, nil)
	open, closed := treating(), treating()
	open.Action, open.Line = bridge.ActionRing, &bridge.Callers{Sectors: []bridge.Sector{bridge.SectorGeneralPractice, bridge.SectorHospitalPsychiatry}}
	closed.Action, closed.Line = bridge.ActionRing, &bridge.Callers{Sectors: []bridge.Sector{bridge.SectorEmployment}}
	recorded(t, f.o.Store, open, closed)
	same, err := newEngine(t, policy.Options{}).Replay(t.Context(), f.o.Store, time.Time{})
	if err != nil || same.Decisions != 2 || same.Same != 2 {
		t.Fatalf("under the policy that decided: %+v, %v", same, err)
	}
	_, public := keys(t)
	l, err := policy.Verify(t.Context(), signed(t, policy.Manifest{Revision: 2}, withoutTreatment), public, policy.Options{Budget: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.Engine.Replay(t.Context(), f.o.Store, time.Time{})
	if err != nil || len(r.Differences) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	if d := r.Differences[0]; d.Direction != bridge.DirectionLose || d.Action != bridge.ActionRing || d.Count != 1 || d.Samples[0] != "1" {
		t.Errorf("%+v", d)
	}
}
