// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"
)

// regoFiles lists the policy's files on disk: rules, or tests too.
func regoFiles(t *testing.T, tests bool) []string {
	t.Helper()
	all, err := filepath.Glob("*/*.rego")
	if err != nil || len(all) == 0 {
		t.Fatalf("no rules: %v", err)
	}
	return slices.DeleteFunc(all, func(name string) bool { return !tests && strings.HasSuffix(name, "_test.rego") })
}

func TestTheRulesTestsPassAndCoverEverything(t *testing.T) {
	parsed := map[string]*ast.Module{}
	for _, name := range regoFiles(t, true) {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if parsed[name], err = ast.ParseModuleWithOpts(name, string(source), ast.ParserOptions{RegoVersion: ast.RegoV1}); err != nil {
			t.Fatal(err)
		}
	}
	_, all, err := readLaw(danish)
	if err != nil {
		t.Fatal(err)
	}
	programs.mu.Lock() // OPA's compilers may not run at the same time
	defer programs.mu.Unlock()
	coverage := cover.New()
	store := inmem.NewFromObject(all)
	txn, err := store.NewTransaction(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	results, err := tester.NewRunner().SetStore(store).SetModules(parsed).SetCoverageQueryTracer(coverage).
		SetDefaultRegoVersion(ast.RegoV1).RunTests(context.Background(), txn)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for r := range results {
		n++
		if !r.Pass() {
			t.Errorf("%s: %s.%s: %v", r.Location, r.Package, r.Name, r.Error)
		}
	}
	if n < 100 {
		t.Errorf("%d tests ran, want 100 or more", n)
	}
	for name, f := range coverage.Report(parsed).Files {
		for _, r := range f.NotCovered {
			t.Errorf("%s:%d is not covered", name, r.Start.Row)
		}
	}
}

func TestEveryRuleIsEmbeddedAndNoTestDecides(t *testing.T) {
	s, err := BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := slices.Sorted(maps.Keys(s.Modules)), regoFiles(t, true); !slices.Equal(got, want) {
		t.Errorf("embedded %v, on disk %v", got, want)
	}
	if got, want := slices.Sorted(maps.Keys(s.rules())), regoFiles(t, false); !slices.Equal(got, want) {
		t.Errorf("%v decide, want %v", got, want)
	}
}

func TestOnlyPureBuiltinsCompile(t *testing.T) {
	programs.mu.Lock()
	defer programs.mu.Unlock()
	for _, call := range []string{
		`http.send({"method": "get", "url": "http://localhost"})`, `time.now_ns()`, `rand.intn("x", 2)`,
		`opa.runtime()`, `uuid.rfc4122("x")`, `net.lookup_ip_addr("localhost")`, `trace("x")`,
	} {
		m, err := ast.ParseModuleWithOpts("x.rego", "package x\n\ny := "+call, ast.ParserOptions{RegoVersion: ast.RegoV1})
		if err != nil {
			t.Fatal(err)
		}
		c := ast.NewCompiler().WithCapabilities(capabilities())
		if c.Compile(map[string]*ast.Module{"x.rego": m}); !c.Failed() {
			t.Errorf("%s compiles", call)
		}
	}
	for _, b := range capabilities().Builtins {
		if b.IsNondeterministic() {
			t.Errorf("%s is not a function of its arguments", b.Name)
		}
	}
}
