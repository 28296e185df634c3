// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/brobygger/brobygger/bridge"
)

// PlainMap is the input of a question as most programs give one: Go maps and
// slices. Sets have no such form and stay.
func (e *Engine) PlainMap(q *bridge.Question) any {
	in, _ := e.records(q.Patient).question(e.law, q, hashActor(&q.From), hashActor(&q.To))
	return plainMap(in)
}

func plainMap(v ast.Value) any {
	switch v := v.(type) {
	case ast.Object:
		m := map[string]any{}
		v.Foreach(func(k, t *ast.Term) { m[plainText(k.Value)] = plainMap(t.Value) })
		return m
	case *ast.Array:
		var l []any
		v.Foreach(func(t *ast.Term) { l = append(l, plainMap(t.Value)) })
		return l
	case ast.String:
		return string(v)
	case ast.Boolean:
		return bool(v)
	}
	return v
}

// AskPlainly evaluates the whole answer over such an input, with OPA's defaults.
func (e *Engine) AskPlainly(ctx context.Context, input any) (bool, error) {
	q := e.program.plainly(ctx)
	v, err := ast.InterfaceToValue(input)
	if err != nil {
		return false, err
	}
	rs, err := q.Eval(ctx, rego.EvalParsedInput(v))
	if err != nil || len(rs) != 1 {
		return false, err
	}
	t, _ := rs[0].Expressions[0].Value.(*ast.Term)
	allow, _ := field(t.Value, "allow").(ast.Boolean)
	return bool(allow), nil
}

// AtLength returns the answer to the question, and the one that takes no short
// way.
func (e *Engine) AtLength(ctx context.Context, q *bridge.Question) (answer, atLength string, err error) {
	in, _ := e.records(q.Patient).question(e.law, q, hashActor(&q.From), hashActor(&q.To))
	p := *e.program
	p.queries = maps.Clone(p.queries)
	body := ast.NewBody(ast.Equality.Expr(ast.NewTerm(answerVar), ast.MustParseTerm("data.disclosure.at_length")))
	if p.queries["at length"], err = p.compiler.QueryCompiler().Compile(body); err != nil {
		return "", "", err
	}
	short, err := p.ask(ctx, e.budget, queryAnswer, in)
	if err != nil {
		return "", "", err
	}
	long, err := p.ask(ctx, e.budget, "at length", in)
	if err != nil {
		return "", "", err
	}
	return short.String(), long.String(), nil
}

// plainly prepares the whole answer as most programs do.
func (p *program) plainly(ctx context.Context) rego.PreparedEvalQuery {
	plainlyOnce.Do(func() {
		var err error
		plainlyQuery, err = rego.New(rego.Query("data.disclosure.at_length"), rego.Compiler(p.compiler), rego.Store(p.store), rego.Transaction(p.txn),
			rego.GenerateJSON(func(t *ast.Term, _ *rego.EvalContext) (any, error) { return t, nil })).PrepareForEval(ctx)
		if err != nil {
			panic(err)
		}
	})
	return plainlyQuery
}

var (
	plainlyOnce  sync.Once
	plainlyQuery rego.PreparedEvalQuery
)

// CodesOf lists the legal bases that have texts, and the roles of the law.
func CodesOf(e *Engine) (bases []string, roles []bridge.RoleCode) {
	return slices.Sorted(maps.Keys(e.texts[fallback].Bases)), slices.Sorted(maps.Keys(e.law.Roles))
}

// The cases, for tests from outside.
type (
	World         = world
	CaseConsent   = caseConsent
	CaseObjection = caseObjection
)

var As = as

// OwnTables reads the cases of the built-in policy.
func OwnTables() (*tables, error) {
	s, err := BuiltIn()
	if err != nil {
		return nil, err
	}
	return readTables(s.Data["cases"])
}
