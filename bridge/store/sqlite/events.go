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
	_, err = e.exec(`INSERT INTO events (party, n, at, doc) VALUES (?, ?, ?, ?)`, string(v.Party), int64(v.N), nanos(v.At), doc)
	if err != nil {
		return 0, err
	}
	h.newest = v.N
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
	}
	h := partyHead{oldest: 1}
	row, err := e.one(`SELECT oldest, newest FROM event_heads WHERE party = ?`, string(party))
	switch {
	case errors.Is(err, bridge.ErrNotFound):
	case err != nil:
		return h, err
	default:
		h = partyHead{uint64(number(row[0])), uint64(number(row[1]))}
	}
	if e.heads != nil {
		e.heads.parties.load(party, h)
	}
	return h, nil
}

func (e events) After(party bridge.Ref, n uint64, most int) ([]bridge.Event, error) {
	return list[bridge.Event](e.tx, `SELECT doc FROM events WHERE party = ? AND n > ? ORDER BY n LIMIT ?`,
		string(party), int64(n), limit(most, 100))
}

func (e events) Bounds(party bridge.Ref) (oldest, newest uint64, err error) {
	if err := e.usable(); err != nil {
		return 0, 0, err
	}
	h, err := e.head(party)
	return h.oldest, h.newest, err
}

// Trim implements bridge.Events. It takes a prefix of each log, so that what is
// kept has no gap. There is no index on the time, which every append would pay
// for: nothing is read until t has passed the oldest event that the last trim saw.
func (e events) Trim(t time.Time) (int, error) {
	if err := e.writable(); err != nil {
		return 0, err
	}
	before := nanos(t)
	if before <= e.heads.oldest {
		return 0, nil
	}
	parties, oldest, err := e.aged(before)
	if err != nil {
		return 0, err
	}
	removed := 0
	for _, party := range parties {
		n, next, err := e.trim(party, before)
		if err != nil {
			return removed, err
		}
		removed += n
		oldest = min(oldest, next)
	}
	e.heads.oldest = oldest
	return removed, nil
}

// aged lists the parties whose oldest event is older than before, and finds the
// oldest time among the others'.
func (e events) aged(before int64) (parties []bridge.Ref, oldest int64, err error) {
	if err := e.note(e.heads.flushParties(e.c)); err != nil {
		return nil, 0, err
	}
	oldest = math.MaxInt64
	err = e.each(`SELECT h.party, e.at FROM event_heads h JOIN events e ON e.party = h.party AND e.n = h.oldest`,
		func(row []driver.Value) error {
			if at := number(row[1]); at < before {
				parties = append(parties, bridge.Ref(text(row[0])))
			} else {
				oldest = min(oldest, at)
			}
			return nil
		})
	return parties, oldest, err
}

// trim removes the events of one party up to the first that is not older, and
// returns how many, and the time of that one.
func (e events) trim(party bridge.Ref, before int64) (removed int, next int64, err error) {
	h, err := e.head(party)
	if err != nil {
		return 0, 0, err
	}
	h.oldest, next = h.newest+1, math.MaxInt64
	err = e.each(`SELECT n, at FROM events WHERE party = ? AND at >= ? ORDER BY n LIMIT 1`, func(row []driver.Value) error {
		h.oldest, next = uint64(number(row[0])), number(row[1])
		return nil
	}, string(party), before)
	if err != nil {
		return 0, 0, err
	}
	n, err := e.exec(`DELETE FROM events WHERE party = ? AND n < ?`, string(party), int64(h.oldest))
	if err != nil {
		return 0, 0, err
	}
	e.heads.parties.put(party, h)
	return int(n), next, nil
}
