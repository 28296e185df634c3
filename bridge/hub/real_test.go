// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/fhir"
	"github.com/brobygger/brobygger/bridge/hub"
	"github.com/brobygger/brobygger/bridge/live"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
	"github.com/brobygger/brobygger/cmd/brobygger/demo"
	"github.com/brobygger/brobygger/policy"
)

// region is a whole bridge with the demo region behind a hub on loopback: the
// real gate, law, store and live state.
type region struct {
	t      *testing.T
	bridge *bridge.Bridge
	hub    *hub.Hub
	url    string
}

func newRegion(t *testing.T) *region {
	t.Helper()
	store, err := sqlite.Open(filepath.Join(t.TempDir(), "region.db"), sqlite.Options{Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	law, err := policy.New(policy.Options{Budget: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	state, err := live.Open(live.Options{Embedded: true})
	if err != nil {
		t.Fatal(err)
	}
	b, err := bridge.New(bridge.Config{Store: store, Decider: law, Texts: law, Live: state, Board: state})
	if err != nil {
		t.Fatal(err)
	}
	h := hub.New(hub.Config{
		Gate: hub.GateOf(b), Verifier: names{}, Live: state, Log: slog.New(slog.DiscardHandler), Programs: true,
		Handshakes: 1000, PerIP: 1000,
	})
	b.Listen(h)
	server := httptest.NewServer(h)
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		server.Close()
		if err := store.Check(context.Background()); err != nil {
			t.Errorf("the store broke a promise: %v", err)
		}
		if err := errors.Join(state.Close(), store.Close()); err != nil {
			t.Error(err)
		}
	})
	r := &region{t: t, bridge: b, hub: h, url: "ws" + strings.TrimPrefix(server.URL, "http")}
	r.load()
	return r
}

func (r *region) load() {
	r.t.Helper()
	files, err := demo.Load(time.Now())
	if err != nil {
		r.t.Fatal(err)
	}
	var reader fhir.Reader
	for _, f := range files {
		if err := reader.Add(f.Name, bytes.NewReader(f.Data)); err != nil {
			r.t.Fatal(err)
		}
	}
	batch, _, err := reader.Batch()
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := r.bridge.Import(r.t.Context(), bridge.Caller{Admin: true}, batch); err != nil {
		r.t.Fatal(err)
	}
}

// names takes a token for the name of its subject.
type names struct{}

func (names) Verify(token string) (bridge.Identity, error) {
	return bridge.Identity{
		Subject: bridge.Subject{Issuer: "demo", Name: token}, Assurance: bridge.AssuranceHigh,
		Issued: time.Now(), Expires: time.Now().Add(time.Hour),
	}, nil
}
