// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"reflect"

	engine "modernc.org/sqlite"

	"github.com/brobygger/brobygger/bridge"
)

// OnCommit puts f in the place of each commit of s; f may call the real one. Call
// it while nothing runs.
func (s *Store) OnCommit(f func(commit func() error) error) {
	commit := s.writer.commits
	s.writer.commits = func() error { return f(commit) }
}

// OnSync puts f in the place of each sync of what was committed; f may call the
// real one. Call it while nothing runs.
func (s *Store) OnSync(f func(sync func() error) error) {
	sync := s.syncer.sync
	s.syncer.sync = func() error { return f(sync) }
}

// OnFree says how much room the file system has. Call it while nothing runs.
func (s *Store) OnFree(f func() (int64, error)) { s.writer.space.free = f }

// Exec runs a statement on the writer's connection. Call it before the first
// Update.
func (s *Store) Exec(query string) error {
	_, err := s.writer.c.exec(query)
	return err
}

// Waiting is how many Updates wait for the writer to take them.
func (s *Store) Waiting() int {
	s.writer.mu.Lock()
	defer s.writer.mu.Unlock()
	return len(s.writer.line)
}

// Pragma reads a setting of the writer's connection, or a reader's. Call it
// while nothing runs.
func (s *Store) Pragma(name string, reader bool) (string, error) {
	c := s.writer.c
	if reader {
		c = <-s.readers
		defer func() { s.readers <- c }()
	}
	row, err := c.one("PRAGMA " + name)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(row[0]), nil
}

// SyncFailed and Full are errors of SQLite as a commit may meet them.
func SyncFailed() error { return failing(codeSyncFailed) }

// Full is SQLITE_FULL.
func Full() error { return failing(codeFull) }

// IOFailed is SQLITE_IOERR_SHMSIZE: the shared index could not grow.
func IOFailed() error { return failing(4874) }

func failing(code int) error { return &coded{code} }

// coded stands for an error of the driver, whose own can't be made outside it.
type coded struct{ code int }

func (c *coded) Error() string { return "made by a test" }
func (c *coded) Code() int     { return c.code }

var _ interface{ Code() int } = (*engine.Error)(nil)

// SomeTail is a document of the table tails.
func SomeTail() []byte {
	return (&changes{
		map[bridge.PatientID]patientHead{"a": {bridge.Head{Epoch: 3, Seq: 1 << 40, Hash: [32]byte{1, 31: 2}}, end{7, 64}}},
		map[bridge.Ref]partyHead{"Patient/a": {1, 2, end{3, 4}}, "": {}},
		map[bridge.ConversationID]conversationHead{"c": {1, never, 2, end{3, 4}}},
		map[bridge.ConsentID]int64{"k": 9},
	}).encoded()
}

// TailAgain wants what can be read of a tail to be the same when it was written
// and read once more.
func TailAgain(doc []byte) error {
	c, err := decodeChanges(doc)
	if err != nil {
		return nil //nolint:nilerr // it must not be readable
	}
	again, err := decodeChanges(c.encoded())
	if err != nil {
		return err
	}
	if len(doc) > 0 && !reflect.DeepEqual(c, again) {
		return fmt.Errorf("read %v, then %v", c, again)
	}
	return nil
}

// Encode and Decode are how nouns are kept in documents.
func Encode(v any) ([]byte, error) { return encode(v) }

// Decode reads what Encode has made into what v points at.
func Decode(doc []byte, v any) error { return decode(doc, v) }

// Filled is the options with what was left out, on a disk of total bytes.
func (o Options) Filled(total int64) Options { return o.filled(total) }

// Plan is how SQLite goes about a query of lines, rings or callbacks.
func (s *Store) Plan(ctx context.Context, q any) (plan string, err error) {
	var query string
	var args []any
	switch q := q.(type) {
	case bridge.LineQuery:
		query, args = lineQuery(q)
	case bridge.RingQuery:
		query, args = ringQuery(q)
	case bridge.CallbackQuery:
		query, args = callbackQuery(q)
	}
	err = s.View(ctx, func(t bridge.Tx) error {
		return t.(*tx).each("EXPLAIN QUERY PLAN "+query, func(v []driver.Value) error {
			plan += text(v[3]) + "\n"
			return nil
		}, args...)
	})
	return plan, err
}
