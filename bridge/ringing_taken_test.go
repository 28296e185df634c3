// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
)

// The psychiatrist does not hear it, and the nurse is taken by another ring just
// then: the caller is told at once that nobody is left.
func TestARingWhoseNextPeopleAreTakenEnds(t *testing.T) {
	d := newDesk(t)
	d.there("psy", "nurse")
	v := d.ring("gp", newRing("treating-psychiatrist"))
	if ok, err := d.board.Reserve(t.Context(), bridgetest.Role("nurse"), "another", time.Minute); !ok || err != nil {
		t.Fatalf("reserved: %v, %v", ok, err)
	}
	d.pass(26 * time.Second)
	if s := d.seen("gp", v.ID); s.State != bridge.RingUnanswered || s.Fallback == nil || s.Fallback.Line != "team-2" {
		t.Errorf("the caller sees %+v", s)
	}
}

// Two people are rung together, and the patient objects to one of them: it stops
// for them before the objection is answered, and rings on for the other.
func TestAnObjectionToOneStopsTheRingForThemAlone(t *testing.T) {
	d := newDesk(t)
	d.put(bridge.Line{
		ID: "both", Organization: "team-2", Name: "Both", Active: true, Capacity: 1,
		Tiers:   []bridge.Tier{{Members: []bridge.Ref{bridgetest.Role("psy"), bridgetest.Role("nurse")}}},
		Opening: bridge.Opening{Week: []bridge.Hours{{Days: []time.Weekday{1, 2, 3, 4, 5}, Start: "08:00", End: "16:00"}}},
	})
	d.there("psy", "nurse")
	n := newRing("")
	n.Wanted, n.Line = bridge.Party{}, "both"
	v := d.ring("gp", n)
	if len(v.Ringing) != 2 {
		t.Fatalf("rings as %+v", v)
	}
	if _, err := d.Object(t.Context(), d.As("jens"), bridge.Objection{
		ID: bridge.ObjectionID(bridgetest.MID()), Patient: "jens", Parties: []bridge.Party{bridgetest.Party("psy")},
	}); err != nil {
		t.Fatal(err)
	}
	if s := d.seen("gp", v.ID); s.State != bridge.RingRinging || len(s.Ringing) != 1 || s.Ringing[0] != bridgetest.Role("nurse") {
		t.Errorf("the caller sees %+v", s)
	}
}

// Ringing again with the same id finds the ring, wherever it was handed to.
func TestARingThatWasHandedToAnotherLineIsStillTheSame(t *testing.T) {
	d := newDesk(t)
	d.put(bridge.Line{
		ID: "second", Organization: "team-2", Name: "Second", Active: true, Capacity: 1,
		Tiers:   []bridge.Tier{{Members: []bridge.Ref{bridgetest.Role("psy")}}},
		Opening: bridge.Opening{Week: []bridge.Hours{{Days: []time.Weekday{1, 2, 3, 4, 5}, Start: "08:00", End: "16:00"}}},
	})
	d.there("psy", "nurse")
	n := newRing("")
	n.Wanted, n.Line = bridge.Party{}, "team-2"
	v := d.ring("gp", n)
	if _, err := d.AcceptRing(t.Context(), d.As("nurse"), "desk", v.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := d.HandOver(t.Context(), d.As("nurse"), v.ID, bridge.HandTo{Line: "second"}, "yours"); err != nil {
		t.Fatal(err)
	}
	if again := d.ring("gp", n); again.ID != v.ID || again.Line != "second" {
		t.Errorf("rang again as %+v", again)
	}
}
