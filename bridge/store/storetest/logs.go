// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package storetest

import (
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
)

// tell appends n events to a party's log, at the times 1, 2, 3, …
func tell(party bridge.Ref, n int) func(bridge.Tx) error {
	return func(tx bridge.Tx) error {
		for i := 1; i <= n; i++ {
			if _, err := tx.Events().Append(bridge.Event{Party: party, Kind: bridge.EventMessage, At: at(i), Message: "m"}); err != nil {
				return err
			}
		}
		return nil
	}
}

func bounds(w *world, party bridge.Ref, oldest, newest uint64) {
	w.t.Helper()
	w.both(func(tx bridge.Tx) error {
		o, n, err := tx.Events().Bounds(party)
		same(w, "bounds", [2]uint64{o, n}, [2]uint64{oldest, newest})
		return err
	})
}

func numbers(w *world, party bridge.Ref, after uint64, most int, want ...uint64) {
	w.t.Helper()
	w.both(func(tx bridge.Tx) error {
		got, err := tx.Events().After(party, after, most)
		var ns []uint64
		for _, e := range got {
			ns = append(ns, e.N)
		}
		same(w, "numbers", ns, want)
		return err
	})
}

func events(_ *testing.T, w *world) {
	bounds(w, "Patient/a", 1, 0)
	whole := bridge.Event{
		Party: "Patient/a", N: 77, Kind: bridge.EventReceipt, At: at(1), Patient: "a", Conversation: "c", Message: "m",
		Consent: "k", Request: "r", Objection: "o", By: "Patient/b", State: "read",
	}
	w.must("a", func(tx bridge.Tx) error {
		n, err := tx.Events().Append(whole)
		same(w, "first n", n, 1) // the store numbers
		return err
	})
	whole.N = 1
	w.must("a", tell("Patient/a", 3))
	w.must("a", tell("Patient/b", 2))
	bounds(w, "Patient/a", 1, 4)
	bounds(w, "Patient/b", 1, 2)
	numbers(w, "Patient/a", 0, 10, 1, 2, 3, 4)
	numbers(w, "Patient/a", 2, 1, 3)
	numbers(w, "Patient/a", 4, 10)
	numbers(w, "Patient/c", 0, 10)
	w.both(func(tx bridge.Tx) error {
		got, err := tx.Events().After("Patient/a", 0, 1)
		same(w, "event", got, []bridge.Event{whole})
		return err
	})
}

// A long log is read from anywhere in it.
func longLogs(_ *testing.T, w *world) {
	const length = 300
	w.must("a", everyone("a"))
	w.must("a", tell("Patient/other", 70)) // between the rows of the one that is read
	for range 3 {
		w.must("a", tell("Patient/a", length/3))
		w.must("a", tell("Patient/other", 7))
	}
	w.must("a", func(tx bridge.Tx) error {
		for range length {
			if _, err := tx.Entries().Append(ledger.Entry{Patient: "a", Time: at(1)}); err != nil {
				return err
			}
		}
		return nil
	})
	read := func(low uint64) {
		for _, c := range []struct {
			after uint64
			most  int
		}{{0, 1}, {0, 1000}, {62, 3}, {63, 1}, {64, 64}, {100, 50}, {127, 2}, {190, 100}, {255, 1}, {298, 5}, {299, 1}, {300, 1}, {500, 1}} {
			var want, places []uint64
			for n := max(c.after+1, low); n <= length && len(want) < c.most; n++ {
				want = append(want, n)
			}
			numbers(w, "Patient/a", c.after, c.most, want...)
			if low > 1 {
				continue
			}
			w.look(func(tx bridge.Tx) error {
				leaves, err := tx.Entries().After("a", c.after, c.most)
				for _, l := range leaves {
					places = append(places, l.Entry.Seq)
				}
				same(w, "seqs", places, want)
				return err
			})
		}
	}
	read(1)
	w.must("", func(tx bridge.Tx) error { // each third was told at the times 1 to 100
		n, err := tx.Events().Trim(at(66))
		same(w, "removed", n, 2*65) // the first of each log only, so that no gap opens
		return err
	})
	read(66)
}

