// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
)

var errOwn = errors.New("the caller's own")

// act does one of everything that a store numbers or counts.
func act(tx bridge.Tx) error {
	_, err1 := tx.Patients().Bump("a")
	_, err2 := tx.Entries().Append(ledger.Entry{Patient: "a", Time: at(1), Kind: ledger.KindDenied})
	_, err3 := tx.Events().Append(bridge.Event{Party: "Patient/a", At: at(1)})
	_, err4 := tx.Events().Append(bridge.Event{Party: "Patient/new", At: at(1)})
	seq, err5 := tx.Conversations().NextSeq("c", at(2))
	if err := firstOf(err1, err2, err3, err4, err5); err != nil {
		return err
	}
	return firstOf(put1(tx, "c", seq), claimed(claim("d", "a", 1, "k"))(tx),
		tx.Patients().Put(bridge.Patient{ID: "new", Name: "new"}), tx.Directory().Put(bridge.Practitioner{ID: "new"}))
}

// untouched wants nothing of act to be there.
func untouched(w *world) {
	w.t.Helper()
	w.both(func(tx bridge.Tx) error {
		head, err1 := tx.Patients().Head("a")
		same(w, "head", head, bridge.Head{Epoch: 1})
		_, n, err2 := tx.Events().Bounds("Patient/a")
		same(w, "newest event", n, 0)
		c, err3 := tx.Conversations().Conversation("c")
		same(w, "last seq", c.LastSeq, 0)
		count, err4 := tx.Disclosures().Count("k")
		same(w, "claims", count, 0)
		_, none := tx.Patients().Head("new")
		missing(w, "head of a new patient", none)
		_, none = tx.Directory().Practitioner("new")
		missing(w, "new practitioner", none)
		leaves, err5 := tx.Entries().After("a", 0, 9)
		same(w, "leaves", leaves, nil)
		return firstOf(err1, err2, err3, err4, err5)
	})
}

func ready(w *world) {
	w.must("a", everyone("a"))
	w.must("a", open(talk("c", "a", 1, "Patient/a")))
}

func errorRollsBack(t *testing.T, w *world) {
	ready(w)
	for range 2 {
		err := w.Update(context.Background(), "a", func(tx bridge.Tx) error {
			if err := act(tx); err != nil {
				return err
			}
			return errOwn
		})
		if err != errOwn { //nolint:errorlint // as it is, the contract says
			t.Errorf("got %v, want the function's own error", err)
		}
		untouched(w)
	}
	w.must("a", act) // the numbers that were given back are given out
	w.look(func(tx bridge.Tx) error {
		got, err := tx.Patients().Head("a")
		if got.Seq != 2 || got.Epoch != 2 {
			t.Errorf("head is %d, %d, want 2, 2", got.Epoch, got.Seq)
		}
		return err
	})
}

func panicRollsBack(t *testing.T, w *world) {
	ready(w)
	func() {
		defer func() {
			if got := recover(); got != errOwn { //nolint:errorlint // the very value
				t.Errorf("recovered %v, want the function's own", got)
			}
		}()
		_ = w.Update(context.Background(), "a", func(tx bridge.Tx) error {
			if err := act(tx); err != nil {
				return err
			}
			panic(errOwn)
		})
	}()
	untouched(w)
	func() {
		defer func() {
			if got := recover(); got != errOwn { //nolint:errorlint // the very value
				t.Errorf("recovered %v, want the function's own", got)
			}
		}()
		_ = w.View(context.Background(), func(bridge.Tx) error { panic(errOwn) })
	}()
	w.must("a", act)
}

func txIsOver(t *testing.T, w *world) {
	ready(w)
	var kept []bridge.Tx
	keep := func(tx bridge.Tx) error { kept = append(kept, tx); return nil }
	w.must("a", keep)
	w.look(keep)
	_ = w.Update(context.Background(), "a", func(tx bridge.Tx) error { return errors.Join(keep(tx), errOwn) })
	for _, tx := range kept {
		if _, err := tx.Patients().Patient("a"); err == nil {
			t.Error("read after the end")
		}
		if err := act(tx); err == nil {
			t.Error("wrote after the end")
		}
	}
	untouched(w)
}

