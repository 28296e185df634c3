// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/policy"
)

var now = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

func newEngine(t testing.TB, o policy.Options) *policy.Engine {
	t.Helper()
	o.Budget = time.Minute // these tests share their machine
	e, err := policy.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func professional(id string, role bridge.RoleCode, sector bridge.Sector, orgs ...string) bridge.Actor {
	return bridge.Actor{
		Ref: bridge.Ref("PractitionerRole/" + id), Practitioner: bridge.Ref("Practitioner/" + id), Role: role, Sector: sector,
		Organizations: orgs, Assurance: bridge.AssuranceSubstantial, Active: true,
	}
}

var (
	gp           = professional("holm", "speciallaegeipraksis", bridge.SectorGeneralPractice, "noerregade")
	psychiatrist = professional("sand", "overlaege", bridge.SectorHospitalPsychiatry, "team2", "psyk")
	worker       = professional("hanne", "paedagog", bridge.SectorSocialCare, "socialpsyk", "kommune")
)

func jens() *bridge.Snapshot {
	since := bridge.Period{Start: now.AddDate(-1, 0, 0)}
	return &bridge.Snapshot{
		Patient: bridge.Patient{ID: "jens", BirthDate: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC), Active: true},
		Epoch:   7,
		Team: []bridge.CareTeamMember{
			{Member: gp.Ref, Function: bridge.FunctionOwnGP, Period: since},
			{Member: "Organization/team2", Function: bridge.FunctionTreatingPsychiatrist, Period: since},
			{Member: worker.Ref, Function: bridge.FunctionSupportWorker, Period: since},
		},
	}
}

func TestTreatingTeamNeedsNoConsent(t *testing.T) {
	e := newEngine(t, policy.Options{})
	got, err := e.Decide(context.Background(), &bridge.Question{
		Action: bridge.ActionSend, Now: now, Patient: jens(), From: gp, To: psychiatrist,
		Purpose: bridge.PurposeTreatment, Topics: []bridge.Topic{bridge.TopicMedication},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := bridge.Decision{Allow: true, Basis: "dk.health-act.41-2-1", Revision: e.Revision()}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestSupportWorkerAsksThePatientFirst(t *testing.T) {
	e := newEngine(t, policy.Options{})
	q := &bridge.Question{
		Action: bridge.ActionSend, Now: now, Patient: jens(), From: worker, To: gp,
		Purpose: bridge.PurposeSocialCasework, Topics: []bridge.Topic{bridge.TopicMedication}, Case: "2026-1",
	}
	got, err := e.Decide(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	scope := &bridge.Scope{
		From: []bridge.Party{{Ref: worker.Ref}}, To: []bridge.Party{{Ref: gp.Ref}}, Both: true,
		Topics: []bridge.Topic{bridge.TopicMedication}, Purposes: []bridge.Purpose{bridge.PurposeSocialCasework}, Case: "2026-1",
		Period: bridge.Period{Start: now, End: now.AddDate(0, 0, 90)},
	}
	want := bridge.Decision{
		Reasons:  []bridge.Code{"consent_required"},
		Remedies: []bridge.Remedy{{Kind: bridge.RemedyAskPatient, Scope: scope}, {Kind: bridge.RemedyPhone}},
		Revision: e.Revision(),
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatal(d)
	}
	rule, err := e.Rule(scope, []bridge.Actor{worker}, []bridge.Actor{gp})
	if err != nil {
		t.Fatal(err)
	}
	wantRule := bridge.ConsentRule{
		Basis: "dk.health-act.43-1", Forms: []bridge.ConsentForm{bridge.FormSignedIn, bridge.FormPaper},
		NeedsCase: true, Longest: 365 * 24 * time.Hour,
	}
	if d := cmp.Diff(wantRule, rule); d != "" {
		t.Fatal(d)
	}
	granted := jens()
	granted.Epoch++
	granted.Consents = []bridge.Consent{{
		ID: "c1", Patient: "jens", Scope: *scope, Basis: rule.Basis, State: bridge.ConsentActive,
		GrantedBy: "Patient/jens", Evidence: bridge.Evidence{Form: bridge.FormSignedIn}, GrantedAt: now,
	}}
	q.Patient, q.Now = granted, now.Add(time.Minute)
	for range 2 { // the second time from the cache
		got, err = e.Decide(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		want = bridge.Decision{
			Allow: true, Basis: "dk.legal-security-act.11a", Consents: []bridge.ConsentID{"c1"},
			Oblige: []bridge.Obligation{bridge.ObligeNoForward}, Revision: e.Revision(), ValidUntil: scope.Period.End,
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
	}
}
