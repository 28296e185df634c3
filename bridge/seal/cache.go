// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package seal

import (
	"container/list"
	"crypto/cipher"
	"crypto/hpke"
	"sync"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// loaded is one key in memory: one of a patient's, or the spare one. With neither
// it is one that was destroyed, or is not in the collection.
type loaded struct {
	kind    bridge.KeyKind
	number  uint32
	aead    cipher.AEAD
	private hpke.PrivateKey
}

// ring is what is in memory of one patient.
type ring struct {
	patient bridge.PatientID
	since   time.Time
	keys    []loaded // in order of making
	// missing are numbers that were asked for and are not among keys; true once
	// they are known to be in no collection.
	missing map[loadedID]bool
}

type loadedID struct {
	kind   bridge.KeyKind
	number uint32
}

// cache holds rings, for at most age, and at most most: the one that was not used
// for the longest time goes first.
type cache struct {
	most int
	age  time.Duration
	now  func() time.Time

	mu    sync.Mutex // guards the following fields
	rings map[bridge.PatientID]*list.Element
	order list.List // of *ring, most recently used first
	timer *time.Timer
}

// ring returns the patient's ring, unless it is too old. The caller holds mu.
func (c *cache) ring(p bridge.PatientID) *ring {
	e, ok := c.rings[p]
	if !ok {
		return nil
	}
	r := e.Value.(*ring)
	if c.now().Sub(r.since) >= c.age {
		c.drop(e)
		return nil
	}
	c.order.MoveToFront(e)
	return r
}

func (c *cache) drop(e *list.Element) {
	delete(c.rings, e.Value.(*ring).patient)
	c.order.Remove(e)
}

// current returns the newest key of a kind.
func (c *cache) current(p bridge.PatientID, kind bridge.KeyKind) (loaded, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.ring(p)
	if r == nil {
		return loaded{}, false
	}
	for i := len(r.keys) - 1; i >= 0; i-- {
		if r.keys[i].kind == kind {
			return r.keys[i], true
		}
	}
	return loaded{}, false
}

// numbered returns one key. A number that is not here is asked for at the next
// Ready; if it is still not there then, it is nowhere.
func (c *cache) numbered(p bridge.PatientID, kind bridge.KeyKind, number uint32) (loaded, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.ring(p)
	if r == nil {
		return loaded{}, false
	}
	for _, k := range r.keys {
		if k.kind == kind && k.number == number {
			return k, true
		}
	}
	id := loadedID{kind, number}
	if r.missing[id] {
		return loaded{kind: kind, number: number}, true
	}
	if r.missing == nil {
		r.missing = map[loadedID]bool{}
	}
	r.missing[id] = false
	return loaded{}, false
}

// ready reports whether the patient's ring is there and nothing is asked for.
func (c *cache) ready(p bridge.PatientID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.ring(p)
	if r == nil {
		return false
	}
	for _, nowhere := range r.missing {
		if !nowhere {
			return false
		}
	}
	return true
}

// put keeps a ring. What was asked for before and is not in it is nowhere.
func (c *cache) put(r *ring) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rings == nil {
		c.rings = map[bridge.PatientID]*list.Element{}
	}
	if e, ok := c.rings[r.patient]; ok {
		for id := range e.Value.(*ring).missing {
			if r.missing == nil {
				r.missing = map[loadedID]bool{}
			}
			r.missing[id] = true
		}
		c.drop(e)
	}
	for len(c.rings) >= c.most {
		c.drop(c.order.Back())
	}
	r.since = c.now()
	c.rings[r.patient] = c.order.PushFront(r)
	if c.timer == nil {
		c.timer = time.AfterFunc(c.age, c.expire)
	}
}

// expire drops what is too old, also while nobody asks.
func (c *cache) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for e := c.order.Back(); e != nil; {
		before := e.Prev()
		if c.now().Sub(e.Value.(*ring).since) >= c.age {
			c.drop(e)
		}
		e = before
	}
	c.timer = nil
	if len(c.rings) > 0 {
		c.timer = time.AfterFunc(c.age/4, c.expire)
	}
}

func (c *cache) forget(p bridge.PatientID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.rings[p]; ok {
		c.drop(e)
	}
}

func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rings = nil
	c.order.Init()
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
}
