// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package brobygger

import (
	"sync"

	"github.com/brobygger/brobygger/bridge/wire"
)

// maxInbox bounds what waits for the dispatcher. What does not fit is left out,
// and fetched again behind it.
const maxInbox = 4096

// item is a push of a connection, or something of the client's own to run.
type item struct {
	conn  *conn
	event wire.Event
	run   func()
}

// inbox holds what the dispatcher has not dealt with.
type inbox struct {
	wake chan struct{} // holds one when there is something to take

	mu    sync.Mutex // guards the following fields
	items []item
	over  bool
}

// push adds a push, or makes a poke of it when the inbox is full.
func (b *inbox) push(k *conn, e wire.Event) {
	b.mu.Lock()
	full := len(b.items) >= maxInbox
	b.mu.Unlock()
	switch {
	case !full:
		b.put(item{conn: k, event: e})
	case e.N > 0:
		k.acks.add(0, "", disclosureOf(e))
		b.merge(item{conn: k, event: wire.Event{Type: wire.PushPoke, N: e.N}})
	}
}

// merge adds a poke, in the place of one that is last already.
func (b *inbox) merge(it item) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(b.items); n > 0 && b.items[n-1].event.Type == wire.PushPoke {
		b.items[n-1] = it
		return
	}
	b.items = append(b.items, it)
}

func (b *inbox) put(it item) {
	b.mu.Lock()
	b.items = append(b.items, it)
	b.mu.Unlock()
	b.ring()
}

func (b *inbox) ring() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// end lets take return false once the inbox is empty.
func (b *inbox) end() {
	b.mu.Lock()
	b.over = true
	b.mu.Unlock()
	b.ring()
}

// take waits for the oldest item.
func (b *inbox) take() (item, bool) {
	for {
		b.mu.Lock()
		if len(b.items) > 0 {
			it := b.items[0]
			b.items = b.items[1:]
			b.mu.Unlock()
			return it, true
		}
		over := b.over
		b.mu.Unlock()
		if over {
			return item{}, false
		}
		<-b.wake
	}
}
