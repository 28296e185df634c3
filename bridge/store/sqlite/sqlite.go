// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// Package sqlite keeps what must survive in one SQLite file, for one machine.
//
// One goroutine owns the one connection that writes. It starts a commit at once;
// another syncs it to the disk and answers those whom it was for, while the first
// runs what comes meanwhile, so that many transactions share one sync. Readers
// have connections of their own and never wait for the writer, but for the sync of
// what they have seen. Checkpoints run apart, in small steps.
//
// Beside the file lie SQLite's -wal and -shm, a -lock that one process holds, and
// a -reserve: room that is given away when the disk is full, so that a withdrawal
// can always be kept.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// Options tune a store. The zero Options are good for production.
type Options struct {
	// Reserve is how many bytes are held back for what is essential
	// (bridge.Essential). While less is free on the file system, every other
	// Update is refused with CodeStorageFull. 0 means 64 MiB, or a 64th of a
	// file system of less than 4 GiB, at least 4 MiB; negative none.
	Reserve int64
	// Checkpoint is after how many pages in the write-ahead log they are moved to
	// the database. 0 means 16000, or as many as a smaller reserve has room for.
	Checkpoint int
	// Readers is how many Views may run at once. 0 means 4.
	Readers int
	// Committed is told of every commit once it is durable: how many transactions
	// shared it, and how long the disk took. It must not wait. nil: nobody is.
	Committed func(transactions int, took time.Duration)
	// Sealer seals what is kept, and opens it. Without one everything is kept as it
	// is, and what was sealed is as good as erased.
	Sealer bridge.Sealer
	// Keys is the name of the keys that the sealer works with. A database that
	// others have sealed is refused.
	Keys string
	// Log is told of what an operator must know. nil discards.
	Log *slog.Logger
}

const (
	defaultReserve    = 64 << 20
	defaultCheckpoint = 16_000
	defaultReaders    = 4
)

// filled fills in what was left out, for a file system of total bytes.
func (o Options) filled(total int64) Options {
	if o.Checkpoint <= 0 {
		o.Checkpoint = defaultCheckpoint
	}
	if o.Reserve == 0 {
		o.Reserve = min(defaultReserve, max(total/64, 4<<20))
		// What moves to the database must find room there.
		o.Checkpoint = min(o.Checkpoint, int(o.Reserve/4096))
	}
	if o.Readers <= 0 {
		o.Readers = defaultReaders
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Store implements bridge.Store.
type Store struct {
	path    string
	options Options
	log     *slog.Logger
	id      string // of the log
	lock    *os.File
	writer  *writer
	syncer  *syncer
	readers chan *conn
	points  *checkpoints
	tails   tails
	known   known
	keyless bool // keys have sealed it, and are not here
	closing sync.Once
	closed  error
}

var _ bridge.Store = (*Store)(nil)

// Open opens the database at path, making and migrating it where needed: the
// file with mode 0600, its folder with 0700. It refuses a file that another
// process has open, that is not ours, or that a newer version has written.
func Open(path string, o Options) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("opening store: %w", err)
	}
	s := &Store{path: path, options: o.filled(diskOf(path))}
	s.log = s.options.Log
	if err := s.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("opening store: %w", err), s.release())
	}
	return s, nil
}

