// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/brobygger/brobygger/bridge"
)

var (
	errOver     = errors.New("transaction is over")
	errReadOnly = errors.New("write in a view")
	errGap      = fmt.Errorf("log has a gap: %w", bridge.ErrDamaged)
)

// tx is a transaction as fn sees it.
type tx struct {
	c     *conn
	heads *heads // nil in a view
	store *Store
	over  atomic.Bool
	// ctx is that of a view, which may wait for keys. The writer waits for nobody.
	ctx  context.Context //nolint:containedctx // a view lives as long as the call that it came with
	need bridge.Need
	// spare: what lacks its patient's key is sealed with the spare one, and gets
	// its own later. For what is essential, and for imports of many patients.
	spare bool
	// whole: everything was sealed before the transaction began, so that what is
	// plain does not open.
	whole bool
	// began says that a view has read something: only then is there a snapshot.
	began bool
	// behind is the newest commit that a view may have seen, noted once it has its
	// snapshot.
	behind *flight
	noted  bool
	// tail is what a view finds behind the tables, once it was read.
	tail   []*changes
	tailed bool
	// wrote says that fn has written something but heads; when it is careful, a
	// savepoint has been open since before that, which is what saved says.
	wrote, saved, careful bool
	// bytes is how much fn has given to be written, about.
	bytes int64
	// lost is the error after which SQLite may have rolled everything back, so
	// that a further statement would be a transaction of its own.
	lost error
}

func (t *tx) Directory() bridge.Directory         { return directory{t} }
func (t *tx) Patients() bridge.Patients           { return patients{t} }
func (t *tx) Consents() bridge.Consents           { return consents{t} }
func (t *tx) Conversations() bridge.Conversations { return conversations{t} }
func (t *tx) Messages() bridge.Messages           { return messages{t} }
func (t *tx) Disclosures() bridge.Disclosures     { return disclosures{t} }
func (t *tx) Events() bridge.Events               { return events{t} }
func (t *tx) Entries() bridge.Entries             { return entries{t} }
func (t *tx) Tree() bridge.Tree                   { return tree{t} }
func (t *tx) Checkpoints() bridge.Checkpoints     { return signed{t} }
func (t *tx) Emergencies() bridge.Emergencies     { return emergencies{t} }
func (t *tx) Policies() bridge.Policies           { return policies{t} }
func (t *tx) Lines() bridge.Lines                 { return lines{t} }
func (t *tx) Rings() bridge.Rings                 { return rings{t} }
func (t *tx) Callbacks() bridge.Callbacks         { return callbacks{t} }

// usable returns why t can't be used, if it can't.
func (t *tx) usable() error {
	if t.over.Load() {
		return errOver
	}
	return t.lost
}

// readable is usable for a read; it begins a view.
func (t *tx) readable() error {
	if err := t.usable(); err != nil {
		return err
	}
	if t.heads == nil && !t.began {
		if _, err := t.c.exec("BEGIN"); err != nil {
			return t.note(fmt.Errorf("beginning a view: %w", err))
		}
		t.began = true
	}
	return nil
}

// headed is usable for a change of heads, which are undone apart.
func (t *tx) headed() error {
	if err := t.usable(); err != nil {
		return err
	}
	if t.heads == nil {
		return errReadOnly
	}
	return nil
}

// writing is usable for a statement that may write; it opens the savepoint of fn.
// Whoever calls it says wrote when it did.
func (t *tx) writing() error {
	if err := t.headed(); err != nil {
		return err
	}
	if !t.saved && t.careful {
		if _, err := t.c.exec("SAVEPOINT fn"); err != nil {
			return t.note(err)
		}
		t.saved = true
	}
	return nil
}

// writable is usable for a write.
func (t *tx) writable() error {
	if err := t.writing(); err != nil {
		return err
	}
	t.wrote = true
	return nil
}

// note maps an error of SQLite and remembers one that ends the transaction.
func (t *tx) note(err error) error {
	if err == nil {
		return nil
	}
	m := mapped(err)
	if broken(err) {
		t.lost = m
	}
	return m
}

func (t *tx) exec(query string, args ...any) (int64, error) {
	if err := t.writable(); err != nil {
		return 0, err
	}
	t.weigh(args)
	n, err := t.c.exec(query, args...)
	return n, t.note(err)
}

func (t *tx) insert(query string, args ...any) (int64, error) {
	if err := t.writable(); err != nil {
		return 0, err
	}
	t.weigh(args)
	row, err := t.c.insert(query, args...)
	return row, t.note(err)
}

// weigh counts the documents among args; all else is small.
func (t *tx) weigh(args []any) {
	for _, a := range args {
		if b, ok := a.([]byte); ok {
			t.bytes += int64(len(b))
		}
	}
}

func (t *tx) each(query string, row func(v []driver.Value) error, args ...any) error {
	if err := t.readable(); err != nil {
		return err
	}
	err := t.c.each(query, row, args...)
	t.saw()
	return t.note(err)
}

func (t *tx) one(query string, args ...any) ([]driver.Value, error) {
	if err := t.readable(); err != nil {
		return nil, err
	}
	v, err := t.c.one(query, args...)
	t.saw()
	return v, t.note(err)
}

// saw notes what a view has seen: its first statement has taken the snapshot, and
// a flight is announced before its commit can be in one.
func (t *tx) saw() {
	if t.heads == nil && !t.noted {
		t.behind, t.noted = t.store.syncer.newest.Load(), true
	}
}

// get reads one document, in the query's first column, into v.
func (t *tx) get(v any, query string, args ...any) error {
	row, err := t.one(query, args...)
	if err != nil {
		return err
	}
	if err := decode(row[0], v); err != nil {
		return err
	}
	return t.show(v)
}

// list reads documents, in the query's first column.
func list[T any](t *tx, query string, args ...any) ([]T, error) {
	var all []T
	err := t.each(query, func(row []driver.Value) error {
		var v T
		if err := decode(row[0], &v); err != nil {
			return err
		}
		if err := t.show(&v); err != nil {
			return err
		}
		all = append(all, v)
		return nil
	}, args...)
	return all, err
}

// limit is n, or most when n is not set.
func limit(n, most int) int64 {
	if n <= 0 {
		return int64(most)
	}
	return int64(n)
}

// filter builds the narrowing part of a query.
type filter struct {
	where string
	args  []any
}

// and adds a condition and its arguments.
func (f *filter) and(condition string, args ...any) {
	if f.where == "" {
		f.where = " WHERE "
	} else {
		f.where += " AND "
	}
	f.where += condition
	f.args = append(f.args, args...)
}
