// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/brobygger/brobygger/bridge"
)

// mostGrouped bounds how many transactions share one commit.
const mostGrouped = 256

var (
	errClosed = errors.New("store is closed")
	errExit   = errors.New("transaction's function ended its goroutine")
	errSpoilt = errors.New("transaction's function failed behind a write")
	errNoRoom = &bridge.Error{Code: bridge.CodeStorageFull, Message: "free space is below the reserve"}
)

// job is one Update on its way through the writer.
type job struct {
	fn       func(bridge.Tx) error
	need     bridge.Need
	err      error
	panicked any
	careful  bool // fn has a savepoint of its own
	spare    bool // entries may be sealed with the spare key
	done     chan struct{}
	gone     atomic.Bool // taken by the writer, or left by its caller: whoever is first
}

// mayRunAgain says that j failed with its group only, and counts.
func (j *job) mayRunAgain() bool {
	return j.need > bridge.NeedOrdinary && j.err == nil && j.panicked == nil
}

func (j *job) finish(err error) {
	if j.err == nil {
		j.err = err
	}
	close(j.done)
}

// writer owns the one connection that writes. It takes what waits, runs each fn,
// and commits once for all. While the syncer makes that durable, and answers it,
// the writer runs what comes in the next group, which it commits when the syncer
// is done.
type writer struct {
	store  *Store
	c      *conn
	syncer *syncer
	wake   chan struct{} // something was put in line, or the writer shall stop
	stop   chan struct{}
	ended  chan struct{}

	mu     sync.Mutex // guards the following fields
	line   []*job     // who waits, first come first
	closed bool

	// The following belong to the writer's goroutine.
	heads   heads
	space   *space
	ahead   *ahead
	ready   []*job  // taken out of the line, not yet run
	taken   []*job  // of the group that runs
	again   []*job  // to run once more, now that the reserve is free
	wrote   bool    // the group that runs has written something but heads
	flight  *flight // the commit before, unless it has landed
	failed  error   // it has not: what the disk holds is not known any more
	clean   bool    // loop returned by itself
	commits func() error
}

// update hands fn to the writer and waits for the commit.
func (w *writer) update(ctx context.Context, fn func(bridge.Tx) error, spare bool) error {
	j := &job{fn: fn, need: bridge.NeedOf(ctx), spare: spare, done: make(chan struct{})}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("waiting for the writer: %w", err)
	}
	if !w.join(j) {
		return errClosed
	}
	select {
	case <-j.done:
	case <-ctx.Done():
		if j.gone.CompareAndSwap(false, true) {
			return fmt.Errorf("waiting for the writer: %w", ctx.Err())
		}
		<-j.done
	}
	if j.panicked != nil {
		panic(j.panicked)
	}
	return j.err
}

// join puts j in line, unless the store is closed.
func (w *writer) join(j *job) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return false
	}
	w.line = append(w.line, j)
	if len(w.line) == 1 {
		w.ring()
	}
	return true
}

// ring wakes the writer where it sleeps.
func (w *writer) ring() {
	select {
	case w.wake <- struct{}{}:
	default: // it is awake
	}
}

// close refuses everybody from now on, and those who wait; it returns when the
// group that runs has been answered.
func (w *writer) close() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	close(w.stop)
	<-w.ended
	w.ahead.close()
	w.tidy()
	w.syncer.close()
	for _, j := range w.again {
		j.finish(errClosed)
	}
	for _, j := range append(w.ready, w.line...) {
		if j.gone.CompareAndSwap(false, true) {
			j.finish(errClosed)
		}
	}
}

