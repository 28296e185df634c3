// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"

	engine "modernc.org/sqlite"

	"github.com/brobygger/brobygger/bridge"
)

// conn is one connection with its prepared statements. It belongs to one
// goroutine at a time. It speaks to the driver without database/sql, whose pool
// and conversions cost as much as a small statement does.
type conn struct {
	raw   driver.Conn
	stmts map[string]driver.Stmt
	named []driver.NamedValue // reused by each call
}

// Every connection's settings. WAL with synchronous FULL syncs the log at each
// commit; with NORMAL a committed transaction may be gone after a power loss
// (https://www.sqlite.org/pragma.html#pragma_synchronous). Only the writer has
// NORMAL, since the syncer does it instead. Checkpoints run apart.
var pragmas = [][2]string{
	{"busy_timeout", "10000"},
	{"journal_mode", "wal"},
	{"synchronous", "2"}, // FULL
	{"foreign_keys", "1"},
	{"secure_delete", "1"},
	{"temp_store", "2"}, // memory: the savepoints' journal is never a file
	{"cell_size_check", "1"},
	{"wal_autocheckpoint", "0"},
	{"cache_size", "-8192"}, // KiB
}

// writerCache is the writer's page cache. With too small a one SQLite writes
// pages to the log in the middle of a group, and again at its end.
const writerCache = "-65536" // KiB

// dsn names the database file for the driver.
func dsn(path string) string {
	q := url.Values{"_dqs": {"0"}, "_defensive": {"1"}}
	u := url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}
	return u.String()
}

// dial opens a connection, sets it up, and reads the settings back.
func dial(path string) (*conn, error) {
	connector, err := engine.NewConnector(dsn(path))
	if err != nil {
		return nil, fmt.Errorf("opening database: %w", err)
	}
	raw, err := connector.Connect(context.Background())
	if err != nil {
		return nil, fmt.Errorf("opening database: %w", err)
	}
	c := &conn{raw: raw, stmts: map[string]driver.Stmt{}}
	for _, p := range pragmas {
		if err := c.set(p[0], p[1]); err != nil {
			return nil, errors.Join(err, c.close())
		}
	}
	return c, nil
}

// set sets a pragma and makes sure that it holds.
func (c *conn) set(name, value string) error {
	if _, err := c.exec("PRAGMA " + name + " = " + value); err != nil {
		return fmt.Errorf("setting %s: %w", name, err)
	}
	v, err := c.one("PRAGMA " + name)
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	if got := fmt.Sprint(v[0]); got != value {
		return fmt.Errorf("setting %s: is %s, want %s", name, got, value)
	}
	return nil
}

func (c *conn) close() error {
	for _, s := range c.stmts {
		_ = s.Close() // the connection goes next
	}
	return c.raw.Close()
}

func (c *conn) prepare(query string) (driver.Stmt, error) {
	if s, ok := c.stmts[query]; ok {
		return s, nil
	}
	s, err := c.raw.Prepare(query)
	if err != nil {
		return nil, err
	}
	c.stmts[query] = s
	return s, nil
}

func (c *conn) bind(args []any) []driver.NamedValue {
	c.named = c.named[:0]
	for i, a := range args {
		c.named = append(c.named, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return c.named
}

// exec runs a statement and returns how many rows it changed. Arguments are
// int64, string, []byte or nil.
func (c *conn) exec(query string, args ...any) (int64, error) {
	r, err := c.run(query, args)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// insert runs an INSERT and returns the number of the new row.
func (c *conn) insert(query string, args ...any) (int64, error) {
	r, err := c.run(query, args)
	if err != nil {
		return 0, err
	}
	return r.LastInsertId()
}

func (c *conn) run(query string, args []any) (driver.Result, error) {
	s, err := c.prepare(query)
	if err != nil {
		return nil, err
	}
	return s.(driver.StmtExecContext).ExecContext(context.Background(), c.bind(args))
}

// each runs a query and calls row with every row; row must not run the same query.
func (c *conn) each(query string, row func(v []driver.Value) error, args ...any) (err error) {
	s, err := c.prepare(query)
	if err != nil {
		return err
	}
	rows, err := s.(driver.StmtQueryContext).QueryContext(context.Background(), c.bind(args))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	v := make([]driver.Value, len(rows.Columns()))
	for {
		switch err := rows.Next(v); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := row(v); err != nil {
			return err
		}
	}
}

// one returns the first row, or bridge.ErrNotFound.
func (c *conn) one(query string, args ...any) ([]driver.Value, error) {
	var found []driver.Value
	err := c.each(query, func(v []driver.Value) error {
		if found == nil {
			found = append(found, v...)
		}
		return nil
	}, args...)
	if err == nil && found == nil {
		err = bridge.ErrNotFound
	}
	return found, err
}

// Result codes (https://www.sqlite.org/rescode.html).
const (
	codeBusy       = 5
	codeNoMemory   = 7
	codeInterrupt  = 9
	codeIO         = 10
	codeCorrupt    = 11
	codeFull       = 13
	codeConstraint = 19
	codeSyncFailed = 1034 // SQLITE_IOERR_FSYNC
)

// code returns SQLite's extended result code behind err, 0 when there is none.
func code(err error) int {
	var e interface {
		error
		Code() int // as the driver's *Error has it
	}
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

// mapped turns SQLite's errors into those of the contract.
func mapped(err error) error {
	var already *bridge.Error
	if errors.As(err, &already) {
		return err
	}
	switch code(err) & 0xff {
	case codeFull:
		return &bridge.Error{Code: bridge.CodeStorageFull, Message: "no room for the write", Err: err}
	case codeConstraint:
		return &bridge.Error{Code: bridge.CodeConflict, Message: "already there under another id", Err: err}
	case codeBusy:
		return &bridge.Error{Code: bridge.CodeBusy, Message: "database is busy", Err: err}
	case 0:
		return err
	}
	return fmt.Errorf("database error %s: %w", strconv.Itoa(code(err)), err)
}

// broken reports whether SQLite may have rolled the whole transaction back
// because of err (https://www.sqlite.org/lang_transaction.html#response_to_errors_within_a_transaction).
func broken(err error) bool {
	switch code(err) & 0xff {
	case codeBusy, codeNoMemory, codeInterrupt, codeIO, codeCorrupt, codeFull:
		return true
	}
	return false
}
