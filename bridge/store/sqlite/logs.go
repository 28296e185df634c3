// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"database/sql/driver"
	"slices"
)

// mileLength is how far apart the rows of a log are that every later row up to
// the next such points at. It is part of the schema.
const mileLength = 64

// end is where the next row of a log is put: behind these two.
type end struct{ last, mile int64 }

// after returns the end behind row, which has number n in its log.
func (e end) after(row int64, n uint64) end {
	e.last = row
	if n%mileLength == 0 {
		e.mile = row
	}
	return e
}

// span is a part of a log: numbers low to high, of a log that ends with newest
// at last.
type span struct {
	low, high, newest uint64
	last              int64
}

// between is the span of at most most numbers behind n. It is empty when there
// are none.
func between(n uint64, most int64, oldest, newest uint64, e end) span {
	low := max(n+1, oldest)
	if e.last == 0 || n >= newest {
		return span{low: 1}
	}
	return span{low: low, high: min(newest, low+uint64(most)-1), newest: newest, last: e.last}
}

// walk reads rows of a log backwards, by miles as long as they are above the
// span, and gives them to row in order. columns are those of table l.
func (t *tx) walk(table, place, columns string, s span, row func(v []driver.Value) error) error {
	if s.high < s.low {
		return t.usable()
	}
	var found [][]driver.Value
	err := t.each(`WITH RECURSIVE down (row, n) AS (
			SELECT ?1, ?2
			UNION ALL
			SELECT CASE WHEN (d.n - 1) / 64 * 64 >= ?4 THEN l.mile ELSE l.prev END,
				CASE WHEN (d.n - 1) / 64 * 64 >= ?4 THEN (d.n - 1) / 64 * 64 ELSE d.n - 1 END
			FROM down d CROSS JOIN `+table+` l ON l.row = d.row WHERE d.n > ?3
		)
		SELECT `+columns+`, l.`+place+` = d.n FROM down d CROSS JOIN `+table+` l ON l.row = d.row WHERE d.n <= ?4`,
		func(v []driver.Value) error {
			found = append(found, slices.Clone(v))
			return nil
		}, s.last, int64(s.newest), int64(s.low), int64(s.high))
	if err != nil {
		return err
	}
	if uint64(len(found)) != s.high-s.low+1 {
		return errGap
	}
	for _, v := range slices.Backward(found) {
		if number(v[len(v)-1]) != 1 {
			return errGap
		}
		if err := row(v); err != nil {
			return err
		}
	}
	return nil
}
