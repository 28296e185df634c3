// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package brobygger

import (
	"sync"
	"time"

	"github.com/brobygger/brobygger/bridge/wire"
)

// beats remembers when each beat of one connection was sent, for as long as
// content may refer to it.
type beats struct {
	clock func() instant
	limit time.Duration

	mu    sync.Mutex // guards the following fields
	last  uint64     // the newest beat
	first uint64     // of sent[0]
	sent  []instant
}

func newBeats(clock func() instant) *beats {
	return &beats{clock: clock, limit: wire.Fresh, first: 1}
}

// next takes the next beat. Call it before the frame is written: a beat that was
// sent later than noted would make content look younger than it is.
func (b *beats) next() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.clock()
	old := 0
	for old < len(b.sent) && age(b.sent[old], now) > b.limit {
		old++
	}
	b.sent, b.first = append(b.sent[:0:0], b.sent[old:]...), b.first+uint64(old)
	b.sent = append(b.sent, now)
	b.last++
	return b.last
}

// fresh reports whether content that was claimed behind this beat may be shown (I4).
func (b *beats) fresh(beat uint64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if noFence {
		return true
	}
	if beat < b.first || beat > b.last {
		return false
	}
	return age(b.sent[beat-b.first], b.clock()) <= b.limit
}

// age is the longer of what the two clocks say. A wall clock that was set back
// says nothing about sleep in between: then it is for ever.
func age(then, now instant) time.Duration {
	wall := now.wall.Sub(then.wall)
	if wall < -time.Second {
		return 1<<63 - 1
	}
	return max(wall, now.mono-then.mono)
}
