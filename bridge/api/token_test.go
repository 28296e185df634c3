// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api_test

import (
	"net/http"
	"testing"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/api"
	"github.com/brobygger/brobygger/bridge/auth"
	"github.com/brobygger/brobygger/bridge/bridgetest"
)

// TestRealTokens: signed by an issuer, checked by bridge/auth, known to the
// bridge.
func TestRealTokens(t *testing.T) {
	issuer, err := auth.NewIssuer(auth.IssuerOptions{
		Listen: "127.0.0.1:8080", Audience: "brobygger",
		Subjects: func(subject string) ([]string, bool) {
			if subject == "admin" {
				return []string{auth.ScopeAdmin}, true
			}
			return nil, true
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := auth.Open(t.Context(), auth.Config{Issuers: []auth.TrustedIssuer{issuer.Trust()}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = verifier.Close() }()
	world := bridgetest.New(t)
	region := bridgetest.Region(bridgetest.Noon)
	for i, r := range region.Resources {
		if a, ok := r.(bridge.Account); ok {
			a.Subject.Issuer = issuer.URL()
			region.Resources[i] = a
		}
	}
	if _, err := world.Import(t.Context(), world.As("admin"), region); err != nil {
		t.Fatal(err)
	}
	h, err := api.New(api.Config{Bridge: world.Bridge, Verifier: verifier})
	if err != nil {
		t.Fatal(err)
	}
	token := func(subject string) string {
		token, _, err := issuer.Token(subject)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	flip := func(s string) string {
		b := []byte(s)
		i := len(b) - 10
		b[i] = map[bool]byte{true: 'B', false: 'A'}[b[i] == 'A']
		return string(b)
	}
	account := `{"issuer":"` + issuer.URL() + `","name":"psy"}`
	for _, c := range []struct {
		name, token, method, target, body string
		status                            int
	}{
		{"a GP", token("gp"), "GET", "/api/v1/me", "", 200},
		{"a signature that was changed", flip(token("gp")), "GET", "/api/v1/me", "", 401},
		{"nobody's account", token("stranger"), "GET", "/api/v1/me", "", 401},
		{"a GP as admin", token("gp"), "POST", "/api/v1/accounts/disable", account, 403},
		{"an admin", token("admin"), "POST", "/api/v1/accounts/disable", account, 204},
		{"whom the admin closed out", token("psy"), "GET", "/api/v1/me", "", 403},
	} {
		w := do(h, c.method, c.target, c.body, "Authorization", "Bearer "+c.token)
		if w.Code != c.status {
			t.Errorf("%s: %d %s, want %d", c.name, w.Code, w.Body, c.status)
		}
	}
	if do(h, "GET", "/readyz", "").Code != http.StatusOK {
		t.Error("not ready")
	}
}
