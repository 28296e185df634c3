// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/hub"
	"github.com/brobygger/brobygger/bridge/wire"
)

// office stands in for the bridge's lines and for the board.
type office struct {
	mu       sync.Mutex
	on       []bridge.Ref // who signed on, in order
	off      []bridge.Ref
	state    bridge.LineState
	denied   error
	asked    int
	watchers []func()
	peers    map[string]bridge.Peer // by session
}

func (o *office) SignOn(_ context.Context, parties []bridge.Ref) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.on = append(o.on, parties...)
	return nil
}

func (o *office) SignOff(_ context.Context, party bridge.Ref) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.off = append(o.off, party)
	return nil
}

func (o *office) LineState(context.Context, bridge.Caller, bridge.LineID) (bridge.LineState, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked++
	return o.state, o.denied
}

func (o *office) Talking(_ context.Context, _ bridge.Caller, session string, _ bridge.RingID) (bridge.Peer, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if p, ok := o.peers[session]; ok && o.denied == nil {
		return p, nil
	}
	return bridge.Peer{}, &bridge.Error{Code: bridge.CodeForbidden}
}

// WatchLine is the board's; a hub asks nothing else of it.
func (o *office) WatchLine(_ bridge.LineID, f func()) func() {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := len(o.watchers)
	o.watchers = append(o.watchers, f)
	go f() // that it has begun
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.watchers[n] = nil
	}
}

// set changes the line, and says so as often as that.
func (o *office) set(times int, change func(*office)) {
	o.mu.Lock()
	change(o)
	watchers := slices.Clone(o.watchers)
	o.mu.Unlock()
	for range times {
		for _, f := range watchers {
			if f != nil {
				f()
			}
		}
	}
}

func (o *office) watched() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(o.watchers), func(f func()) bool { return f == nil }))
}

// counted is how often it was asked, who signed on and who off.
func (o *office) counted() (asked int, on, off []bridge.Ref) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.asked, slices.Clone(o.on), slices.Clone(o.off)
}

// reach is the office as a hub's gate, board the office as live state.
func (o *office) reach() hub.Reach    { return o }
func (o *office) board() bridge.Board { return switchboard{office: o} }

type switchboard struct {
	bridge.Board
	office *office
}

func (s switchboard) WatchLine(line bridge.LineID, f func()) func() {
	return s.office.WatchLine(line, f)
}

// there is live state in which somebody is as it says.
type there struct {
	*livestate
	state bridge.PresenceState
}

func (l there) Presence(_ context.Context, parties []bridge.Ref) (all []bridge.Presence) {
	for _, p := range parties {
		all = append(all, bridge.Presence{Party: p, State: l.state})
	}
	return all
}

func TestWhoIsConnectedTakesRings(t *testing.T) {
	o := &office{}
	within(t, func(c *hub.Config, _ *world) {
		c.Live, c.Gate.Reach = there{newLive(), bridge.PresenceOffline}, o.reach()
	}, func(t *testing.T, h *house) {
		c, _ := h.login("a", nil)
		d, _ := h.login("a", nil)
		synctest.Wait()
		if _, on, _ := o.counted(); len(on) == 0 || slices.ContainsFunc(on, func(p bridge.Ref) bool { return p != a }) {
			t.Fatalf("signed on at once: %v", on)
		}
		_, before, _ := o.counted()
		stop := c.stayAlive()
		stopOther := d.stayAlive()
		pass(100 * time.Second)
		stop()
		stopOther()
		synctest.Wait()
		if _, on, off := o.counted(); len(on)-len(before) < 5 || len(off) != 0 {
			t.Fatalf("signed on %d times in 100 s, off %v", len(on)-len(before), off)
		}
		c.conn.Close()
		synctest.Wait()
		if _, _, off := o.counted(); len(off) != 0 {
			t.Fatalf("%v signed off beside another device", off)
		}
		d.conn.Close()
		synctest.Wait()
		if _, _, off := o.counted(); !slices.Equal(off, []bridge.Ref{a}) {
			t.Fatalf("signed off: %v", off)
		}
	})
}

