// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// errUnsynced is why nothing is done any more once a sync has failed.
var errUnsynced = errors.New("syncing failed before, restart needed")

// flight is a commit between SQLite and the disk. Who comes after it sees what it
// has written, and a power loss may still take it away. So nobody is told of it,
// nor of anything that was read behind it, before it has landed.
type flight struct {
	jobs  []*job
	began time.Time
	done  chan struct{} // closed once err stands
	err   error         // why it is not known to be durable
}

// landed waits until the flight is over. No flight is over.
func (f *flight) landed(ctx context.Context) error {
	if f == nil {
		return nil
	}
	select {
	case <-f.done:
		return f.err
	default:
	}
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return fmt.Errorf("waiting for the disk: %w", ctx.Err())
	}
}

// over ends the flight: with nil it is durable, or was none.
func (f *flight) over(err error) {
	f.err = err
	close(f.done)
}

// syncer makes commits durable while the writer runs the next group. The writer's
// connection does not sync at its commits (synchronous=NORMAL); the syncer does it
// through a handle of its own, which is the same file to the kernel. Never is more
// than one commit in flight: the writer commits only behind one that has landed.
//
// A sync covers all that was written to the log before. What a checkpoint has
// moved before that is durable as well: SQLite syncs the log before it copies, and
// the database before it lets the log start over
// (https://www.sqlite.org/wal.html#performance_considerations).
type syncer struct {
	store *Store
	log   *os.File // the write-ahead log; it has no locks that closing would drop
	sync  func() error
	due   chan *flight
	ended chan struct{}
	// newest is the last flight that began. It is set before anybody can see its
	// commit, so that who has seen one finds it here, or a later one.
	newest atomic.Pointer[flight]
	// lost says that a sync failed: what the disk holds is not known any more.
	lost atomic.Bool
}

// newSyncer opens the log, which is there once a connection has read, and syncs
// what a process that was killed may have left in it.
func newSyncer(s *Store) (*syncer, error) {
	f, err := os.OpenFile(s.path+"-wal", os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("opening the write-ahead log: %w", err)
	}
	y := &syncer{store: s, log: f, due: make(chan *flight, 1), ended: make(chan struct{})}
	y.sync = func() error { return syncData(y.log) }
	if err := errors.Join(f.Sync(), syncFolder(s.path)); err != nil {
		return nil, errors.Join(fmt.Errorf("syncing the write-ahead log: %w", err), f.Close())
	}
	return y, nil
}

func (y *syncer) loop() {
	defer close(y.ended)
	for f := range y.due {
		y.land(f, y.sync())
	}
}

// begin announces a commit that is about to be seen.
func (y *syncer) begin(jobs []*job) *flight {
	f := &flight{jobs: jobs, began: time.Now(), done: make(chan struct{})}
	y.newest.Store(f)
	return f
}

// land ends a flight and answers those who were on it: now the group is durable,
// and not before (I7).
func (y *syncer) land(f *flight, err error) {
	var lost error
	if err != nil {
		lost = y.fail(err)
		err = fmt.Errorf("syncing: %w: %w", bridge.ErrOutcomeUnknown, err)
		for _, j := range f.jobs {
			j.err = err // whatever it was, it came of what may be gone
		}
	} else if told := y.store.options.Committed; told != nil {
		told(len(f.jobs), time.Since(f.began))
	}
	for _, j := range f.jobs {
		j.finish(nil)
	}
	f.over(lost)
}

// fail notes that a sync failed. What that left behind can't be known, and a second
// one may lie (https://wiki.postgresql.org/wiki/Fsync_Errors). Only a restart,
// which reads the file again, may go on.
func (y *syncer) fail(err error) error {
	y.lost.Store(true)
	y.store.log.Error("sync failed, restart needed", slog.Any("error", err))
	return fmt.Errorf("%w: %w", errUnsynced, err)
}

// close ends the goroutine; the writer must have ended.
func (y *syncer) close() {
	close(y.due)
	<-y.ended
}
