// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/brobygger/brobygger/bridge"
)

// resealAtOnce is how many rows one step looks at, so that nobody waits long.
const resealAtOnce = 200

// old is a column that may hold what was kept before there were keys.
type old struct {
	table, column, key string // key, in whose order the rows are gone through
	patient, id        string // as columns or expressions
	from               string // instead of the table
}

func (o old) source() string {
	if o.from != "" {
		return o.from
	}
	return o.table + " t"
}

// Every sealed column but that of the entries, whose rows have two.
var olds = []old{
	{table: "messages", column: "doc", key: "t.row", patient: "t.patient", id: "t.id"},
	{
		table: "versions", column: "doc", key: "t.message || '/' || t.number", patient: "m.patient", id: "t.message || '/' || t.number",
		from: "versions t JOIN messages m ON m.id = t.message",
	},
	{table: "attachments", column: "doc", key: "t.id", patient: "t.patient", id: "t.id"},
	{
		table: "attachment_content", column: "content", key: "t.id", patient: "a.patient", id: "t.id",
		from: "attachment_content t JOIN attachments a ON a.id = t.id",
	},
	{table: "entries", column: "entry", key: "t.row", patient: "t.patient", id: "t.seq"},
}

// gone stands where plain bytes of an erased patient were: no key has its number.
var gone = make([]byte, bridge.SealedPrefix+12+16)

func init() { gone[0] = bridge.SealedByKey }

// Reseal seals some rows of before there were keys, or gives entries that were
// sealed with the spare key their patient's own. It reports whether none is left.
// It is called again and again while the store is in use. Once none is left the
// keys say so, and nothing plain opens any more: whoever seals a column only from
// a later version on has to give that note another name.
func (s *Store) Reseal(ctx context.Context) (done bool, err error) {
	if s.options.Sealer == nil {
		return true, nil
	}
	if s.whole() {
		return s.resealSpare(ctx) // what is plain now is not ours to seal
	}
	for _, step := range []func(context.Context) (bool, error){s.resealSpare, s.sealOld, s.sealTexts} {
		if done, err := step(ctx); err != nil || !done {
			return false, err
		}
	}
	return true, s.options.Sealer.SetWhole(ctx)
}

// found is one row to be sealed.
type found struct {
	at    bridge.Place
	row   driver.Value // of the key
	plain driver.Value
	salt  driver.Value // of an entry
}

// resealSpare gives entries their patient's key.
func (s *Store) resealSpare(ctx context.Context) (bool, error) {
	var all []found
	err := s.View(ctx, func(t bridge.Tx) error {
		return t.(*tx).each(`SELECT row, patient, seq, entry FROM entries WHERE substr(entry, 1, 1) = x'02' ORDER BY row LIMIT ?`,
			func(v []driver.Value) error {
				all = append(all, found{at: entryPlace(bridge.PatientID(text(v[1])), uint64(number(v[2]))), row: v[0], plain: append([]byte(nil), blob(v[3])...)})
				return nil
			}, int64(resealAtOnce))
	})
	if err != nil || len(all) == 0 {
		return err == nil, err
	}
	erased, err := s.loaded(ctx, all)
	if err != nil {
		return false, err
	}
	return false, s.writer.update(ctx, func(bt bridge.Tx) error {
		t := bt.(*tx)
		for _, f := range all {
			kept := gone
			if !erased[f.at.Patient] {
				plain, err := t.open(f.at, f.plain)
				if err != nil {
					return err
				}
				if kept, err = t.seal(f.at, plain); err != nil {
					return err
				}
			}
			if _, err := t.exec(`UPDATE entries SET entry = ? WHERE row = ?`, kept, number(f.row)); err != nil {
				return err
			}
		}
		return nil
	}, false)
}

