// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"time"
)

// ForgetSooner makes what has been open since the last sweep old enough to end at
// the next one.
func (b *Bridge) ForgetSooner() {
	b.forgotten.mu.Lock()
	defer b.forgotten.mu.Unlock()
	for id, at := range b.forgotten.since {
		b.forgotten.since[id] = at.Add(-claimLifetime)
	}
}

// FindForRing finds who can be rung for a new ring now, and returns in how many
// steps.
func (b *Bridge) FindForRing(ctx context.Context, r Ring) (int, error) {
	a := &attempt{b: b, fresh: true, now: b.now(), ring: r}
	err := a.prepare(ctx)
	return len(a.steps), err
}

// AgeRings makes what has been seen to ring at the last look so much older.
func (b *Bridge) AgeRings(by time.Duration) {
	b.clock.mu.Lock()
	defer b.clock.mu.Unlock()
	for id, seen := range b.clock.since {
		seen.from = seen.from.Add(-by)
		b.clock.since[id] = seen
	}
}
