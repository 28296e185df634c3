// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/policy"
)

var cast = []bridge.Actor{
	gp, psychiatrist, worker,
	professional("nurse", "sygeplejerske", bridge.SectorHospitalPsychiatry, "team2", "psyk"),
	professional("ward", "sygehuslaege", bridge.SectorSomaticHospital, "ward"),
	professional("social-worker", "socialraadgiver", bridge.SectorHospitalPsychiatry, "team2", "psyk"),
	professional("bo", "beskaeftigelsesvejleder", bridge.SectorEmployment, "jobcenter", "kommune"),
	professional("home-nurse", "sygeplejerske", bridge.SectorSocialCare, "homecare", "kommune"),
}

var castParties = []bridge.Party{
	{Ref: gp.Ref},
	{Ref: psychiatrist.Ref},
	{Ref: worker.Practitioner},
	{Ref: "PractitionerRole/bo"},
	{Ref: "Organization/team2"},
	{Ref: "Organization/psyk"},
	{Ref: "Organization/kommune"},
	{Ref: "Organization/jobcenter"},
	{Ref: "PractitionerRole/ward"},
	{Function: bridge.FunctionOwnGP},
	{Function: bridge.FunctionSupportWorker},
	{Function: bridge.FunctionCaseworker},
}

// some draws between least and three of them, each once; half of the time it
// starts with those that matter to the question.
func some[T comparable](t *rapid.T, name string, from []T, least int, matter ...T) []T {
	var out []T
	if len(matter) > 0 && rapid.Bool().Draw(t, name+" matter") {
		out = append(out, rapid.SampledFrom(matter).Draw(t, name+" one"))
	}
	for _, i := range rapid.SliceOfN(rapid.IntRange(0, len(from)-1), least, 3).Draw(t, name) {
		if len(out) < 3 && !slices.Contains(out, from[i]) {
			out = append(out, from[i])
		}
	}
	return out
}

// naming lists the parties that mean the actor.
func naming(a *bridge.Actor) []bridge.Party {
	return slices.DeleteFunc(slices.Clone(castParties), func(p bridge.Party) bool { return !oracleMeans(p.Ref, a) })
}

// drawPeriod draws a period around now, often one that ends at now or never.
func drawPeriod(t *rapid.T, name string) bridge.Period {
	p := bridge.Period{Start: now.AddDate(0, 0, rapid.IntRange(-500, 3).Draw(t, name+" from"))}
	if n := rapid.IntRange(0, 6).Draw(t, name+" days"); n > 0 {
		p.End = now.AddDate(0, 0, 10*(n-2))
	}
	return p
}

func drawSnapshot(t *rapid.T, q *bridge.Question) *bridge.Snapshot {
	from, to := naming(&q.From), naming(&q.To)
	if rapid.Bool().Draw(t, "backward") {
		from, to = to, from
	}
	s := &bridge.Snapshot{Patient: bridge.Patient{ID: "jens", BirthDate: now.AddDate(-40, 0, 0), Active: true}, Epoch: 1}
	functions := []bridge.CareFunction{bridge.FunctionOwnGP, bridge.FunctionTreatingPsychiatrist, bridge.FunctionSupportWorker, bridge.FunctionCaseworker}
	for i := range rapid.IntRange(0, 5).Draw(t, "members") {
		m := fmt.Sprint("member ", i)
		ref := rapid.SampledFrom(castParties[:9]).Draw(t, m).Ref
		s.Team = append(s.Team, bridge.CareTeamMember{Member: ref, Function: rapid.SampledFrom(functions).Draw(t, m+" as"), Period: drawPeriod(t, m)})
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "consents") {
		c := fmt.Sprint("consent ", i)
		p := drawPeriod(t, c)
		s.Consents = append(s.Consents, bridge.Consent{
			ID: bridge.ConsentID(fmt.Sprint("c", i)), Patient: "jens", State: bridge.ConsentActive, GrantedAt: p.Start,
			Evidence: bridge.Evidence{Form: rapid.SampledFrom([]bridge.ConsentForm{"signed-in", "paper", "oral", "waived"}).Draw(t, c+" form")},
			Scope: bridge.Scope{
				From: some(t, c+" from", castParties, 1, from...), To: some(t, c+" to", castParties, 1, to...), Both: rapid.Bool().Draw(t, c+" both"),
				Topics: some(t, c+" topics", bridge.Topics, 1, q.Topics...), Purposes: some(t, c+" purposes", bridge.Purposes, 1, q.Purpose),
				Case: rapid.SampledFrom([]string{"", "1", "1", "2"}).Draw(t, c+" case"), Period: p,
			},
		})
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "objections") {
		o := fmt.Sprint("objection ", i)
		s.Objections = append(s.Objections, bridge.Objection{
			ID: bridge.ObjectionID(fmt.Sprint("o", i)), Patient: "jens", CreatedAt: now, // newer than any consent
			Parties: some(t, o+" parties", castParties, 1), Topics: some(t, o+" topics", bridge.Topics, 0), Purposes: some(t, o+" purposes", bridge.Purposes, 0),
		})
	}
	return s
}

