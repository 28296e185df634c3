// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package history_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge/bridgetest/history"
)

// seed is the run's own, or the one that is to be played again.
func seed(t *testing.T) uint64 {
	n := *seedFlag
	if n == 0 {
		n = rand.Uint64N(1<<53) + 1
	}
	t.Logf("go test ./bridge/bridgetest/history -run '^%s$' -seed %d plays the same faults again", t.Name(), n)
	return n
}

// Many patients give consents and take them back while their clinicians write,
// read and read again; meanwhile the server is stopped and killed, readers are
// stopped, slowed down, cut off and held up, and Redis forgets and dies. Nothing
// is shown after the answer to a withdrawal; nothing acknowledged is lost.
func TestNothingIsShownAfterAWithdrawalWasAnswered(t *testing.T) {
	total := number(t, "BROBYGGER_WITHDRAWALS", 500)
	most := 5 * time.Second // that somebody is stopped, so that the suite ends
	if total > 500 {
		most = 20 * time.Second
	}
	s := lay(t, seed(t), shape{patients: 60, crews: 6, redis: true})
	start := time.Now()
	quiet := s.rounds(2*len(s.lives), 0)
	t.Logf("healthy: %s", figures(quiet))

	ctx, calm := context.WithCancel(s.ctx)
	var harm sync.WaitGroup
	harm.Go(func() { s.nemesis("nemesis of the server", 0, most).onServer(ctx) })
	harm.Go(func() { s.nemesis("nemesis of Redis", 1, most).onRedis(ctx, s.redis) })
	for i, k := range s.crews {
		harm.Go(func() { s.nemesis("nemesis of "+k.device, uint64(2+i), most).onCrew(ctx, k) })
	}
	hard := s.rounds(total, 30*time.Second)
	calm()
	harm.Wait()
	s.tell(hard, time.Since(start))
	s.judge("withdrawals")
}

// rounds lets everybody live until n consents have been taken back, and for a
// while at least, and returns those withdrawals.
func (s *siege) rounds(n int, least time.Duration) []history.Op {
	var left atomic.Int64
	left.Store(int64(n))
	before, start := len(s.rec.Ops()), time.Now()
	s.each(func(i int) {
		for s.ctx.Err() == nil && (left.Add(-1) >= 0 || time.Since(start) < least) {
			s.lives[i].round()
		}
	})
	return slices.DeleteFunc(slices.Clone(s.rec.Ops()[before:]), func(o history.Op) bool { return o.Kind != history.Withdraw })
}

// tell prints what came of it.
func (s *siege) tell(hard []history.Op, took time.Duration) {
	count, shows := map[string]int{}, map[string]int{}
	var stops, kills []history.Op
	sent, denied := 0, 0
	for _, o := range s.rec.Ops() {
		switch o.Kind {
		case history.Fault:
			count[o.Note]++
			switch o.Note {
			case stopped:
				stops = append(stops, o)
			case killed:
				kills = append(kills, o)
			}
		case history.Show:
			shows[o.Way]++
		case history.Blank:
			shows["withheld"]++
		case history.Send:
			if o.Result == history.OK {
				sent++
			} else {
				denied++
			}
		}
	}
	var up, frozen, restarted []history.Op
	for _, w := range hard {
		switch {
		case overlap(w, kills) > 0:
			restarted = append(restarted, w)
		case overlap(w, stops) > 0:
			frozen = append(frozen, w)
		default:
			up = append(up, w)
		}
	}
	s.t.Logf("%d withdrawals under faults, %d messages accepted, %d refused, shown or withheld: %v, in %s", len(hard), sent, denied, shows, took.Round(time.Second))
	s.t.Logf("faults: %v", count)
	s.t.Logf("with the server up, clients frozen, slow or cut off: %s", figures(up))
	s.t.Logf("with the server stopped meanwhile, without that time: %s", figures(frozen, stops))
	s.t.Logf("with the server killed meanwhile, without the time until it was ready: %s", figures(restarted, stops, kills))
}

// overlap is how much of an operation fell into the faults.
func overlap(o history.Op, faults []history.Op) time.Duration {
	var sum int64
	for _, f := range faults {
		sum += max(0, min(o.Return, f.Return)-max(o.Call, f.Call))
	}
	return time.Duration(sum)
}

// figures words how long withdrawals took to be answered, without the time of some
// faults.
func figures(all []history.Op, without ...[]history.Op) string {
	if len(all) == 0 {
		return "none"
	}
	var took []time.Duration
	for _, o := range all {
		took = append(took, time.Duration(o.Return-o.Call)-overlap(o, slices.Concat(without...)))
	}
	slices.Sort(took)
	at := func(q float64) string {
		return took[min(len(took)-1, int(q*float64(len(took))))].Round(time.Millisecond / 10).String()
	}
	return strings.Join([]string{strconv.Itoa(len(all)), "p50 " + at(.5), "p99 " + at(.99), "max " + at(1)}, ", ")
}
