// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/hub"
	"github.com/brobygger/brobygger/bridge/wire"
)

// livestate notes what a hub tells live state.
type livestate struct {
	bridge.Live

	mu      sync.Mutex
	touched map[string]int
	dropped []string
	watched map[bridge.Ref]func(bridge.Presence)
	away    bool
}

func newLive() *livestate {
	return &livestate{touched: map[string]int{}, watched: map[bridge.Ref]func(bridge.Presence){}}
}

func (l *livestate) Touch(_ context.Context, conns []bridge.Connection) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range conns {
		l.touched[c.ID]++
	}
	if l.away {
		return errors.New("away")
	}
	return nil
}

func (l *livestate) Drop(_ context.Context, _ bridge.Ref, id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dropped = append(l.dropped, id)
	return nil
}

func (l *livestate) Watch(party bridge.Ref, f func(bridge.Presence)) func() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watched[party] = f
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.watched, party)
	}
}

// times is how often it was told of a session.
func (l *livestate) times(id string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.touched[id]
}

func (l *livestate) watching() []bridge.Ref {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.watched))
}

func TestLiveStateHearsOfEverySessionOftenEnough(t *testing.T) {
	l := newLive()
	within(t, func(c *hub.Config, _ *world) { c.Live = l }, func(t *testing.T, h *house) {
		c, at := h.login("a", nil)
		synctest.Wait()
		if n := l.times(at.Session); n != 1 {
			t.Fatalf("touched %d times at once", n)
		}
		stop := c.stayAlive()
		pass(100 * time.Second)
		stop()
		synctest.Wait()
		if n := l.times(at.Session); n < 5 || n > 7 {
			t.Fatalf("touched %d times in 100 s", n)
		}
		c.conn.Close()
		synctest.Wait()
		if !slices.Equal(l.dropped, []string{at.Session}) {
			t.Fatalf("dropped %v", l.dropped)
		}
	})
}

func TestMessagesFlowWhileLiveStateIsAway(t *testing.T) {
	l := newLive()
	l.away = true
	within(t, func(c *hub.Config, _ *world) { c.Live = l }, func(t *testing.T, h *house) {
		bob, _ := h.login("b", nil)
		h.world.post(b, "hello")
		if got := bob.next(); got.Type != wire.PushMessage {
			t.Fatalf("got %+v", got)
		}
	})
}

func TestPresenceIsFollowedAsFarAsTheGateAllowsAndNoLonger(t *testing.T) {
	l := newLive()
	within(t, func(c *hub.Config, w *world) {
		c.Live = l
		w.seen = []bridge.Presence{{Party: b, State: bridge.PresenceOffline}}
	}, func(t *testing.T, h *house) {
		c, _ := h.login("a", nil)
		var ok wire.PresenceSeen
		members := []bridge.Party{{Ref: b}, {Ref: "PractitionerRole/c"}}
		if err := c.ask(wire.CmdPresenceSub, wire.PresenceSub{Patient: "p-1", Members: members}).Into(&ok); err != nil || len(ok.Presence) != 1 {
			t.Fatalf("got %+v, %v", ok, err)
		}
		if got := l.watching(); !slices.Equal(got, []bridge.Ref{b}) {
			t.Fatalf("follows %v", got)
		}
		l.watched[b](bridge.Presence{Party: b, State: bridge.PresenceOnline, Rev: 2})
		if got := c.next(); got.Type != wire.PushPresence {
			t.Fatalf("got %+v", got)
		}

		h.world.mu.Lock()
		h.world.seen = nil // the patient has said no
		h.world.mu.Unlock()
		h.hub.Draining("p-1")
		synctest.Wait()
		if got := l.watching(); len(got) != 0 {
			t.Fatalf("still follows %v", got)
		}
	})
}

func TestASessionThatEndsFollowsNobody(t *testing.T) {
	l := newLive()
	within(t, func(c *hub.Config, w *world) {
		c.Live = l
		w.seen = []bridge.Presence{{Party: b}}
	}, func(t *testing.T, h *house) {
		c, _ := h.login("a", nil)
		c.ask(wire.CmdPresenceSub, wire.PresenceSub{Patient: "p-1", Members: []bridge.Party{{Ref: b}}})
		c.conn.Close()
		synctest.Wait()
		if got := l.watching(); len(got) != 0 {
			t.Fatalf("still follows %v", got)
		}
	})
}
