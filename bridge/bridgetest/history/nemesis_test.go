// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package history_test

import (
	"context"
	"math"
	"math/rand/v2"
	"syscall"
	"time"

	"github.com/brobygger/brobygger/bridge/bridgetest/history"
)

// nemesis is who does harm. What it does, and when, hangs on the seed; to whom it
// happens in the middle of what, does not.
type nemesis struct {
	s    *siege
	rng  *rand.Rand
	name string
	most time.Duration // that somebody is stopped
}

// The faults that stand in histories; figures are told apart by them.
const (
	stopped = "server stopped"
	killed  = "server killed"
)

func (s *siege) nemesis(name string, number uint64, most time.Duration) *nemesis {
	return &nemesis{s: s, name: name, most: most, rng: rand.New(rand.NewPCG(s.seed, 1<<32+number))}
}

// between is a random time; short ones are as likely as long ones ten times as
// long.
func (n *nemesis) between(least, most time.Duration) time.Duration {
	ratio := float64(most) / float64(least)
	return time.Duration(float64(least) * math.Pow(ratio, n.rng.Float64()))
}

// during does harm for a while, and notes from when to when.
func (n *nemesis) during(ctx context.Context, what string, d time.Duration, harm, mend func()) {
	o := history.Op{Kind: history.Fault, Who: n.name, Note: what, Call: history.Now()}
	harm()
	if d > 0 {
		pause(ctx, d)
	}
	mend()
	o.Return = history.Now()
	n.s.rec.Add(o)
}

// onServer stops and kills the server until ctx ends, and leaves it well.
func (n *nemesis) onServer(ctx context.Context) {
	s := n.s.server
	defer func() {
		if ctx.Err() == nil { // it did not come up again, which has been told
			n.s.cancel()
		}
	}()
	for pause(ctx, n.between(2*time.Second, 6*time.Second)) {
		if n.rng.IntN(5) < 3 {
			n.during(ctx, stopped, n.between(100*time.Millisecond, n.most), func() { s.signal(syscall.SIGSTOP) }, func() { s.signal(syscall.SIGCONT) })
		} else {
			n.during(ctx, killed, n.between(time.Millisecond, 500*time.Millisecond), s.kill, s.start)
		}
	}
}

// onCrew stops readers, and holds up, slows down and cuts what they are sent.
func (n *nemesis) onCrew(ctx context.Context, k *crew) {
	flows := func(up, down flow) func() { return func() { k.proxy.set(up, down) } }
	well := flows(passing, passing)
	for pause(ctx, n.between(300*time.Millisecond, 3*time.Second)) {
		long := n.between(200*time.Millisecond, n.most)
		switch n.rng.IntN(8) {
		case 0, 1, 2:
			n.during(ctx, "readers stopped", n.between(100*time.Millisecond, n.most), k.freeze, k.thaw)
		case 3:
			n.during(ctx, "held both ways", long, flows(held, held), well)
		case 4:
			n.during(ctx, "nothing comes from the readers", long, flows(held, passing), well)
		case 5:
			n.during(ctx, "nothing comes to the readers", long, flows(passing, held), well)
		case 6:
			n.during(ctx, "a byte a second", long, flows(passing, trickling), well)
		case 7:
			n.during(ctx, "connections dropped", 0, k.proxy.cut, func() {})
		}
	}
}

// onRedis has live state forget everything, and be away.
func (n *nemesis) onRedis(ctx context.Context, r *redis) {
	for pause(ctx, n.between(3*time.Second, 8*time.Second)) {
		if n.rng.IntN(2) == 0 {
			n.during(ctx, "Redis flushed", 0, r.flush, func() {})
		} else {
			n.during(ctx, "Redis killed", n.between(100*time.Millisecond, 3*time.Second), r.kill, r.start)
		}
	}
}
