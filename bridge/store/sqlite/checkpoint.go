// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"log/slog"
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
		p.move(p.c)
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
	size := s.options.Checkpoint
	if p.total >= size && p.moved.Swap(false) {
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
