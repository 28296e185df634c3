// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"

	"github.com/brobygger/brobygger/bridge"
)

// mostGrouped bounds how many transactions share one commit.
const mostGrouped = 256

var (
	errClosed = errors.New("store is closed")
	errExit   = errors.New("transaction's function ended its goroutine")
)

// job is one Update on its way through the writer.
type job struct {
	fn        func(bridge.Tx) error
	essential bool
	err       error
	panicked  any
	done      chan struct{}
}

func (j *job) finish(err error) {
	if j.err == nil {
		j.err = err
	}
	close(j.done)
}

// writer owns the one connection that writes. It takes what waits, runs each fn
// in a savepoint of its own, commits once for all, and then answers all. What
// comes while a commit runs waits for the next.
type writer struct {
	store *Store
	c     *conn
	queue chan *job // unbuffered: who waits has not been taken, and may still leave
	stop  chan struct{}
	ended chan struct{}

	// The following belong to the writer's goroutine.
	heads  heads
	space  *space
	taken  []*job // of the group that runs
	again  []*job // to run once more, now that the reserve is free
	failed error  // a sync failed: what the disk holds is not known any more
	clean  bool   // loop returned by itself
	syncs  func() error
}

// update hands fn to the writer and waits for the commit.
func (w *writer) update(ctx context.Context, fn func(bridge.Tx) error) error {
	j := &job{fn: fn, essential: bridge.IsEssential(ctx), done: make(chan struct{})}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("waiting for the writer: %w", err)
	}
	select {
	case w.queue <- j:
	case <-ctx.Done():
		return fmt.Errorf("waiting for the writer: %w", ctx.Err())
	case <-w.stop:
		return errClosed
	}
	<-j.done
	if j.panicked != nil {
		panic(j.panicked)
	}
	return j.err
}

func (w *writer) loop() {
	defer func() {
		if w.clean {
			close(w.ended)
			return
		}
		w.abort(errExit) // fn called runtime.Goexit, as testing's FailNow does
		go w.loop()
	}()
	for {
		if len(w.again) > 0 {
			w.group(w.next())
			continue
		}
		select {
		case j := <-w.queue:
			w.group(j)
		case <-w.stop:
			w.clean = true
			return
		}
	}
}

// next returns a job that waits now, nil when there is none or the group is full.
func (w *writer) next() *job {
	if len(w.taken) >= mostGrouped {
		return nil
	}
	if len(w.again) > 0 {
		j := w.again[0]
		w.again = w.again[1:]
		return j
	}
	select {
	case j := <-w.queue:
		return j
	default:
		return nil
	}
}

// group runs first and whatever else waits in one commit.
func (w *writer) group(first *job) {
	w.taken = append(w.taken[:0], first)
	if w.failed != nil {
		w.answer(w.failed)
		return
	}
	w.space.look()
	if _, err := w.c.exec("BEGIN IMMEDIATE"); err != nil {
		w.abort(fmt.Errorf("beginning: %w", err))
		return
	}
	for j := first; ; {
		if err := w.run(j); err != nil {
			w.abort(err)
			return
		}
		if j = w.next(); j == nil {
			break
		}
		w.taken = append(w.taken, j)
	}
	if err := w.heads.flush(w.c); err != nil {
		w.abort(err)
		return
	}
	w.commit()
}

// run runs one fn. Its error is the job's; run returns what ends the group.
func (w *writer) run(j *job) error {
	if w.space.low && !j.essential {
		j.err = &bridge.Error{Code: bridge.CodeStorageFull, Message: "free space is below the reserve"}
		return nil
	}
	t := &tx{c: w.c, heads: &w.heads, store: w.store}
	j.err = w.call(j, t)
	if t.lost != nil {
		j.err = nil // the group's error is its error
		return t.lost
	}
	if j.err == nil && j.panicked == nil {
		w.heads.settle()
		return w.end(t)
	}
	w.heads.undo()
	if t.wrote {
		if _, err := w.c.exec("ROLLBACK TO fn"); err != nil {
			return fmt.Errorf("rolling back: %w", err)
		}
	}
	return w.end(t)
}

// end closes fn's savepoint.
func (w *writer) end(t *tx) error {
	if !t.wrote {
		return nil
	}
	if _, err := w.c.exec("RELEASE fn"); err != nil {
		return fmt.Errorf("keeping: %w", err)
	}
	return nil
}

// call calls fn; a panic goes to the caller of Update.
func (w *writer) call(j *job, t *tx) (err error) {
	defer func() {
		t.over.Store(true)
		j.panicked = recover()
	}()
	return j.fn(t)
}

// commit makes the group durable and answers it.
func (w *writer) commit() {
	err := w.syncs()
	switch {
	case err == nil:
		w.heads.clean()
		w.store.grown(w.c)
		w.answer(nil)
		return
	case code(err)&0xff == codeFull, code(err)&0xff == codeBusy:
		// SQLite writes the frame that commits last, and it could not.
		w.abort(fmt.Errorf("committing: %w", err))
		return
	case code(err) == codeSyncFailed:
		// What a failed fsync left behind can't be known, and a second one may lie
		// (https://wiki.postgresql.org/wiki/Fsync_Errors). Only a restart, which
		// reads the file again, may go on.
		w.failed = fmt.Errorf("syncing failed before, restart needed: %w", err)
	}
	w.store.log.Error("commit has an unknown outcome", slog.Int("sqlite", code(err)))
	w.abort(fmt.Errorf("committing: %w: %w", bridge.ErrOutcomeUnknown, err))
}

// abort rolls the whole group back and answers it, but for what is essential and
// may have room now.
func (w *writer) abort(err error) {
	_, _ = w.c.exec("ROLLBACK") // SQLite may have done it already
	w.heads.forget()
	m := err
	if !errors.Is(err, bridge.ErrOutcomeUnknown) {
		m = mapped(err)
	}
	if bridge.CodeOf(m) != bridge.CodeStorageFull || !w.space.release() {
		w.answer(m)
		return
	}
	w.store.log.Warn("disk is full, the reserve is given away")
	for _, j := range w.taken {
		if j.essential && j.err == nil && j.panicked == nil {
			w.again = append(w.again, j)
			continue
		}
		j.finish(m)
	}
	w.taken = w.taken[:0]
}

// answer ends every job of the group, with err unless it has an error already.
func (w *writer) answer(err error) {
	for _, j := range w.taken {
		j.finish(err)
	}
	w.taken = w.taken[:0]
	runtime.Gosched() // let them come back before the next group is taken
}
