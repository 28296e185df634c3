// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"errors"

	"github.com/brobygger/brobygger/bridge"
)

// callbacks implements bridge.Callbacks.
type callbacks struct{ *tx }

func (c callbacks) Callback(id bridge.CallbackID) (v bridge.Callback, err error) {
	err = c.get(&v, `SELECT doc FROM callbacks WHERE id = ?`, string(id))
	return v, err
}

func (c callbacks) ByMID(caller bridge.Ref, mid string) (v bridge.Callback, err error) {
	err = c.get(&v, `SELECT doc FROM callbacks WHERE caller = ? AND mid = ?`, string(caller), mid)
	return v, err
}

// Find implements bridge.Callbacks.
func (c callbacks) Find(q bridge.CallbackQuery) ([]bridge.Callback, error) {
	query, args := callbackQuery(q)
	return list[bridge.Callback](c.tx, query, args...)
}

func callbackQuery(q bridge.CallbackQuery) (string, []any) {
	var f filter
	if q.Patient != "" {
		f.and("patient = ?", string(q.Patient))
	}
	if q.Line != "" {
		f.and("line = ?", string(q.Line))
	}
	if q.Caller != "" {
		f.and("caller = ?", string(q.Caller))
	}
	if q.Taker != "" {
		f.and("taker <> '' AND taker = ?", string(q.Taker))
	}
	open := len(q.States) > 0
	for _, s := range q.States {
		open = open && s != bridge.CallbackClosed
	}
	if len(q.States) > 0 {
		f.in("state", words(q.States))
	}
	if open || !q.DueBefore.IsZero() {
		f.and("open = 1")
	}
	if !q.DueBefore.IsZero() {
		f.and("due <= ?", nanos(q.DueBefore))
	}
	if !q.Since.IsZero() {
		f.and("asked >= ?", nanos(q.Since))
	}
	if !q.Until.IsZero() {
		f.and("asked < ?", nanos(q.Until))
	}
	return `SELECT doc FROM callbacks` + f.where + ` ORDER BY due, asked, id LIMIT ?`, append(f.args, limit(q.Limit, 100))
}

// Put implements bridge.Callbacks.
func (c callbacks) Put(v bridge.Callback) error {
	row, err := c.one(`SELECT rev, patient, caller, mid FROM callbacks WHERE id = ?`, string(v.ID))
	switch {
	case errors.Is(err, bridge.ErrNotFound):
		if v.Rev != 1 {
			return conflict("a new callback has the rev 1")
		}
	case err != nil:
		return err
	case uint64(number(row[0]))+1 != v.Rev:
		return conflict("the callback has changed")
	case text(row[1]) != string(v.Patient) || text(row[2]) != string(v.Caller) || text(row[3]) != v.MID:
		return conflict("callback id was used before")
	}
	doc, err := encode(v)
	if err != nil {
		return err
	}
	_, err = c.exec(`INSERT INTO callbacks (`+callbackColumns+`, doc) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET rev = excluded.rev, line = excluded.line, taker = excluded.taker,
			state = excluded.state, open = excluded.open, asked = excluded.asked, due = excluded.due, doc = excluded.doc`,
		append(callbackRow(v), doc)...)
	return err
}

// callbackColumns are what a callback is found by; callbackRow is what stands in
// them.
const callbackColumns = `id, rev, patient, line, caller, mid, taker, state, open, asked, due`

func callbackRow(v bridge.Callback) []any {
	return []any{
		string(v.ID), int64(v.Rev), string(v.Patient), string(v.Line), string(v.Caller), v.MID, string(v.Taker), string(v.State),
		flag(v.State != bridge.CallbackClosed), nanos(v.AskedAt), nanos(v.DueAt),
	}
}

// Place implements bridge.Callbacks.
func (c callbacks) Place(id bridge.CallbackID) (before, all int, err error) {
	row, err := c.one(`SELECT line, state, due, asked FROM callbacks WHERE id = ?`, string(id))
	if err != nil {
		return 0, 0, err
	}
	line, waits := text(row[0]), text(row[1]) == string(bridge.CallbackWaiting)
	due, asked := number(row[2]), number(row[3])
	row, err = c.one(`SELECT count(*), count(*) FILTER (WHERE (due, asked, id) < (?, ?, ?))
		FROM callbacks WHERE state = 'waiting' AND line = ?`, due, asked, string(id), line)
	if err != nil {
		return 0, 0, err
	}
	if waits {
		before = int(number(row[1]))
	}
	return before, int(number(row[0])), nil
}
