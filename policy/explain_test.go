// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/policy"
)

func TestExplanationSaysWhyEachConsentDidNotMatch(t *testing.T) {
	e := newEngine(t, policy.Options{})
	var w world
	eachCase(t, func(_ string, x world) {
		if x.Case.Name == "what lies outside the consent is taken out" {
			w = x
		}
	})
	w.Case.Consents = append(w.Case.Consents,
		policy.CaseConsent{ID: "c2", From: []string{"gp"}, To: []string{"support-worker"}, About: []bridge.Topic{"housing"}, Why: []bridge.Purpose{"treatment"}},
		policy.CaseConsent{ID: "c3", From: []string{"gp"}, To: []string{"caseworker"}, About: []bridge.Topic{"housing"}, Why: []bridge.Purpose{"treatment"}})
	w.Case.Objections = []policy.CaseObjection{{ID: "o1", To: []string{"caseworker"}}, {ID: "o2", To: []string{"support-worker"}, About: []bridge.Topic{"housing"}}}
	x, err := e.Explain(context.Background(), question(t, w))
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range []string{"da", "en", "ar"} {
		var b strings.Builder
		if err := x.WriteText(&b, language); err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(b.String(), e.Revision(), "REVISION")
		golden(t, filepath.Join("testdata", "explain", language+".txt"), text)
	}
}

func TestNobodyIsExplainedAboutAPatientWhoDoesNotExist(t *testing.T) {
	if _, err := newEngine(t, policy.Options{}).Explain(context.Background(), &bridge.Question{Now: now}); err == nil {
		t.Error("an explanation of nothing")
	}
}

func TestAnExplanationOfARingNamesTheCallersOfTheLine(t *testing.T) {
	e := newEngine(t, policy.Options{})
	q := treating()
	q.Action = bridge.ActionRing
	for _, tt := range []struct {
		line *bridge.Callers
		want string
	}{
		{&bridge.Callers{}, "The line may be rung by: anybody of the staff\n"},
		{
			&bridge.Callers{Sectors: []bridge.Sector{bridge.SectorEmployment}, Roles: []bridge.RoleCode{"overlaege"}, Involved: true},
			"The line may be rung by: employment, overlaege, those in the care team\n",
		},
		{nil, ""},
	} {
		q.Line = tt.line
		x, err := e.Explain(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := x.WriteText(&b, "en"); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(b.String(), "The line may be rung by"); got != (tt.want != "") || !strings.Contains(b.String(), tt.want) {
			t.Errorf("want %q in\n%s", tt.want, b.String())
		}
	}
}
