// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy_test

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/policy"
)

// The tables of testdata/cases, for a data-protection officer to read.

type person struct {
	Role   bridge.RoleCode     `yaml:"role"`
	Sector bridge.Sector       `yaml:"sector"`
	At     []string            `yaml:"at"`
	Team   bridge.CareFunction `yaml:"team"`
}

type people struct {
	Now     time.Time `yaml:"now"`
	Patient struct {
		Born time.Time `yaml:"born"`
	} `yaml:"patient"`
	People map[string]person `yaml:"people"`
}

type caseConsent struct {
	ID      bridge.ConsentID   `yaml:"id"`
	From    []string           `yaml:"from"`
	To      []string           `yaml:"to"`
	Both    bool               `yaml:"both"`
	About   []bridge.Topic     `yaml:"about"`
	Why     []bridge.Purpose   `yaml:"why"`
	Case    string             `yaml:"case"`
	Form    bridge.ConsentForm `yaml:"form"`    // signed-in
	Granted time.Time          `yaml:"granted"` // 1 November 2026
	Start   time.Time          `yaml:"start"`   // granted
	Until   time.Time          `yaml:"until"`   // 1 February 2027
}

type caseObjection struct {
	ID    bridge.ObjectionID `yaml:"id"`
	To    []string           `yaml:"to"`
	About []bridge.Topic     `yaml:"about"`
	Why   []bridge.Purpose   `yaml:"why"`
	Made  time.Time          `yaml:"made"` // 10 November 2026
}

type expected struct {
	Allow    string              `yaml:"allow"`
	ReliesOn []bridge.ConsentID  `yaml:"relies_on"`
	Redact   []bridge.Topic      `yaml:"redact"`
	Oblige   []bridge.Obligation `yaml:"oblige"`
	Deny     []bridge.Code       `yaml:"deny"`
	Remedies []string            `yaml:"remedies"` // the kind, and for ask-patient its topics
	Until    time.Time           `yaml:"until"`
}

type legalCase struct {
	Name       string            `yaml:"name"`
	Rule       string            `yaml:"rule"`
	Do         bridge.Action     `yaml:"do"` // send
	From       string            `yaml:"from"`
	To         string            `yaml:"to"`
	About      []bridge.Topic    `yaml:"about"`
	Why        bridge.Purpose    `yaml:"why"`
	Case       string            `yaml:"case"`
	Born       time.Time         `yaml:"born"`
	Inactive   bool              `yaml:"inactive"`
	People     map[string]person `yaml:"people"`
	Team       map[string]any    `yaml:"team"` // a function, or a function and its end; instead of everybody's own
	SignedIn   map[string]string `yaml:"signed_in"`
	Closed     []string          `yaml:"closed"`
	Consents   []caseConsent     `yaml:"consents"`
	Objections []caseObjection   `yaml:"objections"`
	Relative   *struct {
		Authority bridge.Authority `yaml:"authority"`
		Until     time.Time        `yaml:"until"`
	} `yaml:"relative"`
	Emergency *struct {
		By        string    `yaml:"by"`
		Asked     time.Time `yaml:"asked"` // a minute before confirmed
		Confirmed time.Time `yaml:"confirmed"`
	} `yaml:"emergency"`
	Expect expected `yaml:"expect"`
}

