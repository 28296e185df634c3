// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"fmt"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
	"pgregory.net/rapid"
)

// What the rules have found is kept as OPA keeps it, whatever the evaluator does.
func TestFindingsAreKeptAsOPAKeepsThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		theirs, ours := topdown.NewVirtualCache(), &found{}
		deep := 0
		for i := range rapid.IntRange(1, 40).Draw(t, "steps") {
			step := rapid.IntRange(0, 9).Draw(t, fmt.Sprint("step ", i))
			ref := make(ast.Ref, 0, 9)
			for range rapid.IntRange(1, 9).Draw(t, "terms") {
				ref = append(ref, ast.StringTerm(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "term")))
			}
			switch {
			case step == 0:
				theirs.Push()
				ours.Push()
				deep++
			case step == 1 && deep > 0:
				theirs.Pop()
				ours.Pop()
				deep--
			case step < 6:
				value := ast.InternedTerm(i)
				if _, undefined := theirs.Get(ref); undefined || step == 2 {
					value = nil // what is undefined stays so
				}
				theirs.Put(ref, value)
				ours.Put(ref, value)
				clear(ref) // the evaluator uses it again
				continue
			}
			want, wantUndefined := theirs.Get(ref)
			got, undefined := ours.Get(ref)
			if undefined != wantUndefined || (got == nil) != (want == nil) || got != nil && !got.Equal(want) {
				t.Fatalf("%v is %v, %t; OPA has %v, %t", ref, got, undefined, want, wantUndefined)
			}
			keys := ast.NewSet()
			for _, k := range ours.Keys() {
				keys.Add(ast.NewTerm(k))
			}
			for _, k := range theirs.Keys() {
				if _, undefined := theirs.Get(k); !undefined && !keys.Contains(ast.NewTerm(k)) {
					t.Fatalf("key %v is missing among %v", k, keys)
				}
			}
		}
		ours.forget()
		if len(ours.Keys()) > 0 {
			t.Fatal("something was not forgotten")
		}
	})
}