// loaded loads the keys of everybody in rows, and the spare one. It returns who
// was erased.
func (s *Store) loaded(ctx context.Context, rows []found) (map[bridge.PatientID]bool, error) {
	due, seen, erased := []bridge.PatientID{""}, map[bridge.PatientID]bool{}, map[bridge.PatientID]bool{}
	for _, f := range rows {
		if !seen[f.at.Patient] {
			due, seen[f.at.Patient] = append(due, f.at.Patient), true
		}
	}
	err := s.options.Sealer.Ready(ctx, due...)
	if !errors.Is(err, bridge.ErrErased) {
		return nil, err
	}
	for _, p := range due {
		err := s.options.Sealer.Ready(ctx, p)
		if erased[p] = errors.Is(err, bridge.ErrErased); err != nil && !erased[p] {
			return nil, err
		}
	}
	return erased, nil
}

// sealOld seals rows of the first table that is not known to be sealed.
func (s *Store) sealOld(ctx context.Context) (bool, error) {
	for _, o := range olds {
		mark := "sealed:" + o.table
		cursor, done, err := s.mark(ctx, mark)
		if err != nil {
			return false, err
		}
		if done {
			continue
		}
		all, next, err := s.plain(ctx, o, cursor)
		if err != nil {
			return false, err
		}
		erased, err := s.loaded(ctx, all)
		if err != nil {
			return false, err
		}
		return false, s.writer.update(ctx, func(bt bridge.Tx) error {
			t := bt.(*tx)
			for _, f := range all {
				if err := t.sealRow(o, f, erased[f.at.Patient]); err != nil {
					return err
				}
			}
			return t.setMark(mark, next)
		}, false)
	}
	return true, nil
}

// plain lists rows behind the cursor that are not sealed, and the next cursor;
// "done" behind the last.
func (s *Store) plain(ctx context.Context, o old, cursor string) (all []found, next string, err error) {
	salt, kind := "x''", bridge.KeyContent
	if o.table == "entries" {
		salt, kind = "t.salt", bridge.KeyLog
	}
	var after any = cursor
	if o.key == "t.row" {
		n, _ := strconv.ParseInt(cursor, 10, 64) // empty: from the start
		after = n
	}
	looked := 0
	err = s.View(ctx, func(t bridge.Tx) error {
		return t.(*tx).each(`SELECT `+o.key+`, `+o.patient+`, `+o.id+`, t.`+o.column+`, `+salt+` FROM `+o.source()+`
			WHERE `+o.key+` > ? ORDER BY `+o.key+` LIMIT ?`, func(v []driver.Value) error {
			looked++
			next = fmt.Sprint(v[0])
			if plain := blob(v[3]); !isSealed(plain) {
				at := bridge.Place{Patient: bridge.PatientID(text(v[1])), Kind: kind, Table: o.table, Column: o.column, Row: fmt.Sprint(v[2])}
				all = append(all, found{at: at, row: v[0], plain: append([]byte(nil), plain...), salt: append([]byte(nil), blob(v[4])...)})
			}
			return nil
		}, after, int64(resealAtOnce))
	})
	if looked < resealAtOnce {
		next = "done"
	}
	return all, next, err
}

// sealRow seals one row, if it still holds what was read.
func (t *tx) sealRow(o old, f found, erased bool) error {
	kept := gone
	if !erased {
		var err error
		if kept, err = t.seal(f.at, append(append([]byte(nil), blob(f.salt)...), blob(f.plain)...)); err != nil {
			return err
		}
	}
	query := `UPDATE ` + o.table + ` AS t SET ` + o.column + ` = ?1 WHERE ` + o.key + ` = ?2 AND t.` + o.column + ` = ?3`
	if o.table == "entries" {
		query = `UPDATE entries AS t SET entry = ?1, salt = x'' WHERE t.row = ?2 AND t.entry = ?3`
	}
	_, err := t.exec(query, kept, f.row, f.plain)
	return err
}

