// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live

import (
	"context"
	"slices"
	"sync"

	"github.com/brobygger/brobygger/bridge"
)

// watched is a party that somebody on this node watches. Guarded by Keeper.mu.
type watched struct {
	party    bridge.Ref
	watchers map[*watcher[bridge.Presence]]bool
	last     bridge.Presence // what they were told; zero: nothing
	version  uint64          // counts what came in
}

// watcher is one who watches. A slow one misses what was overtaken, never the
// newest, and holds up nobody.
type watcher[T any] struct {
	f func(T)

	mu      sync.Mutex // guards the following fields
	next    *T
	busy    bool
	stopped bool
}

// Watch calls f on each transition of the party until stop is called, and once
// with the party's presence when the watching has begun, if anything is known. It
// is called for one transition at a time, in their order; those that come while it
// runs are told as one, the newest.
func (k *Keeper) Watch(party bridge.Ref, f func(bridge.Presence)) (stop func()) {
	uid := k.names.uid(party)
	w := &watcher[bridge.Presence]{f: f}
	k.mu.Lock()
	p := k.watched[uid]
	if p == nil {
		p = &watched{party: party, watchers: map[*watcher[bridge.Presence]]bool{}}
		k.watched[uid] = p
	}
	p.watchers[w] = true
	if !k.up {
		p.last = k.unknownLocked(party)
	}
	if p.last != (bridge.Presence{}) {
		w.tell(p.last) // the party is watched already: what the others know
	}
	k.mu.Unlock()
	k.feed.changed()
	return func() {
		w.end()
		k.mu.Lock()
		delete(p.watchers, w)
		if len(p.watchers) == 0 && k.watched[uid] == p {
			delete(k.watched, uid)
		}
		k.mu.Unlock()
		k.feed.changed()
	}
}

// tell hands over p, without waiting.
func (w *watcher[T]) tell(p T) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return
	}
	w.next = &p
	if w.busy {
		return
	}
	w.busy = true
	go w.run()
}

// run calls f until there is nothing new. It lives only while there is.
func (w *watcher[T]) run() {
	for {
		w.mu.Lock()
		p := w.next
		w.next = nil
		if p == nil || w.stopped {
			w.busy = false
			w.mu.Unlock()
			return
		}
		w.mu.Unlock()
		w.f(*p)
	}
}

func (w *watcher[T]) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
}

// deliver tells the party's watchers on this node of a transition.
func (k *Keeper) deliver(uid string, t told) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if p := k.watched[uid]; p != nil && k.up {
		p.tellLocked(k.presentLocked(p.party, t))
	}
}

// tellLocked tells p's watchers, unless they know.
func (p *watched) tellLocked(now bridge.Presence) {
	p.version++
	if now.Epoch == p.last.Epoch && now.Rev <= p.last.Rev && p.last != (bridge.Presence{}) {
		return
	}
	p.last = now
	for w := range p.watchers {
		w.tell(now)
	}
}

// refresh reads the parties anew and tells their watchers what they do not know.
func (k *Keeper) refresh(ctx context.Context, uids []string) {
	for batch := range slices.Chunk(uids, readBatch) {
		// Once more for those of whom something came in meanwhile: what was read of them
		// may be older.
		for range 3 {
			if len(batch) == 0 {
				break
			}
			var ok bool
			if batch, ok = k.refreshBatch(ctx, batch); !ok {
				return
			}
		}
	}
}

func (k *Keeper) refreshBatch(ctx context.Context, uids []string) (again []string, ok bool) {
	versions := make([]uint64, len(uids))
	k.mu.Lock()
	generation, up := k.generation, k.up
	for n, uid := range uids {
		if p := k.watched[uid]; p != nil {
			versions[n] = p.version
		}
	}
	k.mu.Unlock()
	if !up {
		return nil, false
	}
	known, err := k.read(ctx, uids)
	if err != nil {
		k.suspect()
		return nil, false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if generation != k.generation {
		return nil, false
	}
	for n, uid := range uids {
		p := k.watched[uid]
		if p == nil {
			continue
		}
		if p.version != versions[n] {
			again = append(again, uid)
			continue
		}
		if known[n].epoch == "" && p.last == (bridge.Presence{}) && !k.settlingLocked() {
			continue // nothing was ever known, and nobody was told anything
		}
		p.tellLocked(k.presentLocked(p.party, known[n]))
	}
	return again, true
}

func (k *Keeper) watchedUIDs() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	uids := make([]string, 0, len(k.watched))
	for uid := range k.watched {
		uids = append(uids, uid)
	}
	return uids
}
