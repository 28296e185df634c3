// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"context"
	"errors"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/brobygger/brobygger/bridge"
)

// Explanation is a decision with what was looked at. It tells more than a party
// may know, and is for whoever answers for the policy.
type Explanation struct {
	Action     bridge.Action      `json:"action"`
	Purpose    bridge.Purpose     `json:"purpose"`
	Topics     []bridge.Topic     `json:"topics"`
	Case       string             `json:"case,omitempty"`
	Line       *bridge.Callers    `json:"line,omitempty"` // who may ring the line, where one is rung
	From       Standing           `json:"from"`
	To         Standing           `json:"to"`
	Route      Route              `json:"route"`
	Consents   []ConsentFinding   `json:"consents"`
	Objections []ObjectionFinding `json:"objections"`
	Decision   bridge.Decision    `json:"decision"`

	engine *Engine
}

// Standing is who a party is under the law.
type Standing struct {
	Party     bridge.Party          `json:"party"`
	Role      bridge.RoleCode       `json:"role,omitempty"`
	Sector    bridge.Sector         `json:"sector,omitempty"`
	Side      string                `json:"side,omitempty"` // of the border: health, social; "" when it can't be placed
	Personnel string                `json:"personnel,omitempty"`
	Functions []bridge.CareFunction `json:"functions,omitempty"` // in the care team now
}

// Route is the law's row for the two sides and the purpose; empty where no law
// carries it.
type Route struct {
	Treating string `json:"treating,omitempty"` // both in the care team, no consent needed
	Letter   string `json:"letter,omitempty"`   // a hospital doctor's discharge letter to the own GP
	Consent  string `json:"consent,omitempty"`  // with the patient's consent
}

// ConsentFinding says whether a consent counts, and if not, why.
type ConsentFinding struct {
	ID     bridge.ConsentID `json:"id"`
	Joins  bool             `json:"joins"`            // it names both parties, one way or the other
	Covers []bridge.Topic   `json:"covers,omitempty"` // topics of the question
	Lacks  []bridge.Code    `json:"lacks,omitempty"`
}

// ObjectionFinding says whether an objection names the receiver.
type ObjectionFinding struct {
	ID    bridge.ObjectionID `json:"id"`
	Names bool               `json:"names"`
}

// Explain decides, and says what was looked at.
func (e *Engine) Explain(ctx context.Context, q *bridge.Question) (Explanation, error) {
	if q == nil || q.Patient == nil {
		return Explanation{}, fmt.Errorf("explaining: %w", errNobody)
	}
	d, err := e.Decide(ctx, q)
	if err != nil {
		return Explanation{}, err
	}
	r := e.records(q.Patient)
	input, _ := r.question(e.law, q, hashActor(&q.From), hashActor(&q.To))
	covers, err := e.program.ask(ctx, e.budget, queryCovers, input)
	if err != nil {
		return Explanation{}, fmt.Errorf("explaining: %w", err)
	}
	joining, err := e.lacks(ctx, input)
	if err != nil {
		return Explanation{}, fmt.Errorf("explaining: %w", err)
	}
	x := Explanation{
		Action: q.Action, Purpose: q.Purpose, Topics: q.Topics, Case: q.Case, Line: q.Line, Decision: d, engine: e,
		From: e.standing(q, &q.From), To: e.standing(q, &q.To),
		Consents: findings(q.Patient, covers, joining),
	}
	if row := field(input, "route"); row != nil {
		x.Route = Route{Treating: plainText(field(row, "treating")), Letter: plainText(field(row, "letter")), Consent: plainText(field(row, "consent"))}
	}
	for _, o := range q.Patient.Objections {
		x.Objections = append(x.Objections, ObjectionFinding{o.ID, names(q.Patient, o.Parties, &q.To, q.Now) != unnamed})
	}
	return x, nil
}

var errNobody = errors.New("no patient to explain about")

func (e *Engine) standing(q *bridge.Question, a *bridge.Actor) Standing {
	s := Standing{Party: party(a)}
	s.Role, s.Sector = e.law.place(a)
	s.Side = e.law.side(s.Sector, s.Role, a.Ref.Type() == bridge.TypeOrganization)
	s.Personnel = e.law.Roles[s.Role].Personnel
	for _, m := range q.Patient.Team {
		if m.Period.Contains(q.Now) && meansRef(m.Member, a) != unnamed {
			s.Functions = append(s.Functions, m.Function)
		}
	}
	return s
}

// lacks says of each consent that names both parties why it does not cover all,
// asked as if there were no other.
func (e *Engine) lacks(ctx context.Context, input ast.Value) (map[bridge.ConsentID][]bridge.Code, error) {
	joining := map[bridge.ConsentID][]bridge.Code{}
	all, _ := field(input, "consents").(*ast.Array)
	for i := range all.Len() {
		alone := ast.NewObject()
		input.(ast.Object).Foreach(alone.Insert)
		alone.Insert(keyConsents, ast.ArrayTerm(all.Elem(i)))
		v, err := e.program.ask(ctx, e.budget, queryLacks, alone)
		if err != nil {
			return nil, err
		}
		joining[bridge.ConsentID(plainText(field(all.Elem(i).Value, "id")))] = codes[bridge.Code](v)
	}
	return joining, nil
}

// findings says of every consent of the snapshot what the rules made of it.
func findings(s *bridge.Snapshot, covers ast.Value, joining map[bridge.ConsentID][]bridge.Code) []ConsentFinding {
	var out []ConsentFinding
	for _, c := range s.Consents {
		lacks, joins := joining[c.ID]
		f := ConsentFinding{ID: c.ID, Joins: joins, Lacks: lacks}
		if joins {
			f.Covers = codes[bridge.Topic](field(covers, string(c.ID)))
		}
		out = append(out, f)
	}
	return out
}

func plainText(v ast.Value) string {
	s, _ := v.(ast.String)
	return string(s)
}
