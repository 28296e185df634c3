// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package brobygger

import (
	"testing"
	"time"
)

func TestContentIsFreshForThreeSecondsByBothClocks(t *testing.T) {
	wall := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name       string
		mono, wall time.Duration // passed since the beat
		want       bool
	}{
		{"at once", 0, 0, true},
		{"at the edge", 3 * time.Second, 3 * time.Second, true},
		{"too late by both", 3001 * time.Millisecond, 3001 * time.Millisecond, false},
		{"too late by the clock that nobody sets", 4 * time.Second, time.Second, false},
		{"the machine slept", 10 * time.Millisecond, time.Hour, false},
		{"the wall clock was set back", 10 * time.Millisecond, -time.Minute, false},
		{"the wall clock was slewed", 10 * time.Millisecond, -10 * time.Millisecond, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			now := instant{time.Hour, wall}
			b := newBeats(func() instant { return now })
			beat := b.next()
			now = instant{now.mono + tt.mono, wall.Add(tt.wall)}
			if got := b.fresh(beat); got != tt.want {
				t.Errorf("fresh = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestBeatsThatWereNeverSentAreNotFresh(t *testing.T) {
	b := newBeats(machineClock())
	if b.fresh(0) || b.fresh(1) {
		t.Error("a beat before the first is fresh")
	}
	beat := b.next()
	if !b.fresh(beat) || b.fresh(beat+1) {
		t.Error("only the beat that was sent is fresh")
	}
}

func TestOldBeatsAreForgotten(t *testing.T) {
	now := instant{wall: time.Now()}
	b := newBeats(func() instant { return now })
	for range 100 {
		b.next()
		now.mono += time.Second
		now.wall = now.wall.Add(time.Second)
	}
	if len(b.sent) > 5 {
		t.Errorf("%d beats are remembered", len(b.sent))
	}
	now.mono -= time.Second
	now.wall = now.wall.Add(-time.Second)
	if !b.fresh(100) || b.fresh(90) {
		t.Error("the newest beat is fresh, one of ten seconds ago is not")
	}
}
