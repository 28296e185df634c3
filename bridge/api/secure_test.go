// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge/api"
)

func TestEveryAnswerHasItsHeaders(t *testing.T) {
	h := handler(t, &verbs{store: &store{}, live: live{}}, func(c *api.Config) {
		c.Metrics = api.NewMetrics()
		c.Hub = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	})
	for _, c := range []struct{ method, target, token string }{
		{"GET", "/api/v1/me", "Bearer good"},
		{"GET", "/api/v1/me", ""},
		{"GET", "/api/v1/nothing", ""},
		{"GET", "/api/v1/directory?text=panic", "Bearer good"},
		{"GET", "/openapi.json", ""},
		{"GET", "/healthz", ""},
		{"GET", "/readyz", ""},
		{"GET", "/metrics", ""},
		{"GET", "/ws", ""},
	} {
		w := do(h, c.method, c.target, "", "Authorization", c.token)
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": "",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s: %q, want %q", c.target, name, got, want)
			}
		}
		if strings.HasPrefix(c.target, "/api/") && w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be kept", c.target)
		}
		if w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: another site may read it", c.target)
		}
	}
}

func TestHSTSWhereThereIsTLS(t *testing.T) {
	const want = "max-age=63072000; includeSubDomains"
	r := httptest.NewRequest("GET", "/healthz", nil)
	r.TLS = &tls.ConnectionState{}
	w := httptest.NewRecorder()
	handler(t, &verbs{}).ServeHTTP(w, r)
	if got := w.Header().Get("Strict-Transport-Security"); got != want {
		t.Errorf("over TLS: %q", got)
	}
	behind := do(handler(t, &verbs{}, func(c *api.Config) { c.HSTS = true }), "GET", "/healthz", "")
	if got := behind.Header().Get("Strict-Transport-Security"); got != want {
		t.Errorf("behind a proxy: %q", got)
	}
}

// TestTheSocketGetsTheConnection: nothing that wraps the writer may stand before
// the hub, which takes the connection over.
func TestTheSocketGetsTheConnection(t *testing.T) {
	h := handler(t, &verbs{}, func(c *api.Config) {
		c.Metrics = api.NewMetrics()
		c.Hub = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			hijacker, ok := w.(http.Hijacker)
			if !ok {
				t.Error("the writer can't be taken over")
				return
			}
			conn, _, err := hijacker.Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\n\r\nhello")
			_ = conn.Close()
		})
	})
	s := httptest.NewServer(h)
	defer s.Close()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	fmt.Fprintf(conn, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	got, err := io.ReadAll(conn)
	if err != nil || !strings.HasSuffix(string(got), "hello") {
		t.Errorf("%q %v", got, err)
	}
}

func TestTheServerIsBounded(t *testing.T) {
	s := api.NewServer("127.0.0.1:0", handler(t, &verbs{}))
	if s.ReadHeaderTimeout == 0 || s.ReadTimeout == 0 || s.WriteTimeout == 0 || s.IdleTimeout == 0 {
		t.Error("a client may take for ever")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l)
	}()
	defer func() {
		_ = s.Close()
		<-done
	}()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	go func() {
		_, _ = fmt.Fprintf(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: %s\r\n\r\n", strings.Repeat("x", 64<<10))
	}()
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if diff := cmp.Diff(http.StatusRequestHeaderFieldsTooLarge, answer.StatusCode); diff != "" {
		t.Error(diff)
	}
}
