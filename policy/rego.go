// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

// pure lists the built-ins that a policy may use: functions of their arguments
// alone. A rule that calls another does not compile.
var pure = []string{
	"and", "assign", "count", "eq", "equal", "gt", "gte", "internal.member_2", "internal.member_3", "is_array",
	"lt", "lte", "minus", "neq", "object.keys", "or", "object.union", "union",
}

// inTests lists what tests may use besides, to make one input of another.
var inTests = []string{"json.patch", "json.remove", "object.get", "object.filter", "object.remove", "object.union_n"}

// capabilities returns OPA's, reduced to the pure built-ins, some more, and no
// network.
func capabilities(more ...string) *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.Builtins = slices.DeleteFunc(slices.Clone(c.Builtins), func(b *ast.Builtin) bool {
		return !slices.Contains(pure, b.Name) && !slices.Contains(more, b.Name)
	})
	c.AllowNet = []string{}
	return c
}

// program is the compiled policy over one country's data. It is never changed
// after it was made, so engines with the same data share it.
type program struct {
	revision string
	content  string              // names rules and data alone, in whatever bundle they come
	txn      storage.Transaction // held for reading; nothing writes
	store    storage.Store
	base     base
	compiler *ast.Compiler
	queries  map[string]ast.Body
}

// The questions that the rules answer.
const (
	queryPlain  = "data.disclosure.plain"
	queryAnswer = "data.disclosure.answer"
	queryRing   = "data.line.answer"
	queryLacks  = "data.consent.lacks"
	queryCovers = "data.consent.covers"
	queryMay    = "data.consent.may"
	queryMayNot = "data.consent.refusals"
	queryRule   = "data.consent.rule"
	queryGlass  = "data.emergency.may"
	queryNoGls  = "data.emergency.refusals"
	queryReview = "data.emergency.may_review"
	queryNoRev  = "data.emergency.review_refusals"
)

// queries are all of them.
var queries = []string{
	queryPlain, queryAnswer, queryRing, queryLacks, queryCovers, queryMay, queryMayNot, queryRule, queryGlass, queryNoGls, queryReview, queryNoRev,
}

// answerVar holds the answer of a query.
const answerVar = ast.Var("answer")

var (
	noMetrics = metrics.NoOp()
	unixEpoch = time.Unix(0, 0) // no rule knows a clock; the evaluator wants one
)

// programs holds what was compiled, by data. Only one compiler runs at a time:
// OPA's merges types of its built-ins in place (v1.22.2, ast.mergeTypes).
var programs = struct {
	mu     sync.Mutex // guards the following field, and compiling
	byData map[[sha256.Size]byte]*program
}{byData: map[[sha256.Size]byte]*program{}}

// compiled returns the program over this data, compiling it the first time.
func compiled(law map[string]any, raw []byte) (*program, error) {
	key := sha256.Sum256(raw)
	programs.mu.Lock()
	defer programs.mu.Unlock()
	if p := programs.byData[key]; p != nil {
		return p, nil
	}
	s, err := BuiltIn()
	if err != nil {
		return nil, err
	}
	p, err := compile(context.Background(), s.rules(), law, raw)
	if err == nil {
		programs.byData[key] = p
	}
	return p, err
}

// compile compiles the rules over the law's data. raw is the data as it was
// written, for the revision. Whoever calls it holds programs.mu.
func compile(ctx context.Context, rules map[string][]byte, law map[string]any, raw []byte) (*program, error) {
	sum := sha256.New()
	parsed := map[string]*ast.Module{}
	for _, path := range slices.Sorted(maps.Keys(rules)) {
		source := rules[path]
		_, _ = fmt.Fprintf(sum, "%s %d\n", path, len(source))
		sum.Write(source)
		var err error
		parsed[path], err = ast.ParseModuleWithOpts(path, string(source), ast.ParserOptions{RegoVersion: ast.RegoV1})
		if err != nil {
			return nil, fmt.Errorf("parsing policy: %w", err)
		}
	}
	sum.Write(raw)
	compiler := ast.NewCompiler().WithCapabilities(capabilities()).WithStrict(true)
	if compiler.Compile(parsed); compiler.Failed() {
		return nil, fmt.Errorf("compiling policy: %w", compiler.Errors)
	}
	data, err := ast.InterfaceToValue(law)
	if err != nil {
		return nil, fmt.Errorf("reading policy data: %w", err)
	}
	store := inmem.NewFromObjectWithOpts(law, inmem.OptReturnASTValuesOnRead(true))
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		return nil, fmt.Errorf("opening policy data: %w", err)
	}
	name := hex.EncodeToString(sum.Sum(nil))[:16]
	p := &program{
		revision: name, content: name, txn: txn, store: store, base: base{data}, compiler: compiler, queries: map[string]ast.Body{},
	}
	for _, q := range queries {
		body := ast.NewBody(ast.Equality.Expr(ast.NewTerm(answerVar), ast.MustParseTerm(q)))
		p.queries[q], err = compiler.QueryCompiler().Compile(body)
		if err != nil {
			return nil, fmt.Errorf("preparing %s: %w", q, err)
		}
	}
	return p, nil
}
