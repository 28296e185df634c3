// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/live"
)

func TestAnEmptiedRedisHeals(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		l := s.open(t, quick())
		w := watch(t, l, holm)
		touch(t, l, online(holm, "desk"), idle(petra, "phone"))
		if err := l.SetDND(t.Context(), jens, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		w.until(t, bridge.PresenceOnline)
		redisErr(t, live.Client(l).FlushAll(t.Context()))
		w.anew(t, bridge.PresenceOnline)
		becomes(t, l, petra, bridge.PresenceAway)
		becomes(t, l, jens, bridge.PresenceDND)
		healthy(t, l)
	})
}

func TestARestartedRedisHeals(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		l := s.open(t, quick())
		w := watch(t, l, holm)
		touch(t, l, online(holm, "desk"), online(petra, "desk"))
		before := w.until(t, bridge.PresenceOnline)
		s.stop()
		w.until(t, bridge.PresenceUnknown)
		if err := l.Healthy(); err == nil {
			t.Error("healthy without Redis")
		}
		// What happens meanwhile is told afterwards.
		if err := l.Drop(t.Context(), petra, "desk"); err == nil {
			t.Error("dropped without Redis")
		}
		if err := l.Touch(t.Context(), []bridge.Connection{idle(jens, "phone")}); err == nil {
			t.Error("touched without Redis")
		}
		s.start()
		after := w.until(t, bridge.PresenceOnline)
		if after.Epoch == before.Epoch {
			t.Error("the epoch outlived the restart")
		}
		becomes(t, l, jens, bridge.PresenceAway)
		becomes(t, l, petra, bridge.PresenceOffline)
		healthy(t, l)
		// The subscription is back too: another node's news arrive.
		b := second(t, l, quick())
		touch(t, b, online(petra, "other"))
		watch(t, l, petra).until(t, bridge.PresenceOnline)
	})
}

// A Redis that takes connections and says nothing must cost nobody time.
func TestAFrozenRedisHoldsUpNobody(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		o := quick()
		o.Timeout = 0 // as in earnest
		l := s.open(t, o)
		w := watch(t, l, holm)
		touch(t, l, online(holm, "desk"), online(petra, "desk"))
		w.until(t, bridge.PresenceOnline)
		s.freeze()
		soon(t, func(ctx context.Context) {
			for range 4 {
				_ = l.Touch(ctx, []bridge.Connection{online(holm, "desk")})
			}
			_ = l.Drop(ctx, petra, "desk")
			_ = l.SetDND(ctx, holm, time.Time{})
			for _, p := range l.Presence(ctx, []bridge.Ref{holm, petra}) {
				if p.State != bridge.PresenceUnknown {
					t.Errorf("%s is %s", p.Party, p.State)
				}
			}
			l.Watch(petra, func(bridge.Presence) {})()
			_ = l.Healthy()
		})
		w.until(t, bridge.PresenceUnknown)
		// Once it is known to be away nobody waits at all.
		began := time.Now()
		for range 1000 {
			if l.Touch(t.Context(), []bridge.Connection{online(holm, "desk")}) == nil {
				t.Fatal("touched a frozen Redis")
			}
			if one(t, l, holm).State != bridge.PresenceUnknown {
				t.Fatal("a frozen Redis knows somebody")
			}
		}
		// Waiting for each would take minutes.
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("2,000 questions to nobody took %v", took)
		}
		s.thaw()
		w.until(t, bridge.PresenceOnline)
		becomes(t, l, petra, bridge.PresenceOffline)
		healthy(t, l)
	})
}

// soon runs f, which asks some questions of a Redis that does not answer: the
// first few may take their timeout, together far less than
// waiting for each would take.
func soon(t *testing.T, f func(context.Context)) {
	t.Helper()
	began := time.Now()
	f(t.Context())
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestARedisThatIsAwayAtStartIsWaitedFor(t *testing.T) {
	s := startRedis(t)
	s.stop()
	l := s.open(t, quick())
	w := watch(t, l, holm)
	if got := one(t, l, holm).State; got != bridge.PresenceUnknown {
		t.Errorf("%s without Redis", got)
	}
	if l.Touch(t.Context(), []bridge.Connection{online(holm, "desk")}) == nil {
		t.Error("touched without Redis")
	}
	w.until(t, bridge.PresenceUnknown)
	s.start()
	w.until(t, bridge.PresenceOnline)
	becomes(t, l, petra, bridge.PresenceOffline)
	healthy(t, l)
}

// A Redis that comes back with an older copy of its memory is as bad as an empty
// one: its revisions go backwards.
func TestARedisThatWasSetBackIsNotBelieved(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		l := s.open(t, quick())
		w := watch(t, l, holm)
		touch(t, l, online(holm, "desk"))
		w.until(t, bridge.PresenceOnline)
		c := live.Client(l)
		beats, err := c.Keys(t.Context(), "n:*:hb").Result()
		if err != nil || len(beats) != 1 {
			t.Fatalf("%v: %v", beats, err)
		}
		redisErr(t, c.Set(t.Context(), beats[0], "1:of long ago", time.Minute))
		w.anew(t, bridge.PresenceOnline)
	})
}

