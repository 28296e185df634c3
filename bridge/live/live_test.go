// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/live"
)

const (
	holm  bridge.Ref = "PractitionerRole/holm-psychiatrist"
	petra bridge.Ref = "PractitionerRole/petra-gp"
	jens  bridge.Ref = "Patient/jens"
)

func online(party bridge.Ref, id string) bridge.Connection {
	return bridge.Connection{Party: party, ID: id}
}

func idle(party bridge.Ref, id string) bridge.Connection {
	return bridge.Connection{Party: party, ID: id, Away: true}
}

func TestTheMostReachableDeviceWins(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		l := s.open(t, quick())
		becomes(t, l, holm, bridge.PresenceOffline)
		w := watch(t, l, holm)

		touch(t, l, idle(holm, "phone"))
		w.until(t, bridge.PresenceAway)
		touch(t, l, online(holm, "desk"))
		p := w.until(t, bridge.PresenceOnline)
		if got := one(t, l, holm); got.State != p.State || got.Rev != p.Rev || got.Epoch != p.Epoch {
			t.Errorf("asked %+v, told %+v", got, p)
		}
		touch(t, l, idle(holm, "desk"))
		w.until(t, bridge.PresenceAway)
		touch(t, l, online(holm, "phone"), idle(holm, "desk"))
		w.until(t, bridge.PresenceOnline)
		if err := l.Drop(t.Context(), holm, "phone"); err != nil {
			t.Fatal(err)
		}
		w.until(t, bridge.PresenceAway)
		if err := l.Drop(t.Context(), holm, "desk"); err != nil {
			t.Fatal(err)
		}
		w.until(t, bridge.PresenceOffline)
		if got := one(t, l, petra); got.State != bridge.PresenceOffline {
			t.Errorf("somebody else is %s", got.State)
		}
	})
}

func TestAHeartbeatIsNoTransition(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		l := s.open(t, quick())
		touch(t, l, online(holm, "desk"))
		before := one(t, l, holm)
		for range 20 {
			touch(t, l, online(holm, "desk"), online(holm, "phone"))
		}
		after := one(t, l, holm)
		if after.Rev != before.Rev || after.Epoch != before.Epoch || after.State != bridge.PresenceOnline {
			t.Errorf("before %+v, after %+v", before, after)
		}
		if after.AgeMS < before.AgeMS {
			t.Errorf("the transition grew younger: %d ms, then %d ms", before.AgeMS, after.AgeMS)
		}
	})
}

func TestDoNotDisturb(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		l := s.open(t, quick())
		w := watch(t, l, holm)
		touch(t, l, online(holm, "desk"))
		w.until(t, bridge.PresenceOnline)

		set := func(until time.Time) {
			t.Helper()
			if err := l.SetDND(t.Context(), holm, until); err != nil {
				t.Fatal(err)
			}
		}
		set(time.Now().Add(time.Hour))
		w.until(t, bridge.PresenceDND)
		touch(t, l, online(holm, "phone")) // changes nothing
		if got := one(t, l, holm).State; got != bridge.PresenceDND {
			t.Errorf("%s with one more device", got)
		}
		set(time.Time{})
		w.until(t, bridge.PresenceOnline)
		set(time.Now().Add(300 * time.Millisecond))
		w.until(t, bridge.PresenceDND)
		w.until(t, bridge.PresenceOnline) // by itself
		set(time.Now().Add(-time.Hour))
		if got := one(t, l, holm).State; got != bridge.PresenceOnline {
			t.Errorf("%s for a time that has passed", got)
		}
	})
}

// A node that dies says nothing. Its connections are gone when they were not heard
// of for their lifetime, and those of other nodes are not.
func TestACrashWithoutAWord(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		o := quick()
		o.TTL = 2 * time.Second
		a := s.open(t, o)
		b := second(t, a, o)
		w := watch(t, a, holm)
		touch(t, b, online(holm, "desk"))
		touch(t, a, idle(holm, "phone"))
		w.until(t, bridge.PresenceOnline)
		live.Crash(b)
		// The phone lives on: it is touched for as long as the test waits.
		alive, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			tick := time.NewTicker(100 * time.Millisecond)
			defer tick.Stop()
			for alive.Err() == nil {
				_ = a.Touch(alive, []bridge.Connection{idle(holm, "phone")})
				select {
				case <-tick.C:
				case <-alive.Done():
				}
			}
		}()
		w.until(t, bridge.PresenceAway)
		stop()
		<-done
		w.until(t, bridge.PresenceOffline)
		eventually(t, "nobody need be looked at any more", func() bool {
			left, err := live.Client(a).Exists(t.Context(), live.IndexKeys()...).Result()
			return err == nil && left == 0
		})
	})
}

func TestNodesTellEachOther(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		a := s.open(t, quick())
		b := second(t, a, quick())
		wa, wb := watch(t, a, holm), watch(t, b, holm)
		touch(t, b, online(holm, "desk"))
		wa.until(t, bridge.PresenceOnline)
		wb.until(t, bridge.PresenceOnline)
		// A node that leaves in order takes its people with it at once.
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		wa.until(t, bridge.PresenceOffline)
	})
}

// Who begins to watch hears what is so, even if it came about a moment before.
func TestWatchingBeginsWithoutAGap(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		a := s.open(t, quick())
		b := second(t, a, quick())
		for n := range 50 {
			party := bridge.Ref(fmt.Sprintf("PractitionerRole/%d", n))
			begun := make(chan struct{})
			go func() {
				defer close(begun)
				touch(t, b, online(party, "desk"))
			}()
			watch(t, a, party).until(t, bridge.PresenceOnline)
			<-begun
		}
	})
}

