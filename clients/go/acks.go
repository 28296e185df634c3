// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package brobygger

import (
	"sync"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// ackEvery is the least time between two acks: the first of a burst goes at once,
// the others together.
const ackEvery = 100 * time.Millisecond

// acks gathers what became of content, and tells the bridge soon. A withdrawal
// waits for it.
type acks struct {
	send  func(wire.Ack)
	timer *time.Timer

	mu    sync.Mutex // guards the following fields
	now   wire.Ack
	due   bool // there is something to tell
	armed bool // the timer will tell it
	over  bool
}

func (a *acks) init(k *conn) {
	a.send = func(ack wire.Ack) { _ = k.write(wire.Command{Type: wire.CmdAck, Data: ack}) }
	a.timer = time.AfterFunc(time.Hour, a.fire)
	a.timer.Stop()
}

// at sets the place that acks begin from.
func (a *acks) at(n uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now.N = n
}

// add notes that events up to n are dealt with, and how claims ended.
func (a *acks) add(n uint64, shown, stale bridge.DisclosureID) {
	a.mu.Lock()
	a.now.N, a.due = max(a.now.N, n), true
	if shown != "" {
		a.now.Shown = append(a.now.Shown, shown)
	}
	if stale != "" {
		a.now.Stale = append(a.now.Stale, stale)
	}
	full := len(a.now.Shown)+len(a.now.Stale) >= wire.MaxClaims
	wait := a.armed && !full
	if !a.armed && !a.over {
		a.armed = true
		a.timer.Reset(ackEvery)
	}
	a.mu.Unlock()
	if !wait {
		a.flush()
	}
}

// fire is the timer's.
func (a *acks) fire() {
	a.mu.Lock()
	a.armed = a.due && !a.over
	if a.armed {
		a.timer.Reset(ackEvery)
	}
	a.mu.Unlock()
	a.flush()
}

// flush tells what is there to tell.
func (a *acks) flush() {
	a.mu.Lock()
	ack, due := a.now, a.due && !a.over
	a.now, a.due = wire.Ack{N: ack.N}, false
	a.mu.Unlock()
	if due {
		a.send(ack)
	}
}

func (a *acks) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.over = true
	a.timer.Stop()
}
