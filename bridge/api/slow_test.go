// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"bufio"
	"context"
	"fmt"
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

// slow serves one route whose body has a moment to arrive.
func slow(t *testing.T, f func(context.Context) error) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	a := &api{Config: Config{Log: slog.New(slog.DiscardHandler)}}
	a.huma = humago.New(mux, humaConfig())
	act(a, route{method: http.MethodPost, path: "/slow", id: "slow", timeout: 50 * time.Millisecond},
		func(ctx context.Context, _ bridge.Caller, _ *struct{ Body marker }) error { return f(ctx) })
	s := httptest.NewServer(a.observe(mux))
	t.Cleanup(s.Close)
	return s
}

// TestABodyThatNeverComesIsNotWaitedFor (slowloris).
func TestABodyThatNeverComesIsNotWaitedFor(t *testing.T) {
	s := slow(t, func(context.Context) error { t.Error("the handler ran"); return nil })
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := fmt.Fprintf(conn, "POST /api/v1/slow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"seq\":"); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusBadRequest {
		t.Errorf("%d", res.StatusCode)
	}
}

// TestTheBodysDeadlineIsNotTheCalls: a withdrawal may wait for longer than its
// body had to arrive.
func TestTheBodysDeadlineIsNotTheCalls(t *testing.T) {
	s := slow(t, func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			t.Error("the call was given up with its body's deadline")
		case <-time.After(300 * time.Millisecond):
		}
		return nil
	})
	res, err := http.Post(s.URL+"/api/v1/slow", "application/json", strings.NewReader(`{"seq":1}`))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusNoContent {
		t.Errorf("%d", res.StatusCode)
	}
}
