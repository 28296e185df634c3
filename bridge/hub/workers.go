// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"sync"
	"time"
)

// workers run what sessions have to do. A decision and a transaction need a deep
// stack, and a stack that has grown once is kept by a worker that waits for the
// next job; a goroutine of its own for each would grow it again each time.
type workers struct {
	busy sync.WaitGroup

	mu      sync.Mutex // guards the following fields
	idle    []*worker  // who became idle last is last, and is taken first
	stopped bool
}

type worker struct {
	jobs  chan func() // closed to let it go
	since time.Time   // when it became idle
}

// idleWorker is how long a worker waits for its next job.
const idleWorker = 5 * time.Second

// run has f run soon; it does not wait for it.
func (w *workers) run(f func()) {
	w.mu.Lock()
	if n := len(w.idle); n > 0 {
		one := w.idle[n-1]
		w.idle[n-1], w.idle = nil, w.idle[:n-1]
		w.mu.Unlock()
		one.jobs <- f
		return
	}
	defer w.mu.Unlock()
	if !w.stopped { // or nobody is left whom it could be about
		w.busy.Add(1)
		go w.work(&worker{jobs: make(chan func(), 1)}, f)
	}
}

func (w *workers) work(one *worker, f func()) {
	defer w.busy.Done()
	for ok := true; ok; f, ok = <-one.jobs {
		f()
		w.mu.Lock()
		if w.stopped {
			w.mu.Unlock()
			return
		}
		one.since = time.Now()
		w.idle = append(w.idle, one)
		w.mu.Unlock()
	}
}

// forget lets those go that have had nothing to do for long.
func (w *workers) forget(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for n < len(w.idle) && now.Sub(w.idle[n].since) >= idleWorker {
		close(w.idle[n].jobs)
		n++
	}
	w.idle = append(w.idle[:0:0], w.idle[n:]...)
}

// stop lets the workers go, and waits for them.
func (w *workers) stop() {
	w.mu.Lock()
	w.stopped = true
	for _, one := range w.idle {
		close(one.jobs)
	}
	w.idle = nil
	w.mu.Unlock()
	w.busy.Wait()
}
