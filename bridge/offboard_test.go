// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
	"github.com/brobygger/brobygger/bridge/ledger"
)

// rounds is how often something is repeated: few in the suite, BROBYGGER_CYCLES
// in a soak.
func rounds(t *testing.T, few int) int {
	text := os.Getenv("BROBYGGER_CYCLES")
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("BROBYGGER_CYCLES is %q, want a number from 1", text)
	}
	return n
}

// stream sends and reads as psy, and has the GP write to psy, until psy is told to
// go. ready is closed when something of both has passed.
func stream(t *testing.T, w *bridgetest.World, conv bridge.Conversation, round int, ready *sync.WaitGroup) (done *sync.WaitGroup) {
	ctx, psy, gp := t.Context(), w.As("psy"), w.As("gp")
	over := func(err error) bool {
		switch bridge.CodeOf(err) {
		case bridge.CodeTokenExpired, bridge.CodeAccountDisabled:
			return true
		case bridge.CodeBusy: // the record moved under it
			return false
		}
		if err != nil {
			t.Errorf("ended by %v", err)
		}
		return err != nil
	}
	done = &sync.WaitGroup{}
	done.Go(func() {
		passed := sync.OnceFunc(ready.Done)
		defer passed()
		for {
			if _, err := w.Send(ctx, psy, bridgetest.Draft(conv, "by psy", bridge.TopicMedication)); over(err) {
				return
			}
			passed()
		}
	})
	done.Go(func() {
		passed := sync.OnceFunc(ready.Done)
		defer passed()
		head, _, err := w.Head(ctx, psy)
		session := bridge.Claimant{Session: fmt.Sprint("round ", round), Fresh: true}
		for n := head.N; !over(err); {
			if _, err := w.Send(ctx, gp, bridgetest.Draft(conv, "to psy", bridge.TopicMedication)); err != nil && bridge.CodeOf(err) != bridge.CodeForbidden {
				t.Errorf("the GP: %v", err)
				return
			}
			var got []bridge.Delivered
			if got, _, err = w.Deliver(ctx, psy, session, n, 100); err != nil {
				continue
			}
			var shown []bridge.DisclosureID
			for _, d := range got {
				if n = d.Event.N; d.Disclosure != "" {
					shown = append(shown, d.Disclosure)
				}
			}
			if err := w.Close(ctx, psy, shown, bridge.DisclosureShown); err != nil {
				t.Errorf("closing: %v", err)
			}
			if len(shown) > 0 {
				passed()
			}
		}
	})
	return done
}

func TestBehindAForcedSignOutNothingOfItIsAcceptedOrShown(t *testing.T) {
	w := bridgetest.New(t, bridgetest.WithClock(time.Now))
	ctx, admin, who := t.Context(), w.As("admin"), w.As("psy").Subject
	conv := w.Talk(bridge.PurposeTreatment, "gp", "psy")
	w.MustSend("gp", bridgetest.Draft(conv, "first", bridge.TopicMedication)) // which brings psy in
	accepted, disclosed := 0, 0
	var behind uint64
	for round := range rounds(t, 60) {
		ready := &sync.WaitGroup{}
		ready.Add(2)
		done := stream(t, w, conv, round, ready)
		ready.Wait()
		end := w.SignOut
		if round%2 == 1 {
			end = w.Disable
		}
		if err := end(ctx, admin, who); err != nil {
			t.Fatal(err)
		}
		var answered uint64
		err := w.Store().View(ctx, func(tx bridge.Tx) error {
			head, err := tx.Patients().Head("jens")
			answered = head.Seq
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		done.Wait()
		entries(t, w, behind, func(e ledger.Entry) {
			switch {
			case e.Kind == ledger.KindAccepted && e.By == string(bridgetest.Role("psy")):
				accepted++
			case e.Kind == ledger.KindDisclosed && e.To == string(bridgetest.Role("psy")):
				disclosed++
			default:
				return
			}
			if e.Seq > answered {
				t.Errorf("round %d: %s at %d, behind the answer at %d", round, e.Kind, e.Seq, answered)
			}
		})
		behind = answered
		if err := w.Enable(ctx, admin, who); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d accepted and %d disclosed before, none behind", accepted, disclosed)
	if accepted == 0 || disclosed == 0 {
		t.Error("nothing was streaming")
	}
}

// entries reads jens's record behind seq.
func entries(t *testing.T, w *bridgetest.World, seq uint64, each func(ledger.Entry)) {
	t.Helper()
	for {
		var some []ledger.Leaf
		err := w.Store().View(t.Context(), func(tx bridge.Tx) (err error) {
			some, err = tx.Entries().After("jens", seq, 500)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range some {
			each(l.Entry)
			seq = l.Entry.Seq
		}
		if len(some) == 0 {
			return
		}
	}
}