func readYAML(t testing.TB, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	d := yaml.NewDecoder(bytes.NewReader(raw))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// world is who the cases speak of, with what one case says otherwise.
type world struct {
	people
	c *legalCase
}

func (w world) ref(name string) bridge.Ref {
	switch {
	case strings.Contains(name, "/"):
		return bridge.Ref(name)
	case name == "patient":
		return "Patient/jens"
	case name == "relative", name == "stranger":
		return bridge.Ref("RelatedPerson/" + name)
	}
	return bridge.Ref("PractitionerRole/" + name)
}

func (w world) actor(t testing.TB, name string) bridge.Actor {
	if f, ok := strings.CutPrefix(name, "function:"); ok {
		return bridge.Actor{Function: bridge.CareFunction(f)}
	}
	a := bridge.Actor{Ref: w.ref(name), Assurance: bridge.AssuranceSubstantial, Active: !slices.Contains(w.c.Closed, name)}
	if level, ok := w.c.SignedIn[name]; ok {
		a.Assurance = bridge.Assurance(level)
	}
	switch a.Ref.Type() {
	case bridge.TypePractitionerRole:
		p, ok := w.c.People[name]
		if !ok {
			p, ok = w.People[name]
		}
		if !ok {
			t.Fatalf("nobody is called %q", name)
		}
		a.Practitioner, a.Role, a.Sector, a.Organizations = bridge.Ref("Practitioner/"+name), p.Role, p.Sector, p.At
	case bridge.TypeOrganization:
		a.Organizations = []string{a.Ref.ID()}
		for _, p := range w.People {
			if slices.Contains(p.At, a.Ref.ID()) {
				a.Sector = p.Sector
			}
		}
	}
	return a
}

func (w world) parties(names []string) []bridge.Party {
	var out []bridge.Party
	for _, n := range names {
		if f, ok := strings.CutPrefix(n, "function:"); ok {
			out = append(out, bridge.Party{Function: bridge.CareFunction(f)})
		} else {
			out = append(out, bridge.Party{Ref: w.ref(n)})
		}
	}
	return out
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

func (w world) team(t testing.TB) []bridge.CareTeamMember {
	since := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	var out []bridge.CareTeamMember
	if w.c.Team == nil {
		for _, name := range slices.Sorted(maps.Keys(w.People)) {
			if f := w.People[name].Team; f != "" {
				out = append(out, bridge.CareTeamMember{Member: w.ref(name), Function: f, Period: bridge.Period{Start: since}})
			}
		}
		return out
	}
	for _, name := range slices.Sorted(maps.Keys(w.c.Team)) {
		m := bridge.CareTeamMember{Member: w.ref(name), Period: bridge.Period{Start: since}}
		switch v := w.c.Team[name].(type) {
		case string:
			m.Function = bridge.CareFunction(v)
		case []any:
			m.Function, m.Period.End = bridge.CareFunction(v[0].(string)), v[1].(time.Time)
		default:
			t.Fatalf("team of %s: %v", name, v)
		}
		out = append(out, m)
	}
	return out
}

func (w world) snapshot(t testing.TB) *bridge.Snapshot {
	s := &bridge.Snapshot{
		Patient: bridge.Patient{ID: "jens", BirthDate: or(w.c.Born, w.Patient.Born), Active: !w.c.Inactive}, Epoch: 3, Team: w.team(t),
	}
	for _, c := range w.c.Consents {
		granted := or(c.Granted, time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC))
		s.Consents = append(s.Consents, bridge.Consent{
			ID: c.ID, Patient: "jens", State: bridge.ConsentActive, GrantedBy: "Patient/jens", GrantedAt: granted,
			Evidence: bridge.Evidence{Form: or(c.Form, bridge.FormSignedIn)},
			Scope: bridge.Scope{
				From: w.parties(c.From), To: w.parties(c.To), Both: c.Both, Topics: c.About, Purposes: c.Why, Case: c.Case,
				Period: bridge.Period{Start: or(c.Start, granted), End: or(c.Until, time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC))},
			},
		})
	}
	for _, o := range w.c.Objections {
		s.Objections = append(s.Objections, bridge.Objection{
			ID: o.ID, Patient: "jens", Parties: w.parties(o.To), Topics: o.About, Purposes: o.Why, MadeBy: "Patient/jens",
			CreatedAt: or(o.Made, time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC)),
		})
	}
	if r := w.c.Relative; r != nil {
		s.Representatives = []bridge.RelatedPerson{{
			ID: "relative", Patient: "jens", Authority: r.Authority, Active: true,
			Period: bridge.Period{Start: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), End: r.Until},
		}}
	}
	if e := w.c.Emergency; e != nil {
		x := bridge.Emergency{ID: "e1", Patient: "jens", By: w.ref(e.By), Reason: "unconscious in the ward", AskedAt: w.Now.Add(-time.Minute)}
		if !e.Confirmed.IsZero() {
			x.AskedAt, x.ConfirmedAt = or(e.Asked, e.Confirmed.Add(-time.Minute)), e.Confirmed
			x.ExpiresAt = e.Confirmed.Add(bridge.EmergencyLifetime)
		}
		s.Emergencies = []bridge.Emergency{x}
	}
	return s
}

func (w world) question(t testing.TB) *bridge.Question {
	return &bridge.Question{
		Action: or(w.c.Do, bridge.ActionSend), Now: w.Now, Patient: w.snapshot(t), From: w.actor(t, w.c.From), To: w.actor(t, w.c.To),
		Purpose: w.c.Why, Topics: w.c.About, Case: w.c.Case,
	}
}

// as writes a decision as the cases do.
func as(d bridge.Decision) expected {
	e := expected{Allow: d.Basis, ReliesOn: d.Consents, Redact: d.Redact, Oblige: d.Oblige, Deny: d.Reasons, Until: d.ValidUntil}
	for _, r := range d.Remedies {
		words := []string{string(r.Kind)}
		if r.Scope != nil {
			for _, topic := range r.Scope.Topics {
				words = append(words, string(topic))
			}
		}
		e.Remedies = append(e.Remedies, strings.Join(words, " "))
	}
	return e
}

// eachCase reads every table.
func eachCase(t testing.TB, f func(file string, w world)) {
	var all people
	readYAML(t, filepath.Join("testdata", "people.yaml"), &all)
	files, err := filepath.Glob(filepath.Join("testdata", "cases", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		var cases []legalCase
		readYAML(t, file, &cases)
		for i := range cases {
			f(strings.TrimSuffix(filepath.Base(file), ".yaml"), world{all, &cases[i]})
		}
	}
}

func TestTheCasesComeOutAsTheLawSays(t *testing.T) {
	e := newEngine(t, policy.Options{})
	n := 0
	eachCase(t, func(file string, w world) {
		n++
		t.Run(file+"/"+w.c.Name, func(t *testing.T) {
			if w.c.Rule == "" {
				t.Error("the case cites no rule")
			}
			got, err := e.Decide(context.Background(), w.question(t))
			if err != nil {
				t.Fatal(err)
			}
			if got.Allow != (w.c.Expect.Allow != "") || got.Revision != e.Revision() {
				t.Errorf("allow %v under revision %s, want %q under %s", got.Allow, got.Revision, w.c.Expect.Allow, e.Revision())
			}
			if d := cmp.Diff(w.c.Expect, as(got)); d != "" {
				t.Error(d)
			}
		})
	})
	if n < 60 {
		t.Errorf("%d cases, want at least 60", n)
	}
}