// tidy leaves every head in its own table when the store is closed. Where that
// fails the tail has them, as after a crash.
func (w *writer) tidy() {
	if w.failed != nil {
		return
	}
	w.space.look()
	if _, err := w.c.exec("BEGIN IMMEDIATE"); err != nil {
		return
	}
	err := w.heads.recall(w.c, &w.store.tails)
	if err == nil && w.heads.last > w.heads.first {
		err = w.heads.flush(w.c)
	}
	if err == nil {
		err = w.commits() // the last to close the file syncs it
	}
	if err != nil {
		_, _ = w.c.exec("ROLLBACK")
		w.store.log.Warn("heads stay in the tail", slog.Int("sqlite", code(err)))
	}
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
		select {
		case <-w.stop:
			w.settle()
			w.clean = true
			return
		default:
		}
		if j := w.next(); j != nil {
			w.group(j)
			continue
		}
		if w.flight == nil && w.ahead.step(w.space) {
			continue
		}
		w.rest()
	}
}

// rest waits until there is something to do, or the commit before has landed.
func (w *writer) rest() {
	var landed chan struct{}
	if w.flight != nil {
		landed = w.flight.done
	}
	select {
	case <-w.wake:
	case <-landed:
		w.settle()
	case <-w.stop:
		w.settle()
	}
}

// settle waits until the commit before has landed.
func (w *writer) settle() {
	if w.flight == nil {
		return
	}
	<-w.flight.done
	if w.failed == nil && w.flight.err != nil {
		w.failed = w.flight.err
	}
	w.flight = nil
}

// more returns the next job of the group, nil when the group is to be committed:
// when nobody waits any more, and the commit before has landed.
func (w *writer) more() *job {
	for w.flight != nil {
		if j := w.next(); j != nil {
			return j
		}
		if len(w.taken) < mostGrouped {
			w.rest()
		} else {
			w.settle()
		}
		if w.flight == nil {
			// Who was just answered may be about to come back, and share this commit.
			// More than once would gather everybody, so that nobody is left to run
			// beside the sync.
			runtime.Gosched()
		}
	}
	return w.next()
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
	for {
		if len(w.ready) == 0 {
			w.mu.Lock()
			w.ready, w.line = w.line, w.ready[:0]
			w.mu.Unlock()
		}
		if len(w.ready) == 0 {
			return nil
		}
		j := w.ready[0]
		w.ready[0], w.ready = nil, w.ready[1:]
		if j.gone.CompareAndSwap(false, true) {
			return j
		}
	}
}

// group runs first and whatever else waits in one commit.
func (w *writer) group(first *job) {
	w.taken, w.wrote = append(w.taken[:0], first), false
	w.look()
	if w.failed != nil {
		w.answer(w.failed)
		return
	}
	if _, err := w.c.exec("BEGIN IMMEDIATE"); err != nil {
		w.abort(fmt.Errorf("beginning: %w", err))
		return
	}
	if err := w.heads.recall(w.c, &w.store.tails); err != nil {
		w.abort(err)
		return
	}
	for j := first; ; {
		switch err := w.run(j); {
		case errors.Is(err, errSpoilt):
			w.repeat()
			return
		case err != nil:
			w.abort(err)
			return
		}
		if j = w.more(); j == nil {
			break
		}
		w.taken = append(w.taken, j)
	}
	if w.failed != nil { // this group stands on what may be gone
		w.abort(w.failed)
		return
	}
	if err := w.heads.keep(w.c, &w.store.tails); err != nil {
		w.abort(err)
		return
	}
	w.commit()
}

// look finds out how much room there is. Where there is little, it first moves the
// log to the database, if that can be done to its end: what is left is then known,
// and the log has its own room again.
func (w *writer) look() {
	w.space.look()
	if !w.space.low || w.space.owed == 0 || !w.space.fits() {
		return
	}
	w.settle()
	if w.failed == nil {
		w.store.finish(w.c)
		w.space.look()
	}
}

// repeat takes the group back, since one fn failed behind a write of its own, and
// has it run again with a savepoint for each. Failing so is rare, and savepoints
// for everybody cost a sixth of the writer's time.
func (w *writer) repeat() {
	if _, err := w.c.exec("ROLLBACK"); err != nil {
		w.abort(fmt.Errorf("rolling back: %w", err))
		return
	}
	w.heads.undoAll()
	for _, j := range w.taken {
		j.err, j.panicked, j.careful = nil, nil, true
	}
	w.again = append(slices.Clone(w.taken), w.again...)
	w.taken = w.taken[:0]
}

