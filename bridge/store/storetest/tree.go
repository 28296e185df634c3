// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
)

// record appends n entries of the patient.
func record(p bridge.PatientID, n int) func(bridge.Tx) error {
	return func(tx bridge.Tx) error {
		for range n {
			if _, err := tx.Entries().Append(ledger.Entry{Patient: string(p), Time: at(1), Kind: ledger.KindSeen}); err != nil {
				return err
			}
		}
		return nil
	}
}

// sequence puts at most most pending entries into the tree, and returns how many.
func (w *world) sequence(most int) (took int, err error) {
	var size uint64
	var pending [][32]byte
	var grown []ledger.Hash
	err = w.View(context.Background(), func(tx bridge.Tx) (err error) {
		if size, err = tx.Tree().Size(); err != nil {
			return err
		}
		if pending, err = tx.Tree().Pending(most); err != nil {
			return err
		}
		leaves := make([]ledger.Hash, len(pending))
		for i, c := range pending {
			leaves[i] = ledger.LeafHash(c)
		}
		grown, err = ledger.Grow(size, leaves, tx.Tree().Hashes)
		return err
	})
	if err != nil || len(pending) == 0 {
		return 0, err
	}
	return len(pending), w.Update(context.Background(), "", func(tx bridge.Tx) error {
		return tx.Tree().Append(size, pending, grown)
	})
}

func (w *world) mustSequence(most, want int) {
	w.t.Helper()
	if got, err := w.sequence(most); err != nil || got != want {
		w.t.Errorf("%d entries came into the tree, %v; want %d", got, err, want)
	}
}

// Entries come into the tree in the order of their commits, whoever they are of,
// and each can be proved at its place.
func treeGrows(t *testing.T, w *world) {
	w.mustSequence(10, 0)
	w.must("", everyone("a", "b"))
	w.must("a", record("a", 3))
	w.must("b", record("b", 200))
	w.must("a", record("a", 2))
	w.mustSequence(4, 4)
	w.mustSequence(1000, 201)
	w.mustSequence(1000, 0)
	w.must("b", record("b", 1))
	w.reopen()
	w.must("a", record("a", 1))
	w.mustSequence(1000, 2)
	w.both(func(tx bridge.Tx) error {
		size, err1 := tx.Tree().Size()
		same(w, "size", size, 207)
		ofA, err2 := tx.Tree().Places("a", 0, 10)
		same(w, "places", ofA, []uint64{0, 1, 2, 203, 204, 206})
		ofB, err3 := tx.Tree().Places("b", 199, 10)
		same(w, "last places", ofB, []uint64{202, 205})
		none, err4 := tx.Tree().Places("c", 0, 10)
		same(w, "places of nobody", none, nil)
		all, err5 := tx.Tree().Leaves(0, 1000)
		some, err6 := tx.Tree().Leaves(204, 2)
		if len(all) == 207 {
			same(w, "leaves from within", some, all[204:206])
		}
		return firstOf(err1, err2, err3, err4, err5, err6, proved(all, size, tx.Tree().Hashes))
	})
}

// proved checks every leaf against the root.
func proved(all []ledger.Leaf, size uint64, h ledger.Hashes) error {
	if uint64(len(all)) != size {
		return errors.New("the tree has another number of leaves")
	}
	root, err := ledger.Root(size, h)
	for n, l := range all {
		proof, err1 := ledger.ProveLeaf(size, uint64(n), h)
		err = errors.Join(err, err1, ledger.CheckLeaf(proof, size, root, uint64(n), ledger.LeafHash(l.Commit)))
	}
	return err
}

// What was rolled back takes no leaf.
func treeHasNoHoles(t *testing.T, w *world) {
	w.must("", everyone("a"))
	w.must("a", record("a", 1))
	err := w.Update(context.Background(), "a", func(tx bridge.Tx) error {
		return firstOf(record("a", 2)(tx), errOwn)
	})
	if !errors.Is(err, errOwn) {
		t.Fatal(err)
	}
	w.must("a", record("a", 1))
	w.mustSequence(10, 2)
	w.look(func(tx bridge.Tx) error {
		places, err := tx.Tree().Places("a", 0, 10)
		same(w, "places", places, []uint64{0, 1})
		return err
	})
}

