// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/brobygger/brobygger/bridge"
)

// rings implements bridge.Rings.
type rings struct{ *tx }

func (r rings) Ring(id bridge.RingID) (v bridge.Ring, err error) {
	err = r.get(&v, `SELECT doc FROM rings WHERE id = ?`, string(id))
	return v, err
}

func (r rings) ByMID(caller bridge.Ref, mid string) (v bridge.Ring, err error) {
	err = r.get(&v, `SELECT doc FROM rings WHERE caller = ? AND mid = ?`, string(caller), mid)
	return v, err
}

// Find implements bridge.Rings.
func (r rings) Find(q bridge.RingQuery) ([]bridge.Ring, error) {
	query, args := ringQuery(q)
	var all []bridge.Ring
	err := r.each(query, func(row []driver.Value) error {
		var v bridge.Ring
		if err := decode(row[0], &v); err != nil {
			return err
		}
		for _, w := range written(&v) {
			*w.text = ""
		}
		all = append(all, v)
		return nil
	}, args...)
	return all, err
}

func ringQuery(q bridge.RingQuery) (string, []any) {
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
	if q.Party != "" {
		f.and("id IN (SELECT ring FROM ring_parties WHERE party = ?)", string(q.Party))
	}
	if len(q.States) > 0 {
		f.in("state", words(q.States))
		if !slices.ContainsFunc(q.States, func(s bridge.RingState) bool { return !isLive(s) }) {
			f.and("live = 1") // which has an index
		}
	}
	if !q.DueBefore.IsZero() {
		f.and("due <= ?", nanos(q.DueBefore))
	}
	if !q.Since.IsZero() {
		f.and("started >= ?", nanos(q.Since))
	}
	if !q.Until.IsZero() {
		f.and("started < ?", nanos(q.Until))
	}
	return `SELECT doc FROM rings` + f.where + ` ORDER BY started, id LIMIT ?`, append(f.args, limit(q.Limit, 100))
}

func isLive(s bridge.RingState) bool { return s == bridge.RingRinging || s == bridge.RingAccepted }

// in adds a condition that a column is one of these.
func (f *filter) in(column string, these []any) {
	f.and(column+" IN (?"+strings.Repeat(", ?", len(these)-1)+")", these...)
}

// words are strings as arguments.
func words[T ~string](all []T) []any {
	args := make([]any, len(all))
	for i, v := range all {
		args[i] = string(v)
	}
	return args
}

// Put implements bridge.Rings.
func (r rings) Put(v bridge.Ring) error {
	v.Steps = slices.Clone(v.Steps)
	for i := range v.Steps {
		v.Steps[i].Results = slices.Clone(v.Steps[i].Results)
	}
	row, err := r.one(`SELECT rev, patient, caller, mid, doc FROM rings WHERE id = ?`, string(v.ID))
	switch {
	case errors.Is(err, bridge.ErrNotFound):
		if v.Rev != 1 {
			return conflict("a new ring has the rev 1")
		}
	case err != nil:
		return err
	case uint64(number(row[0]))+1 != v.Rev:
		return conflict("the ring has changed")
	case text(row[1]) != string(v.Patient) || text(row[2]) != string(v.Caller) || text(row[3]) != v.MID:
		return conflict("ring id was used before")
	default:
		if err := keepTexts(row[4], &v); err != nil {
			return err
		}
	}
	if err := r.hide(&v); err != nil {
		return err
	}
	if err := r.write(v); err != nil {
		return err
	}
	return r.writeParties(v)
}

// keepTexts puts into v what stood in the document and is empty in v.
func keepTexts(doc driver.Value, v *bridge.Ring) error {
	var old bridge.Ring
	if err := decode(doc, &old); err != nil {
		return err
	}
	was := map[string]string{}
	for _, w := range written(&old) {
		was[w.id] = *w.text
	}
	for _, w := range written(v) {
		if *w.text == "" {
			*w.text = was[w.id]
		}
	}
	return nil
}

// ringDue is the column of the deadline: null for a ring that does not ring. One
// that rings for nobody is due at once.
func ringDue(v bridge.Ring) any {
	if v.State != bridge.RingRinging {
		return nil
	}
	return nanos(v.Deadline())
}

// ringColumns are what a ring is found by; ringRow is what stands in them.
const ringColumns = `id, rev, patient, line, caller, mid, state, live, started, due`

func ringRow(v bridge.Ring) []any {
	return []any{
		string(v.ID), int64(v.Rev), string(v.Patient), string(v.Line), string(v.Caller), v.MID, string(v.State),
		flag(isLive(v.State)), nanos(v.StartedAt), ringDue(v),
	}
}

func (r rings) write(v bridge.Ring) error {
	doc, err := encode(v)
	if err != nil {
		return err
	}
	_, err = r.exec(`INSERT INTO rings (`+ringColumns+`, doc) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET rev = excluded.rev, line = excluded.line, state = excluded.state,
			live = excluded.live, started = excluded.started, due = excluded.due, doc = excluded.doc`,
		append(ringRow(v), doc)...)
	return err
}

// ringParties are those whom a ring takes: nobody when it is over.
func ringParties(v bridge.Ring) []bridge.Ref {
	if !isLive(v.State) {
		return nil
	}
	all := append([]bridge.Ref{v.Caller}, v.Ringing()...)
	if v.State == bridge.RingAccepted {
		all = append(all, v.By)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (r rings) writeParties(v bridge.Ring) error {
	if _, err := r.exec(`DELETE FROM ring_parties WHERE ring = ?`, string(v.ID)); err != nil {
		return err
	}
	for _, p := range ringParties(v) {
		if _, err := r.exec(`INSERT INTO ring_parties (party, ring) VALUES (?, ?)`, string(p), string(v.ID)); err != nil {
			return err
		}
	}
	return nil
}

// ringTexts points at what people wrote into a ring. A place in it stays, since
// steps and results are only added.
func ringTexts(v *bridge.Ring) []writing {
	var all []writing
	add := func(place string, text *string) {
		all = append(all, writing{"rings", string(v.ID) + "/" + place, v.Patient, text})
	}
	add("note", &v.Note)
	for i := range v.Steps {
		s := &v.Steps[i]
		add(fmt.Sprintf("%d/note", i), &s.Note)
		for j := range s.Results {
			add(fmt.Sprintf("%d/%d/reason", i, j), &s.Results[j].Reason)
			add(fmt.Sprintf("%d/%d/suggest", i, j), &s.Results[j].Suggest)
		}
	}
	return all
}
