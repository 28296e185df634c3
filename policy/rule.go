// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"context"
	"fmt"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/brobygger/brobygger/bridge"
)

// Rule implements bridge.Decider. from and to are the parties of the scope in
// its order: an organization has no Role, a care function that nobody fills has
// only Function. Where several bases carry the scope, the rule is the strictest
// of each.
func (e *Engine) Rule(s *bridge.Scope, from, to []bridge.Actor) (bridge.ConsentRule, error) {
	if err := e.checkScope(s); err != nil {
		return bridge.ConsentRule{}, err
	}
	if len(from) != len(s.From) || len(to) != len(s.To) {
		return bridge.ConsentRule{}, bridge.BadRequest("a party of the consent is not known")
	}
	in := object("from", e.ruleParties(s.From, from), "to", e.ruleParties(s.To, to), "scope", object(
		"both", truth(s.Both), "topics", set(s.Topics), "purposes", set(s.Purposes), "case", text(s.Case)))
	v, err := e.program.ask(context.Background(), e.budget, queryRule, in.Value)
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

// checkScope refuses what is no consent under any law: general, without purpose
// or topics.
func (e *Engine) checkScope(s *bridge.Scope) error {
	switch {
	case s == nil || len(s.From) == 0 || len(s.To) == 0:
		return bridge.BadRequest("a consent names who may disclose and who may receive")
	case len(s.Topics) == 0 || len(s.Purposes) == 0:
		return bridge.BadRequest("a consent names topics and purposes")
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

// refuse says why no basis covers a scope: in words for a developer, in codes for
// people.
func (e *Engine) refuse(faults []bridge.Code) error {
	return &bridge.Error{
		Code: bridge.CodeBadRequest, Message: "no legal basis covers a consent over this scope",
		Decision: &bridge.Decision{Reasons: faults, Revision: e.program.revision},
	}
}

// ruleParties says who each party is and how it is named.
func (e *Engine) ruleParties(parties []bridge.Party, actors []bridge.Actor) *ast.Term {
	terms := make([]*ast.Term, len(parties))
	for i, p := range parties {
		a, unit, how := actors[i], false, byPerson
		a.Role, a.Sector = e.law.place(&a)
		if a.Ref.Type() == bridge.TypeOrganization {
			unit, how = true, byUnit
		}
		if p.Function != "" {
			how = byFunction
		}
		fields := []any{
			"ref", text(a.Ref), "strict", truth(e.law.Sectors[a.Sector].Strict),
			"by", text(namingWords[how]), "count", ast.InternedTerm(len(parties)),
		}
		if side := e.law.side(a.Sector, a.Role, unit); side != "" {
			fields = append(fields, "side", text(side))
		}
		terms[i] = object(fields...)
	}
	return ast.ArrayTerm(terms...)
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
