// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/api"
)

// TestEveryErrorHasItsStatus walks the one table of errors.
func TestEveryErrorHasItsStatus(t *testing.T) {
	for code, want := range bridge.Outcomes {
		t.Run(string(code), func(t *testing.T) {
			v := &verbs{err: fmt.Errorf("opening: %w", &bridge.Error{Code: code, After: 1500 * time.Millisecond})}
			h := handler(t, v)
			titles := map[string]bool{}
			for _, language := range []string{"da", "en"} {
				w := do(h, "POST", "/api/v1/conversations", opens, "Accept-Language", language)
				if w.Code != want.Status {
					t.Errorf("status %d, want %d", w.Code, want.Status)
				}
				if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
					t.Errorf("content type %q", got)
				}
				if got := w.Header().Get("Content-Language"); got != language {
					t.Errorf("content language %q, want %q", got, language)
				}
				if got := w.Header().Get("Retry-After"); got != "2" {
					t.Errorf("retry after %q, want 2 s", got)
				}
				var p api.Problem
				if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
					t.Fatal(err)
				}
				if p.Title == "" || titles[p.Title] {
					t.Errorf("title %q: none, or the same in both languages", p.Title)
				}
				titles[p.Title] = true
				type facts struct {
					Type   string
					Status int
					Code   bridge.Code
					Retry  bool
					MS     int64
				}
				got := facts{p.Type, p.Status, p.Code, p.Retry, p.RetryMS}
				if diff := cmp.Diff(facts{"urn:brobygger:error:" + string(code), want.Status, code, want.Retry, 1500}, got); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestADenialSaysWhyAndWhatToDo(t *testing.T) {
	scope := bridge.Scope{Topics: []bridge.Topic{bridge.TopicMedication}}
	v := &verbs{err: &bridge.Error{Code: bridge.CodeConsentRequired, Decision: &bridge.Decision{
		Reasons:  []bridge.Code{"consent_required", "case_missing"},
		Remedies: []bridge.Remedy{{Kind: bridge.RemedyAskPatient, Scope: &scope}, {Kind: bridge.RemedyPhone}},
		Consents: []bridge.ConsentID{"k-secret"}, Revision: "rev-secret",
	}}}
	w := do(handler(t, v), "POST", "/api/v1/conversations", opens, "Accept-Language", "en-GB, da;q=0.5")
	var p api.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatal(err)
	}
	wantReasons := []api.Reason{{Code: "consent_required", Text: "en:consent_required"}, {Code: "case_missing", Text: "en:case_missing"}}
	if diff := cmp.Diff(wantReasons, p.Reasons); diff != "" {
		t.Error(diff)
	}
	wantRemedies := []api.RemedyWords{
		{Kind: bridge.RemedyAskPatient, Text: "en:ask-patient", Scope: &scope}, {Kind: bridge.RemedyPhone, Text: "en:phone"},
	}
	if diff := cmp.Diff(wantRemedies, p.Remedies); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(w.Body.String(), "secret") {
		t.Errorf("more of the decision was told than why: %s", w.Body)
	}
}

// TestAnUnknownPatientLooksForbidden: whatever a developer's message says, the
// two answers are the same bytes.
func TestAnUnknownPatientLooksForbidden(t *testing.T) {
	denied := &bridge.Decision{Reasons: []bridge.Code{"no_relation"}}
	answer := func(err error) (string, http.Header) {
		w := do(handler(t, &verbs{err: err}), "GET", "/api/v1/patients/jens/care-team", "")
		return fmt.Sprintf("%d %s", w.Code, w.Body), w.Header()
	}
	unknown, unknownHeader := answer(&bridge.Error{Code: bridge.CodeForbidden, Message: "no such patient", Decision: denied, Err: bridge.ErrNotFound})
	forbidden, forbiddenHeader := answer(&bridge.Error{Code: bridge.CodeForbidden, Message: "not in the care team", Decision: denied})
	if unknown != forbidden {
		t.Errorf("unknown:   %s\nforbidden: %s", unknown, forbidden)
	}
	if diff := cmp.Diff(unknownHeader, forbiddenHeader); diff != "" {
		t.Error(diff)
	}
}

func TestAnUnexpectedErrorIsNotTold(t *testing.T) {
	for name, err := range map[string]error{
		"plain":    errors.New("reading Jens, 010180-0000"),
		"internal": &bridge.Error{Code: bridge.CodeInternal, Message: "Jens", Err: errors.New("010180-0000")},
		"unheard":  &bridge.Error{Code: "jens_unheard_of", Message: "Jens"},
	} {
		t.Run(name, func(t *testing.T) {
			w := do(handler(t, &verbs{err: err}), "POST", "/api/v1/conversations", opens)
			if w.Code != http.StatusInternalServerError {
				t.Errorf("status %d, want 500", w.Code)
			}
			if b := strings.ToLower(w.Body.String()); strings.Contains(b, "jens") || strings.Contains(b, "010180") {
				t.Errorf("told: %s", b)
			}
		})
	}
}

func TestAPanicTellsNothing(t *testing.T) {
	m := api.NewMetrics()
	h := handler(t, &verbs{}, func(c *api.Config) { c.Metrics = m })
	w := do(h, "GET", "/api/v1/directory?text=panic", "")
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "Jens") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if !strings.Contains(scrape(t, m), "brobygger_http_panics_total 1\n") {
		t.Error("the panic was not counted")
	}
	if w := do(h, "GET", "/api/v1/directory", ""); w.Code != http.StatusOK {
		t.Errorf("after a panic: %d", w.Code)
	}
}

func TestLanguage(t *testing.T) {
	h := handler(t, &verbs{err: bridge.BadRequest("no")})
	for header, want := range map[string]string{
		"": "da", "da": "da", "en": "en", "EN-us": "en", "ar, fa": "da", "*": "da",
		"da;q=0.3, en;q=0.9": "en", "en;q=0.2, da": "da", "en;q=x, da;q=0.1": "da", "en;q=0": "da", ";;,,q=": "da",
	} {
		w := do(h, "POST", "/api/v1/conversations", opens, "Accept-Language", header)
		if got := w.Header().Get("Content-Language"); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}
