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
