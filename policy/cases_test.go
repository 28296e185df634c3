// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/policy"
)

type world = policy.World

// eachCase reads every table.
func eachCase(t testing.TB, f func(file string, w world)) {
	t.Helper()
	all, err := policy.OwnTables()
	if err != nil {
		t.Fatal(err)
	}
	all.Each(f)
}

func question(t testing.TB, w world) *bridge.Question {
	t.Helper()
	q, err := w.Question()
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestTheCasesComeOutAsTheLawSays(t *testing.T) {
	e := newEngine(t, policy.Options{})
	n := 0
	eachCase(t, func(file string, w world) {
		n++
		t.Run(file+"/"+w.Case.Name, func(t *testing.T) {
			if w.Case.Rule == "" {
				t.Error("the case cites no rule")
			}
			got, err := e.Decide(context.Background(), question(t, w))
			if err != nil {
				t.Fatal(err)
			}
			if got.Allow != (w.Case.Expect.Allow != "") || got.Revision != e.Revision() {
				t.Errorf("allow %v under revision %s, want %q under %s", got.Allow, got.Revision, w.Case.Expect.Allow, e.Revision())
			}
			if d := cmp.Diff(w.Case.Expect, policy.As(got)); d != "" {
				t.Error(d)
			}
		})
	})
	if n < 60 {
		t.Errorf("%d cases, want at least 60", n)
	}
}
