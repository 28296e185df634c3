// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/brobygger/brobygger/bridge"
)

// runTests runs a bundle's own tests: each rule test_… of its test modules must
// be true, within the budget of a decision. They are compiled apart from what
// decides, with the same few built-ins.
func runTests(ctx context.Context, s *Sources, decides *program, budget time.Duration) error {
	compiler, tests, err := compileTests(s)
	if err != nil {
		return err
	}
	if len(tests) == 0 {
		return errors.New("testing policy: there are no tests")
	}
	p := *decides
	p.compiler, p.queries = compiler, map[string]ast.Body{}
	for _, test := range tests {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("testing policy: %w", err)
		}
		body := ast.NewBody(ast.Equality.Expr(ast.NewTerm(answerVar), ast.MustParseTerm(test)))
		if p.queries[test], err = compiler.QueryCompiler().Compile(body); err != nil {
			return fmt.Errorf("preparing %s: %w", test, err)
		}
		v, err := p.ask(ctx, budget, test, ast.NewObject())
		if errors.Is(err, errUndefined) {
			err = errors.New("it fails")
		}
		if err == nil && v.Compare(ast.Boolean(true)) != 0 {
			err = errors.New("it fails")
		}
		if err != nil {
			return fmt.Errorf("testing policy: %s: %w", test, err)
		}
	}
	return nil
}

// compileTests compiles rules and tests together, and names the tests.
func compileTests(s *Sources) (*ast.Compiler, []string, error) {
	parsed := map[string]*ast.Module{}
	var tests []string
	for _, name := range slices.Sorted(maps.Keys(s.Modules)) {
		m, err := ast.ParseModuleWithOpts(name, string(s.Modules[name]), ast.ParserOptions{RegoVersion: ast.RegoV1})
		if err != nil {
			return nil, nil, fmt.Errorf("parsing policy: %w", err)
		}
		parsed[name] = m
		pkg := m.Package.Path.String()
		if isTest(name) != strings.HasSuffix(pkg, "_test") {
			return nil, nil, fmt.Errorf("testing policy: %s is package %s: tests stand in packages of their own", name, pkg)
		}
		for _, r := range m.Rules {
			if rule := string(r.Head.Name); strings.HasPrefix(rule, "test_") && !slices.Contains(tests, pkg+"."+rule) {
				tests = append(tests, pkg+"."+rule)
			}
		}
	}
	programs.mu.Lock()
	defer programs.mu.Unlock()
	compiler := ast.NewCompiler().WithCapabilities(capabilities(inTests...)).WithStrict(true)
	if compiler.Compile(parsed); compiler.Failed() {
		return nil, nil, fmt.Errorf("compiling policy with its tests: %w", compiler.Errors)
	}
	return compiler, tests, nil
}

// smoke asks what must be denied under any law, whatever the bundle's own cases
// say: nobody gets anything about a patient who does not exist, without a sign-in,
// without a purpose, or having nothing to do with the patient.
func (e *Engine) smoke(ctx context.Context) error {
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	known := func() *bridge.Snapshot {
		return &bridge.Snapshot{Patient: bridge.Patient{ID: "p", BirthDate: now.AddDate(-40, 0, 0), Active: true}, Epoch: 1}
	}
	sectors := slices.Sorted(maps.Keys(e.law.Sectors))
	for i, role := range slices.Sorted(maps.Keys(e.law.Roles)) {
		sector := sectors[i%len(sectors)]
		from, to := stranger("a", role, sector), stranger("b", role, sector)
		unsigned := from
		unsigned.Assurance = ""
		for name, q := range map[string]bridge.Question{
			"a stranger sends":        {Action: bridge.ActionSend, Patient: known(), From: from, To: to, Purpose: bridge.PurposeTreatment, Topics: bridge.Topics},
			"a stranger reads":        {Action: bridge.ActionRead, Patient: known(), From: to, To: from, Purpose: bridge.PurposeTreatment, Topics: bridge.Topics},
			"a stranger sees":         {Action: bridge.ActionSee, Patient: known(), From: to, To: from},
			"a stranger rings":        {Action: bridge.ActionRing, Patient: known(), From: from, To: to, Purpose: bridge.PurposeTreatment, Topics: bridge.Topics},
			"nobody's patient":        {Action: bridge.ActionSend, From: from, To: to, Purpose: bridge.PurposeTreatment, Topics: bridge.Topics},
			"no purpose":              {Action: bridge.ActionSend, Patient: known(), From: from, To: to, Topics: bridge.Topics},
			"no topics":               {Action: bridge.ActionSend, Patient: known(), From: from, To: to, Purpose: bridge.PurposeTreatment},
			"no sign-in":              {Action: bridge.ActionSend, Patient: known(), From: unsigned, To: to, Purpose: bridge.PurposeTreatment, Topics: bridge.Topics},
			"an action of no meaning": {Action: "own", Patient: known(), From: from, To: to, Purpose: bridge.PurposeTreatment, Topics: bridge.Topics},
		} {
			q.Now = now
			if d, err := e.Decide(ctx, &q); err != nil || d.Allow {
				return fmt.Errorf("trying policy: %s, as %s in %s: allowed is %t: %w", name, role, sector, d.Allow, orAllowed(err))
			}
		}
		if err := e.smokeRights(ctx, from, known(), now); err != nil {
			return fmt.Errorf("trying policy: %s in %s: %w", role, sector, err)
		}
	}
	return nil
}

var errAllowed = errors.New("what must be denied is allowed")

func orAllowed(err error) error {
	if err == nil {
		return errAllowed
	}
	return err
}

func stranger(id string, role bridge.RoleCode, sector bridge.Sector) bridge.Actor {
	return bridge.Actor{
		Ref: bridge.Ref("PractitionerRole/" + id), Practitioner: bridge.Ref("Practitioner/" + id), Role: role, Sector: sector,
		Organizations: []string{"o-" + id}, Assurance: bridge.AssuranceSubstantial, Active: true,
	}
}

// smokeRights asks for what nobody in a role may have: consenting for a patient,
// the glass and its review without a sign-in, a review of what others made.
func (e *Engine) smokeRights(ctx context.Context, who bridge.Actor, s *bridge.Snapshot, now time.Time) error {
	unsigned := who
	unsigned.Assurance = ""
	for _, ask := range []func() (bridge.Decision, error){
		func() (bridge.Decision, error) { return e.MayConsent(ctx, who, s, now) },
		func() (bridge.Decision, error) { return e.MayBreakGlass(ctx, unsigned, s, now) },
		func() (bridge.Decision, error) { return e.MayReview(ctx, who, []string{"elsewhere"}, now) },
	} {
		if d, err := ask(); err != nil || d.Allow {
			return orAllowed(err)
		}
	}
	if d, err := e.MayBreakGlass(ctx, who, s, now); err != nil {
		return fmt.Errorf("allowed is %t: %w", d.Allow, err)
	}
	return nil
}
