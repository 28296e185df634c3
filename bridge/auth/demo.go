// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package auth

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"time"
)

// Handler serves the issuer:
//
//	GET  /.well-known/openid-configuration   what it is (OpenID Connect Discovery)
//	GET  /demo/jwks.json                     its public key
//	POST /demo/token  {"subject": "…"}       {"access_token", "token_type", "expires_in"}
//
// It answers this machine only, and no web page but its own: see local.
func (i *Issuer) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", i.serveConfiguration)
	mux.HandleFunc("GET /demo/jwks.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/jwk-set+json")
		_, _ = w.Write(i.keySet())
	})
	mux.HandleFunc("POST /demo/token", i.serveToken)
	foreign := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if !local(r) || foreign.Check(r) != nil {
			answer(w, http.StatusForbidden, map[string]any{"error": "access_denied"})
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// local reports whether the request was made on this machine, for this machine.
// The peer's address alone is not enough: a web page whose name was bound anew to
// 127.0.0.1 comes from here too, but under its own Host; and so does whatever a
// proxy beside us passes on.
func local(r *http.Request) bool {
	peer, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil || !loopback(peer) {
		return false
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(r.Host); err == nil {
		host = h
	} else if len(host) > 2 && host[0] == '[' && host[len(host)-1] == ']' {
		host = host[1 : len(host)-1]
	}
	if !loopback(host) {
		return false
	}
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if len(r.Header.Values(name)) > 0 {
			return false
		}
	}
	return true
}

func (i *Issuer) serveConfiguration(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{
		"issuer":                                i.url,
		"jwks_uri":                              i.url + "/demo/jwks.json",
		"token_endpoint":                        i.url + "/demo/token",
		"response_types_supported":              []string{"token"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{eddsa},
		"acr_values_supported":                  []string{substantial},
	})
}

func (i *Issuer) serveToken(w http.ResponseWriter, r *http.Request) {
	subject, err := readSubject(r)
	if err != nil {
		answer(w, http.StatusBadRequest, map[string]any{"error": "invalid_request"})
		return
	}
	token, expires, err := i.Token(subject)
	if err != nil {
		answer(w, http.StatusForbidden, map[string]any{"error": "access_denied"})
		return
	}
	answer(w, http.StatusOK, map[string]any{
		"access_token": token,
		"token_type":   "Bearer",
		"expires_in":   int(expires.Sub(i.now()) / time.Second),
	})
}

func readSubject(r *http.Request) (string, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return "", errors.New("a body that is not JSON")
	}
	b, err := io.ReadAll(io.LimitReader(r.Body, 1024))
	if err != nil {
		return "", err
	}
	o, err := readObject(b)
	if err != nil {
		return "", err
	}
	if len(o) != 1 || o.text("subject") == "" {
		return "", errors.New("a body of another shape")
	}
	return o.text("subject"), nil
}

func answer(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
