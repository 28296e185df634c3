// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/api"
)

func TestNobodyGetsInUnknown(t *testing.T) {
	for _, c := range []struct {
		name, authorization, role string
		status                    int
		code                      string
	}{
		{"no token", "", "", 401, "unauthenticated"},
		{"another scheme", "Basic good", "", 401, "unauthenticated"},
		{"no token behind the scheme", "Bearer ", "", 401, "unauthenticated"},
		{"wrong token", "Bearer bad", "", 401, "unauthenticated"},
		{"expired", "Bearer old", "", 401, "token_expired"},
		{"endless", "Bearer good" + strings.Repeat("x", 9<<10), "", 401, "unauthenticated"},
		{"role that is none", "Bearer good", "boss", 400, "bad_request"},
		{"role that is a patient", "Bearer good", "Patient/jens", 400, "bad_request"},
		{"right", "bearer good", "PractitionerRole/holm-noerregade", 201, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := &verbs{}
			w := do(handler(t, v), "POST", "/api/v1/conversations", opens, "Authorization", c.authorization, api.HeaderRole, c.role)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.code) {
				t.Errorf("%d %s, want %d %s", w.Code, w.Body, c.status, c.code)
			}
			if challenged := w.Header().Get("WWW-Authenticate") != ""; challenged != (c.status == 401) {
				t.Errorf("WWW-Authenticate there: %v", challenged)
			}
			if called := v.count() > 0; called != (c.status == 201) {
				t.Errorf("verb called: %v", called)
			}
		})
	}
}

