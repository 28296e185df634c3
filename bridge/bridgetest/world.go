// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// Package bridgetest is a whole bridge inside a test: the real store, the real
// policy, real live state, a small region of people, and a clock that the test
// moves. When the test ends the store's invariants are read again, every one.
package bridgetest

import (
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
	"github.com/brobygger/brobygger/bridge/live"
	"github.com/brobygger/brobygger/bridge/seal"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
	"github.com/brobygger/brobygger/policy"
)

// Issuer is who signs the people of the region in.
const Issuer = "https://idp.test"

// Noon is when the clock starts: a Monday, in working hours.
var Noon = time.Date(2026, 3, 2, 11, 0, 0, 0, time.UTC)

// Clock is a clock that stands still until it is moved.
type Clock struct {
	mu  sync.Mutex // guards the following fields
	now time.Time
}

// Now is the time, a microsecond later at each look, so that nothing happens at
// the same instant.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Microsecond)
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// World is a bridge with its people.
type World struct {
	*bridge.Bridge
	Clock  *Clock
	Policy *policy.Engine
	Path   string // of the store's file
	Log    *ledger.Signer
	KEK    string // file of the key-encryption key
	Sealer *seal.Sealer

	tb    testing.TB
	store bridge.Store
	now   func() time.Time
}

// Option changes what a World is made of.
type Option func(*bridge.Config)

// WithStore wraps the store, to make it fail.
func WithStore(wrap func(bridge.Store) bridge.Store) Option {
	return func(c *bridge.Config) { c.Store = wrap(c.Store) }
}

// WithClock uses a clock of the test's own, such as time.Now.
func WithClock(now func() time.Time) Option {
	return func(c *bridge.Config) { c.Now = now }
}

// WithMeter counts.
func WithMeter(m bridge.Meter) Option {
	return func(c *bridge.Config) { c.Meter = m }
}

// New opens a World with the people of Region in it, and closes it with the test,
// re-checking every invariant.
func New(tb testing.TB, options ...Option) *World {
	tb.Helper()
	return open(tb, true, options)
}

// NewPlain is New without keys: everything is kept as it is, so that a test can
// change it with SQL.
func NewPlain(tb testing.TB, options ...Option) *World {
	tb.Helper()
	return open(tb, false, options)
}

func open(tb testing.TB, sealed bool, options []Option) *World {
	tb.Helper()
	w := &World{tb: tb, Clock: &Clock{now: Noon}, Path: filepath.Join(tb.TempDir(), "bridge.db")}
	var err error
	o := sqlite.Options{Reserve: -1}
	if sealed {
		o.Keys = w.seal()
		o.Sealer = w.Sealer
	}
	if w.store, err = sqlite.Open(w.Path, o); err != nil {
		tb.Fatal(err)
	}
	if w.Policy, err = policy.New(policy.Options{}); err != nil {
		tb.Fatal(err)
	}
	state, err := live.Open(live.Options{Embedded: true, Now: func() time.Time { return w.now() }})
	if err != nil {
		tb.Fatal(err)
	}
	if w.Log, err = ledger.NewSigner("log.test", ledger.NewSeed()); err != nil {
		tb.Fatal(err)
	}
	c := bridge.Config{Ledger: w.Log, Store: w.store, Decider: w.Policy, Texts: w.Policy, Live: state, Board: state, Now: w.Clock.Now}
	if sealed {
		c.Sealer, c.Keeper = w.Sealer, w.Sealer
	}
	for _, o := range options {
		o(&c)
	}
	w.now = c.Now
	if w.Bridge, err = bridge.New(c); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := w.store.Check(tb.Context()); err != nil && tb.Context().Err() == nil {
			tb.Errorf("an invariant is broken: %v", err)
		}
		if err := state.Close(); err != nil {
			tb.Errorf("closing live state: %v", err)
		}
		if err := w.store.Close(); err != nil {
			tb.Errorf("closing the store: %v", err)
		}
	})
	if err := seed(tb, w.store, Noon); err != nil {
		tb.Fatal(err)
	}
	return w
}

// seal makes keys beside the store, and returns their name.
func (w *World) seal() string {
	w.tb.Helper()
	w.KEK = filepath.Join(filepath.Dir(w.Path), "kek.json")
	keys, err := sqlite.OpenKeys(filepath.Join(filepath.Dir(w.Path), "keys.db"))
	if err != nil {
		w.tb.Fatal(err)
	}
	kek, err := seal.OpenFile(w.KEK, true)
	if err == nil {
		w.Sealer, err = seal.Open(w.tb.Context(), keys, kek, seal.Options{})
	}
	if err != nil {
		w.tb.Fatal(err)
	}
	w.tb.Cleanup(func() {
		if err := errors.Join(w.Sealer.Close(), keys.Close()); err != nil {
			w.tb.Errorf("closing the keys: %v", err)
		}
	})
	return keys.ID()
}

// Identity is what a checked token of a person of the region says: the subject is
// the role's or the patient's id.
func Identity(name string) bridge.Identity {
	id := bridge.Identity{
		Subject: bridge.Subject{Issuer: Issuer, Name: name}, Assurance: bridge.AssuranceSubstantial,
		Expires: Noon.AddDate(10, 0, 0),
	}
	if name == "admin" {
		id.Scopes = []string{bridge.ScopeAdmin}
	}
	return id
}

// As is somebody of the region who signs in now, as the bridge knows them.
func (w *World) As(name string) bridge.Caller {
	w.tb.Helper()
	id := Identity(name)
	id.Issued = w.now()
	c, err := w.Caller(w.tb.Context(), id, "")
	if err != nil {
		w.tb.Fatalf("signing %s in: %v", name, err)
	}
	return c
}

// Role is a person of the region as a party.
func Role(name string) bridge.Ref {
	return bridge.Ref(bridge.TypePractitionerRole + "/" + name)
}

// Party is a short way to name a party: a care function, "unit:…", a patient by
// "patient:…", or a role.
func Party(name string) bridge.Party {
	if id, ok := strings.CutPrefix(name, "unit:"); ok {
		return bridge.Party{Ref: bridge.Ref(bridge.TypeOrganization + "/" + id)}
	}
	if id, ok := strings.CutPrefix(name, "patient:"); ok {
		return bridge.Party{Ref: bridge.PatientID(id).Ref()}
	}
	switch f := bridge.CareFunction(name); f {
	case bridge.FunctionOwnGP, bridge.FunctionTreatingPsychiatrist, bridge.FunctionTreatingPhysician, bridge.FunctionContactNurse,
		bridge.FunctionSupportWorker, bridge.FunctionCaseworker, bridge.FunctionCareManager, bridge.FunctionInterpreter:
		return bridge.Party{Function: f}
	}
	return bridge.Party{Ref: Role(name)}
}
