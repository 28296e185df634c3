// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/brobygger/brobygger/bridge"
)

// Config is what New makes a handler of.
type Config struct {
	Bridge   Verbs           // *bridge.Bridge
	Verifier bridge.Verifier // checks access tokens
	Hub      http.Handler    // mounted at /ws, with limits of its own; nil: no socket
	Log      *slog.Logger    // nil: slog.Default

	Witness http.Handler // mounted at WitnessPrefix; nil: this bridge witnesses nobody

	Metrics          *Metrics // nil: nothing is counted
	MetricsElsewhere bool     // /metrics is served on another address by Metrics.Handler
	Tracing          *Tracing // nil: off

	// Ready holds further checks of /readyz by a constant name: "policy".
	Ready map[string]func(context.Context) error
	// Policy tells which policy decides; nil: nobody is told.
	Policy PolicyDesk
	// Attention holds what /readyz tells without failing, by a constant name:
	// "emergencies".
	Attention map[string]func() bool
	// Draining, when it reports true, makes /readyz fail so that no new client is
	// sent here. Nil: never.
	Draining func() bool

	Limits         Limits         // zero fields have defaults
	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed
	HSTS           bool           // a proxy in front speaks TLS; on a TLS connection of our own it is always sent
}

// base is the path under which all routes of the API lie.
const base = "/api/v1"

// api holds what the routes share.
type api struct {
	Config
	huma    huma.API
	callers *limiter[bridge.Subject]
}

// New returns the whole HTTP face of a bridge: the API, /ws, /openapi.json,
// /healthz, /readyz and /metrics.
func New(c Config) (http.Handler, error) {
	if c.Bridge == nil || c.Verifier == nil {
		return nil, errors.New("making the HTTP interface: bridge and verifier are required")
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	c.Limits = c.Limits.withDefaults()
	mux := http.NewServeMux()
	a := newAPI(c, mux)
	spec, err := Spec()
	if err != nil {
		return nil, err
	}
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(spec)
	})
	a.public(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		a.refuse(w, r, &bridge.Error{Code: bridge.CodeNotFound})
	})
	return a.outer(mux), nil
}

// newAPI registers every route on the mux.
func newAPI(c Config, mux *http.ServeMux) *api {
	a := &api{Config: c, callers: newLimiter[bridge.Subject](c.Limits.PerCaller, c.Limits.CallerBurst)}
	a.huma = humago.New(mux, humaConfig())
	a.huma.UseMiddleware(a.exactMethod, a.authenticate)
	a.meRoutes(c.Bridge)
	a.consentRoutes(c.Bridge)
	a.requestRoutes(c.Bridge)
	a.objectionRoutes(c.Bridge, c.Bridge)
	a.emergencyRoutes(c.Bridge)
	a.patientRoutes(c.Bridge)
	a.proofRoutes(c.Bridge)
	a.conversationRoutes(c.Bridge)
	a.messageRoutes(c.Bridge)
	a.readingRoutes(c.Bridge)
	a.attachmentRoutes(c.Bridge, c.Bridge)
	a.lineRoutes(c.Bridge)
	a.accountRoutes(c.Bridge)
	a.policyRoutes(c.Bridge)
	a.keyRoutes(c.Bridge)
	a.importRoutes(c.Bridge, c.Bridge)
	return a
}

// outer puts everything that is not about one route around the mux. The socket
// stays outside of what wraps the writer, since it takes the connection over.
func (a *api) outer(mux *http.ServeMux) http.Handler {
	ips := newLimiter[netip.Addr](a.Limits.PerIP, a.Limits.IPBurst)
	limited := a.limitIP(ips, a.observe(a.recovered(mux)))
	top := http.NewServeMux()
	top.Handle("/", limited)
	top.HandleFunc("GET /healthz", healthz)
	top.Handle("GET /readyz", a.readyz())
	if a.Metrics != nil && !a.MetricsElsewhere {
		top.Handle("GET /metrics", a.Metrics.Handler())
	}
	if a.Hub != nil {
		top.Handle("/ws", a.Hub)
	}
	return a.recovered(a.secured(top))
}
