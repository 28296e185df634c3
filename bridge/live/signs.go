// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live

import (
	"sync"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// lineChange is one call of line.lua.
type lineChange struct {
	lid    string
	items  []signing
	leased string // by which score a sweeper holds the line
}

// signing is what is said of one member of a line, as of a version of it.
type signing struct {
	member  string // sealed
	on      bool
	until   time.Time // zero: no end
	version uint64
}

// signs is what this node was told of who takes rings, and what it tells Redis
// again when Redis has lost it.
type signs struct {
	mu  sync.Mutex // guards the following fields
	now uint64     // counts changes, to tell what overtook what
	all map[string]map[string]sign
}

// sign is the newest that was said of one member.
type sign struct {
	signing
	heard time.Time
	kept  string // the memory of Redis that took it
}

// set notes what was said, and returns what to tell, one change a line. Who says
// the same again is told again: that is the heartbeat.
func (s *signs) set(n names, said []bridge.Sign, on bool) []lineChange {
	now := time.Now()
	var changes []lineChange
	at := map[string]int{}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range said {
		lid := n.lid(one.Line)
		next := signing{member: n.seal(lid, string(one.Party)), on: on, until: one.Until}
		before, ok := s.all[lid][next.member]
		next.version = before.version
		if !ok || before.on != on || !before.until.Equal(one.Until) {
			s.now++
			next.version = s.now
			before.kept = ""
		}
		put(s.all, lid, next.member, sign{signing: next, heard: now, kept: before.kept})
		c, ok := at[lid]
		if !ok {
			c = len(changes)
			at[lid] = c
			changes = append(changes, lineChange{lid: lid})
		}
		changes[c].items = append(changes[c].items, next)
	}
	return changes
}

// told notes that Redis, with this memory of its, has taken the changes, and
// returns what was said otherwise meanwhile: that may have overtaken them.
func (s *signs) told(changes []lineChange, memory string) (again []lineChange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range changes {
		more := lineChange{lid: c.lid}
		for _, item := range c.items {
			now, ok := s.all[c.lid][item.member]
			switch {
			case !ok:
			case now.version == item.version:
				now.kept = memory
				s.all[c.lid][item.member] = now
			default:
				more.items = append(more.items, now.signing)
			}
		}
		if len(more.items) > 0 {
			again = append(again, more)
		}
	}
	return again
}

// untold returns what this memory of Redis has not taken, and forgets on the way
// what was not heard of within ttl: that is over.
func (s *signs) untold(ttl time.Duration, memory string) (changes []lineChange) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for lid, members := range s.all {
		c := lineChange{lid: lid}
		for member, one := range members {
			// What is off and told is kept for a while, for what it has overtaken.
			age := now.Sub(one.heard)
			if age > ttl || (!one.on && one.kept == memory && age > ttl/2) {
				drop(s.all, lid, member)
				continue
			}
			if one.kept != memory {
				c.items = append(c.items, one.signing)
			}
		}
		if len(c.items) > 0 {
			changes = append(changes, c)
		}
	}
	return changes
}

// bookings is whom this node has reserved, and whom it has let go.
type bookings struct {
	mu  sync.Mutex // guards the following field
	all map[string]booking
}

// booking is the newest that was said of one party.
type booking struct {
	ring  string // sealed
	held  bool   // otherwise let go, which Redis has not heard
	until time.Time
}

func (b *bookings) hold(uid string, to booking) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all[uid] = to
}

func (b *bookings) letGo(uid string, to booking) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now, ok := b.all[uid]; !ok || !now.held || now.ring == to.ring {
		b.all[uid] = to
	}
}

// settled forgets what Redis has heard, or has otherwise.
func (b *bookings) settled(uid string, was booking) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all[uid] == was {
		delete(b.all, uid)
	}
}

// standing returns what is not over yet.
func (b *bookings) standing() map[string]booking {
	now := time.Now()
	standing := map[string]booking{}
	b.mu.Lock()
	defer b.mu.Unlock()
	for uid, one := range b.all {
		if now.After(one.until) {
			delete(b.all, uid)
			continue
		}
		standing[uid] = one
	}
	return standing
}