func trim(_ *testing.T, w *world) {
	cut := func(t time.Time, want int) {
		w.t.Helper()
		w.must("", func(tx bridge.Tx) error {
			n, err := tx.Events().Trim(t)
			same(w, "removed", n, want)
			return err
		})
	}
	w.must("a", tell("Patient/a", 4))
	w.must("a", tell("Patient/b", 2))
	cut(at(1), 0) // older, strictly
	cut(at(3), 4)
	bounds(w, "Patient/a", 3, 4)
	bounds(w, "Patient/b", 3, 2)
	numbers(w, "Patient/a", 0, 10, 3, 4)
	cut(at(3), 0)
	cut(at(99), 2)
	bounds(w, "Patient/a", 5, 4) // the head never goes back
	w.must("a", tell("Patient/a", 1))
	bounds(w, "Patient/a", 5, 5)
	cut(at(99), 1) // an event of an earlier time than the last trim
	w.reopen()
	bounds(w, "Patient/a", 6, 5)
	w.must("a", tell("Patient/b", 1))
	numbers(w, "Patient/b", 0, 10, 3)
}

func entries(t *testing.T, w *world) {
	w.must("a", everyone("a"))
	e := ledger.Entry{
		Patient: "a", Seq: 99, Time: at(1).In(time.FixedZone("", 3600)), Kind: ledger.KindGranted, By: "Patient/a",
		Topics: []string{"housing"}, Consents: []string{"c"}, Epoch: 1, Reasons: []string{"ok"},
	}
	var leaves []ledger.Leaf
	for range 3 {
		w.must("a", func(tx bridge.Tx) error {
			before, err1 := tx.Patients().Head("a")
			leaf, err2 := tx.Entries().Append(e)
			after, err3 := tx.Patients().Head("a")
			if leaf.Prev != before.Hash || leaf.Head != after.Hash || leaf.Entry.Seq != before.Seq+1 || after.Seq != leaf.Entry.Seq {
				t.Error("entry is not behind the head")
			}
			leaves = append(leaves, leaf)
			return firstOf(err1, err2, err3)
		})
	}
	if leaves[0].Salt == leaves[1].Salt || leaves[0].Salt == [32]byte{} {
		t.Error("salts are not random")
	}
	w.both(func(tx bridge.Tx) error {
		head, err1 := tx.Patients().Head("a")
		all, err2 := tx.Entries().After("a", 0, 10)
		same(w, "leaves", all, leaves)
		if err := ledger.Verify(all, head.Hash); err != nil {
			t.Error(err)
		}
		some, err3 := tx.Entries().After("a", 1, 1)
		same(w, "leaves after", some, leaves[1:2])
		none, err4 := tx.Entries().After("a", 3, 10)
		same(w, "leaves after the last", none, nil)
		left, err5 := tx.Entries().Left("a", 1)
		for i, l := range left {
			same(w, "what is left", l, bridge.LeftLeaf{Leaf: leaves[i+1], Place: uint64(i + 1)})
		}
		same(w, "how much is left", len(left), 2)
		return firstOf(err1, err2, err3, err4, err5)
	})
	w.refused(bridge.CodeNotFound, "b", func(tx bridge.Tx) error {
		_, err := tx.Entries().Append(ledger.Entry{Patient: "b"})
		return err
	})
}

// An import may append to several patients' chains in one transaction.
func entriesOfTwo(t *testing.T, w *world) {
	w.must("", everyone("a", "b"))
	w.must("", func(tx bridge.Tx) error {
		for _, p := range []string{"a", "b", "a"} {
			if _, err := tx.Entries().Append(ledger.Entry{Patient: p, Time: at(1), Kind: ledger.KindRegistered}); err != nil {
				return err
			}
		}
		return nil
	})
	w.look(func(tx bridge.Tx) error {
		a, err1 := tx.Patients().Head("a")
		b, err2 := tx.Patients().Head("b")
		if a.Seq != 2 || b.Seq != 1 {
			t.Errorf("seqs are %d and %d, want 2 and 1", a.Seq, b.Seq)
		}
		return firstOf(err1, err2)
	})
}
