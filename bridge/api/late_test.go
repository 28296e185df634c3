// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/brobygger/brobygger/bridge"
)

// TestContentDoesNotLeaveBehindTheWindow: somebody begins to read before a
// withdrawal, and goes on behind its answer.
func TestContentDoesNotLeaveBehindTheWindow(t *testing.T) {
	t.Parallel()
	const size = 64 << 20 // more than the kernels of both sides take
	mux := http.NewServeMux()
	a := &api{Config: Config{Log: slog.New(slog.DiscardHandler)}}
	a.huma = humago.New(mux, humaConfig())
	left := make(chan time.Time, 1)
	serve(a, route{method: http.MethodGet, path: "/large", id: "large", fresh: true},
		func(context.Context, bridge.Caller, *struct{}) (map[string]string, error) {
			return map[string]string{"text": strings.Repeat("x", size)}, nil
		})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.observe(mux).ServeHTTP(w, r)
		left <- time.Now()
	}))
	t.Cleanup(s.Close)
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	began := time.Now()
	if _, err := fmt.Fprintf(conn, "GET /api/v1/large HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if took := (<-left).Sub(began); took < freshFor || took > 5*freshFor {
		t.Errorf("content left for %v, want %v", took, freshFor)
	}
	if n, _ := io.Copy(io.Discard, conn); n >= size {
		t.Errorf("all %d bytes left", n)
	}
}
