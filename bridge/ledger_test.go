// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
	"github.com/brobygger/brobygger/bridge/ledger"
)

// talked lets the GP and the psychiatrist talk: n messages, each read.
func talked(t *testing.T, w *bridgetest.World, n int) {
	t.Helper()
	conv := w.Talk(bridge.PurposeTreatment, "gp", "treating-psychiatrist")
	reader := w.Reader("psy")
	for range n {
		w.MustSend("gp", bridgetest.Draft(conv, "Who follows the tests up?", bridge.TopicMedication))
		reader.Next()
	}
}

// verified exports jens's record and verifies it with nothing but the key.
func verified(t *testing.T, w *bridgetest.World, earlier *ledger.Earlier, witnesses ...*ledger.Verifier) (ledger.Report, []byte) {
	t.Helper()
	var out bytes.Buffer
	size := uint64(0)
	if earlier != nil {
		size = earlier.Checkpoint.Size
	}
	if err := w.Export(t.Context(), w.As("jens"), "jens", size, &out); err != nil {
		t.Fatal(err)
	}
	r, err := ledger.VerifyExport(bytes.NewReader(out.Bytes()), ledger.Trust{Log: w.Log.Verifier(), Witnesses: witnesses, Earlier: earlier})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		t.Error(f)
	}
	return r, out.Bytes()
}

