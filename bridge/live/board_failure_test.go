// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live_test

import (
	"context"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/live"
)

// unknown says whether a node knows that it does not know.
func unknown(t testing.TB, l bridge.Live) bool {
	t.Helper()
	_, known := on(t, l, duty)
	return !known
}

// known waits until a node that has just begun knows who takes rings.
func known(t testing.TB, l bridge.Live) bridge.Live {
	t.Helper()
	eventually(t, "it is known who takes rings", func() bool { return !unknown(t, l) })
	return l
}

// A Redis that was emptied is not believed until every node has spoken: nobody is
// taken for away. Then all is as it was, without anybody saying it again.
func TestLinesOfAnEmptiedRedisHeal(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		o := quick()
		o.Settle = time.Second
		a := s.open(t, o)
		b := known(t, second(t, a, o))
		signOn(t, a, bridge.Sign{Line: duty, Party: holm})
		signOn(t, b, bridge.Sign{Line: duty, Party: petra, Until: time.Now().Add(time.Hour)})
		reserve(t, b, petra, ring, time.Minute)
		takes(t, a, duty, holm, petra)
		c := changes(t, a, duty)
		redisErr(t, live.Client(a).FlushAll(t.Context()))
		heard(t, c, "nobody knows", func() bool { return unknown(t, a) })
		if _, err := board(t, a).Reserved(t.Context(), []bridge.Ref{petra}); err == nil {
			t.Error("it knows who is reserved")
		}
		// Somebody else may have had him before the loss: he is taken, and that is all that
		// is known.
		eventually(t, "he is taken", func() bool {
			ok, err := board(t, a).Reserve(t.Context(), holm, ring, time.Minute)
			if ok && err == nil {
				t.Error("it is sure of itself just after a loss")
			}
			return ok
		})
		heard(t, c, "it is known again", func() bool { return !unknown(t, a) })
		takes(t, a, duty, holm, petra)
		takes(t, b, duty, holm, petra)
		for _, party := range []bridge.Ref{holm, petra} {
			if reserve(t, a, party, other, time.Minute) {
				t.Errorf("%s is reserved twice", party)
			}
		}
	})
}

func TestLinesOfARestartedRedisHeal(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		l := known(t, s.open(t, quick()))
		signOn(t, l, bridge.Sign{Line: duty, Party: holm}, bridge.Sign{Line: duty, Party: petra})
		reserve(t, l, holm, ring, time.Minute)
		reserve(t, l, jens, ring, time.Minute)
		c := changes(t, l, duty)
		s.stop()
		heard(t, c, "nobody knows", func() bool { return unknown(t, l) })
		// What happens meanwhile is told afterwards.
		b, ctx := board(t, l), t.Context()
		if b.SignOff(ctx, duty, holm) == nil || b.SignOn(ctx, []bridge.Sign{{Line: duty, Party: jens}}) == nil {
			t.Error("signed without Redis")
		}
		if b.Release(ctx, jens, ring) == nil {
			t.Error("released without Redis")
		}
		if ok, err := b.Reserve(ctx, petra, ring, time.Minute); ok || err == nil {
			t.Error("reserved without Redis")
		}
		s.start()
		heard(t, c, "it is known again", func() bool { return !unknown(t, l) })
		takes(t, l, duty, jens, petra)
		if reserve(t, l, holm, other, time.Minute) {
			t.Error("reserved twice")
		}
		if !reserve(t, l, jens, other, time.Minute) || !reserve(t, l, petra, other, time.Minute) {
			t.Error("reserved by nobody")
		}
		// The subscription is back too.
		healthy(t, l)
		n := known(t, second(t, l, quick()))
		signOff(t, n, duty, petra)
		heard(t, c, "of another node's word", func() bool { got, _ := on(t, l, duty); return len(got) == 1 })
	})
}

