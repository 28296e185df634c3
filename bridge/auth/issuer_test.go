// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package auth_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/auth"
)

// people may sign in to the demo.
func people(subject string) ([]string, bool) {
	switch subject {
	case "holm":
		return nil, true
	case "operator":
		return []string{auth.ScopeAdmin}, true
	}
	return nil, false
}

func demo(t *testing.T, listen string) *auth.Issuer {
	t.Helper()
	i, err := auth.NewIssuer(auth.IssuerOptions{
		Listen: listen, Audience: audience, Subjects: people, Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestTheBuiltInIssuerStaysAtHome(t *testing.T) {
	for _, listen := range []string{
		"0.0.0.0:8080", "[::]:8080", ":8080", "192.168.1.5:8080", "bridge.example.org:8080", "127.0.0.1.example.org:80",
		"8080", "127.0.0.1:0", "127.0.0.1:", "",
	} {
		if _, err := auth.NewIssuer(auth.IssuerOptions{Listen: listen, Audience: audience, Subjects: people}); err == nil {
			t.Errorf("an issuer for %q", listen)
		}
	}
	for _, o := range []auth.IssuerOptions{
		{Listen: "127.0.0.1:8080", Subjects: people},
		{Listen: "127.0.0.1:8080", Audience: audience},
		{Listen: "127.0.0.1:8080", Audience: audience, Subjects: people, Life: 2 * time.Hour},
	} {
		if _, err := auth.NewIssuer(o); err == nil {
			t.Errorf("an issuer for %+v", o)
		}
	}
	for _, listen := range []string{"127.0.0.1:8080", "127.8.9.1:1", "[::1]:8080", "localhost:8080"} {
		demo(t, listen)
	}
}

func TestABuiltInTokenIsATokenLikeAnyOther(t *testing.T) {
	i := demo(t, "127.0.0.1:8080")
	v := open(t, auth.Config{Issuers: []auth.TrustedIssuer{i.Trust()}})
	for subject, scopes := range map[string][]string{"holm": nil, "operator": {auth.ScopeAdmin}} {
		token, expires, err := i.Token(subject)
		if err != nil {
			t.Fatal(err)
		}
		got, err := v.Verify(token)
		if err != nil {
			t.Fatal(err)
		}
		want := bridge.Identity{
			Subject:   bridge.Subject{Issuer: "http://127.0.0.1:8080", Name: subject},
			Assurance: bridge.AssuranceSubstantial, Issued: now, Expires: now.Add(10 * time.Minute), Scopes: scopes,
		}
		if d := cmp.Diff(want, got); d != "" || !expires.Equal(want.Expires) {
			t.Errorf("expires %v; %s", expires, d)
		}
	}
	if _, _, err := i.Token("stranger"); code(err) != bridge.CodeForbidden {
		t.Errorf("a stranger gets %v", err)
	}
	// Another demo has another key.
	token, _, err := demo(t, "127.0.0.1:8080").Token("holm")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(token); err == nil {
		t.Error("a token of another process passes")
	}
}

func TestTheBuiltInIssuerOverHTTP(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	i := demo(t, server.Listener.Addr().String())
	server.Config.Handler = i.Handler()
	server.Start()
	defer server.Close()

	var about struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
		Token  string `json:"token_endpoint"`
	}
	get(t, server.URL+"/.well-known/openid-configuration", &about)
	trusted := i.Trust()
	trusted.URL, trusted.Keys, trusted.JWKS = about.Issuer, nil, about.Keys
	v := open(t, auth.Config{Issuers: []auth.TrustedIssuer{trusted}, Transport: &http.Transport{DisableKeepAlives: true}})

	response, err := http.Post(about.Token, "application/json", strings.NewReader(`{"subject":"holm"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var got struct {
		Token   string `json:"access_token"`
		Type    string `json:"token_type"`
		Seconds int    `json:"expires_in"`
	}
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(got.Token); err != nil || got.Type != "Bearer" || got.Seconds != 600 {
		t.Errorf("got %q for %d s: %v", got.Type, got.Seconds, err)
	}
	if c := response.Header.Get("Cache-Control"); c != "no-store" {
		t.Errorf("a token may be cached: %q", c)
	}
	http.DefaultClient.CloseIdleConnections()
}

func get(t *testing.T, url string, into any) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}

func TestTheBuiltInIssuerAnswersThisMachineOnly(t *testing.T) {
	handler := demo(t, "127.0.0.1:8080").Handler()
	const home = "127.0.0.1:8080"
	for _, tt := range []struct {
		name       string
		peer, host string
		header     [2]string
		want       int
	}{
		{"at home", "127.0.0.1:4711", home, [2]string{}, http.StatusOK},
		{"by name", "127.0.0.1:4711", "localhost:8080", [2]string{}, http.StatusOK},
		{"by IPv6", "[::1]:4711", "[::1]:8080", [2]string{}, http.StatusOK},
		{"by IPv6, no port", "[::1]:4711", "[::1]", [2]string{}, http.StatusOK},
		{"its own page", "127.0.0.1:4711", home, [2]string{"Origin", "http://" + home}, http.StatusOK},
		{"another machine", "192.168.1.9:4711", home, [2]string{}, http.StatusForbidden},
		{"a name bound anew", "127.0.0.1:4711", "evil.example.org:8080", [2]string{}, http.StatusForbidden},
		{"a name that looks like home", "127.0.0.1:4711", "localhost.example.org", [2]string{}, http.StatusForbidden},
		{"no name", "127.0.0.1:4711", "", [2]string{}, http.StatusForbidden},
		{"a foreign page", "127.0.0.1:4711", home, [2]string{"Origin", "https://evil.example.org"}, http.StatusForbidden},
		{"a foreign page, newer browser", "127.0.0.1:4711", home, [2]string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		{"a proxy beside us", "127.0.0.1:4711", home, [2]string{"X-Forwarded-For", "10.0.0.1"}, http.StatusForbidden},
		{"a proxy of the standard", "127.0.0.1:4711", home, [2]string{"Forwarded", "for=10.0.0.1"}, http.StatusForbidden},
		{"a form", "127.0.0.1:4711", home, [2]string{"Content-Type", "text/plain"}, http.StatusBadRequest},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/demo/token", strings.NewReader(`{"subject":"holm"}`))
			r.RemoteAddr, r.Host = tt.peer, tt.host
			r.Header.Set("Content-Type", "application/json")
			if tt.header[0] != "" {
				r.Header.Set(tt.header[0], tt.header[1])
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != tt.want {
				t.Errorf("status %d, want %d", w.Code, tt.want)
			}
			if body, _ := io.ReadAll(w.Body); bytes.Contains(body, []byte("access_token")) != (tt.want == http.StatusOK) {
				t.Errorf("status %d with %q", w.Code, body)
			}
		})
	}
}

func TestTheBuiltInIssuerReadsStrictly(t *testing.T) {
	handler := demo(t, "127.0.0.1:8080").Handler()
	for body, want := range map[string]int{
		`{"subject":"stranger"}`:                    http.StatusForbidden,
		`{"subject":""}`:                            http.StatusBadRequest,
		`{"subject":"holm","subject":"operator"}`:   http.StatusBadRequest,
		`{"subject":"holm","scope":"admin"}`:        http.StatusBadRequest,
		`{"subject":"holm"}{}`:                      http.StatusBadRequest,
		`{"subject":["holm"]}`:                      http.StatusBadRequest,
		``:                                          http.StatusBadRequest,
		strings.Repeat(" ", 2000) + `{"subject":1}`: http.StatusBadRequest,
	} {
		r := httptest.NewRequest(http.MethodPost, "/demo/token", strings.NewReader(body))
		r.RemoteAddr, r.Host = "127.0.0.1:1", "127.0.0.1:8080"
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%.40q: status %d, want %d", body, w.Code, want)
		}
	}
}