func entriesOf(t *testing.T, w *bridgetest.World) []bridge.EntryView {
	t.Helper()
	all, err := w.Entries(t.Context(), w.As("jens"), "jens", 0, 500, "en")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAPatientVerifiesTheirRecordAlone(t *testing.T) {
	w := bridgetest.New(t)
	talked(t, w, 2)
	first, export := verified(t, w, nil)
	if int(first.Entries) != len(entriesOf(t, w)) {
		t.Errorf("%d entries exported, %d shown", first.Entries, len(entriesOf(t, w)))
	}
	talked(t, w, 3)
	earlier, err := ledger.ReadEarlier(bytes.NewReader(export), w.Log.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	later, _ := verified(t, w, earlier)
	if later.Entries <= first.Entries || !later.Earlier {
		t.Errorf("then %+v, now %+v", first, later)
	}
}

// Every act stands in a signed tree by the next step, and a receipt opens it.
func TestEveryEntryHasAReceipt(t *testing.T) {
	w := bridgetest.New(t)
	talked(t, w, 2)
	for _, v := range entriesOf(t, w) {
		text, err := w.Receipt(t.Context(), w.As("jens"), "jens", v.Entry.Seq)
		if err != nil {
			t.Fatal(err)
		}
		r, err := ledger.ParseReceipt(text)
		if err != nil {
			t.Fatal(err)
		}
		e, _, err := r.Open(w.Log.Verifier())
		if err != nil || e.Seq != v.Entry.Seq || e.Kind != v.Entry.Kind || e.Patient != "jens" {
			t.Errorf("entry %d: receipt of %+v, %v", v.Entry.Seq, e, err)
		}
	}
}

func TestProofsAreForWhoMayReadTheRecord(t *testing.T) {
	w := bridgetest.New(t)
	talked(t, w, 1)
	for _, name := range []string{"gp", "psy", "bo", "admin"} {
		_, err := w.Receipt(t.Context(), w.As(name), "jens", 1)
		mustCode(t, name, err, bridge.CodeForbidden)
		var out bytes.Buffer
		mustCode(t, name, w.Export(t.Context(), w.As(name), "jens", 0, &out), bridge.CodeForbidden)
		if out.Len() > 0 {
			t.Errorf("%s was given %d bytes", name, out.Len())
		}
	}
	if _, err := w.Receipt(t.Context(), w.As("mother"), "amir", 1); err != nil && bridge.CodeOf(err) != bridge.CodeNotFound {
		t.Errorf("who has custody: %v", err)
	}
	_, err := w.Receipt(t.Context(), w.As("jens"), "jens", 10_000)
	mustCode(t, "of an entry to come", err, bridge.CodeNotFound)
	_, err = w.Receipt(t.Context(), w.As("jens"), "jens", 0)
	mustCode(t, "of no entry", err, bridge.CodeBadRequest)
}

func mustCode(t *testing.T, what string, err error, want bridge.Code) {
	t.Helper()
	if bridge.CodeOf(err) != want {
		t.Errorf("%s: got %v, want %q", what, err, want)
	}
}

// Sequencers of two nodes at once make one tree, and sign no fork.
func TestTwoSequencersMakeOneTree(t *testing.T) {
	w := bridgetest.New(t)
	other, err := bridge.New(bridge.Config{Store: w.Store(), Decider: w.Policy, Texts: w.Policy, Live: w.Live(), Now: w.Clock.Now, Ledger: w.Log})
	if err != nil {
		t.Fatal(err)
	}
	conv := w.Talk(bridge.PurposeTreatment, "gp", "treating-psychiatrist")
	ctx, stop := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	for _, b := range []*bridge.Bridge{w.Bridge, w.Bridge, other, other} {
		wait.Go(func() {
			for ctx.Err() == nil {
				if err := b.Sequence(ctx); err != nil && ctx.Err() == nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 40 {
		w.MustSend("gp", bridgetest.Draft(conv, "Again", bridge.TopicMedication))
	}
	stop()
	wait.Wait()
	verified(t, w, nil)
	if err := other.Sequence(t.Context()); err != nil {
		t.Error(err)
	}
	onePrefix(t, w)
}

// onePrefix wants every checkpoint that is kept to be a beginning of the newest.
func onePrefix(t *testing.T, w *bridgetest.World) {
	t.Helper()
	note, err := w.Checkpoint(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	last, err := ledger.OpenCheckpoint(note, w.Log.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	var all []bridge.SignedTree
	if err := w.Store().View(t.Context(), func(tx bridge.Tx) (err error) {
		all, err = tx.Checkpoints().List(0, 1000)
		return err
	}); err != nil || len(all) == 0 {
		t.Fatalf("%d checkpoints, %v", len(all), err)
	}
	for _, s := range all {
		c, err := ledger.OpenCheckpoint(s.Note, w.Log.Verifier())
		if err != nil {
			t.Fatal(err)
		}
		proof, err := w.ProvePrefix(t.Context(), c.Size, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := ledger.CheckPrefix(proof, last.Size, last.Root, c.Size, c.Root); err != nil {
			t.Error(err)
		}
	}
}

// What waits for the sequencer can be seen from outside, however it came to wait.
func TestALateSequencerIsSeen(t *testing.T) {
	w := bridgetest.New(t)
	if err := w.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	if lag := w.SequenceLag(); lag > bridge.SequenceEvery {
		t.Errorf("late by %s", lag)
	}
	w.Clock.Advance(11 * time.Second)
	if lag := w.SequenceLag(); lag < bridge.SequenceLate {
		t.Errorf("not late: %s", lag)
	}
	if err := w.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	if lag := w.SequenceLag(); lag > bridge.SequenceEvery {
		t.Errorf("still late by %s", lag)
	}
}

func TestABridgeWithoutAKeySignsNothing(t *testing.T) {
	w := bridgetest.New(t, func(c *bridge.Config) { c.Ledger = nil })
	talked(t, w, 1)
	var out bytes.Buffer
	_, err1 := w.Receipt(t.Context(), w.As("jens"), "jens", 1)
	_, err2 := w.Checkpoint(t.Context(), false)
	_, err3 := w.LedgerKeys()
	for name, err := range map[string]error{
		"sequence": w.Sequence(t.Context()), "receipt": err1, "checkpoint": err2, "keys": err3,
		"export": w.Export(t.Context(), w.As("jens"), "jens", 0, &out), "canary": w.Canary(t.Context()), "cosigned": w.Cosigned(t.Context(), nil, nil),
	} {
		if bridge.CodeOf(err) != bridge.CodeNotFound && name != "canary" || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A cosigned head is what receipts and exports stand on, as far as it goes.
func TestCosignedHeadsAreKept(t *testing.T) {
	witness, err := ledger.NewWitness("witness.test", ledger.NewSeed(), func() time.Time { return bridgetest.Noon })
	if err != nil {
		t.Fatal(err)
	}
	w := bridgetest.New(t, func(c *bridge.Config) { c.Witnesses = []*ledger.Verifier{witness.Verifier()} })
	talked(t, w, 1)
	if err := w.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	note, err := w.Checkpoint(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	line, err := ledger.Cosign(witness, note)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := ledger.NewWitness("stranger.test", ledger.NewSeed(), nil)
	if err != nil {
		t.Fatal(err)
	}
	strange, err := ledger.Cosign(stranger, note)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Cosigned(t.Context(), note, strange); err == nil {
		t.Error("a stranger's cosignature was kept")
	}
	if err := w.Cosigned(t.Context(), note, line); err != nil {
		t.Fatal(err)
	}
	if err := w.Canary(t.Context()); err != nil { // somebody else's entries
		t.Fatal(err)
	}
	if r, _ := verified(t, w, nil, witness.Verifier()); len(r.Cosigned) != 1 || r.Cosigned[0].Witness != "witness.test" {
		t.Errorf("cosigned by %+v", r.Cosigned)
	}
	talked(t, w, 1)
	if r, _ := verified(t, w, nil, witness.Verifier()); len(r.Cosigned) != 0 {
		t.Errorf("entries behind the cosigned tree are said to be in it: %+v", r)
	}
}

func TestTheCanarySings(t *testing.T) {
	w := bridgetest.New(t)
	for range 3 {
		if err := w.Canary(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(bridge.CanaryEvery)
	}
	at, err := w.CanaryHealth()
	if err != nil || at.Before(bridgetest.Noon.Add(2*bridge.CanaryEvery)) {
		t.Errorf("at %s, %v", at, err)
	}
	views, err := w.Entries(t.Context(), bridge.Caller{Party: bridge.CanaryPatient.Ref()}, bridge.CanaryPatient, 0, 100, "da")
	if err != nil || len(views) != 4 {
		t.Errorf("%d entries, %v", len(views), err)
	}
}
