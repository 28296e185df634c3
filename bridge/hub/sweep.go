// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"slices"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

const (
	sweepEvery = time.Second
	touchTurns = 20 // of the sweeper, until live state is told of all again; it forgets after 75 s
	touchBatch = 500
	warnBefore = time.Minute // of the token's end
)

// sweepUntil does what time asks for. One goroutine walks all sessions: a timer
// for each would cost more than what it waits for.
func (h *Hub) sweepUntil(done <-chan struct{}) {
	defer close(h.swept)
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for turn := 0; ; turn = (turn + 1) % touchTurns {
		select {
		case <-done:
			return
		case now := <-ticker.C:
			h.each(func(s *session) { s.sweep(now) })
			h.ips.forget(now)
			h.senders.forget(now)
			h.workers.forget(now)
			if h.Live != nil {
				h.workers.run(func() { h.touchSome(turn) })
			}
		}
	}
}

// sweep looks at one session: is it known by now, is its token good, is it
// alive, does it wait for something?
func (s *session) sweep(now time.Time) {
	s.mu.Lock()
	if !s.putting.IsZero() && now.Sub(s.putting) >= wire.WriteTimeout {
		s.line.hurry(now) // the writer finds that it took too long
	}
	if s.end != nil && now.Sub(s.end.at) >= 2*lastWords { // it was told, or can't be
		_ = s.conn.Close()
	}
	code, ask, warn, again := s.sweepLocked(now)
	left := s.caller.Expires.Sub(now).Milliseconds()
	s.sweepLinesLocked(now)
	if len(s.closing) > 0 && !s.flushing { // the last try failed
		s.flushing = true
		s.hub.closeSoon(s)
	}
	s.mu.Unlock()
	if code != 0 {
		s.cut(code)
		return
	}
	if warn {
		s.tell(wire.PushAuthz, wire.Authz{TTLMS: left}, lasting)
	}
	if ask {
		s.enqueue(outgoing{data: wire.Ping}, lasting)
	}
	if again {
		s.wake()
	}
}

func (s *session) sweepLocked(now time.Time) (code int, ask, warn, again bool) {
	known := s.caller.Party != ""
	switch {
	case s.ending != 0 || s.gone:
		return 0, false, false, false
	case !known && now.Sub(s.door.since) >= wire.AuthTimeout:
		return bridge.CloseAuthTimeout, false, false, false
	case known && !now.Before(s.caller.Expires):
		return bridge.CloseTokenExpired, false, false, false
	case !s.begun.IsZero() && now.Sub(s.begun) >= wire.MessageTimeout:
		return bridge.CloseNoPong, false, false, false
	case !s.asked.IsZero() && now.Sub(s.asked) >= wire.PongTimeout:
		return bridge.CloseNoPong, false, false, false
	}
	if known && !s.warned && s.caller.Expires.Sub(now) < warnBefore {
		s.warned, warn = true, true
	}
	// The client counts on hearing from us as we on hearing from it.
	if s.asked.IsZero() && (now.Sub(s.heard) >= wire.PingEvery || now.Sub(s.sent) >= wire.PingEvery) {
		s.asked, ask = now, true
	}
	again = s.resting || s.dueLocked() && s.poked < s.head
	s.resting = false
	return 0, ask, warn, again
}

// touchSome tells live state that some of ours are alive, others at each turn:
// all at once would keep the processor from everything else for a while.
func (h *Hub) touchSome(turn int) {
	var some []*session
	for i := turn * shards / touchTurns; i < (turn+1)*shards/touchTurns; i++ {
		some = h.all.appendShard(some, i)
	}
	for batch := range slices.Chunk(some, touchBatch) {
		h.touch(present(batch))
	}
}