// run runs one fn. Its error is the job's; run returns what ends the group.
func (w *writer) run(j *job) error {
	if w.space.refuses(j.need) {
		j.err = errNoRoom
		return nil
	}
	t := &tx{c: w.c, heads: &w.heads, store: w.store, careful: j.careful, need: j.need, spare: j.spare, whole: w.store.whole()}
	j.err = w.call(j, t)
	w.wrote = w.wrote || t.wrote
	if t.lost != nil {
		j.err = nil // the group's error is its error
		return t.lost
	}
	if j.err == nil && j.panicked == nil && !w.space.spend(j.need, t.bytes) {
		j.err = errNoRoom
	}
	if j.err == nil && j.panicked == nil {
		w.heads.settle()
		return w.end(t)
	}
	w.heads.undo()
	if t.wrote && !j.careful {
		return errSpoilt
	}
	if t.saved {
		if _, err := w.c.exec("ROLLBACK TO fn"); err != nil {
			return fmt.Errorf("rolling back: %w", err)
		}
	}
	return w.end(t)
}

// end closes fn's savepoint.
func (w *writer) end(t *tx) error {
	if !t.saved {
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

// commit commits the group and hands it to the syncer. One that has written
// nothing is answered at once: what it has read has landed before.
func (w *writer) commit() {
	w.early()
	if !w.wrote && !w.heads.added && !w.heads.written {
		if err := w.commits(); err != nil {
			w.abort(fmt.Errorf("committing: %w", err))
			return
		}
		w.heads.kept(&w.store.tails)
		w.answer(nil)
		return
	}
	f := w.syncer.begin(w.taken)
	if err := w.commits(); err != nil {
		w.stranded(f, err)
		return
	}
	w.heads.kept(&w.store.tails)
	w.flight, w.taken = f, nil
	w.syncer.due <- f
	w.store.grown(w.c)
}

// stranded is for a flight whose commit failed: nobody is on it.
func (w *writer) stranded(f *flight, err error) {
	c := code(err)
	if c&0xff == codeFull || c&0xff == codeBusy {
		// SQLite writes the frame that commits last, and it could not.
		f.over(nil)
		w.abort(fmt.Errorf("committing: %w", err))
		return
	}
	w.store.log.Error("commit has an unknown outcome", slog.Int("sqlite", c))
	failed := err
	if c != codeSyncFailed { // as when SQLite could not sync the head of a log that starts over
		failed = w.syncer.sync() // in case the commit can be seen
	}
	if failed != nil {
		w.failed = w.syncer.fail(failed)
	}
	f.over(w.failed)
	w.abort(fmt.Errorf("committing: %w: %w", bridge.ErrOutcomeUnknown, err))
}

// abort rolls the whole group back and answers it, but for what is essential and
// may have room now.
func (w *writer) abort(err error) {
	_, _ = w.c.exec("ROLLBACK") // SQLite may have done it already
	w.heads.lost(&w.store.tails)
	w.settle() // what fn told its caller may come of the commit before
	m := err
	if !errors.Is(err, bridge.ErrOutcomeUnknown) {
		m = mapped(err)
	}
	if bridge.CodeOf(m) == bridge.CodeStorageFull && slices.ContainsFunc(w.taken, (*job).mayRunAgain) && w.space.release() {
		w.store.log.Warn("disk is full, the reserve is given away")
		w.again = append(w.again, slices.DeleteFunc(slices.Clone(w.taken), func(j *job) bool { return !j.mayRunAgain() })...)
		w.taken = slices.DeleteFunc(w.taken, (*job).mayRunAgain)
	}
	w.answer(m)
}

// answer ends every job of the group, with err unless it has an error already.
func (w *writer) answer(err error) {
	for _, j := range w.taken {
		if w.failed != nil {
			j.err = err
		}
		j.finish(err)
	}
	w.taken = w.taken[:0]
	runtime.Gosched() // let them come back before the next group is taken
}
