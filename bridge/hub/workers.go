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
	jobs chan func()
	done chan struct{}
	busy sync.WaitGroup

	mu      sync.Mutex // guards the following field
	stopped bool
}

// idleWorker is how long a worker waits for its next job.
const idleWorker = 5 * time.Second

func (w *workers) start() {
	w.jobs = make(chan func())
	w.done = make(chan struct{})
}

// run has f run soon; it does not wait for it.
func (w *workers) run(f func()) {
	select {
	case w.jobs <- f:
		return
	default:
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.stopped { // or nobody is left whom it could be about
		w.busy.Add(1)
		go w.work(f)
	}
}

func (w *workers) work(f func()) {
	defer w.busy.Done()
	idle := time.NewTimer(idleWorker)
	defer idle.Stop()
	for {
		f()
		idle.Reset(idleWorker)
		select {
		case f = <-w.jobs:
		case <-idle.C:
			return
		case <-w.done:
			return
		}
	}
}

// stop lets the workers go, and waits for them.
func (w *workers) stop() {
	w.mu.Lock()
	w.stopped = true
	w.mu.Unlock()
	close(w.done)
	w.busy.Wait()
}
