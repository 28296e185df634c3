// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import "sync"

// recent is a memory of what was read or written lately and does not change, or
// changes only in ways that its reader can tell. It saves a read and is never
// the only place where something stands.
type recent[K comparable, V any] struct {
	mu  sync.Mutex // guards the following field
	all map[K]V
}

// maxRecent bounds the memory; a full map starts afresh.
const maxRecent = 20_000

func (r *recent[K, V]) get(key K) (V, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, ok := r.all[key]
	return v, ok
}

func (r *recent[K, V]) put(key K, v V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil || len(r.all) >= maxRecent {
		r.all = map[K]V{}
	}
	r.all[key] = v
}

// dropIf forgets what match finds.
func (r *recent[K, V]) dropIf(match func(V) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, v := range r.all {
		if match(v) {
			delete(r.all, k)
		}
	}
}

func (r *recent[K, V]) drop(key K) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.all, key)
}

// openClaim is a claim with what its closing asks of its message, all of which
// stays as it is.
type openClaim struct {
	disclosure Disclosure
	message    Message // without its parts
}

// keep remembers a claim until it is closed.
func (b *Bridge) keep(d Disclosure, m Message) {
	m.Parts, m.Attachments = nil, nil
	b.claims.put(d.ID, openClaim{d, m})
}

// talk is conversation for who is about to send: what changes of it otherwise
// may be old.
func (b *Bridge) talk(tx Tx, c Caller, id ConversationID) (Conversation, error) {
	// Members stay, and participants only become more: somebody who is one here
	// is one, and who is not may have become one.
	if conv, ok := b.talks.get(id); ok && conv.has(c.Party) {
		return conv, nil
	}
	conv, err := b.conversation(tx, c, id)
	if err == nil {
		b.talks.put(id, conv)
	}
	return conv, err
}