// Who is on another node, or of whom nobody knows, is not signed off.
func TestWhoMayBeElsewhereIsNotSignedOff(t *testing.T) {
	for _, state := range []bridge.PresenceState{bridge.PresenceOnline, bridge.PresenceUnknown} {
		o := &office{}
		within(t, func(c *hub.Config, _ *world) {
			c.Live, c.Gate.Reach = there{newLive(), state}, o.reach()
		}, func(t *testing.T, h *house) {
			c, _ := h.login("a", nil)
			c.conn.Close()
			synctest.Wait()
			if _, _, off := o.counted(); len(off) != 0 {
				t.Fatalf("%s: signed off: %v", state, off)
			}
		})
	}
}

func TestALineIsFollowed(t *testing.T) {
	o := &office{state: bridge.LineState{Ringing: 1}}
	within(t, func(c *hub.Config, _ *world) { c.Board, c.Gate.Reach = o.board(), o.reach() }, func(t *testing.T, h *house) {
		c, _ := h.login("a", nil)
		var ok wire.PresenceSeen
		if err := c.ask(wire.CmdPresenceSub, wire.PresenceSub{Line: "l-1"}).Into(&ok); err != nil || ok.Line == nil || ok.Line.Ringing != 1 {
			t.Fatalf("%+v, %v", ok, err)
		}
		next := func(want int) {
			t.Helper()
			for {
				got := c.next()
				if got.Ping() {
					continue
				}
				var s bridge.LineState
				if err := got.Event.Into(&s); err != nil || got.Type != wire.PushLineAvail || got.N != 0 || s.Ringing != want {
					t.Fatalf("%+v, %v", got, err)
				}
				return
			}
		}
		pass(5 * time.Second) // it is told once how the line is when the watching has begun
		next(1)
		// A hundred changes are told as one.
		o.set(100, func(o *office) { o.state.Ringing = 2 })
		next(2)
		before, _, _ := o.counted()
		o.set(100, func(o *office) { o.state.Ringing = 3 })
		next(3)
		if after, _, _ := o.counted(); after > before+1 {
			t.Errorf("asked %d times", after-before)
		}
		// What changes nothing for this caller is not told; what the clock changes is.
		o.set(1, func(o *office) { o.state.Until = time.Now().Add(10 * time.Second) })
		next(3)
		o.set(1, func(*office) {})
		pass(5 * time.Second)
		o.mu.Lock()
		o.state.Ringing, o.state.Until = 4, time.Time{}
		o.mu.Unlock()
		next(4)
		if err := c.ask(wire.CmdPresenceUnsub, wire.PresenceUnsub{Line: "l-1"}).Into(&wire.Empty{}); err != nil || o.watched() != 0 {
			t.Errorf("%v; %d watch", err, o.watched())
		}
	})
}

func TestALineIsFollowedNoLongerThanOneMay(t *testing.T) {
	o := &office{}
	within(t, func(c *hub.Config, _ *world) { c.Board, c.Gate.Reach = o.board(), o.reach() }, func(t *testing.T, h *house) {
		c, _ := h.login("a", nil)
		c.skip = true
		follow := func(line bridge.LineID) error {
			return c.ask(wire.CmdPresenceSub, wire.PresenceSub{Line: line}).Into(&wire.PresenceSeen{})
		}
		if err := follow("l-1"); err != nil {
			t.Fatal(err)
		}
		if err := follow("l-1"); err != nil || o.watched() != 1 {
			t.Fatalf("again: %v, %d", err, o.watched())
		}
		pass(3 * time.Second)
		// What breaks for a moment ends nothing.
		o.set(1, func(o *office) { o.denied = &bridge.Error{Code: bridge.CodeBusy} })
		pass(3 * time.Second)
		synctest.Wait()
		if o.watched() != 1 {
			t.Fatal("it gave up")
		}
		o.set(1, func(o *office) { o.denied = &bridge.Error{Code: bridge.CodeForbidden} })
		pass(5 * time.Second)
		synctest.Wait()
		if o.watched() != 0 {
			t.Fatal("it goes on")
		}
		if err := follow("l-1"); bridge.CodeOf(err) != bridge.CodeForbidden {
			t.Errorf("followed: %v", err)
		}
		o.set(0, func(o *office) { o.denied = nil })
		for n := range 17 {
			err := follow(bridge.LineID(string(rune('a' + n))))
			if want := n == 16; want != (bridge.CodeOf(err) == bridge.CodeRateLimited) {
				t.Errorf("line %d: %v", n, err)
			}
		}
		c.conn.Close()
		synctest.Wait()
		if o.watched() != 0 {
			t.Error("it outlives its session")
		}
	})
}
