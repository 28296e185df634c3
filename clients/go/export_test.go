// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package brobygger

import (
	"sync"
	"time"
)

// TestClock is a machine's clock that a test sets.
type TestClock struct {
	mu  sync.Mutex
	now instant
}

// Pass lets time pass, by each of the two clocks.
func (c *TestClock) Pass(mono, wall time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now.mono += mono
	c.now.wall = c.now.wall.Add(wall)
}

// Drive lets the client go by the clock.
func (c *TestClock) Drive(o *Options) {
	c.now.wall = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	o.clock = func() instant {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.now
	}
}
