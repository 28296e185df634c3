// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/api"
)

func TestReadiness(t *testing.T) {
	for _, c := range []struct {
		name   string
		store  error
		live   error
		policy error
		drain  bool
		status int
		body   string
	}{
		{"all well", nil, nil, nil, false, 200, `{"ready":true}`},
		{"live state away fails nothing", nil, errAway, nil, false, 200, `{"ready":true,"degraded":["live"]}`},
		{"store away", errAway, nil, nil, false, 503, `{"ready":false,"failing":["store"]}`},
		{"policy not loaded", nil, nil, errAway, false, 503, `{"ready":false,"failing":["policy"]}`},
		{"draining", nil, nil, nil, true, 503, `{"ready":false,"failing":["draining"]}`},
		{"everything", errAway, errAway, errAway, true, 503, `{"ready":false,"failing":["policy","store","draining"],"degraded":["live"]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := handler(t, &verbs{store: &store{err: c.store}, live: live{err: c.live}}, func(cfg *api.Config) {
				cfg.Ready = map[string]func(context.Context) error{"policy": func(context.Context) error { return c.policy }}
				cfg.Draining = func() bool { return c.drain }
			})
			w := do(h, "GET", "/readyz", "", "Authorization", "")
			if got := strings.TrimSpace(w.Body.String()); w.Code != c.status || got != c.body {
				t.Errorf("%d %s, want %d %s", w.Code, got, c.status, c.body)
			}
			if w := do(h, "GET", "/healthz", "", "Authorization", ""); w.Code != http.StatusOK {
				t.Errorf("the process is alive all the same: %d", w.Code)
			}
		})
	}
}

type desk struct{}

func (desk) State() bridge.PolicyState { return bridge.PolicyState{Revision: "7-abc", SHA256: "sum"} }

// TestReadinessNamesThePolicy, and what a person should look at.
func TestReadinessNamesThePolicy(t *testing.T) {
	h := handler(t, &verbs{store: &store{}, live: live{}}, func(cfg *api.Config) {
		cfg.Policy = desk{}
		cfg.Attention = map[string]func() bool{"emergencies": func() bool { return true }, "nothing": func() bool { return false }}
	})
	w := do(h, "GET", "/readyz", "", "Authorization", "")
	want := `{"ready":true,"policy":"7-abc","policy_sha256":"sum","attention":["emergencies"]}`
	if got := strings.TrimSpace(w.Body.String()); w.Code != http.StatusOK || got != want {
		t.Errorf("%d %s, want %s", w.Code, got, want)
	}
}

// TestProbesCantLoadTheStore: within a second the store is asked once.
func TestProbesCantLoadTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		h := handler(t, &verbs{store: s, live: live{}})
		for range 100 {
			do(h, "GET", "/readyz", "")
		}
		if s.views != 1 {
			t.Errorf("asked %d times", s.views)
		}
		<-time.After(2 * time.Second) // of the bubble's clock
		s.err = errAway
		if w := do(h, "GET", "/readyz", ""); w.Code != bridge.Outcomes[bridge.CodeBusy].Status {
			t.Errorf("later: %d", w.Code)
		}
	})
}