func drawQuestion(t *rapid.T) *bridge.Question {
	from := rapid.IntRange(0, len(cast)-1).Draw(t, "from")
	to := rapid.IntRange(1, len(cast)-1).Draw(t, "to")
	q := &bridge.Question{
		Action: rapid.SampledFrom([]bridge.Action{bridge.ActionSend, bridge.ActionRead}).Draw(t, "action"),
		Now:    now, From: cast[from], To: cast[(from+to)%len(cast)], Purpose: rapid.SampledFrom(bridge.Purposes).Draw(t, "purpose"),
		Topics: some(t, "topics", bridge.Topics, 1), Case: rapid.SampledFrom([]string{"", "1", "1", "1"}).Draw(t, "case"),
	}
	q.Patient = drawSnapshot(t, q)
	return q
}

// drawRing draws a ring, most often on a line.
func drawRing(t *rapid.T) *bridge.Question {
	q := drawQuestion(t)
	q.Action = bridge.ActionRing
	if rapid.IntRange(0, 3).Draw(t, "line") > 0 {
		q.Line = &bridge.Callers{
			Sectors:  some(t, "sectors", []bridge.Sector{gp.Sector, psychiatrist.Sector, worker.Sector, bridge.SectorEmployment}, 0, q.From.Sector),
			Roles:    some(t, "roles", []bridge.RoleCode{gp.Role, psychiatrist.Role, worker.Role, "sygeplejerske"}, 0, q.From.Role),
			Involved: rapid.Bool().Draw(t, "involved"),
		}
	}
	return q
}

// A ring is the disclosure that a message would be, and its line's rule besides.
func TestARingSaysWhatTheOracleSays(t *testing.T) {
	e := newEngine(t, policy.Options{})
	rung := 0
	rapid.Check(t, func(t *rapid.T) {
		q := drawRing(t)
		d := mustDecide(t, e, q)
		basis, consents, redact := oracleRing(q)
		if d.Allow != (basis != "") || d.Basis != basis || !slices.Equal(d.Redact, redact) {
			t.Fatalf("decided %+v, the oracle says %q with %v without %v", d, basis, consents, redact)
		}
		if !d.Allow && len(d.Reasons) == 0 || len(d.Redact) > 0 && len(d.Reasons) == 0 {
			t.Fatalf("no reason in %+v", d)
		}
		send := *q
		send.Action, send.Line = bridge.ActionSend, nil
		if sent := mustDecide(t, e, &send); d.Allow && (!sent.Allow || sent.Basis != d.Basis || !slices.Equal(sent.Redact, d.Redact)) {
			t.Fatalf("rung as %+v, sent as %+v", d, sent)
		}
		if d.Allow {
			rung++
			if len(d.Consents) > 1 && !slices.Equal(d.Consents, consents) {
				t.Fatalf("relies on %v, the oracle on %v", d.Consents, consents)
			}
		}
	})
	if rung == 0 {
		t.Error("nobody was rung")
	}
}

// Where a message may not go, a ring is offered only about what may be told.
func TestARingThatIsOfferedIsLawful(t *testing.T) {
	e := newEngine(t, policy.Options{})
	offered := 0
	rapid.Check(t, func(t *rapid.T) {
		q := drawQuestion(t)
		q.Action = bridge.ActionSend
		if !slices.Contains(q.Topics, bridge.TopicPractical) { // often a consent that carries it
			for i := range q.Patient.Consents {
				s := &q.Patient.Consents[i].Scope
				s.Topics = []bridge.Topic{bridge.TopicPractical}
			}
		}
		for _, r := range mustDecide(t, e, q).Remedies {
			if r.Kind != bridge.RemedyRing {
				continue
			}
			offered++
			ring := *q
			ring.Action, ring.Topics = bridge.ActionRing, r.Scope.Topics
			if d := mustDecide(t, e, &ring); !d.Allow || len(d.Redact) > 0 {
				t.Fatalf("offered about %v, which comes out as %+v", r.Scope.Topics, d)
			}
		}
	})
	if offered == 0 {
		t.Error("no ring was offered")
	}
}

