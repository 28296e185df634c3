// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
)

var (
	testNames = newNames([]byte("a key"), "here")
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

// After a moment's absence of a Redis that has lost nothing, only what it did not
// hear is changed; the rest is heartbeats.
func TestWhatIsSaidAgain(t *testing.T) {
	var d devices
	d.reset()
	phone := bridge.Connection{Party: desk.Party, ID: "phone"}
	heard, _, _ := d.touch(testNames, []bridge.Connection{desk}, "m")
	d.told(heard, "m")
	d.touch(testNames, []bridge.Connection{phone}, "m")
	said := d.end("b", "tablet")
	d.told([]change{said}, "m")
	d.end("c", "laptop")
	for _, tt := range []struct {
		memory          string
		devices, ending int
		alive           int
	}{
		{"m", 1, 1, 1},
		{"lost", 2, 2, 0},
	} {
		changes, alive, _ := d.everything(time.Hour, tt.memory)
		devices, ending := 0, 0
		for _, c := range changes {
			devices += len(c.touched)
			ending += len(c.ended)
		}
		if devices != tt.devices || ending != tt.ending || len(alive) != tt.alive {
			t.Errorf("%s: %d devices, %d endings, %d heartbeats", tt.memory, devices, ending, len(alive))
		}
	}
}

// A heartbeat is cheap only while Redis is known to have the device as it is.
func TestWhatNeedsAScript(t *testing.T) {
	var d devices
	d.reset()
	touch := func(memory string, away bool) (scripts, heartbeats int) {
		c := desk
		c.Away = away
		changes, alive, _ := d.touch(testNames, []bridge.Connection{c}, memory)
		d.told(changes, memory)
		return len(changes), len(alive)
	}
	for n, tt := range []struct {
		memory  string
		away    bool
		scripts int
	}{
		{"one", false, 1},
		{"one", false, 0},
		{"one", true, 1},
		{"one", true, 0},
		{"two", true, 1}, // Redis has lost it
		{"two", true, 0},
	} {
		if scripts, heartbeats := touch(tt.memory, tt.away); scripts != tt.scripts || scripts+heartbeats != 1 {
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
	if all, _, _ := d.everything(time.Hour, "m"); len(all) != 3 {
		t.Errorf("%d parties, want 3", len(all))
	}
	if all, _, _ := d.everything(-1, "m"); len(all) != 1 {
		t.Errorf("%d parties, want 1", len(all))
	}
}

// The embedded server expires nothing unless its time is moved.
func TestEmbeddedTimePasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := miniredis.NewMiniRedis()
		if err := server.Set("beat", "1"); err != nil {
			t.Fatal(err)
		}
		server.SetTTL("beat", nodeTTL)
		done := make(chan struct{})
		defer close(done)
		go moveTime(server, done)
		time.Sleep(nodeTTL - time.Second) // of the bubble
		if !server.Exists("beat") {
			t.Error("it is gone too soon")
		}
		time.Sleep(tick + time.Second)
		if server.Exists("beat") {
			t.Error("it is still there")
		}
	})
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