func TestNothingIsReadOfWhoIsNotLetIn(t *testing.T) {
	h := handler(t, &verbs{})
	for _, c := range []struct{ name, target, token string }{
		{"unknown caller", "/api/v1/attachments?patient=jens&topics=medication", "bad"},
		{"caller who is no admin", "/api/v1/accounts/disable", "good"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", c.target, unread{t})
			r.Header.Set("Authorization", "Bearer "+c.token)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != http.StatusUnauthorized && w.Code != http.StatusForbidden {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
}

func TestAnAdminMayCloseAccounts(t *testing.T) {
	v := &verbs{admin: true}
	w := do(handler(t, v), "POST", "/api/v1/accounts/disable", `{"issuer":"https://idp.test","name":"x"}`)
	if w.Code != http.StatusNoContent || w.Body.Len() != 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestHeadClaimsNothing: net/http takes HEAD for GET, and what it throws away
// would be in the patient's record as shown.
func TestHeadClaimsNothing(t *testing.T) {
	v := &verbs{}
	w := do(handler(t, v), "HEAD", "/api/v1/conversations/c-01/messages", "")
	if w.Code != http.StatusNotFound || v.count() != 0 {
		t.Errorf("%d, %d calls", w.Code, v.count())
	}
}

func TestUnknownPathsAreProblems(t *testing.T) {
	h := handler(t, &verbs{})
	for _, c := range []struct{ method, target string }{
		{"GET", "/"}, {"GET", "/api/v1/nothing"}, {"PUT", "/api/v1/conversations"}, {"GET", "/ws"}, {"GET", "/metrics"}, {"POST", "/healthz"},
	} {
		w := do(h, c.method, c.target, "")
		if w.Code != http.StatusNotFound || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: %d %s", c.method, c.target, w.Code, w.Body)
		}
	}
}

// TestBodiesAreTakenStrictly: what is not exactly as described is refused, the
// verb is not called, and nothing of the body comes back.
func TestBodiesAreTakenStrictly(t *testing.T) {
	deep := strings.Repeat(`[`, 40) + strings.Repeat(`]`, 40)
	for _, c := range []struct {
		name, body string
		status     int
	}{
		{"nothing", "", 400},
		{"not json", `Jens`, 400},
		{"cut", opens[:40], 400},
		{"more than one", opens + opens, 400},
		{"not an object", `["Jens"]`, 400},
		{"null", `null`, 400},
		{"unknown field", strings.Replace(opens, `"mid"`, `"role":"Jens","mid"`, 1), 400},
		{"twice the same field", strings.Replace(opens, `"patient":"jens"`, `"patient":"jens","patient":"Jens"`, 1), 400},
		{"twice, deep inside", strings.Replace(opens, `"ref":`, `"ref":"PractitionerRole/a","ref":`, 1), 400},
		{"another case", strings.Replace(opens, `"patient"`, `"Patient"`, 1), 400},
		{"too deep", strings.Replace(opens, `"treatment"`, deep, 1), 400},
		{"missing field", strings.Replace(opens, `"patient":"jens",`, ``, 1), 400},
		{"wrong kind", strings.Replace(opens, `"jens"`, `17`, 1), 400},
		{"unknown purpose", strings.Replace(opens, `treatment`, `Jens`, 1), 400},
		{"identifier for an id", strings.Replace(opens, `"jens"`, `"010180 0000"`, 1), 400},
		{"not UTF-8", strings.Replace(opens, `jens`, "Jens\xff", 1), 400},
		{"too large", strings.Replace(opens, `jens`, strings.Repeat("Jens", 40<<10), 1), 413},
		{"right", opens, 201},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := &verbs{}
			w := do(handler(t, v), "POST", "/api/v1/conversations", c.body, "Content-Type", "application/json")
			if w.Code != c.status {
				t.Errorf("%d %s, want %d", w.Code, w.Body, c.status)
			}
			if called := v.count() > 0; called != (c.status == 201) {
				t.Errorf("verb called: %v", called)
			}
			if strings.Contains(w.Body.String(), "Jens") || strings.Contains(w.Body.String(), "010180") {
				t.Errorf("the body comes back: %s", w.Body)
			}
		})
	}
	t.Run("another media type", func(t *testing.T) {
		v := &verbs{}
		w := do(handler(t, v), "POST", "/api/v1/conversations", opens, "Content-Type", "text/plain")
		if w.Code != http.StatusBadRequest || v.count() != 0 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

func TestParametersAreTakenStrictly(t *testing.T) {
	for _, target := range []string{
		"/api/v1/conversations/c-01/messages?limit=0", "/api/v1/conversations/c-01/messages?limit=201",
		"/api/v1/conversations/c-01/messages?limit=ten", "/api/v1/conversations/c-01/messages?before=-1",
		"/api/v1/conversations/c-01/messages?befor=7",
		"/api/v1/conversations/" + strings.Repeat("c", 65) + "/messages",
		"/api/v1/consents", "/api/v1/consents?patient=010180+0000", "/api/v1/conversations?before=yesterday",
		"/api/v1/consent-requests?patient=jens&state=maybe",
	} {
		v := &verbs{}
		if w := do(handler(t, v), "GET", target, ""); w.Code != http.StatusBadRequest || v.count() != 0 {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
}

// TestFreshnessIsSaidByTheClient: without the header a claim is not fresh, and
// every call is a session of its own.
func TestFreshnessIsSaidByTheClient(t *testing.T) {
	v := &verbs{}
	h := handler(t, v)
	for _, header := range []string{"1", "", "true"} {
		if w := do(h, "GET", "/api/v1/conversations/c-01/messages?before=9&limit=2", "", api.HeaderFresh, header); w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	sessions := map[string]bool{}
	for i, want := range []bool{true, false, false} {
		args := v.calls[i].([]any)
		s, q := args[0].(bridge.Claimant), args[1].(bridge.HistoryQuery)
		if s.Fresh != want || s.Beat != 1 || !strings.HasPrefix(s.Session, "http-") || sessions[s.Session] {
			t.Errorf("call %d: claimant %+v", i, s)
		}
		sessions[s.Session] = true
		if q != (bridge.HistoryQuery{Conversation: "c-01", Before: 9, Limit: 2}) {
			t.Errorf("call %d: query %+v", i, q)
		}
	}
}
