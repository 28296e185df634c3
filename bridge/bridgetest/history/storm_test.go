// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package history_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge/bridgetest/history"
	"github.com/brobygger/brobygger/bridge/bridgetest/load"
	"github.com/brobygger/brobygger/bridge/wire"
)

// A server that dies leaves its clients to come back all at once. Nearly all of
// them are back within a minute, and nothing that was acknowledged meanwhile is
// lost.
func TestAReconnectStormLosesNothing(t *testing.T) {
	t.Parallel()
	sockets := number(t, "BROBYGGER_SOCKETS", 1000)
	const each = 8 // sessions that a person may have
	s := lay(t, seed(t), shape{patients: 4, crews: 2, strangers: sockets/(2*each) + 1})
	crowd := s.crowd(sockets, each)
	if !crowd.await(patience, sockets) {
		t.Fatalf("%d of %d sockets are there", crowd.there.Load(), sockets)
	}
	full := s.memory()
	stop := s.chatter()
	s.server.kill()
	start := time.Now()
	s.server.start()
	ready := time.Since(start)
	if !crowd.await(time.Minute, sockets*95/100) {
		t.Errorf("%d of %d sockets are back after a minute", crowd.there.Load(), sockets)
	}
	back := time.Since(start)
	held := s.memory()
	t.Logf("%d sockets: the server was ready again after %s, 95%% were back after %s; it held %d MiB before and %d MiB then",
		sockets, ready.Round(time.Millisecond), back.Round(time.Millisecond), full>>20, held>>20)
	stop()
	crowd.leave()
	s.judge("storm")
}

// chatter has everybody send without a pause, until what it returns is called.
func (s *siege) chatter() (stop func()) {
	var over atomic.Bool
	var all sync.WaitGroup
	for _, l := range s.lives {
		all.Go(func() {
			for !over.Load() && s.ctx.Err() == nil {
				l.send()
			}
		})
	}
	return func() {
		over.Store(true)
		all.Wait()
	}
}

// crowd is many sockets that come back whenever they are dropped.
type crowd struct {
	there atomic.Int64
	news  chan struct{}
	stop  context.CancelFunc
	work  sync.WaitGroup
}

func (s *siege) crowd(sockets, each int) *crowd {
	ctx, stop := context.WithCancel(s.ctx)
	c := &crowd{news: make(chan struct{}, 1), stop: stop}
	s.t.Cleanup(c.leave)
	address := strings.TrimPrefix(s.server.url, "http://")
	for i := range sockets {
		name := senderOf(len(s.lives) + i/(2*each))
		if i/each%2 == 1 {
			name = readerOf(len(s.lives) + i/(2*each))
		}
		c.work.Go(func() {
			for try := 0; ctx.Err() == nil; try++ {
				token, _, err := s.server.issuer.Token(name)
				if err != nil {
					s.t.Error(err)
					return
				}
				dialing, cancel := context.WithTimeout(ctx, 20*time.Second)
				client, err := load.Dial(dialing, address, token)
				cancel()
				if err != nil {
					pause(ctx, rand.N(min(wire.BackoffFirst<<min(try, 8), 20*time.Second))) // as clients do
					continue
				}
				try = -1
				c.count(1)
				select {
				case <-client.Done():
				case <-ctx.Done():
				}
				client.Close()
				c.count(-1)
			}
		})
	}
	return c
}

func (c *crowd) count(n int64) {
	c.there.Add(n)
	select {
	case c.news <- struct{}{}:
	default:
	}
}

// await waits until so many are there.
func (c *crowd) await(limit time.Duration, n int) bool {
	over := time.After(limit)
	for c.there.Load() < int64(n) {
		select {
		case <-c.news:
		case <-over:
			return false
		}
	}
	return true
}

func (c *crowd) leave() {
	c.stop()
	c.work.Wait()
}

// Readers who take a byte a second, and one that takes none, cost the server some
// memory each and the others nothing that they would notice; what they missed
// comes when they read again.
func TestSlowReadersHurtNobodyElse(t *testing.T) {
	slow := number(t, "BROBYGGER_SLOW", 40)
	s := lay(t, seed(t), shape{patients: 2 * slow, crews: 2, environ: []string{"GOGC=20"}}) // garbage is not what readers cost
	s.flood()
	s.settle() // the same flood as below, to readers who are quick
	before := s.paced(2 * time.Second)
	held := s.memory()

	behind := s.crews[1].proxy
	behind.narrow(true)
	behind.set(passing, trickling)
	s.flood()
	most := s.memory()
	during := s.paced(8 * time.Second)
	t.Logf("a healthy reader's messages, from sending to ok, before: %s; with %d slow readers: %s", figures(before), slow, figures(during))
	t.Logf("the server held %d MiB before and %d MiB then: %d KiB for each slow reader", held>>20, most>>20, (most-held)/int64(slow)>>10)
	const share, room = 1200 << 10, 64 << 20 // of each; and what the collector leaves lying
	if most-held > int64(slow)*share+room {
		t.Errorf("%d slow readers cost %d MiB", slow, (most-held)>>20)
	}
	behind.set(passing, passing)
	behind.narrow(false)
	s.judge("slow")
}

// memory is what the server holds.
func (s *siege) memory() int64 {
	s.t.Helper()
	held, err := load.Resident(s.server.process.Process.Pid)
	if err != nil {
		s.t.Fatal(err)
	}
	return held
}

// flood has every other patient's sender send much.
func (s *siege) flood() {
	long := strings.Repeat("The dose stays as it is. ", 600)
	s.each(func(i int) {
		for range i % 2 * 15 {
			s.lives[i].sendText(long)
		}
	})
}

// paced has one healthy patient's sender send again and again for a while.
func (s *siege) paced(d time.Duration) []history.Op {
	var all []history.Op
	for start := time.Now(); time.Since(start) < d && s.ctx.Err() == nil; {
		o := s.lives[0].send()
		s.came.await(s.ctx, readerOf(0)+"/"+s.crews[0].device, o.Message)
		all = append(all, o)
	}
	return all
}
