// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live

import (
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

func newSigns() *signs { return &signs{all: map[string]map[string]sign{}} }

func said(party string, until time.Time) []bridge.Sign {
	return []bridge.Sign{{Line: "line-duty", Party: bridge.Ref("PractitionerRole/" + party), Until: until}}
}

// Of two calls that are under way at once the newer one is told once more: the
// older may have come after it.
func TestASignThatWasOvertaken(t *testing.T) {
	s := newSigns()
	s.set(testNames, said("holm", time.Time{}), true)
	on := s.set(testNames, said("holm", time.Time{}), true) // the heartbeat
	off := s.set(testNames, said("holm", time.Time{}), false)
	if again := s.told(off, "m"); len(again) != 0 {
		t.Errorf("told again: %+v", again)
	}
	again := s.told(on, "m")
	if len(again) != 1 || len(again[0].items) != 1 || again[0].items[0].on {
		t.Fatalf("told again: %+v", again)
	}
	if more := s.told(again, "m"); len(more) != 0 {
		t.Errorf("told again and again: %+v", more)
	}
}

func TestWhatALineMustBeTold(t *testing.T) {
	s := newSigns()
	if err := s.told(s.set(testNames, said("holm", time.Time{}), true), "m"); len(err) != 0 {
		t.Fatal(err)
	}
	s.set(testNames, said("petra", time.Time{}), true)
	for memory, want := range map[string]int{"m": 1, "another": 2} {
		got := s.untold(time.Minute, memory)
		if len(got) != 1 || len(got[0].items) != want {
			t.Errorf("%s: %+v", memory, got)
		}
	}
	// A heartbeat that says the same is kept already; another end of the shift is not.
	s.told(s.untold(time.Minute, "m"), "m")
	s.set(testNames, said("holm", time.Time{}), true)
	if got := s.untold(time.Minute, "m"); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	s.set(testNames, said("holm", time.Now().Add(time.Hour)), true)
	if got := s.untold(time.Minute, "m"); len(got) != 1 || len(got[0].items) != 1 {
		t.Errorf("%+v", got)
	}
	if s.untold(-1, "m"); len(s.all) != 0 {
		t.Errorf("kept for ever: %+v", s.all)
	}
}

func TestWhatIsSealedStaysInItsPlace(t *testing.T) {
	a, again, b := testNames.seal("here", "holm"), testNames.seal("here", "holm"), testNames.seal("there", "holm")
	if a != again || a == b || a == testNames.seal("here", "petra") {
		t.Errorf("%s, %s, %s", a, again, b)
	}
	if v, ok := testNames.unseal("here", a); !ok || v != "holm" {
		t.Errorf("%q %v", v, ok)
	}
	for place, sealed := range map[string]string{
		"there": a, "here": "", "her": a, "here ": a[:len(a)-2], "Here": "!" + a[1:],
	} {
		if v, ok := testNames.unseal(place, sealed); ok {
			t.Errorf("%q opens %q as %q", place, sealed, v)
		}
	}
	if _, ok := newNames([]byte("another key of sixteen"), "here").unseal("here", a); ok {
		t.Error("another key opens it")
	}
}

func TestABookingOfAnotherRingIsNotLetGo(t *testing.T) {
	b := bookings{all: map[string]booking{}}
	held := booking{ring: "first", held: true, until: time.Now().Add(time.Minute)}
	b.hold("holm", held)
	b.letGo("holm", booking{ring: "second", until: held.until})
	if got := b.standing()["holm"]; got != held {
		t.Errorf("%+v", got)
	}
	gone := booking{ring: "first", until: held.until}
	b.letGo("holm", gone)
	b.settled("holm", held) // an older word
	if got := b.standing()["holm"]; got != gone {
		t.Errorf("%+v", got)
	}
	b.settled("holm", gone)
	b.hold("petra", booking{held: true, until: time.Now().Add(-time.Second)})
	if got := b.standing(); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}
