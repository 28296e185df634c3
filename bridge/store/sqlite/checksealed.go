// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"github.com/brobygger/brobygger/bridge"
)

// ErrPlain is in the errors of FindPlain and Check for what is not sealed, though
// everything was.
var ErrPlain = errors.New("it is not sealed, though everything was: it is older, or somebody has put it there")

// everythingSealed wants nothing plain, once everything was sealed: it names what
// somebody has put there.
func (c *check) everythingSealed() error {
	if !c.whole {
		return nil
	}
	return c.nothingPlain()
}

// FindPlain names the first that is not sealed, if there is any. It needs no key.
func (s *Store) FindPlain(ctx context.Context) error {
	return s.View(ctx, func(t bridge.Tx) error {
		c := check{tx: t.(*tx), ended: ctx.Err}
		return c.nothingPlain()
	})
}

func (c *check) nothingPlain() error {
	for _, o := range append(slices.Clone(olds), old{table: "texts", column: "text", id: "t.noun || '/' || t.id"}) {
		id := o.id
		if o.table == "entries" {
			id = `t.seq || ' of patient ' || t.patient`
		}
		query := `SELECT ` + id + ` FROM ` + o.source() + ` WHERE length(t.` + o.column + `) = 0 OR substr(t.` + o.column + `, 1, 1) NOT IN (x'01', x'02')`
		if err := c.rows(query, func(v []driver.Value) error { return fmt.Errorf("%s %s: %w", o.table, text(v[0]), ErrPlain) }); err != nil {
			return err
		}
	}
	for _, n := range nouns {
		if err := c.textsSealed(n.table, n.empty); err != nil {
			return err
		}
	}
	return nil
}

// textsSealed wants no free text to stand in a noun itself.
func (c *check) textsSealed(table string, empty func() any) error {
	return c.rows(`SELECT id, doc FROM `+table, func(row []driver.Value) error {
		v := empty()
		if err := decode(row[1], v); err != nil {
			return fmt.Errorf("%s %s: %w", table, text(row[0]), err)
		}
		for _, w := range written(v) {
			if *w.text != "" && *w.text != elsewhere {
				return fmt.Errorf("%s %s: %w", table, text(row[0]), ErrPlain)
			}
		}
		return nil
	})
}
