// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package auth_test

import (
	"testing"

	"github.com/brobygger/brobygger/bridge/auth"
)

// FuzzVerify knows every token that the Ed25519 key signed. Such a signature has
// one form only, so whatever else passes is a forgery.
func FuzzVerify(f *testing.F) {
	i := trust()
	i.Algorithms = []string{"EdDSA"}
	v := open(f, auth.Config{Issuers: []auth.TrustedIssuer{i}})
	signed := map[string]bool{}
	token := good().token()
	signed[token] = true
	f.Add(token)
	for _, d := range defects {
		spoiled := good()
		d.spoil(spoiled)
		f.Add(spoiled.token())
	}
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := v.Verify(token); err == nil && !signed[token] {
			t.Errorf("a forged token passed: %q", token)
		}
	})
}

// FuzzKeys feeds what an issuer may answer: nothing may panic, and what starts
// must hold a key.
func FuzzKeys(f *testing.F) {
	f.Add(jwkSet(keys().jwks()...))
	f.Add([]byte(`{"keys":[{"kty":"RSA","kid":"a","n":"AQ","e":"AQ"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"","y":""}]}`))
	f.Fuzz(func(t *testing.T, set []byte) {
		i := trust()
		i.Keys = set
		v, err := auth.Open(t.Context(), auth.Config{Issuers: []auth.TrustedIssuer{i}})
		if err != nil {
			return
		}
		if v.Healthy() != nil {
			t.Error("it started without a key")
		}
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
}