// A Redis that keeps its memory over a pause is told what it missed.
func TestAFrozenRedisHoldsUpNoRing(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		o := quick()
		o.Timeout = 0 // as in earnest
		l := known(t, s.open(t, o))
		b := board(t, l)
		signOn(t, l, bridge.Sign{Line: duty, Party: holm}, bridge.Sign{Line: duty, Party: petra})
		reserve(t, l, holm, ring, time.Minute)
		c := changes(t, l, duty)
		s.freeze()
		soon(t, func(ctx context.Context) {
			_ = b.SignOn(ctx, []bridge.Sign{{Line: duty, Party: jens}})
			_ = b.SignOff(ctx, duty, petra)
			if ok, err := b.Reserve(ctx, petra, ring, time.Minute); ok || err == nil {
				t.Error("a frozen Redis reserved somebody")
			}
			_ = b.Release(ctx, holm, ring)
			if _, err := b.Available(ctx, []bridge.LineID{duty}); err == nil {
				t.Error("a frozen Redis knows somebody")
			}
			if _, err := b.Reserved(ctx, []bridge.Ref{holm}); err == nil {
				t.Error("a frozen Redis knows somebody")
			}
			b.WatchLine(nurse, func() {})()
		})
		heard(t, c, "nobody knows", func() bool { return unknown(t, l) })
		s.thaw()
		heard(t, c, "it is known again", func() bool { return !unknown(t, l) })
		takes(t, l, duty, jens, holm)
		eventually(t, "the first ring has let go", func() bool { return reserve(t, l, holm, other, time.Minute) })
	})
}

// People who were signed on before a restart of the whole are on their way back.
func TestAStartAwaitsItsPeople(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		o := quick()
		o.Await = time.Second
		l := s.open(t, o)
		c := changes(t, l, duty)
		if !unknown(t, l) {
			t.Error("it knows that nobody is there")
		}
		signOn(t, l, bridge.Sign{Line: duty, Party: holm})
		heard(t, c, "it is known", func() bool { return !unknown(t, l) })
		takes(t, l, duty, holm)
	})
}

func TestASilentSubscriptionToALineIsReplaced(t *testing.T) {
	s := startRedis(t)
	p := newProxy(t, s.addr())
	o := quick()
	o.Addr = p.listener.Addr().String()
	l, far := known(t, open(t, o)), known(t, s.open(t, quick()))
	c := changes(t, l, duty)
	signOn(t, far, bridge.Sign{Line: duty, Party: holm})
	heard(t, c, "somebody takes rings", func() bool { got, _ := on(t, l, duty); return len(got) == 1 })
	healthy(t, l)
	if p.silence() == 0 {
		t.Fatal("there is no subscription to silence")
	}
	signOff(t, far, duty, holm)
	heard(t, c, "nobody takes rings", func() bool { got, known := on(t, l, duty); return known && len(got) == 0 })
}

// One call that fails is made good, and so is a line that Redis has lost alone.
func TestWhatALineMissedIsMadeGood(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		l := known(t, s.open(t, quick()))
		signOn(t, l, bridge.Sign{Line: duty, Party: holm})
		reserve(t, l, holm, ring, time.Minute)
		hurry, cancel := context.WithCancel(t.Context())
		cancel()
		b := board(t, l)
		if b.SignOn(hurry, []bridge.Sign{{Line: duty, Party: petra}}) == nil || b.SignOff(hurry, duty, holm) == nil ||
			b.Release(hurry, holm, ring) == nil {
			t.Error("done in no time")
		}
		takes(t, l, duty, petra)
		eventually(t, "he is released", func() bool { return reserve(t, l, holm, other, time.Minute) })
		c := live.Client(l)
		keys, err := c.Keys(t.Context(), "l:*").Result()
		if err != nil || len(keys) != 1 {
			t.Fatalf("%v: %v", keys, err)
		}
		redisErr(t, c.Del(t.Context(), keys...))
		redisErr(t, c.ScriptFlush(t.Context()))
		signOn(t, l, bridge.Sign{Line: duty, Party: petra})
		takes(t, l, duty, petra)
	})
}
