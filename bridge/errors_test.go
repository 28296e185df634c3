// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/brobygger/brobygger/bridge"
)

func TestErrorsAreComparedByCode(t *testing.T) {
	unknown := fmt.Errorf("committing: %w", bridge.ErrOutcomeUnknown)
	internal := fmt.Errorf("doing: %w", &bridge.Error{Code: bridge.CodeInternal})
	for _, c := range []struct {
		name        string
		err, target error
		want        bool
	}{
		{"the same code", fmt.Errorf("x: %w", &bridge.Error{Code: bridge.CodeNotFound, Message: "m"}), bridge.ErrNotFound, true},
		{"another code", internal, bridge.ErrNotFound, false},
		{"an unknown outcome", unknown, bridge.ErrOutcomeUnknown, true},
		{"an unknown outcome is internal", unknown, &bridge.Error{Code: bridge.CodeInternal}, true},
		{"an internal error with a known outcome", internal, bridge.ErrOutcomeUnknown, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := errors.Is(c.err, c.target); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
}

func TestEveryCodeHasAnOutcome(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	codes := 0
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(v.Names[0].Name, "Code") || len(v.Values) != 1 {
			return true
		}
		text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		codes++
		if _, ok := bridge.Outcomes[bridge.Code(text)]; !ok {
			t.Errorf("%s has no outcome", v.Names[0].Name)
		}
		return false
	})
	if codes != len(bridge.Outcomes) {
		t.Errorf("%d codes and %d outcomes", codes, len(bridge.Outcomes))
	}
}
