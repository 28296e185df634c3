// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy_test

import (
	"context"
	"testing"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/policy"
)

// busy is Jens with five consents, an objection and a care team of five.
func busy() *bridge.Snapshot {
	s := jens()
	since := bridge.Period{Start: now.AddDate(0, -1, 0)}
	s.Team = append(s.Team,
		bridge.CareTeamMember{Member: "PractitionerRole/nurse", Function: bridge.FunctionContactNurse, Period: since},
		bridge.CareTeamMember{Member: "Organization/jobcenter", Function: bridge.FunctionCaseworker, Period: since},
	)
	until := bridge.Period{Start: now.AddDate(0, -1, 0), End: now.AddDate(0, 2, 0)}
	add := func(id bridge.ConsentID, from, to bridge.Ref, purpose bridge.Purpose, topics ...bridge.Topic) {
		s.Consents = append(s.Consents, bridge.Consent{
			ID: id, Patient: "jens", State: bridge.ConsentActive, GrantedBy: "Patient/jens", GrantedAt: until.Start,
			Evidence: bridge.Evidence{Form: bridge.FormSignedIn},
			Scope: bridge.Scope{
				From: []bridge.Party{{Ref: from}}, To: []bridge.Party{{Ref: to}}, Both: true, Topics: topics,
				Purposes: []bridge.Purpose{purpose}, Case: "2026-1", Period: until,
			},
		})
	}
	add("c1", worker.Ref, gp.Ref, bridge.PurposeSocialCasework, bridge.TopicMedication, bridge.TopicPractical)
	add("c2", "Organization/team2", "Organization/socialpsyk", bridge.PurposeCareCoordination, bridge.TopicMentalHealth)
	add("c3", "PractitionerRole/nurse", worker.Ref, bridge.PurposeCareCoordination, bridge.TopicHousing)
	add("c4", "Organization/jobcenter", gp.Ref, bridge.PurposeEmploymentFollowup, bridge.TopicEmployment)
	add("c5", "Organization/jobcenter", "Organization/team2", bridge.PurposeBenefitAssessment, bridge.TopicMentalHealth)
	s.Objections = []bridge.Objection{{
		ID: "o1", Patient: "jens", Parties: []bridge.Party{{Ref: "Organization/jobcenter"}},
		Topics: []bridge.Topic{bridge.TopicSubstanceUse}, MadeBy: "Patient/jens", CreatedAt: now.AddDate(0, -1, 0),
	}}
	return s
}

func crossing(purpose bridge.Purpose) *bridge.Question {
	return &bridge.Question{
		Action: bridge.ActionSend, Now: now, Patient: busy(), From: worker, To: gp, Purpose: purpose,
		Topics: []bridge.Topic{bridge.TopicMedication}, Case: "2026-1",
	}
}

func decide(b *testing.B, e *policy.Engine, q *bridge.Question, allow bool) {
	b.Helper()
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		d, err := e.Decide(ctx, q)
		if err != nil || d.Allow != allow {
			b.Fatal(d, err)
		}
	}
}

// First: nothing decided is kept, the patient's records are.
func BenchmarkDecideFirst(b *testing.B) {
	decide(b, newEngine(b, policy.Options{Patients: -1}), crossing(bridge.PurposeSocialCasework), true)
}

func BenchmarkDecideFirstTreating(b *testing.B) {
	q := crossing(bridge.PurposeTreatment)
	q.From = psychiatrist
	decide(b, newEngine(b, policy.Options{Patients: -1}), q, true)
}

// Denied: with every reason and the request to the patient.
func BenchmarkDecideDenied(b *testing.B) {
	q := crossing(bridge.PurposeCareCoordination)
	decide(b, newEngine(b, policy.Options{Patients: -1}), q, false)
}

func BenchmarkDecideRepeated(b *testing.B) {
	decide(b, newEngine(b, policy.Options{}), crossing(bridge.PurposeSocialCasework), true)
}

// Cold: the patient's records are made ready too.
func BenchmarkDecideCold(b *testing.B) {
	e := newEngine(b, policy.Options{Patients: -1})
	ctx := context.Background()
	q := crossing(bridge.PurposeSocialCasework)
	b.ReportAllocs()
	for b.Loop() {
		s := *q.Patient
		q.Patient = &s
		if d, err := e.Decide(ctx, q); err != nil || !d.Allow {
			b.Fatal(d, err)
		}
	}
}

// PlainMap: the same rules, asked as most programs ask OPA.
func BenchmarkDecidePlainMap(b *testing.B) {
	e := newEngine(b, policy.Options{})
	ctx, in := context.Background(), e.PlainMap(crossing(bridge.PurposeSocialCasework))
	b.ReportAllocs()
	for b.Loop() {
		if allow, err := e.AskPlainly(ctx, in); err != nil || !allow {
			b.Fatal(allow, err)
		}
	}
}

// Floor: the same law by hand in Go.
func BenchmarkDecideFloor(b *testing.B) {
	q := crossing(bridge.PurposeSocialCasework)
	b.ReportAllocs()
	for b.Loop() {
		if basis, _, _ := oracle(q); basis == "" {
			b.Fatal("denied")
		}
	}
}

// What the speed of a first decision rests on, on any machine.
func TestAFirstDecisionAllocatesLittle(t *testing.T) {
	e := newEngine(t, policy.Options{Patients: -1})
	q := crossing(bridge.PurposeSocialCasework)
	first := testing.AllocsPerRun(200, func() { mustDecide(t, e, q) })
	kept := newEngine(t, policy.Options{})
	repeated := testing.AllocsPerRun(200, func() { mustDecide(t, kept, q) })
	if most := 105.0; first > most && !raceEnabled {
		t.Errorf("a first decision allocates %v times, at most %v", first, most)
	}
	no := crossing(bridge.PurposeCareCoordination)
	denied := testing.AllocsPerRun(200, func() { mustDecide(t, e, no) })
	if most := 350.0; denied > most && !raceEnabled {
		t.Errorf("a first no allocates %v times, at most %v", denied, most)
	}
	if repeated > 1 {
		t.Errorf("a repeated decision allocates %v times, at most 1", repeated)
	}
}

func TestASpentBudgetIsAnErrorAndANo(t *testing.T) {
	e, err := policy.New(policy.Options{Budget: 1, Patients: -1})
	if err != nil {
		t.Fatal(err)
	}
	q := crossing(bridge.PurposeCareCoordination)
	for range 1000 {
		d, err := e.Decide(context.Background(), q)
		if d.Allow {
			t.Fatal("allowed")
		}
		if err != nil {
			if d.Reasons[0] != "policy_error" {
				t.Errorf("%+v", d)
			}
			return
		}
	}
	t.Error("a nanosecond was enough a thousand times")
}
