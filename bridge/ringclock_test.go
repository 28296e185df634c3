// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
)

func TestAClockThatIsSetBackHoldsNoRing(t *testing.T) {
	d := newDesk(t)
	d.there("psy", "nurse")
	v := d.ring("gp", newRing("treating-psychiatrist"))
	d.pass(-time.Hour) // and it is seen to ring
	d.AgeRings(bridge.StepTime + 2*time.Second)
	d.pass(10 * time.Second)
	if s := d.seen("gp", v.ID); s.Via != "contact-nurse" {
		t.Errorf("it rings on as %+v", s)
	}
	d.pass(3 * time.Hour) // forward it is only sooner over
	if s := d.seen("gp", v.ID); s.State != bridge.RingUnanswered {
		t.Errorf("three hours later it is %+v", s)
	}
}

func TestARingOutlivesTheProcess(t *testing.T) {
	d := newDesk(t)
	d.there("psy", "nurse")
	v := d.ring("gp", newRing("treating-psychiatrist"))
	d.Clock.Advance(time.Minute)
	again, err := bridge.New(bridge.Config{
		Store: d.Store(), Decider: d.Policy, Texts: d.Policy, Live: d.Live(), Board: d.board, Now: d.Clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	rings := make(chan bridge.Ref, 16)
	again.Listen(rung{rings: rings})
	go func() { done <- again.RunLines(ctx) }()
	if got := <-rings; got != bridgetest.Role("nurse") {
		t.Errorf("then it rings %s", got)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the runner ended with %v", err)
	}
	if s := d.seen("gp", v.ID); s.Via != "contact-nurse" {
		t.Errorf("it rings on as %+v", s)
	}
}

// rung is a listener that hears for whom it rings.
type rung struct {
	bridge.Listener
	rings chan bridge.Ref
}

func (r rung) Tell(d bridge.Delivered) {
	if d.Event.Kind == bridge.EventLineRinging {
		r.rings <- d.Event.Party
	}
}

func TestWhatGoesOnEndsWithAnErasure(t *testing.T) {
	d := newDesk(t)
	d.there("psy", "nurse")
	ctx := t.Context()
	talk := d.ring("gp", newRing("treating-psychiatrist"))
	if _, err := d.AcceptRing(ctx, d.As("psy"), "x", talk.ID); err != nil {
		t.Fatal(err)
	}
	n := newRing("")
	n.Wanted, n.Line = bridge.Party{}, "team-2"
	ring := d.ring("gp", n)
	if ring.State != bridge.RingRinging {
		t.Fatalf("rings as %+v", ring)
	}
	sealedAll(t, d.World)
	if _, err := d.Erase(ctx, d.As("admin"), bridge.NewErasure{Patient: "jens", Confirm: "jens", Ground: bridge.GroundNotNeeded}); err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{"gp", "psy", "nurse"} {
		if live, err := d.Rings(ctx, d.As(who)); err != nil || len(live) != 0 {
			t.Errorf("%s still has %+v, %v", who, live, err)
		}
	}
}
