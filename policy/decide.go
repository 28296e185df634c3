// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/brobygger/brobygger/bridge"
)

// noRelation is the one reason that somebody is given who has nothing to do with
// the patient, or asks about a patient who does not exist.
const noRelation bridge.Code = "no_relation"

// unrelated reports whether the decision is that one answer.
func unrelated(d bridge.Decision) bool { return len(d.Reasons) == 1 && d.Reasons[0] == noRelation }

// decide asks for a plain yes first, and only without one for the whole answer
// with its reasons. Of a ring it asks for the whole answer.
func (e *Engine) decide(ctx context.Context, q *bridge.Question, input ast.Value) (bridge.Decision, error) {
	sit := e.program.sit(e.budget, input)
	defer sit.done()
	query := queryRing
	if q.Action != bridge.ActionRing {
		v, err := sit.ask(ctx, queryPlain)
		if err != nil {
			return bridge.Decision{}, err
		}
		if d, ok := readPlain(v); ok {
			return d, nil
		}
		query = queryAnswer
	}
	v, err := sit.ask(ctx, query)
	if err != nil {
		return bridge.Decision{}, err
	}
	d, err := readAnswer(v)
	if err != nil {
		return bridge.Decision{}, err
	}
	if d.Allow && len(d.Redact) == 0 {
		return d, nil
	}
	d.Reasons = codes[bridge.Code](field(v, "reasons"))
	if len(d.Reasons) == 0 {
		return bridge.Decision{}, errNoReason
	}
	d.Remedies = e.remedies(q, codes[bridge.RemedyKind](field(v, "remedies")), codes[bridge.Topic](field(v, "lacking")))
	return d, nil
}

// field returns a field of an object, nil when there is none.
func field(v ast.Value, name string) ast.Value {
	o, ok := v.(ast.Object)
	if !ok {
		return nil
	}
	t := o.Get(ast.InternedTerm(name))
	if t == nil {
		return nil
	}
	return t.Value
}

// codes reads an array or set of text in order of the text; nil when it is empty.
func codes[T ~string](v ast.Value) []T {
	var out []T
	add := func(t *ast.Term) {
		if s, ok := t.Value.(ast.String); ok {
			out = append(out, T(s))
		}
	}
	switch v := v.(type) {
	case *ast.Array:
		if v.Len() == 0 {
			return nil
		}
		v.Foreach(add)
	case ast.Set:
		if v.Len() == 0 {
			return nil
		}
		v.Foreach(add)
	}
	slices.Sort(out)
	return slices.Clip(out)
}

var noForward = []bridge.Obligation{bridge.ObligeNoForward}

// readPlain reads the plain yeses, and takes the one that relies on least: none
// before a consent, then in order of ids.
func readPlain(v ast.Value) (d bridge.Decision, ok bool) {
	yeses, isSet := v.(ast.Set)
	if !isSet {
		return d, false
	}
	yeses.Foreach(func(t *ast.Term) {
		yes, isArray := t.Value.(*ast.Array)
		if !isArray || yes.Len() == 0 {
			return
		}
		basis, _ := yes.Elem(0).Value.(ast.String)
		if yes.Len() == 1 {
			d, ok = bridge.Decision{Allow: true, Basis: string(basis)}, true
			return
		}
		id, _ := yes.Elem(1).Value.(ast.String)
		if ok && (len(d.Consents) == 0 || d.Consents[0] <= bridge.ConsentID(id)) {
			return
		}
		d, ok = bridge.Decision{Allow: true, Basis: string(basis), Consents: []bridge.ConsentID{bridge.ConsentID(id)}, Oblige: noForward}, true
	})
	return d, ok && d.Basis != ""
}

// readAnswer reads what the rule answer gave. Anything but a whole yes or the
// plain no is an error.
func readAnswer(v ast.Value) (bridge.Decision, error) {
	allow, ok := field(v, "allow").(ast.Boolean)
	if !ok {
		return bridge.Decision{}, errUndefined
	}
	if !allow {
		return bridge.Decision{}, nil
	}
	ground, ok := field(v, "basis").(ast.String)
	if !ok || ground == "" {
		return bridge.Decision{}, fmt.Errorf("reading basis: %w", errUndefined)
	}
	d := bridge.Decision{
		Allow: true, Basis: string(ground), Consents: codes[bridge.ConsentID](field(v, "consents")),
		Redact: codes[bridge.Topic](field(v, "redact")), Oblige: codes[bridge.Obligation](field(v, "oblige")),
	}
	if len(d.Redact) > 0 {
		d.Oblige = append([]bridge.Obligation{bridge.ObligeRedact}, d.Oblige...)
	}
	return d, nil
}

// at returns the decision as given at now: a request that a denial proposes
// begins when it is proposed.
func (m *memo) at(now time.Time) bridge.Decision {
	d := m.decision
	if len(d.Remedies) == 0 || m.span.now.Equal(now) {
		return d
	}
	d.Remedies = slices.Clone(d.Remedies)
	for i, r := range d.Remedies {
		if r.Scope != nil {
			s := *r.Scope
			s.Period = bridge.Period{Start: now, End: now.Add(s.Period.End.Sub(s.Period.Start))}
			d.Remedies[i].Scope = &s
		}
	}
	return d
}