func mustDecide(t interface{ Fatal(...any) }, e *policy.Engine, q *bridge.Question) bridge.Decision {
	d, err := e.Decide(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTheRulesSayWhatTheOracleSays(t *testing.T) {
	e := newEngine(t, policy.Options{})
	rapid.Check(t, func(t *rapid.T) {
		q := drawQuestion(t)
		d := mustDecide(t, e, q)
		basis, consents, redact := oracle(q)
		if d.Allow != (basis != "") || d.Basis != basis || !slices.Equal(d.Redact, redact) {
			t.Fatalf("decided %+v, the oracle says %q with %v without %v", d, basis, consents, redact)
		}
		// A plain yes relies on one consent where several would do.
		if plain := len(d.Consents) == 1 && len(redact) == 0 && slices.Contains(consents, d.Consents[0]); !plain && !slices.Equal(d.Consents, consents) {
			t.Fatalf("relies on %v, the oracle on %v", d.Consents, consents)
		}
		if !d.Allow && len(d.Reasons) == 0 || len(d.Redact) > 0 && len(d.Reasons) == 0 {
			t.Fatalf("no reason in %+v", d)
		}
	})
}

func TestTheShortWayToANoSaysWhatTheLongOneSays(t *testing.T) {
	e := newEngine(t, policy.Options{})
	rapid.Check(t, func(t *rapid.T) {
		q := drawQuestion(t)
		q.Action = rapid.SampledFrom([]bridge.Action{bridge.ActionSend, bridge.ActionRead, bridge.ActionSee}).Draw(t, "any action")
		if rapid.Bool().Draw(t, "function") {
			q.From = bridge.Actor{Function: bridge.FunctionOwnGP}
		}
		if rapid.Bool().Draw(t, "no objection") {
			q.Patient.Objections = nil
		}
		answer, atLength, err := e.AtLength(context.Background(), q)
		if err != nil || answer != atLength {
			t.Fatalf("%v\nshort %s\nlong  %s", err, answer, atLength)
		}
	})
}

func TestNothingChangesBeforeValidUntil(t *testing.T) {
	e := newEngine(t, policy.Options{Patients: -1})
	rapid.Check(t, func(t *rapid.T) {
		q := drawQuestion(t)
		d := mustDecide(t, e, q)
		if slices.Equal(d.Reasons, []bridge.Code{"no_relation"}) {
			return
		}
		later := *q
		later.Now = now.AddDate(50, 0, 0)
		if !d.ValidUntil.IsZero() {
			later.Now = d.ValidUntil.Add(-1)
		}
		again := mustDecide(t, e, &later)
		if d.Allow != again.Allow || d.Basis != again.Basis || !slices.Equal(d.Redact, again.Redact) || !slices.Equal(d.Reasons, again.Reasons) {
			t.Fatalf("at %s %+v, at %s %+v", q.Now, d, later.Now, again)
		}
	})
}

func TestWhatIsKeptIsWhatIsDecided(t *testing.T) {
	kept, fresh := newEngine(t, policy.Options{Patients: 2}), newEngine(t, policy.Options{Patients: -1})
	rapid.Check(t, func(t *rapid.T) {
		s := drawQuestion(t).Patient
		for range 6 {
			q := drawRing(t)
			if rapid.Bool().Draw(t, "written") {
				q.Action, q.Line = bridge.ActionSend, nil
			}
			q.Patient = s
			q.Now = now.Add(time.Duration(rapid.IntRange(-40, 40).Draw(t, "days")) * 24 * time.Hour)
			if d := cmp.Diff(mustDecide(t, fresh, q), mustDecide(t, kept, q)); d != "" {
				t.Fatal(d)
			}
		}
	})
}

func TestAnUnknownPatientAndAForbiddenOneAreTheSameToTheByte(t *testing.T) {
	e := newEngine(t, policy.Options{})
	compared := 0
	rapid.Check(t, func(t *rapid.T) {
		q := drawQuestion(t)
		q.Action = rapid.SampledFrom([]bridge.Action{bridge.ActionSend, bridge.ActionRead, bridge.ActionSee, bridge.ActionRing}).Draw(t, "any action")
		if q.Action == bridge.ActionRing {
			q.Line = &bridge.Callers{Sectors: []bridge.Sector{gp.Sector}, Involved: rapid.Bool().Draw(t, "involved")}
		}
		if rapid.Bool().Draw(t, "function") {
			q.From = bridge.Actor{Function: bridge.FunctionOwnGP}
		}
		known := mustDecide(t, e, q)
		if !slices.Equal(known.Reasons, []bridge.Code{"no_relation"}) {
			return
		}
		compared++
		q.Patient = nil
		a, _ := json.Marshal(known)
		b, _ := json.Marshal(mustDecide(t, e, q))
		if string(a) != string(b) {
			t.Fatalf("known %s\nunknown %s", a, b)
		}
	})
	if compared == 0 {
		t.Error("no forbidden patient was drawn")
	}
}

func TestManyDecideAtOnce(t *testing.T) {
	e := newEngine(t, policy.Options{Patients: 1})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				q := crossing(bridge.PurposeSocialCasework)
				q.Topics = []bridge.Topic{bridge.Topics[(i+j)%len(bridge.Topics)]}
				want := q.Topics[0] == bridge.TopicMedication || q.Topics[0] == bridge.TopicPractical
				if d, err := e.Decide(context.Background(), q); err != nil || d.Allow != want {
					t.Errorf("%s: %+v %v", q.Topics[0], d, err)
				}
			}
		})
	}
	wg.Wait()
}
