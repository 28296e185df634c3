// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// The tables of testdata/cases, for a data-protection officer to read. They go
// into each bundle, which is refused when one of them comes out otherwise.

type person struct {
	Role   bridge.RoleCode     `json:"role"`
	Sector bridge.Sector       `json:"sector"`
	At     []string            `json:"at"`
	Team   bridge.CareFunction `json:"team"`
}

type people struct {
	Now     time.Time `json:"now"`
	Patient struct {
		Born time.Time `json:"born"`
	} `json:"patient"`
	People map[string]person `json:"people"`
}

type caseConsent struct {
	ID      bridge.ConsentID   `json:"id"`
	From    []string           `json:"from"`
	To      []string           `json:"to"`
	Both    bool               `json:"both"`
	About   []bridge.Topic     `json:"about"`
	Why     []bridge.Purpose   `json:"why"`
	Case    string             `json:"case"`
	Form    bridge.ConsentForm `json:"form"`    // signed-in
	Granted time.Time          `json:"granted"` // 1 November 2026
	Start   time.Time          `json:"start"`   // granted
	Until   time.Time          `json:"until"`   // 1 February 2027
}

type caseObjection struct {
	ID    bridge.ObjectionID `json:"id"`
	To    []string           `json:"to"`
	About []bridge.Topic     `json:"about"`
	Why   []bridge.Purpose   `json:"why"`
	Made  time.Time          `json:"made"` // 10 November 2026
}

type expected struct {
	Allow    string              `json:"allow"`
	ReliesOn []bridge.ConsentID  `json:"relies_on"`
	Redact   []bridge.Topic      `json:"redact"`
	Oblige   []bridge.Obligation `json:"oblige"`
	Deny     []bridge.Code       `json:"deny"`
	Remedies []string            `json:"remedies"` // the kind, and the topics where it names some
	Until    time.Time           `json:"until"`
}

type legalCase struct {
	Name       string            `json:"name"`
	Rule       string            `json:"rule"`
	Do         bridge.Action     `json:"do"` // send
	From       string            `json:"from"`
	To         string            `json:"to"`
	About      []bridge.Topic    `json:"about"`
	Why        bridge.Purpose    `json:"why"`
	Case       string            `json:"case"`
	Line       *bridge.Callers   `json:"line"` // of a ring: who may ring the line; none: no line
	Born       time.Time         `json:"born"`
	Inactive   bool              `json:"inactive"`
	People     map[string]person `json:"people"`
	Team       map[string]any    `json:"team"` // a function, or a function and its end; instead of everybody's own
	SignedIn   map[string]string `json:"signed_in"`
	Closed     []string          `json:"closed"`
	Consents   []caseConsent     `json:"consents"`
	Objections []caseObjection   `json:"objections"`
	Relative   *struct {
		Authority bridge.Authority `json:"authority"`
		Until     time.Time        `json:"until"`
	} `json:"relative"`
	Emergency *struct {
		By        string    `json:"by"`
		Asked     time.Time `json:"asked"` // a minute before confirmed
		Confirmed time.Time `json:"confirmed"`
	} `json:"emergency"`
	Expect expected `json:"expect"`
}