func viewOnlyReads(t *testing.T, w *world) {
	ready(w)
	for what, write := range map[string]func(bridge.Tx) error{
		"all": act, "team": func(tx bridge.Tx) error { return tx.Patients().SetCareTeam("a", nil) },
		"bump":      func(tx bridge.Tx) error { _, err := tx.Patients().Bump("a"); return err },
		"next seq":  func(tx bridge.Tx) error { _, err := tx.Conversations().NextSeq("c", noon); return err },
		"event":     tell("Patient/a", 1),
		"trim":      func(tx bridge.Tx) error { _, err := tx.Events().Trim(noon); return err },
		"entry":     func(tx bridge.Tx) error { _, err := tx.Entries().Append(ledger.Entry{Patient: "a"}); return err },
		"claim":     func(tx bridge.Tx) error { return tx.Disclosures().Claim(claim("d", "a", 1, "k")) },
		"mark":      func(tx bridge.Tx) error { return tx.Conversations().SetMark("c", bridge.Mark{Party: "Patient/a"}) },
		"directory": put(bridge.Practitioner{ID: "new"}),
		"patient":   everyone("new"),
		"talk":      open(talk("d", "a", 1)),
	} {
		if err := w.View(context.Background(), write); err == nil {
			t.Errorf("%s: written in a view", what)
		}
	}
	untouched(w)
}

func viewSees(t *testing.T, w *world) {
	ready(w)
	for want := uint64(1); want <= 200; want++ {
		w.must("a", tell("Patient/a", 1))
		w.look(func(tx bridge.Tx) error {
			_, n, err := tx.Events().Bounds("Patient/a")
			if n != want {
				t.Errorf("view holds %d events, want %d", n, want)
			}
			return err
		})
	}
}

// A view stands still while others write.
func viewStands(t *testing.T, w *world) {
	ready(w)
	w.look(func(tx bridge.Tx) error {
		before, err1 := tx.Patients().Head("a")
		written := make(chan error)
		go func() { written <- w.Update(context.Background(), "a", act) }()
		if err := <-written; err != nil {
			return err
		}
		after, err2 := tx.Patients().Head("a")
		_, n, err3 := tx.Events().Bounds("Patient/a")
		_, none := tx.Disclosures().Disclosure("d")
		if before != after || n != 0 {
			t.Error("the view has moved")
		}
		missing(w, "disclosure made after the view began", none)
		return firstOf(err1, err2, err3)
	})
}

func cancelled(t *testing.T, w *world) {
	ready(w)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := w.Update(ctx, "a", act); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want cancelled", err)
	}
	if err := w.View(ctx, func(bridge.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want cancelled", err)
	}
	untouched(w)
	// Cancelled while it waits for another, it is not run at all.
	busy, free := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		first <- w.Update(context.Background(), "a", func(bridge.Tx) error { close(busy); <-free; return nil })
	}()
	<-busy
	ctx, cancel = context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if err := w.Update(ctx, "a", act); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want its deadline", err)
	}
	close(free)
	if err := <-first; err != nil {
		t.Error(err)
	}
	untouched(w)
}

func closed(t *testing.T, w *world) {
	ready(w)
	for range 2 {
		if err := w.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	}
	w.ended = true
	if err := w.Update(context.Background(), "a", act); err == nil {
		t.Error("updated a closed store")
	}
	if err := w.View(context.Background(), func(bridge.Tx) error { return nil }); err == nil {
		t.Error("viewed a closed store")
	}
	w.reopen()
	w.ended = false
	untouched(w)
}

func reopen(t *testing.T, w *world) {
	ready(w)
	w.must("a", act)
	log := w.Log()
	if len(log) != 32 {
		t.Errorf("log id is %q, want 128 bits in hex", log)
	}
	read := func() (all struct {
		head   bridge.Head
		leaves []ledger.Leaf
		talk   bridge.Conversation
		claim  bridge.Disclosure
		events []bridge.Event
	},
	) {
		w.look(func(tx bridge.Tx) (err error) {
			var errs [5]error
			all.head, errs[0] = tx.Patients().Head("a")
			all.leaves, errs[1] = tx.Entries().After("a", 0, 10)
			all.talk, errs[2] = tx.Conversations().Conversation("c")
			all.claim, errs[3] = tx.Disclosures().Disclosure("d")
			all.events, errs[4] = tx.Events().After("Patient/a", 0, 10)
			return errors.Join(errs[:]...)
		})
		return all
	}
	before := read()
	for range 2 {
		w.reopen()
		after := read()
		same(w, "head", after.head, before.head)
		same(w, "leaves", after.leaves, before.leaves)
		same(w, "conversation", after.talk, before.talk)
		same(w, "disclosure", after.claim, before.claim)
		same(w, "events", after.events, before.events)
		same(w, "log id", w.Log(), log)
	}
	w.must("a", tell("Patient/a", 1))
	bounds(w, "Patient/a", 1, 2)
}
