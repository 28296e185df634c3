// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"sync"
	"time"

	"github.com/brobygger/brobygger/bridge/wire"
)

const (
	closingsEvery = 50 * time.Millisecond

	// How many sessions' claims are on their way at once, and so, where the store
	// shares commits, in one. More would keep those waiting who send.
	closingsAtOnce  = 8
	closingsHurried = 64 // while a withdrawal waits
)

// closings are the sessions with claims to close. They wait for each other for a
// moment, so that those of many share a commit, unless a withdrawal waits for
// them.
type closings struct {
	mu sync.Mutex // guards the following fields

	waiting []*session
	timer   *time.Timer
	armed   bool
	hurried time.Time // until when nothing waits
}

// closeSoon has the session's claims closed soon.
func (h *Hub) closeSoon(s *session) {
	c := &h.closings
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = append(c.waiting, s)
	switch {
	case time.Now().Before(c.hurried):
		h.closeWaitingLocked()
	case c.armed:
	case c.timer == nil:
		c.armed, c.timer = true, time.AfterFunc(closingsEvery, h.closeWaiting)
	default:
		c.armed = true
		c.timer.Reset(closingsEvery)
	}
}

func (h *Hub) closeWaiting() {
	h.closings.mu.Lock()
	defer h.closings.mu.Unlock()
	h.closeWaitingLocked()
}

// closeAtOnce closes what waits, and for as long as a withdrawal may take what
// comes, without delay.
func (h *Hub) closeAtOnce() {
	h.closings.mu.Lock()
	defer h.closings.mu.Unlock()
	h.closings.hurried = time.Now().Add(wire.Fresh + time.Second)
	h.closeWaitingLocked()
}

func (h *Hub) closeWaitingLocked() {
	c := &h.closings
	all, atOnce := c.waiting, closingsAtOnce
	c.waiting, c.armed = nil, false
	if time.Now().Before(c.hurried) {
		atOnce = closingsHurried
	}
	for i := range min(len(all), atOnce) {
		h.workers.run(func() {
			for ; i < len(all); i += atOnce {
				all[i].flush()
			}
		})
	}
}
