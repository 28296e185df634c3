// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// Each file by name: tests stay out of the binary.
//
//go:embed party/party.rego
//go:embed consent/consent.rego consent/lacks.rego consent/may.rego consent/rule.rego
//go:embed disclosure/plain.rego disclosure/disclosure.rego disclosure/see.rego disclosure/denial.rego
//go:embed emergency/emergency.rego
var modules embed.FS

// pure lists the built-ins that a policy may use: functions of their arguments
// alone. A rule that calls another does not compile.
var pure = []string{
	"and", "assign", "count", "eq", "equal", "gt", "gte", "internal.member_2", "internal.member_3", "is_array",
	"lt", "lte", "minus", "neq", "object.keys", "or", "object.union", "union",
}

// capabilities returns OPA's, reduced to the pure built-ins and no network.
func capabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.Builtins = slices.DeleteFunc(slices.Clone(c.Builtins), func(b *ast.Builtin) bool {
		return !slices.Contains(pure, b.Name)
	})
	c.AllowNet = []string{}
	return c
}

// program is the compiled policy over one country's data. It is never changed
// after it was made, so engines with the same data share it.
type program struct {
	revision string
	txn      storage.Transaction // held for reading; nothing writes
	queries  map[string]rego.PreparedEvalQuery
}

// The questions that the rules answer.
const (
	queryPlain  = "data.disclosure.plain"
	queryAnswer = "data.disclosure.answer"
	queryLacks  = "data.consent.lacks"
	queryCovers = "data.consent.covers"
	queryMay    = "data.consent.may"
	queryMayNot = "data.consent.refusals"
	queryRule   = "data.consent.rule"
	queryGlass  = "data.emergency.may"
	queryNoGls  = "data.emergency.refusals"
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
	p, err := compile(context.Background(), law, raw)
	if err == nil {
		programs.byData[key] = p
	}
	return p, err
}

// compile compiles the embedded rules over the law's data.
func compile(ctx context.Context, law map[string]any, raw []byte) (*program, error) {
	sum := sha256.New()
	parsed := map[string]*ast.Module{}
	err := fs.WalkDir(modules, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		source, err := fs.ReadFile(modules, path)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s %d\n", path, len(source))
		sum.Write(source)
		parsed[path], err = ast.ParseModuleWithOpts(path, string(source), ast.ParserOptions{RegoVersion: ast.RegoV1})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("parsing policy: %w", err)
	}
	sum.Write(raw)
	compiler := ast.NewCompiler().WithCapabilities(capabilities()).WithStrict(true)
	if compiler.Compile(parsed); compiler.Failed() {
		return nil, fmt.Errorf("compiling policy: %w", compiler.Errors)
	}
	store := inmem.NewFromObjectWithOpts(law, inmem.OptReturnASTValuesOnRead(true))
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		return nil, fmt.Errorf("opening policy data: %w", err)
	}
	p := &program{
		revision: hex.EncodeToString(sum.Sum(nil))[:16], txn: txn, queries: map[string]rego.PreparedEvalQuery{},
	}
	for _, q := range []string{queryPlain, queryAnswer, queryLacks, queryCovers, queryMay, queryMayNot, queryRule, queryGlass, queryNoGls} {
		p.queries[q], err = rego.New(rego.Query(q), rego.Compiler(compiler), rego.Store(store), rego.Transaction(txn),
			rego.StrictBuiltinErrors(true), rego.Capabilities(capabilities()), rego.GenerateJSON(asTerm)).PrepareForEval(ctx)
		if err != nil {
			return nil, fmt.Errorf("preparing %s: %w", q, err)
		}
	}
	return p, nil
}

// asTerm hands results on as they are; decoding them is ours.
func asTerm(t *ast.Term, _ *rego.EvalContext) (any, error) { return t, nil }

// watch ends an evaluation that takes too long.
type watch struct {
	cancel topdown.Cancel
	timer  *time.Timer
}

var watches = sync.Pool{New: func() any {
	c := topdown.NewCancel()
	t := time.AfterFunc(time.Hour, c.Cancel)
	t.Stop()
	return &watch{c, t}
}}

// done puts the watch back, but for one that has gone off: that can't be undone.
func (w *watch) done() {
	if w.timer.Stop() {
		watches.Put(w)
	}
}

var errUndefined = errors.New("policy gives no answer")

// ask evaluates one query. No answer, several, a conflict, an error of a built-in
// and a spent time budget are all errors.
func (p *program) ask(ctx context.Context, budget time.Duration, query string, input ast.Value) (ast.Value, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("evaluating policy: %w", err)
	}
	w := watches.Get().(*watch)
	w.timer.Reset(budget)
	defer w.done()
	q := p.queries[query]
	rs, err := q.Eval(ctx, rego.EvalParsedInput(input), rego.EvalTransaction(p.txn),
		rego.EvalMetrics(metrics.NoOp()), rego.EvalExternalCancel(w.cancel))
	if err != nil {
		return nil, fmt.Errorf("evaluating policy: %w", err)
	}
	if len(rs) != 1 || len(rs[0].Expressions) != 1 {
		return nil, fmt.Errorf("evaluating policy: %w", errUndefined)
	}
	t, ok := rs[0].Expressions[0].Value.(*ast.Term)
	if !ok {
		return nil, fmt.Errorf("evaluating policy: %w", errUndefined)
	}
	return t.Value, nil
}
