// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/brobygger/brobygger/bridge"
)

const (
	shadowQueue = 256 // questions that wait; more are dropped and counted
	shadowKinds = 200 // differences that are listed
)

// shadow asks a candidate what the policy that counts has decided, behind a queue
// that nobody waits for.
type shadow struct {
	loaded   *Loaded
	share    float64
	count    func(outcome string, action bridge.Action)
	queue    chan posed
	stop     context.CancelFunc
	done     chan struct{}
	compared atomic.Uint64
	dropped  atomic.Uint64

	mu    sync.Mutex // guards the following field
	found tally
}

// posed is a question with how it was decided.
type posed struct {
	question bridge.Question
	decision bridge.Decision
}

func newShadow(l *Loaded, share float64, count func(string, bridge.Action)) *shadow {
	ctx, stop := context.WithCancel(context.Background())
	s := &shadow{loaded: l, share: share, count: count, queue: make(chan posed, shadowQueue), stop: stop, done: make(chan struct{}), found: tally{}}
	go s.run(ctx)
	return s
}

// offer leaves a question behind if there is room. The snapshot never changes; the
// rest of the question is the caller's, and copied.
func (s *shadow) offer(q *bridge.Question, d bridge.Decision) {
	if s.share < 1 && rand.Float64() >= s.share {
		s.dropped.Add(1)
		return
	}
	if len(s.queue) == cap(s.queue) {
		s.dropped.Add(1)
		return
	}
	p := posed{*q, d}
	p.question.Topics = slices.Clone(q.Topics)
	p.question.Line = cloneCallers(q.Line)
	p.question.From.Organizations = slices.Clone(q.From.Organizations)
	p.question.To.Organizations = slices.Clone(q.To.Organizations)
	select {
	case s.queue <- p:
	default:
		s.dropped.Add(1)
	}
}

func (s *shadow) run(ctx context.Context) {
	defer close(s.done)
	for {
		select {
		case <-ctx.Done():
			return
		case p := <-s.queue:
			s.compare(ctx, p)
		}
	}
}

// compare decides once more and counts how it came out.
func (s *shadow) compare(ctx context.Context, p posed) {
	is, err := s.loaded.Engine.Decide(ctx, &p.question)
	if ctx.Err() != nil {
		return
	}
	all := differ(&p.question, p.decision, is, err)
	s.compared.Add(1)
	if len(all) == 0 {
		s.count("same", p.question.Action)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range all {
		s.count(string(d.Direction), p.question.Action)
		if _, known := s.found[d.ID]; known || len(s.found) < shadowKinds {
			s.found.add(d, "")
		}
	}
}

// close ends it; what still waits is not compared.
func (s *shadow) close() {
	s.stop()
	<-s.done
}

func (s *shadow) state() *bridge.ShadowState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &bridge.ShadowState{
		Revision: s.loaded.Engine.Revision(), SHA256: s.loaded.SHA256,
		Compared: s.compared.Load(), Dropped: s.dropped.Load(), Differences: s.found.list(),
	}
}
