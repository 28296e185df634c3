// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/brobygger/brobygger/bridge"
)

// changes are the heads that one commit changed. They never change once made.
type changes struct {
	patients      map[bridge.PatientID]patientHead
	parties       map[bridge.Ref]partyHead
	conversations map[bridge.ConversationID]conversationHead
	claims        map[bridge.ConsentID]int64
}

func (c *changes) none() bool {
	return len(c.patients)+len(c.parties)+len(c.conversations)+len(c.claims) == 0
}

// tailFormat is the first byte of a tail's document.
const tailFormat = 1

var errTail = errors.New("tail of the heads is not readable")

// encoded is the document of the table tails: for each kind of head how many,
// then each with its key. Numbers are varints, strings have their length before
// them.
func (c *changes) encoded() []byte {
	e := encoder{tailFormat}
	e.number(int64(len(c.patients)))
	for id, h := range c.patients {
		e.text(string(id))
		e.numbers(int64(h.Epoch), int64(h.Seq), h.last, h.mile)
		e = append(e, h.Hash[:]...)
	}
	e.number(int64(len(c.parties)))
	for party, h := range c.parties {
		e.text(string(party))
		e.numbers(int64(h.oldest), int64(h.newest), h.last, h.mile)
	}
	e.number(int64(len(c.conversations)))
	for id, h := range c.conversations {
		e.text(string(id))
		e.numbers(int64(h.last), h.changed, int64(h.placed), h.end.last, h.mile)
	}
	e.number(int64(len(c.claims)))
	for id, n := range c.claims {
		e.text(string(id))
		e.number(n)
	}
	return e
}

// decodeChanges reads the document of the table tails.
func decodeChanges(doc []byte) (*changes, error) {
	if len(doc) == 0 {
		return &changes{}, nil
	}
	if doc[0] != tailFormat {
		return nil, errTail
	}
	d := decoder{doc: doc[1:]}
	c := &changes{}
	c.patients = decodeMap(&d, func() (bridge.PatientID, patientHead) {
		id, n := bridge.PatientID(d.text()), d.numbers(4)
		h := patientHead{bridge.Head{Epoch: uint64(n[0]), Seq: uint64(n[1])}, end{n[2], n[3]}}
		copy(h.Hash[:], d.bytes(len(h.Hash)))
		return id, h
	})
	c.parties = decodeMap(&d, func() (bridge.Ref, partyHead) {
		party, n := bridge.Ref(d.text()), d.numbers(4)
		return party, partyHead{uint64(n[0]), uint64(n[1]), end{n[2], n[3]}}
	})
	c.conversations = decodeMap(&d, func() (bridge.ConversationID, conversationHead) {
		id, n := bridge.ConversationID(d.text()), d.numbers(5)
		return id, conversationHead{uint64(n[0]), n[1], uint64(n[2]), end{n[3], n[4]}}
	})
	c.claims = decodeMap(&d, func() (bridge.ConsentID, int64) {
		return bridge.ConsentID(d.text()), d.number()
	})
	if d.failed || len(d.doc) > 0 {
		return nil, errTail
	}
	return c, nil
}

func decodeMap[K comparable, V any](d *decoder, one func() (K, V)) map[K]V {
	all := map[K]V{}
	for n := d.number(); n > 0 && !d.failed; n-- {
		k, v := one()
		all[k] = v
	}
	return all
}

// tails remembers what the newest commits changed, so that views need not decode
// it: each is put in before its commit can be seen, and taken out when that fails.
type tails struct {
	mu  sync.RWMutex // guards the following field
	all map[int64]*changes
}

func (t *tails) put(number int64, c *changes) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil {
		t.all = map[int64]*changes{}
	}
	t.all[number] = c
}

func (t *tails) drop(number int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.all, number)
}

// forget drops all below number. Views that still need them read the table.
func (t *tails) forget(number int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.DeleteFunc(t.all, func(n int64, _ *changes) bool { return n < number })
}

// span returns the changes behind first up to last, nil when one is missing.
func (t *tails) span(first, last int64) []*changes {
	all := make([]*changes, 0, last-first)
	t.mu.RLock()
	defer t.mu.RUnlock()
	for n := first + 1; n <= last; n++ {
		c, ok := t.all[n]
		if !ok {
			return nil
		}
		all = append(all, c)
	}
	return all
}

// readTails reads the table: all changes behind the oldest row, and the numbers
// of that one and of the newest.
func readTails(c *conn) (all []*changes, first, last int64, err error) {
	err = c.each(`SELECT number, doc FROM tails ORDER BY number`, func(v []driver.Value) error {
		n := number(v[0])
		if first == 0 {
			first, last = n, n
			return nil
		}
		if last++; n != last {
			return errGap
		}
		one, err := decodeChanges(blob(v[1]))
		all = append(all, one)
		return err
	})
	if err != nil {
		err = fmt.Errorf("reading tails: %w", err)
	}
	return all, first, last, err
}

// newer returns what a view finds changed behind the tables, oldest first.
func (t *tx) newer() ([]*changes, error) {
	if err := t.readable(); err != nil || t.tailed {
		return t.tail, err
	}
	defer t.saw()
	row, err := t.c.one(`SELECT coalesce((SELECT min(number) FROM tails), 0), coalesce((SELECT max(number) FROM tails), 0)`)
	if err != nil {
		return nil, t.note(err)
	}
	t.tail = t.store.tails.span(number(row[0]), number(row[1]))
	if t.tail == nil {
		if t.tail, _, _, err = readTails(t.c); err != nil {
			return nil, t.note(err)
		}
	}
	t.tailed = true
	return t.tail, nil
}

// changed finds a head that a view's tables do not have yet.
func changed[K comparable, V any](t *tx, of func(*changes) map[K]V, key K) (v V, ok bool, err error) {
	all, err := t.newer()
	for _, c := range slices.Backward(all) {
		if v, ok = of(c)[key]; ok {
			return v, true, nil
		}
	}
	return v, false, err
}