func TestWatchingEnds(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		l := s.open(t, quick())
		first, other := watch(t, l, holm), watch(t, l, holm)
		touch(t, l, online(holm, "desk"))
		first.until(t, bridge.PresenceOnline)
		other.until(t, bridge.PresenceOnline)
		first.stop()
		first.stop() // once more is harmless
		touch(t, l, idle(holm, "desk"))
		other.until(t, bridge.PresenceAway)
		select {
		case p := <-first.c:
			t.Errorf("told of %+v after the end", p)
		default:
		}
		other.stop()
		eventually(t, "Redis has no subscription to a party", func() bool {
			channels, err := live.Client(l).PubSubChannels(t.Context(), "ps:*").Result()
			return err == nil && len(channels) == 0
		})
	})
}

// After the end not even what was waiting is told.
func TestWatchingEndsForWhatWaits(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		l := s.open(t, quick())
		entered, release, left := make(chan struct{}, 9), make(chan struct{}), make(chan struct{}, 9)
		stop := l.Watch(holm, func(bridge.Presence) { entered <- struct{}{}; <-release; left <- struct{}{} })
		w := watch(t, l, holm)
		touch(t, l, online(holm, "desk"))
		<-entered
		touch(t, l, idle(holm, "desk"))
		w.until(t, bridge.PresenceAway) // it waits for the first watcher now
		stop()
		close(release)
		<-left
		touch(t, l, online(holm, "desk"))
		w.until(t, bridge.PresenceOnline)
		if len(entered) != 0 {
			t.Error("told after the end")
		}
	})
}

// One who takes for ever to be told holds up nobody, and hears the newest when at
// last they listen.
func TestASlowWatcher(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		l := s.open(t, quick())
		release, got := make(chan struct{}), make(chan bridge.Presence, 16)
		stop := l.Watch(holm, func(p bridge.Presence) { <-release; got <- p })
		defer stop()
		w := watch(t, l, holm)
		for n := range 20 {
			c := online(holm, "desk")
			c.Away = n%2 == 1
			touch(t, l, c)
			w.until(t, map[bool]bridge.PresenceState{false: bridge.PresenceOnline, true: bridge.PresenceAway}[c.Away])
		}
		close(release)
		slow := &seen{c: got}
		for slow.last.Rev < w.last.Rev {
			slow.until(t, bridge.PresenceAway)
		}
		if len(got) != 0 {
			t.Errorf("%d more behind the newest", len(got))
		}
	})
}

// Who can read Redis must not learn of whom it speaks.
func TestRedisHoldsNoNames(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		l := s.open(t, quick())
		w := watch(t, l, jens)
		touch(t, l, online(jens, "session-4711"), online(holm, "session-4712"))
		if err := l.SetDND(t.Context(), holm, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		w.until(t, bridge.PresenceOnline)
		c, ctx := live.Client(l), t.Context()
		var keys, channels []string
		// Subscribing goes on beside what a watcher is told first, and so does the
		// node's own beat.
		eventually(t, "all that it writes, and both its subscriptions, are there", func() bool {
			keys, channels = c.Keys(ctx, "*").Val(), c.PubSubChannels(ctx, "*").Val()
			return len(keys) >= 8 && len(channels) >= 2
		})
		text := strings.Join(append(keys, channels...), "\n")
		for _, k := range keys {
			switch kind := c.Type(ctx, k).Val(); kind {
			case "hash":
				text += fmt.Sprint(c.HGetAll(ctx, k).Val())
			case "zset":
				text += fmt.Sprint(c.ZRangeWithScores(ctx, k, 0, -1).Val())
			case "string":
				text += c.Get(ctx, k).Val()
			default:
				t.Errorf("%s is a %s", k, kind)
			}
			if ttl := c.PTTL(ctx, k).Val(); ttl < 0 && !strings.HasPrefix(k, "px:") {
				t.Errorf("%s is kept for ever", k)
			}
		}
		for _, name := range []string{"jens", "holm", "Patient", "Practitioner", "4711", "4712"} {
			if strings.Contains(text, name) {
				t.Errorf("Redis holds %q", name)
			}
		}
	})
}

func TestManyConnectionsInOneTouch(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		l := s.open(t, quick())
		var conns []bridge.Connection
		var parties []bridge.Ref
		for n := range 300 {
			party := bridge.Ref(fmt.Sprintf("PractitionerRole/%d", n))
			parties = append(parties, party)
			conns = append(conns, online(party, fmt.Sprint("a", n)), idle(party, fmt.Sprint("b", n)))
		}
		touch(t, l, conns...)
		for n, p := range l.Presence(t.Context(), parties) {
			if p.Party != parties[n] || p.State != bridge.PresenceOnline || p.Rev != 1 {
				t.Errorf("%d: %+v", n, p)
			}
		}
	})
}

func TestOpenRefusesWhatIsLeftOpen(t *testing.T) {
	for name, o := range map[string]live.Options{
		"nowhere":         {Key: key},
		"two places":      {Key: key, Addr: "127.0.0.1:1", Embedded: true},
		"no key":          {Addr: "127.0.0.1:1"},
		"a short key":     {Addr: "127.0.0.1:1", Key: []byte("short")},
		"no URL of Redis": {URL: "https://:secret@redis.example.org", Key: key},
		"time backwards":  {Embedded: true, Beat: -time.Second},
	} {
		l, err := live.Open(o)
		if err == nil {
			_ = l.Close()
			t.Errorf("%s: it opens", name)
			continue
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error has the password: %v", name, err)
		}
	}
}
