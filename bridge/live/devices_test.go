// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
)

var (
	testNames = names{key: []byte("a key"), node: "here"}
	desk      = bridge.Connection{Party: "Practitioner/a", ID: "desk"}
)

// A Touch that is on its way while the connection ends must not bring it back.
func TestADropOvertakesATouch(t *testing.T) {
	var d devices
	d.reset()
	changes, _, call := d.touch(testNames, []bridge.Connection{desk}, "g")
	ended := d.end(testNames.uid(desk.Party), testNames.cid(desk.ID))
	if diff := cmp.Diff([]change{ended}, d.overtaken(changes, call), cmp.AllowUnexported(change{})); diff != "" {
		t.Error(diff)
	}
	// One that was begun afterwards does bring it back.
	changes, _, call = d.touch(testNames, []bridge.Connection{desk}, "g")
	if again := d.overtaken(changes, call); len(again) != 0 {
		t.Errorf("%+v", again)
	}
}

// A heartbeat is cheap only while Redis is known to have the device as it is.
func TestWhatNeedsAScript(t *testing.T) {
	var d devices
	d.reset()
	touch := func(generation string, away bool) (scripts, heartbeats int) {
		c := desk
		c.Away = away
		changes, alive, _ := d.touch(testNames, []bridge.Connection{c}, generation)
		d.told(changes, generation)
		return len(changes), len(alive)
	}
	for n, tt := range []struct {
		generation string
		away       bool
		scripts    int
	}{
		{"one", false, 1},
		{"one", false, 0},
		{"one", true, 1},
		{"one", true, 0},
		{"two", true, 1}, // Redis has lost it
		{"two", true, 0},
	} {
		if scripts, heartbeats := touch(tt.generation, tt.away); scripts != tt.scripts || scripts+heartbeats != 1 {
			t.Errorf("%d: %d scripts, %d heartbeats", n, scripts, heartbeats)
		}
	}
	d.end(testNames.uid(desk.Party), testNames.cid(desk.ID))
	if scripts, _ := touch("two", true); scripts != 1 {
		t.Error("a connection that ended is still known")
	}
}

func TestDevicesForget(t *testing.T) {
	var d devices
	d.reset()
	d.touch(testNames, []bridge.Connection{desk}, "g")
	d.end(testNames.uid("Practitioner/b"), "x")
	d.disturb(testNames.uid("Practitioner/c"), time.Now().Add(-time.Second))
	d.disturb(testNames.uid("Practitioner/d"), time.Now().Add(time.Hour))
	if all, _ := d.everything(time.Hour); len(all) != 3 {
		t.Errorf("%d parties, want 3", len(all))
	}
	if all, _ := d.everything(-1); len(all) != 1 {
		t.Errorf("%d parties, want 1", len(all))
	}
}

func FuzzTransition(f *testing.F) {
	f.Add("online|1|ABCDEFGH")
	f.Add("dnd|18446744073709551615|x")
	f.Add("||")
	f.Fuzz(func(t *testing.T, payload string) {
		got, ok := readTransition(payload)
		if ok && (got.epoch == "" || len(got.epoch) > 32 || !knownState(got.state)) {
			t.Errorf("%q is %+v", payload, got)
		}
	})
}
