// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// NewServer returns a server with the timeouts and limits for h. ReadTimeout
// leaves room for a file of 10 MiB over a slow line; each route with a body sets
// its own, shorter deadline, and a socket has the hub's.
func NewServer(addr string, h http.Handler) *http.Server {
	return &http.Server{
		Addr:              addr,
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       2 * time.Minute,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
}

// secured sets the headers that every answer has (OWASP REST security; ASVS 5.0,
// 3.4).
func (a *api) secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if r.TLS != nil || a.HSTS {
			h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		}
		if strings.HasPrefix(r.URL.Path, base) {
			h.Set("Cache-Control", "no-store")
			h.Add("Vary", "Authorization, Accept-Language, "+HeaderRole)
		}
		next.ServeHTTP(w, r)
	})
}

var errPanic = errors.New("a handler panicked")

// recovered turns a panic into an answer that tells nothing. The value of the
// panic may hold anything, so only its type and the stack are logged.
func (a *api) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(v)
			}
			a.Metrics.panicked()
			a.Log.ErrorContext(r.Context(), "panic in http handler", slog.String("type", fmt.Sprintf("%T", v)), slog.String("stack", string(debug.Stack())))
			if rec, ok := w.(*recorder); ok && rec.wrote {
				panic(http.ErrAbortHandler) // half an answer must not look like a whole one
			}
			a.refuse(w, r, &bridge.Error{Code: bridge.CodeInternal, Err: errPanic})
		}()
		next.ServeHTTP(w, r)
	})
}