// The tables whose nouns hold a free text, and how to read one.
var nouns = []struct {
	table string
	empty func() any
}{
	{"consents", func() any { return &bridge.Consent{} }},
	{"requests", func() any { return &bridge.ConsentRequest{} }},
	{"emergencies", func() any { return &bridge.Emergency{} }},
	{"conversations", func() any { return &bridge.Conversation{} }},
	{"rings", func() any { return &bridge.Ring{} }},
}

// sealTexts moves what people wrote out of nouns of before.
func (s *Store) sealTexts(ctx context.Context) (bool, error) {
	for _, n := range nouns {
		mark := "sealed:" + n.table
		cursor, done, err := s.mark(ctx, mark)
		if err != nil {
			return false, err
		}
		if done {
			continue
		}
		return false, s.sealNouns(ctx, n.table, n.empty, cursor, mark)
	}
	return true, nil
}

func (s *Store) sealNouns(ctx context.Context, table string, empty func() any, cursor, mark string) error {
	type noun struct {
		id string
		v  any
	}
	var all []noun
	var rows []found
	next, looked := "done", 0
	err := s.View(ctx, func(t bridge.Tx) error {
		return t.(*tx).each(`SELECT id, doc FROM `+table+` WHERE id > ? ORDER BY id LIMIT ?`, func(row []driver.Value) error {
			looked++
			v := empty()
			if err := decode(row[1], v); err != nil {
				return err
			}
			plain := slices.DeleteFunc(written(v), func(w writing) bool { return *w.text == "" || *w.text == elsewhere })
			if len(plain) > 0 {
				all, rows = append(all, noun{text(row[0]), v}), append(rows, found{at: plain[0].place()})
			}
			if looked == resealAtOnce {
				next = text(row[0])
			}
			return nil
		}, cursor, int64(resealAtOnce))
	})
	if err != nil {
		return err
	}
	erased, err := s.loaded(ctx, rows)
	if err != nil {
		return err
	}
	return s.writer.update(ctx, func(bt bridge.Tx) error {
		t := bt.(*tx)
		for _, n := range all {
			if err := t.sealNoun(table, n.id, empty(), erased); err != nil {
				return err
			}
		}
		return t.setMark(mark, next)
	}, false)
}

// sealNoun reads a noun anew, since it may have changed, and moves its text.
func (t *tx) sealNoun(table, id string, v any, erased map[bridge.PatientID]bool) error {
	row, err := t.one(`SELECT doc FROM `+table+` WHERE id = ?`, id)
	if err == nil {
		err = decode(row[0], v)
	}
	if err != nil {
		return err
	}
	for _, w := range written(v) {
		if erased[w.patient] {
			*w.text = ""
		}
	}
	if err := t.hide(v); err != nil {
		return err
	}
	doc, err := encode(v)
	if err == nil {
		_, err = t.exec(`UPDATE `+table+` SET doc = ? WHERE id = ?`, doc, id)
	}
	return err
}

// mark reads how far a table is known to be sealed.
func (s *Store) mark(ctx context.Context, mark string) (cursor string, done bool, err error) {
	err = s.View(ctx, func(t bridge.Tx) error {
		row, err := t.(*tx).one(`SELECT value FROM meta WHERE key = ?`, mark)
		if errors.Is(err, bridge.ErrNotFound) {
			return nil
		}
		if err == nil {
			cursor = text(row[0])
		}
		return err
	})
	return cursor, cursor == "done", err
}

func (t *tx) setMark(mark, value string) error {
	_, err := t.exec(`INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, mark, value)
	return err
}

// allSealed reports whether nothing plain of before is left.
func (t *tx) allSealed() (bool, error) {
	if t.whole {
		return true, nil
	}
	row, err := t.one(`SELECT count(*) FROM meta WHERE key LIKE 'sealed:%' AND value = 'done'`)
	if err != nil {
		return false, err
	}
	return number(row[0]) == int64(len(olds)+len(nouns)), nil
}
