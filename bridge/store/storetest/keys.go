// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/brobygger/brobygger/bridge"
)

// KeysOpener opens an empty collection of keys, which it closes when the test
// ends. reopen closes it and opens what it left behind.
type KeysOpener func(t *testing.T) (k bridge.Keys, reopen func() bridge.Keys)

// RunKeys runs the suite that every collection of keys has to pass.
func RunKeys(t *testing.T, open KeysOpener) {
	for _, c := range []struct {
		name string
		test func(*testing.T, *keyring)
	}{
		{"Order", keyOrder},
		{"AllOrNone", keysAllOrNone},
		{"Rewrap", keysRewrap},
		{"Destroy", keysDestroy},
		{"Pages", keyPages},
		{"Whole", keysWhole},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &keyring{t: t}
			w.Keys, w.reopen = open(t)
			c.test(t, w)
		})
	}
}

// keyring is a collection in a test.
type keyring struct {
	bridge.Keys
	t      *testing.T
	reopen func() bridge.Keys
}

var made = time.Date(2026, 3, 1, 8, 0, 0, 123456789, time.UTC)

func key(p bridge.PatientID, kind bridge.KeyKind, n uint32) bridge.WrappedKey {
	return bridge.WrappedKey{Patient: p, Kind: kind, Number: n, Wrapped: []byte{byte(n), 0, 255}, Made: made.Add(time.Duration(n))}
}

func (w *keyring) add(keys ...bridge.WrappedKey) {
	w.t.Helper()
	if err := w.Add(w.t.Context(), keys...); err != nil {
		w.t.Fatal(err)
	}
}

// want wants exactly these keys of p, in order.
func (w *keyring) want(p bridge.PatientID, want ...bridge.WrappedKey) {
	w.t.Helper()
	got, err := w.Of(w.t.Context(), p)
	if err != nil {
		w.t.Fatal(err)
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		w.t.Error(d)
	}
}

func keyOrder(_ *testing.T, w *keyring) {
	w.want("p")
	spare := key("", bridge.KeySpare, 9)
	w.add(key("p", bridge.KeyLog, 2), spare)
	w.add(key("p", bridge.KeyContent, 1<<32-1), key("p", bridge.KeyContent, 1), key("q", bridge.KeyContent, 1))
	w.Keys = w.reopen()
	w.want("p", key("p", bridge.KeyContent, 1), key("p", bridge.KeyLog, 2), key("p", bridge.KeyContent, 1<<32-1))
	w.want("", spare)
	w.want("P")
}

func keysAllOrNone(t *testing.T, w *keyring) {
	w.add(key("p", bridge.KeyLog, 2))
	err := w.Add(t.Context(), key("p", bridge.KeyLog, 3), key("p", bridge.KeyLog, 2))
	if bridge.CodeOf(err) != bridge.CodeConflict {
		t.Errorf("adding a number twice: %v", err)
	}
	w.want("p", key("p", bridge.KeyLog, 2))
	w.add()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Add(ctx, key("p", bridge.KeyLog, 4)); !errors.Is(err, context.Canceled) {
		t.Errorf("adding after the end: %v", err)
	}
}

func keysRewrap(t *testing.T, w *keyring) {
	w.add(key("p", bridge.KeyLog, 1), key("p", bridge.KeyLog, 2))
	if err := w.Destroy(t.Context(), "q", made, bridge.KeyLog); err != nil {
		t.Error(err)
	}
	again := key("p", bridge.KeyLog, 1)
	again.Wrapped = []byte("anew")
	n, err := w.Rewrap(t.Context(), again, key("p", bridge.KeyLog, 7))
	if n != 1 || err != nil {
		t.Errorf("rewrapped %d: %v", n, err)
	}
	w.Keys = w.reopen()
	w.want("p", again, key("p", bridge.KeyLog, 2))
}

func keysDestroy(t *testing.T, w *keyring) {
	content, log, other := key("p", bridge.KeyContent, 1), key("p", bridge.KeyLog, 2), key("q", bridge.KeyContent, 1)
	w.add(content, log, other)
	if err := w.Destroy(t.Context(), "p", content.Made, bridge.KeyContent); err != nil { // nothing is older
		t.Fatal(err)
	}
	w.want("p", content, log)
	var first time.Time
	for range 2 { // again changes nothing, not even the time
		if err := w.Destroy(t.Context(), "p", time.Time{}, bridge.KeyContent); err != nil {
			t.Fatal(err)
		}
		gone := content
		all, err := w.Of(t.Context(), "p")
		if err != nil || all[0].Destroyed.IsZero() || !first.IsZero() && !all[0].Destroyed.Equal(first) {
			t.Fatalf("destroyed %v, first %v: %v", all, first, err)
		}
		first = all[0].Destroyed
		gone.Wrapped, gone.Destroyed = nil, first
		w.want("p", gone, log)
	}
	if n, err := w.Rewrap(t.Context(), content); n != 0 || err != nil {
		t.Errorf("a destroyed key came back: %d, %v", n, err)
	}
	w.want("q", other)
	w.add(key("p", bridge.KeyContent, 5))
	w.Keys = w.reopen()
	if all, err := w.Of(t.Context(), "p"); err != nil || len(all) != 3 || len(all[0].Wrapped) > 0 {
		t.Errorf("after reopening: %v, %v", all, err)
	}
}

func keyPages(t *testing.T, w *keyring) {
	var want []bridge.WrappedKey
	for _, p := range []bridge.PatientID{"", "a", "b"} {
		for n := range uint32(3) {
			want = append(want, key(p, bridge.KeyContent, n+1))
		}
	}
	w.add(want...)
	var got []bridge.WrappedKey
	var last bridge.WrappedKey
	for {
		some, err := w.After(t.Context(), last, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(some) == 0 {
			break
		}
		got, last = append(got, some...), some[len(some)-1]
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if at, err := w.BackedUp(t.Context()); err != nil || !at.IsZero() {
		t.Errorf("backed up at %v: %v", at, err)
	}
}

// That everything is sealed is noted once, with when that was, and stays.
func keysWhole(t *testing.T, w *keyring) {
	if at, err := w.Whole(t.Context()); !at.IsZero() || err != nil {
		t.Errorf("new keys say since %v, %v", at, err)
	}
	before := time.Now()
	for range 2 {
		if err := w.SetWhole(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	since, err := w.Whole(t.Context())
	if err != nil || since.Before(before.Add(-time.Second)) || since.After(time.Now().Add(time.Second)) {
		t.Errorf("noted %v, %v", since, err)
	}
	w.Keys = w.reopen()
	if err := w.SetWhole(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again, err := w.Whole(t.Context()); !again.Equal(since) || err != nil {
		t.Errorf("then %v, %v; want %v", again, err, since)
	}
}
