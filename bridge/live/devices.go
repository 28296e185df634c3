// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live

import (
	"sync"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// change is one call of party.lua.
type change struct {
	uid     string
	ended   []string   // cids
	touched []device   //
	dnd     *time.Time // nil: as it is; zero: cleared
	leased  string     // by which score a sweeper holds the party
}

// heartbeat says that connections live on, and nothing new.
type heartbeat struct {
	uid     string
	devices []device
}

type device struct {
	cid  string
	away bool
}

// value is what Redis holds of a device.
func (d device) value(node string) string {
	if d.away {
		return "1|" + node
	}
	return "2|" + node
}

// devices is what this node knows by itself, and what it tells Redis again when
// Redis has lost it.
type devices struct {
	mu      sync.Mutex // guards the following fields
	now     uint64     // counts calls, to tell which of two was first
	present map[string]map[string]local
	ended   map[string]map[string]ending
	quiet   map[string]time.Time // do-not-disturb until; zero: a clearing that Redis has not heard
}

type local struct {
	device
	heard time.Time
	kept  string // the memory of Redis that took the device as it is now
}

// ending is a connection that ended lately, or that Redis still has to forget.
type ending struct {
	call uint64
	at   time.Time
	told string // the memory of Redis that has heard of it
}

func (d *devices) reset() {
	d.present = map[string]map[string]local{}
	d.ended = map[string]map[string]ending{}
	d.quiet = map[string]time.Time{}
}

// touch notes that connections are alive. It returns what to tell: heartbeats of
// devices that Redis knows as they are, changes for the others, each one a party,
// and the number of the call.
func (d *devices) touch(n names, conns []bridge.Connection, memory string) (changes []change, alive []heartbeat, call uint64) {
	now := time.Now()
	changeOf, aliveOf := map[string]int{}, map[string]int{}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now++
	for _, c := range conns {
		uid, dev := n.uid(c.Party), device{cid: n.cid(c.ID), away: c.Away}
		before, known := d.present[uid][dev.cid]
		known = known && before.kept == memory && before.device == dev
		l := local{device: dev, heard: now}
		if known {
			l.kept = memory
		}
		put(d.present, uid, dev.cid, l)
		drop(d.ended, uid, dev.cid)
		if known {
			at, ok := aliveOf[uid]
			if !ok {
				at = len(alive)
				aliveOf[uid] = at
				alive = append(alive, heartbeat{uid: uid})
			}
			alive[at].devices = append(alive[at].devices, dev)
			continue
		}
		at, ok := changeOf[uid]
		if !ok {
			at = len(changes)
			changeOf[uid] = at
			changes = append(changes, change{uid: uid})
		}
		changes[at].touched = append(changes[at].touched, dev)
	}
	return changes, alive, d.now
}

// end notes that a connection ended.
func (d *devices) end(uid, cid string) change {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now++
	drop(d.present, uid, cid)
	put(d.ended, uid, cid, ending{call: d.now, at: time.Now()})
	return change{uid: uid, ended: []string{cid}}
}

// told notes that Redis has kept the changes, in this memory of its.
func (d *devices) told(changes []change, memory string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range changes {
		for _, dev := range c.touched {
			if l, ok := d.present[c.uid][dev.cid]; ok && l.device == dev {
				l.kept = memory
				d.present[c.uid][dev.cid] = l
			}
		}
		for _, cid := range c.ended {
			if e, ok := d.ended[c.uid][cid]; ok {
				e.told = memory
				d.ended[c.uid][cid] = e
			}
		}
		if c.dnd != nil && c.dnd.IsZero() && d.quiet[c.uid].IsZero() {
			delete(d.quiet, c.uid)
		}
	}
}

// overtaken returns the endings that came while a call was touching: Redis may
// have heard of them first, and the touch then brought the dead to life.
func (d *devices) overtaken(changes []change, call uint64) (again []change) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range changes {
		var ended []string
		for _, dev := range c.touched {
			if e, ok := d.ended[c.uid][dev.cid]; ok && e.call > call {
				ended = append(ended, dev.cid)
			}
		}
		if len(ended) > 0 {
			again = append(again, change{uid: c.uid, ended: ended})
		}
	}
	return again
}

// disturb notes do-not-disturb.
func (d *devices) disturb(uid string, until time.Time) change {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.quiet[uid] = until
	return change{uid: uid, dnd: &until}
}

// everything returns all that Redis should know from this node: as heartbeats
// what this memory of its has taken already, as changes the rest; and the number of
// the call. What was not heard of within ttl is forgotten on the way.
func (d *devices) everything(ttl time.Duration, memory string) (changes []change, alive []heartbeat, call uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forgetLocked(ttl)
	d.now++
	all := map[string]*change{}
	of := func(uid string) *change {
		if all[uid] == nil {
			all[uid] = &change{uid: uid}
		}
		return all[uid]
	}
	for uid, ones := range d.present {
		h := heartbeat{uid: uid}
		for _, l := range ones {
			if l.kept == memory {
				h.devices = append(h.devices, l.device)
			} else {
				of(uid).touched = append(of(uid).touched, l.device)
			}
		}
		if len(h.devices) > 0 {
			alive = append(alive, h)
		}
	}
	for uid, ones := range d.ended {
		for cid, e := range ones {
			if e.told != memory {
				of(uid).ended = append(of(uid).ended, cid)
			}
		}
	}
	for uid, until := range d.quiet {
		of(uid).dnd = &until
	}
	for _, c := range all {
		changes = append(changes, *c)
	}
	return changes, alive, d.now
}

// farewell ends all connections.
func (d *devices) farewell() (changes []change) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for uid, ones := range d.present {
		c := change{uid: uid}
		for cid := range ones {
			c.ended = append(c.ended, cid)
		}
		changes = append(changes, c)
	}
	clear(d.present)
	return changes
}

// forget drops what has outlived its use.
func (d *devices) forget(ttl time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forgetLocked(ttl)
}

func (d *devices) forgetLocked(ttl time.Duration) {
	now := time.Now()
	for uid, ones := range d.present {
		for cid, l := range ones {
			if now.Sub(l.heard) > ttl {
				drop(d.present, uid, cid)
			}
		}
	}
	for uid, ones := range d.ended {
		for cid, e := range ones {
			// What is told is kept for a while, for overtaken; what is not told, until
			// Redis has forgotten the connection by itself.
			if age := now.Sub(e.at); age > ttl || (e.told != "" && age > ttl/2) {
				drop(d.ended, uid, cid)
			}
		}
	}
	for uid, until := range d.quiet {
		if !until.IsZero() && until.Before(now) {
			delete(d.quiet, uid)
		}
	}
}

func put[V any](m map[string]map[string]V, uid, cid string, v V) {
	if m[uid] == nil {
		m[uid] = map[string]V{}
	}
	m[uid][cid] = v
}

func drop[V any](m map[string]map[string]V, uid, cid string) {
	delete(m[uid], cid)
	if len(m[uid]) == 0 {
		delete(m, uid)
	}
}