// Silence just after a loss is not offline: the party's node may not have spoken.
func TestSilenceAfterALossIsNoNews(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		o := quick()
		o.Settle = time.Second
		l := s.open(t, o)
		becomes(t, l, holm, bridge.PresenceOffline)
		touch(t, l, online(petra, "desk"))
		w, p := watch(t, l, holm), watch(t, l, petra)
		p.until(t, bridge.PresenceOnline)
		redisErr(t, live.Client(l).FlushAll(t.Context()))
		p.anew(t, bridge.PresenceOnline)
		if got := one(t, l, holm).State; got != bridge.PresenceUnknown {
			t.Errorf("%s a moment after the loss", got)
		}
		w.until(t, bridge.PresenceUnknown)
		w.until(t, bridge.PresenceOffline)
	})
}

func TestAServerThatForgetsItsScripts(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		l := s.open(t, quick())
		touch(t, l, online(holm, "desk"))
		redisErr(t, live.Client(l).ScriptFlush(t.Context()))
		touch(t, l, idle(holm, "desk"))
		if got := one(t, l, holm).State; got != bridge.PresenceAway {
			t.Errorf("%s", got)
		}
	})
}

func TestManyConnectionsHeal(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		l := s.open(t, quick())
		var conns []bridge.Connection
		var parties []bridge.Ref
		for n := range 150 {
			party := bridge.Ref(fmt.Sprintf("PractitionerRole/%d", n))
			parties = append(parties, party)
			conns = append(conns, online(party, "desk"))
		}
		touch(t, l, conns...)
		before := one(t, l, parties[0]).Epoch
		redisErr(t, live.Client(l).FlushAll(t.Context()))
		eventually(t, "all are online again", func() bool {
			for _, p := range l.Presence(t.Context(), parties) {
				if p.State != bridge.PresenceOnline || p.Epoch == before {
					return false
				}
			}
			return true
		})
	})
}

// A node that is told to end does so, whatever Redis does.
func TestClosingBesideAFrozenRedis(t *testing.T) {
	s := startRedis(t)
	l := s.open(t, live.Options{Key: key})
	touch(t, l, online(holm, "desk"))
	s.freeze()
	began := time.Now()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("it took %v", took)
	}
	if l.Touch(t.Context(), []bridge.Connection{online(holm, "desk")}) == nil {
		t.Error("touched after the end")
	}
}

// Keys may be lost one by one, without the node's beat: an eviction, a hand. The
// next heartbeat notices.
func TestAHeartbeatOfWhatRedisHasLost(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		l := s.open(t, quick())
		touch(t, l, online(holm, "desk"))
		touch(t, l, online(holm, "desk"))
		c := live.Client(l)
		keys, err := c.Keys(t.Context(), "p:*").Result()
		if err != nil || len(keys) != 3 {
			t.Fatalf("%v: %v", keys, err)
		}
		redisErr(t, c.Del(t.Context(), keys...))
		becomes(t, l, holm, bridge.PresenceOffline)
		touch(t, l, online(holm, "desk"))
		if got := one(t, l, holm).State; got != bridge.PresenceOnline {
			t.Errorf("%s after a heartbeat", got)
		}
	})
}

// What one call did not get to say is said with the next beat.
func TestAQuestionThatFailsIsMadeGood(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		l := s.open(t, quick())
		touch(t, l, online(holm, "desk"))
		hurry, cancel := context.WithCancel(t.Context())
		cancel()
		if l.Touch(hurry, []bridge.Connection{idle(petra, "phone")}) == nil {
			t.Error("touched in no time")
		}
		if l.Drop(hurry, holm, "desk") == nil {
			t.Error("dropped in no time")
		}
		if l.SetDND(hurry, jens, time.Now().Add(time.Hour)) == nil {
			t.Error("set in no time")
		}
		becomes(t, l, petra, bridge.PresenceAway)
		becomes(t, l, holm, bridge.PresenceOffline)
		becomes(t, l, jens, bridge.PresenceDND)
		if err := l.SetDND(hurry, jens, time.Time{}); err == nil {
			t.Error("cleared in no time")
		}
		becomes(t, l, jens, bridge.PresenceOffline)
	})
}
