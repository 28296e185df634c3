// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"database/sql/driver"
	"errors"
	"math"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

var errEnough = errors.New("enough was read")

// events implements bridge.Events.
type events struct{ *tx }

func (e events) Append(v bridge.Event) (uint64, error) {
	if err := e.writable(); err != nil {
		return 0, err
	}
	h, err := e.head(v.Party)
	if err != nil {
		return 0, err
	}
	v.N = h.newest + 1
	doc, err := encode(v)
	if err != nil {
		return 0, err
	}
	row, err := e.insert(`INSERT INTO events (party, n, at, prev, mile, doc) VALUES (?, ?, ?, ?, ?, ?)`,
		string(v.Party), int64(v.N), nanos(v.At), h.last, h.mile, doc)
	if err != nil {
		return 0, err
	}
	h.newest, h.end = v.N, h.after(row, v.N)
	e.heads.parties.put(v.Party, h)
	e.heads.oldest = min(e.heads.oldest, nanos(v.At))
	return v.N, nil
}

// head returns a party's head; that of an empty log is (1, 0).
func (e events) head(party bridge.Ref) (partyHead, error) {
	if e.heads != nil {
		if h, ok := e.heads.parties.get(party); ok {
			return h, nil
		}
	} else if h, ok, err := changed(e.tx, func(c *changes) map[bridge.Ref]partyHead { return c.parties }, party); ok || err != nil {
		return h, err
	}
	h := partyHead{oldest: 1}
	row, err := e.one(`SELECT oldest, newest, last, mile FROM event_heads WHERE party = ?`, string(party))
	switch {
	case errors.Is(err, bridge.ErrNotFound):
	case err != nil:
		return h, err
	default:
		h = partyHead{uint64(number(row[0])), uint64(number(row[1])), end{number(row[2]), number(row[3])}}
	}
	if e.heads != nil {
		e.heads.parties.load(party, h)
	}
	return h, nil
}

func (e events) After(party bridge.Ref, n uint64, most int) ([]bridge.Event, error) {
	if err := e.usable(); err != nil {
		return nil, err
	}
	h, err := e.head(party)
	if err != nil {
		return nil, err
	}
	var all []bridge.Event
	s := between(n, limit(most, 100), h.oldest, h.newest, h.end)
	err = e.walk("events", "n", "l.doc", s, func(row []driver.Value) error {
		var v bridge.Event
		err := decode(row[0], &v)
		all = append(all, v)
		return err
	})
	return all, err
}

func (e events) Bounds(party bridge.Ref) (oldest, newest uint64, err error) {
	if err := e.usable(); err != nil {
		return 0, 0, err
	}
	h, err := e.head(party)
	return h.oldest, h.newest, err
}

// How much of the table a trim reads and removes at once. Events are appended in
// the order of one clock; where that has jumped, a trim looks past mostNewer.
const (
	mostTrimmed = 5_000
	mostNewer   = 1_000
)

// Trim implements bridge.Events. It takes a prefix of each log, so that what is
// kept has no gap; and at most mostTrimmed events, so that nobody waits for it
// long. Nothing is read until t has passed the oldest event seen by the last trim.
func (e events) Trim(t time.Time) (int, error) {
	if err := e.writable(); err != nil {
		return 0, err
	}
	before := nanos(t)
	if before <= e.heads.oldest {
		return 0, nil
	}
	old, oldest, err := e.older(before)
	if err != nil {
		return 0, err
	}
	for _, v := range old {
		if err := e.trim(v); err != nil {
			return 0, err
		}
	}
	e.heads.oldest = oldest
	return len(old), nil
}

// place is where an event is.
type place struct {
	row   int64
	party bridge.Ref
	n     uint64
}

// older lists what may be removed, and finds the oldest time of the rest.
func (e events) older(before int64) (old []place, oldest int64, err error) {
	first := map[bridge.Ref]bool{} // whose log goes on with an event that stays
	newer := 0
	oldest = math.MaxInt64
	err = e.each(`SELECT row, party, n, at FROM events ORDER BY row`, func(row []driver.Value) error {
		p, at := place{number(row[0]), bridge.Ref(text(row[1])), uint64(number(row[2]))}, number(row[3])
		if at < before && !first[p.party] && len(old) < mostTrimmed {
			old, newer = append(old, p), 0
			return nil
		}
		first[p.party], oldest = true, min(oldest, at)
		if newer++; newer > mostNewer {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	if err == nil && newer > mostNewer {
		oldest = min(oldest, before) // of what was not read, as far as one clock goes
	}
	return old, oldest, err
}

// trim removes the oldest event of a log.
func (e events) trim(v place) error {
	h, err := e.head(v.party)
	if err != nil {
		return err
	}
	if h.oldest != v.n {
		return errGap
	}
	if h.oldest++; h.oldest > h.newest {
		h.end = end{} // its rows may be given out again
	}
	e.heads.parties.put(v.party, h)
	_, err = e.exec(`DELETE FROM events WHERE row = ?`, v.row)
	return err
}
