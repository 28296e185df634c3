// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// healthz answers while the process runs. It looks at nothing, so that a store
// that is away does not get the process killed.
func healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(`{"status":"alive"}` + "\n"))
}

// Readiness is the answer of /readyz.
type Readiness struct {
	Ready    bool     `json:"ready"`
	Failing  []string `json:"failing,omitempty"`  // why it is not ready: "store", "policy", "draining"
	Degraded []string `json:"degraded,omitempty"` // slower, but right: "live"
	// Policy is the revision that decides, as it stands in each entry.
	Policy string `json:"policy,omitempty"`
	// PolicySHA256 is that of its bundle; none for the built-in policy.
	PolicySHA256 string `json:"policy_sha256,omitempty"`
	// Attention is what somebody should look at, and stops nothing: "emergencies".
	Attention []string `json:"attention,omitempty"`
}

// readyFor is how long one look at readiness is good for, so that probes can't
// load the store.
const readyFor = time.Second

// readyz answers 200 when calls can be served: the store answers, the policy has
// words, nothing drains. Live state that is away is told, and fails nothing.
func (a *api) readyz() http.HandlerFunc {
	var mu sync.Mutex // guards the following two
	var last Readiness
	var at time.Time
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		if time.Since(at) > readyFor {
			last, at = a.readiness(r.Context()), time.Now()
		}
		now := last
		mu.Unlock()
		if a.Draining != nil && a.Draining() {
			now.Ready = false
			now.Failing = append(slices.Clone(now.Failing), "draining")
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		if !now.Ready {
			w.WriteHeader(bridge.Outcomes[bridge.CodeBusy].Status)
		}
		_ = encode(w, now)
	}
}

// readiness asks everything once.
func (a *api) readiness(ctx context.Context) Readiness {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	checks := maps.Clone(a.Ready)
	if checks == nil {
		checks = map[string]func(context.Context) error{}
	}
	checks["store"] = a.storeAnswers
	checks["texts"] = a.textsSpeak
	now := Readiness{}
	for _, name := range slices.Sorted(maps.Keys(checks)) {
		if err := checks[name](ctx); err != nil {
			a.Log.WarnContext(ctx, "not ready", slog.String("check", name), slog.Any("error", err))
			now.Failing = append(now.Failing, name)
		}
	}
	now.Ready = len(now.Failing) == 0
	if live := a.Bridge.Live(); live == nil || live.Healthy() != nil {
		now.Degraded = append(now.Degraded, "live")
	}
	if a.Policy != nil {
		p := a.Policy.State()
		now.Policy, now.PolicySHA256 = p.Revision, p.SHA256
	}
	for _, name := range slices.Sorted(maps.Keys(a.Attention)) {
		if a.Attention[name]() {
			now.Attention = append(now.Attention, name)
		}
	}
	return now
}

func (a *api) storeAnswers(ctx context.Context) error {
	store := a.Bridge.Store()
	if store == nil {
		return errors.New("no store")
	}
	err := store.View(ctx, func(tx bridge.Tx) error {
		_, err := tx.Directory().Find(bridge.DirectoryQuery{Limit: 1})
		return err
	})
	if err != nil {
		return fmt.Errorf("reading the store: %w", err)
	}
	return nil
}

func (a *api) textsSpeak(context.Context) error {
	if texts := a.Bridge.Texts(); texts == nil || texts.Remedy(bridge.RemedyAskPatient, danish) == "" {
		return errors.New("policy without texts")
	}
	return nil
}
