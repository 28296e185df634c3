// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"log/slog"
	"os"
	"sync"
	"sync/atomic"

	engine "modernc.org/sqlite"
)

// checkpoints move pages from the write-ahead log into the database, beside the
// writer. A step copies what has come since the last one. When the log is long,
// the writer itself takes the last, short step between two groups: only then is
// nothing left in the log, and it starts over instead of growing.
type checkpoints struct {
	store *Store
	c     *conn
	due   chan struct{} // a step is due
	ended chan struct{}
	moved atomic.Bool // a step has just been made, so little is left to move
	turn  sync.Mutex  // held by who moves; SQLite lets only one

	// The following belong to the writer's goroutine.
	step, total int // pages written since the last step, and since the log started over
	pages       pageCounter
}

// pageCounter counts pages that a connection wrote.
type pageCounter interface {
	Status(op engine.DBStatusOp, reset bool) (current, high int, err error)
}

// stepsPerLog is in how many steps a full log is moved.
const stepsPerLog = 4

func newCheckpoints(s *Store) (*checkpoints, error) {
	c, err := dial(s.path)
	if err != nil {
		return nil, err
	}
	pages, _ := s.writer.c.raw.(pageCounter)
	return &checkpoints{store: s, c: c, due: make(chan struct{}, 1), ended: make(chan struct{}), pages: pages}, nil
}

func (p *checkpoints) loop() {
	defer close(p.ended)
	for range p.due {
		p.turn.Lock()
		p.move(p.c)
		p.turn.Unlock()
		p.moved.Store(true)
	}
}

// move copies what it can without waiting for anybody, and returns how many
// pages the log holds and how many of them have been copied.
func (p *checkpoints) move(c *conn) (log, done int64) {
	if p.store.syncer.lost.Load() {
		return 0, 0 // the log may not hold what it should
	}
	row, err := c.one("PRAGMA wal_checkpoint(PASSIVE)")
	if err != nil {
		p.store.log.Error("checkpoint could not be made", slog.Int("sqlite", code(err)))
		return 0, 0
	}
	return number(row[1]), number(row[2])
}

// close ends the goroutine; the writer must have ended.
func (p *checkpoints) close() {
	close(p.due)
	<-p.ended
}

// grown is called by the writer after each commit.
func (s *Store) grown(c *conn) {
	p := s.points
	n := 1
	if p.pages != nil {
		if written, _, err := p.pages.Status(engine.DBStatusCacheWrite, true); err == nil {
			n = written
		}
	}
	p.step += n
	p.total += n
	space := s.writer.space
	if space.owed = s.owed(c); !space.fits() {
		return
	}
	if space.low {
		s.finish(c) // nobody's haste counts now
		return
	}
	size := s.options.Checkpoint
	if p.total >= size && p.moved.Load() && p.turn.TryLock() {
		defer p.turn.Unlock()
		p.moved.Store(false)
		p.step = 0
		if log, done := p.move(c); log == done {
			p.total = 0
		}
		return
	}
	if p.step < max(size/stepsPerLog, 1) {
		return
	}
	select {
	case p.due <- struct{}{}:
		p.step = 0
	default: // one is under way
	}
}

// finish moves all that the log holds, unless somebody still reads what was before
// it. It waits for a step that is under way.
func (s *Store) finish(c *conn) {
	p := s.points
	p.turn.Lock()
	defer p.turn.Unlock()
	if log, done := p.move(c); log == done {
		p.step, p.total = 0, 0
	}
	s.writer.space.owed = s.owed(c)
}

// owed is by how many bytes the database will grow when the log is moved, 0 where
// nothing is held back.
func (s *Store) owed(c *conn) int64 {
	if s.writer.space.size == 0 {
		return 0
	}
	row, err := c.one("PRAGMA page_count")
	if err != nil {
		return 0
	}
	info, err := os.Stat(s.path)
	if err != nil {
		return 0
	}
	return max(number(row[0])*pageSize-info.Size(), 0)
}
