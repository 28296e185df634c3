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

// Rule implements bridge.Decider. parties holds an Actor for each party of the
// scope that is a role, a practitioner or an organization (for an organization
// Ref, Organizations with the organization itself first, and Sector are enough);
// a care function is taken as whoever fills it by the law's data. Where several
// bases carry the scope, the rule is the strictest of each.
func (e *Engine) Rule(s *bridge.Scope, patient *bridge.Snapshot, now time.Time, parties []bridge.Actor) (bridge.ConsentRule, error) {
	if err := e.checkScope(s, now); err != nil {
		return bridge.ConsentRule{}, err
	}
	r := e.records(patient)
	from, ok := e.ruleParties(r.snapshot, s.From, parties, now)
	to, ok2 := e.ruleParties(r.snapshot, s.To, parties, now)
	if !ok || !ok2 {
		return bridge.ConsentRule{}, bridge.BadRequest("a party of the consent is not known")
	}
	in := object("now", instant(now), "from", from, "to", to, "scope", object(
		"both", truth(s.Both), "topics", set(s.Topics), "purposes", set(s.Purposes), "case", text(s.Case)))
	v, err := e.program.ask(context.Background(), queryRule, in.Value)
	if err != nil {
		return bridge.ConsentRule{}, fmt.Errorf("finding the rule for a consent: %w", err)
	}
	faults := codes[bridge.Code](field(v, "refusals"))
	bases := codes[string](field(v, "bases"))
	if len(faults) > 0 || len(bases) == 0 {
		return bridge.ConsentRule{}, e.refuse(faults)
	}
	return e.strictest(bases), nil
}

// checkScope refuses what is no consent under any law: general, without purpose,
// topics or an end.
func (e *Engine) checkScope(s *bridge.Scope, now time.Time) error {
	switch {
	case s == nil || len(s.From) == 0 || len(s.To) == 0:
		return bridge.BadRequest("a consent names who may disclose and who may receive")
	case len(s.Topics) == 0 || len(s.Purposes) == 0:
		return bridge.BadRequest("a consent names topics and purposes")
	case s.Period.End.IsZero() || !s.Period.End.After(s.Period.Start) || !s.Period.End.After(now):
		return bridge.BadRequest("a consent ends, behind its start and in the future")
	}
	for _, t := range s.Topics {
		if _, ok := e.law.Topics[t]; !ok {
			return bridge.BadRequest("a topic of the consent is not known")
		}
	}
	for _, p := range s.Purposes {
		if _, ok := e.law.Purposes[p]; !ok {
			return bridge.BadRequest("a purpose of the consent is not known")
		}
	}
	return nil
}

// refuse says in the words of the first fault why no basis covers a scope.
func (e *Engine) refuse(faults []bridge.Code) error {
	return &bridge.Error{
		Code: bridge.CodeBadRequest, Message: "no legal basis covers a consent over this scope",
		Decision: &bridge.Decision{Reasons: faults, Revision: e.program.revision},
	}
}

// ruleParties finds who each party is.
func (e *Engine) ruleParties(snapshot *bridge.Snapshot, parties []bridge.Party, actors []bridge.Actor, now time.Time) (*ast.Term, bool) {
	var terms []*ast.Term
	for _, p := range parties {
		a, ok := e.ruleActor(snapshot, p, actors, now)
		if !ok {
			return nil, false
		}
		how := names(snapshot, []bridge.Party{p}, &a, now)
		kind := "professional"
		if a.Ref.Type() == bridge.TypeOrganization {
			kind = "organization"
		}
		terms = append(terms, object("kind", text(kind), "ref", text(a.Ref), "role", text(a.Role), "sector", text(a.Sector),
			"employed", truth(true), "by", text(namingWords[how]), "count", ast.InternedTerm(len(parties))))
	}
	return ast.ArrayTerm(terms...), true
}

// ruleActor returns the actor that a party means.
func (e *Engine) ruleActor(snapshot *bridge.Snapshot, p bridge.Party, actors []bridge.Actor, now time.Time) (bridge.Actor, bool) {
	if p.Ref == "" {
		who, ok := e.law.Functions[p.Function]
		return bridge.Actor{Function: p.Function, Role: who.Role, Sector: who.Sector}, ok
	}
	i := slices.IndexFunc(actors, func(a bridge.Actor) bool { return names(snapshot, []bridge.Party{p}, &a, now) >= byUnit })
	if i < 0 {
		return bridge.Actor{}, false
	}
	a := actors[i]
	if p.Ref.Type() == bridge.TypeOrganization {
		a.Ref, a.Role, a.Practitioner = p.Ref, "", ""
	}
	return a, true
}

// strictest joins what several bases demand: forms that all accept, a case when
// one needs it, the shortest period. It carries the name of the one with the
// shortest period.
func (e *Engine) strictest(bases []string) bridge.ConsentRule {
	rule := bridge.ConsentRule{Basis: bases[0], Forms: slices.Clone(e.law.Bases[bases[0]].Forms)}
	for _, code := range bases {
		b := e.law.Bases[code]
		rule.Forms = slices.DeleteFunc(rule.Forms, func(f bridge.ConsentForm) bool { return !slices.Contains(b.Forms, f) })
		rule.NeedsCase = rule.NeedsCase || b.NeedsCase
		if l := b.longest(); l > 0 && (rule.Longest == 0 || l < rule.Longest) {
			rule.Longest, rule.Basis = l, code
		}
	}
	return rule
}