// world is who the cases speak of, with what one case says otherwise.
type world struct {
	people
	Case *legalCase
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

func (w world) actor(name string) (bridge.Actor, error) {
	if f, ok := strings.CutPrefix(name, "function:"); ok {
		return bridge.Actor{Function: bridge.CareFunction(f)}, nil
	}
	a := bridge.Actor{Ref: w.ref(name), Assurance: bridge.AssuranceSubstantial, Active: !slices.Contains(w.Case.Closed, name)}
	if level, ok := w.Case.SignedIn[name]; ok {
		a.Assurance = bridge.Assurance(level)
	}
	switch a.Ref.Type() {
	case bridge.TypePractitionerRole:
		p, ok := w.Case.People[name]
		if !ok {
			p, ok = w.People[name]
		}
		if !ok {
			return a, fmt.Errorf("nobody is called %q", name)
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
	return a, nil
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

func (w world) team() ([]bridge.CareTeamMember, error) {
	since := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	var out []bridge.CareTeamMember
	if w.Case.Team == nil {
		for _, name := range slices.Sorted(maps.Keys(w.People)) {
			if f := w.People[name].Team; f != "" {
				out = append(out, bridge.CareTeamMember{Member: w.ref(name), Function: f, Period: bridge.Period{Start: since}})
			}
		}
		return out, nil
	}
	for _, name := range slices.Sorted(maps.Keys(w.Case.Team)) {
		m := bridge.CareTeamMember{Member: w.ref(name), Period: bridge.Period{Start: since}}
		switch v := w.Case.Team[name].(type) {
		case string:
			m.Function = bridge.CareFunction(v)
		case []any:
			if len(v) != 2 {
				return nil, fmt.Errorf("team of %s is no function and its end", name)
			}
			end, err := time.Parse(time.RFC3339, fmt.Sprint(v[1]))
			if err != nil {
				return nil, fmt.Errorf("team of %s: %w", name, err)
			}
			m.Function, m.Period.End = bridge.CareFunction(fmt.Sprint(v[0])), end
		default:
			return nil, fmt.Errorf("team of %s is no function", name)
		}
		out = append(out, m)
	}
	return out, nil
}

func (w world) snapshot() (*bridge.Snapshot, error) {
	team, err := w.team()
	if err != nil {
		return nil, err
	}
	s := &bridge.Snapshot{
		Patient: bridge.Patient{ID: "jens", BirthDate: or(w.Case.Born, w.Patient.Born), Active: !w.Case.Inactive}, Epoch: 3, Team: team,
	}
	for _, c := range w.Case.Consents {
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
	for _, o := range w.Case.Objections {
		s.Objections = append(s.Objections, bridge.Objection{
			ID: o.ID, Patient: "jens", Parties: w.parties(o.To), Topics: o.About, Purposes: o.Why, MadeBy: "Patient/jens",
			CreatedAt: or(o.Made, time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC)),
		})
	}
	if r := w.Case.Relative; r != nil {
		s.Representatives = []bridge.RelatedPerson{{
			ID: "relative", Patient: "jens", Authority: r.Authority, Active: true,
			Period: bridge.Period{Start: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), End: r.Until},
		}}
	}
	if e := w.Case.Emergency; e != nil {
		x := bridge.Emergency{ID: "e1", Patient: "jens", By: w.ref(e.By), Reason: "unconscious in the ward", AskedAt: w.Now.Add(-time.Minute)}
		if !e.Confirmed.IsZero() {
			x.AskedAt, x.ConfirmedAt = or(e.Asked, e.Confirmed.Add(-time.Minute)), e.Confirmed
			x.ExpiresAt = e.Confirmed.Add(bridge.EmergencyLifetime)
		}
		s.Emergencies = []bridge.Emergency{x}
	}
	return s, nil
}

// Question is what the case asks.
func (w world) Question() (*bridge.Question, error) {
	s, err := w.snapshot()
	if err != nil {
		return nil, err
	}
	from, err := w.actor(w.Case.From)
	if err != nil {
		return nil, err
	}
	to, err := w.actor(w.Case.To)
	if err != nil {
		return nil, err
	}
	return &bridge.Question{
		Action: or(w.Case.Do, bridge.ActionSend), Now: w.Now, Patient: s, From: from, To: to,
		Purpose: w.Case.Why, Topics: w.Case.About, Case: w.Case.Case, Line: w.Case.Line,
	}, nil
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

// tables are the cases as a bundle carries them: who they speak of, and each
// file's cases by the file's name.
type tables struct {
	People people                 `json:"people"`
	Cases  map[string][]legalCase `json:"cases"`
}

// readTables reads the cases, strictly.
func readTables(tree any) (*tables, error) {
	raw, err := json.Marshal(instants(tree))
	if err != nil {
		return nil, fmt.Errorf("reading cases: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	t := &tables{}
	if err := d.Decode(t); err != nil {
		return nil, fmt.Errorf("reading cases: %w", err)
	}
	for _, cases := range t.Cases {
		if len(cases) > 0 {
			return t, nil
		}
	}
	return nil, errNoCases
}

// instants makes of each day in a tree, 1980-05-02, the instant at which it begins.
func instants(tree any) any {
	switch v := tree.(type) {
	case map[string]any:
		for k, x := range v {
			v[k] = instants(x)
		}
	case []any:
		for i, x := range v {
			v[i] = instants(x)
		}
	case string:
		if t, err := time.Parse(time.DateOnly, v); err == nil {
			return t.Format(time.RFC3339)
		}
	}
	return tree
}

// Each calls f for each case, in order of files and within them.
func (t *tables) Each(f func(file string, w world)) {
	for _, file := range slices.Sorted(maps.Keys(t.Cases)) {
		for i := range t.Cases[file] {
			f(file, world{t.People, &t.Cases[file][i]})
		}
	}
}

var errNoCases = errors.New("there are no cases")

// check decides every case and names the first that comes out otherwise.
func (t *tables) check(ctx context.Context, e *Engine) error {
	var wrong error
	t.Each(func(file string, w world) {
		if wrong != nil {
			return
		}
		q, err := w.Question()
		if err == nil {
			var d bridge.Decision
			if d, err = e.Decide(ctx, q); err == nil && !sameOutcome(as(d), w.Case.Expect) {
				err = errors.New("it comes out otherwise")
			}
		}
		if err != nil {
			wrong = fmt.Errorf("case %s/%s: %w", file, w.Case.Name, err)
		}
	})
	return wrong
}

func sameOutcome(got, want expected) bool {
	if !got.Until.Equal(want.Until) {
		return false
	}
	got.Until, want.Until = time.Time{}, time.Time{}
	return reflect.DeepEqual(got, want)
}