// Of many sequencers at once each leaf is put in by one.
func treeOfManySequencers(t *testing.T, w *world) {
	w.must("", everyone("a"))
	const entries, sequencers = 120, 4
	var wait sync.WaitGroup
	stop := make(chan struct{})
	for range sequencers {
		wait.Go(func() {
			for {
				if _, err := w.sequence(7); err != nil && bridge.CodeOf(err) != bridge.CodeConflict {
					t.Errorf("sequencing: %v", err)
					return
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for range entries {
		if err := w.Update(context.Background(), "a", record("a", 1)); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	wait.Wait()
	for {
		if took, err := w.sequence(50); err != nil {
			t.Fatal(err)
		} else if took == 0 {
			break
		}
	}
	w.look(func(tx bridge.Tx) error {
		all, err := tx.Tree().Leaves(0, 1000)
		return firstOf(err, proved(all, entries, tx.Tree().Hashes))
	})
}

func treeRefuses(t *testing.T, w *world) {
	w.must("", everyone("a"))
	w.must("a", record("a", 2))
	w.mustSequence(1, 1)
	one := make([][32]byte, 1)
	w.refused(bridge.CodeConflict, "", func(tx bridge.Tx) error {
		return tx.Tree().Append(0, one, make([]ledger.Hash, 1))
	})
	w.refused(bridge.CodeInternal, "", func(tx bridge.Tx) error {
		return tx.Tree().Append(1, one, make([]ledger.Hash, 1)) // the second leaf stores two
	})
	err := w.View(context.Background(), func(tx bridge.Tx) error {
		_, err := tx.Tree().Hashes([]int64{0, 1})
		return err
	})
	if err == nil {
		t.Error("a hash was read that is not there")
	}
	w.mustSequence(10, 1)
}

func checkpoints(t *testing.T, w *world) {
	missing(w, "latest", w.View(context.Background(), func(tx bridge.Tx) error {
		_, err := tx.Checkpoints().Latest(false)
		return err
	}))
	w.must("", everyone("a"))
	w.must("a", record("a", 9))
	w.mustSequence(10, 9)
	key, err := ledger.NewSigner("log.example", ledger.NewSeed())
	if err != nil {
		t.Fatal(err)
	}
	head := func(size uint64, at int, cosigned bool) (s bridge.SignedTree) {
		w.look(func(tx bridge.Tx) error {
			root, err := ledger.Root(size, tx.Tree().Hashes)
			if err != nil {
				return err
			}
			note, err := ledger.SignCheckpoint(key, size, root)
			s = bridge.SignedTree{Size: size, At: noon.Add(time.Duration(at) * time.Minute), Cosigned: cosigned, Note: note}
			return err
		})
		return s
	}
	put := func(s bridge.SignedTree) {
		w.must("", func(tx bridge.Tx) error { return tx.Checkpoints().Put(s) })
	}
	first, second, third, last := head(1, 0, false), head(2, 1, true), head(3, 2, false), head(4, 3, false)
	for _, s := range []bridge.SignedTree{first, second, third, last} {
		put(s)
	}
	later, cosigned := head(5, 70, false), head(5, 71, true)
	w.both(func(tx bridge.Tx) error {
		got, err1 := tx.Checkpoints().Latest(false)
		same(w, "latest", got, last)
		got, err2 := tx.Checkpoints().Latest(true)
		same(w, "latest cosigned", got, second)
		all, err3 := tx.Checkpoints().List(0, 10)
		same(w, "those of the first hour", all, []bridge.SignedTree{second, last})
		return firstOf(err1, err2, err3)
	})
	put(later)
	put(cosigned)
	w.look(func(tx bridge.Tx) error {
		got, err1 := tx.Checkpoints().Latest(true)
		same(w, "latest cosigned of two hours", got, cosigned)
		all, err2 := tx.Checkpoints().List(2, 10)
		same(w, "those behind two leaves", all, []bridge.SignedTree{last, cosigned})
		return firstOf(err1, err2)
	})
}

// A witness's word about another log moves forward by comparison only.
func witnessed(t *testing.T, w *world) {
	missing(w, "witnessed", w.View(context.Background(), func(tx bridge.Tx) error {
		_, err := tx.Checkpoints().Witnessed("other")
		return err
	}))
	put := func(old uint64, s bridge.SignedTree) func(bridge.Tx) error {
		return func(tx bridge.Tx) error { return tx.Checkpoints().PutWitnessed("other", old, s) }
	}
	five := bridge.SignedTree{Size: 5, Note: []byte("five"), Cosigned: true, At: noon}
	nine := bridge.SignedTree{Size: 9, Note: []byte("nine"), Cosigned: true, At: noon}
	w.must("", put(0, five))
	w.refused(bridge.CodeConflict, "", put(0, nine))
	w.refused(bridge.CodeConflict, "", put(4, nine))
	w.must("", put(5, nine))
	w.look(func(tx bridge.Tx) error {
		got, err := tx.Checkpoints().Witnessed("other")
		same(w, "witnessed", got, nine)
		return err
	})
}