func (s *Store) open() error {
	var err error
	if s.lock, err = prepareFiles(s.path); err != nil {
		return err
	}
	if err := migrate(context.Background(), s.path, schema, "schema"); err != nil {
		return err
	}
	c, err := dial(s.path)
	if err != nil {
		return err
	}
	s.writer = &writer{
		store: s, c: c, wake: make(chan struct{}, 1), stop: make(chan struct{}), ended: make(chan struct{}),
		space: newSpace(s.path+"-reserve", s.options.Reserve), ahead: newAhead(s.path, s.options.Checkpoint),
	}
	s.writer.heads.forget()
	s.writer.commits = func() error { _, err := c.exec("COMMIT"); return err }
	if err := c.set("cache_size", writerCache); err != nil {
		return err
	}
	row, err := c.one(`SELECT value FROM meta WHERE key = 'log'`)
	if err != nil {
		return fmt.Errorf("reading the log's id: %w", err)
	}
	s.id = text(row[0])
	if err := s.pair(c); err != nil {
		return err
	}
	if s.syncer, err = newSyncer(s); err != nil {
		return err
	}
	s.writer.syncer = s.syncer
	// From here on the syncer syncs what this connection commits.
	if err := c.set("synchronous", "1"); err != nil { // NORMAL
		return err
	}
	s.readers = make(chan *conn, s.options.Readers)
	for range s.options.Readers {
		r, err := dial(s.path)
		if err != nil {
			return err
		}
		s.readers <- r
		if err := r.set("query_only", "1"); err != nil {
			return err
		}
	}
	if s.points, err = newCheckpoints(s); err != nil {
		return err
	}
	go s.syncer.loop()
	go s.writer.loop()
	go s.points.loop()
	return nil
}

// Log implements bridge.Store.
func (s *Store) Log() string { return s.id }

// Update implements bridge.Store. One writer makes every transaction
// serializable, so that the patient's row needs no lock of its own.
func (s *Store) Update(ctx context.Context, patient bridge.PatientID, fn func(bridge.Tx) error) error {
	if s.keyless {
		return errKeyless
	}
	if err := s.unsealing(ctx, patient); err != nil {
		return err
	}
	spare := patient == "" || bridge.NeedOf(ctx) == bridge.NeedEssential
	for again := 0; ; again++ {
		err := s.writer.update(ctx, fn, spare)
		var lack *bridge.NotReadyError
		if s.options.Sealer == nil || !errors.As(err, &lack) || again == mostLacking {
			return err
		}
		if err := s.options.Sealer.Ready(ctx, lack.Patient); err != nil && !errors.Is(err, bridge.ErrErased) {
			return err
		}
	}
}

// View implements bridge.Store. What fn has seen is durable when View returns.
func (s *Store) View(ctx context.Context, fn func(bridge.Tx) error) error {
	behind, err := s.view(ctx, fn)
	if late := behind.landed(ctx); late != nil {
		return late
	}
	return err
}

// view runs fn, and returns the newest commit that it may have seen.
func (s *Store) view(ctx context.Context, fn func(bridge.Tx) error) (behind *flight, err error) {
	c, err := s.reader(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { s.readers <- c }()
	t := &tx{c: c, store: s, ctx: ctx, need: bridge.NeedOf(ctx), whole: s.whole()}
	defer func() {
		t.over.Store(true)
		if t.began {
			_, _ = c.exec("ROLLBACK") // nothing was written
		}
	}()
	err = fn(t)
	return t.behind, err
}

// reader takes a connection out of the pool.
func (s *Store) reader(ctx context.Context) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("waiting for a reader: %w", err)
	}
	select {
	case <-s.writer.stop:
		return nil, errClosed
	default:
	}
	select {
	case c := <-s.readers:
		return c, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for a reader: %w", ctx.Err())
	case <-s.writer.stop:
		return nil, errClosed
	}
}

// Close waits for the Updates and Views that run, refuses others, and closes.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.writer.close()
		s.points.close()
		for range s.options.Readers {
			s.closed = errors.Join(s.closed, (<-s.readers).close())
		}
		s.closed = errors.Join(s.closed, s.release())
	})
	return s.closed
}

// release closes what open opened, as far as it came.
func (s *Store) release() error {
	var err error
	if s.points != nil && !s.syncer.lost.Load() {
		// Where a sync failed, this connection stays open, so that no other is the
		// last: that one would move to the database what may not be in the log.
		err = errors.Join(err, s.points.c.close())
	}
	for len(s.readers) > 0 {
		err = errors.Join(err, (<-s.readers).close())
	}
	if s.writer != nil {
		err = errors.Join(err, s.writer.c.close())
	}
	if s.syncer != nil {
		err = errors.Join(err, s.syncer.log.Close())
	}
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
	}
	return err
}
