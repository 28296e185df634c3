// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Result is what a run came to.
type Result struct {
	Sent     int // answered with ok while it was counted
	Shown    int // shown to their readers while it was counted
	All      int // sent in the whole run
	Elapsed  time.Duration
	Answered Times // from sending to ok
	Took     Times // from sending to shown
	Refused  int   // for now: the bridge was too busy, in the whole run
	Stale    int   // came too late to be shown, in the whole run
	Withheld int
}

// PerSecond is how many messages were shown a second.
func (r Result) PerSecond() float64 { return float64(r.Shown) / r.Elapsed.Seconds() }

// AtRest sends n messages, one every few milliseconds, when nothing else happens.
// They count behind those of warming up.
func AtRest(ctx context.Context, p *Pair, warm, n int, every time.Duration) (Result, error) {
	shows := make(chan int64, 16)
	told := func(sent int64) { shows <- stamp() - sent }
	p.reader.onShown.Store(&told)
	tick := time.NewTicker(every)
	defer tick.Stop()
	var r Result
	start := time.Now()
	for i := range warm + n {
		<-tick.C
		if i == warm {
			r, start = Result{}, time.Now()
		}
		at := stamp()
		if err := p.send(at); err != nil {
			return r, err
		}
		a, err := p.answer(ctx)
		if err != nil {
			return r, err
		}
		r.Answered = append(r.Answered, time.Duration(a.at-at))
		select {
		case took := <-shows:
			r.Took = append(r.Took, time.Duration(took))
		case <-ctx.Done():
			return r, fmt.Errorf("waiting for a message to be shown: %w", ctx.Err())
		}
	}
	r.Sent, r.Shown, r.Elapsed = n, n, time.Since(start)
	r.Answered, r.Took = sorted(r.Answered), sorted(r.Took)
	return r, nil
}

// AsFast lets every pair send as fast as it goes: the next message when the last
// one is answered. It counts for d, after a while of warming up.
func AsFast(ctx context.Context, pairs []*Pair, warm, d time.Duration) (Result, error) {
	return measure(ctx, pairs, warm, d, func(p *Pair, stop <-chan struct{}, sent *atomic.Int64) error {
		for {
			select {
			case <-stop:
				return nil
			default:
			}
			at := stamp()
			if err := p.send(at); err != nil {
				return err
			}
			if _, err := p.answer(ctx); err != nil {
				return err
			}
			if p.counting.Load() {
				sent.Add(1)
			}
		}
	})
}

// Paced sends at a steady rate, spread over all pairs. Times count from when a
// message was due, so that a stall is not left out of them.
func Paced(ctx context.Context, pairs []*Pair, rate float64, warm, d time.Duration) (Result, error) {
	gap := time.Duration(float64(time.Second) / rate)
	whole := gap * time.Duration(len(pairs))
	began := stamp()
	place := map[*Pair]int{}
	for i, p := range pairs {
		place[p] = i
	}
	return measure(ctx, pairs, warm, d, func(p *Pair, stop <-chan struct{}, sent *atomic.Int64) error {
		due := began + int64(gap)*int64(place[p]) + int64(10*time.Millisecond)
		timer := time.NewTimer(0)
		defer timer.Stop()
		<-timer.C
		for ; ; due += int64(whole) {
			timer.Reset(time.Duration(due - stamp()))
			for wait := true; wait; {
				select {
				case <-stop:
					return nil
				case a := <-p.answers:
					if err := p.refusal(a); err != nil {
						return err
					}
					if p.counting.Load() {
						sent.Add(1)
					}
				case <-p.sender.done:
					return fmt.Errorf("sender: %w", p.sender.Err())
				case <-timer.C:
					wait = false
				}
			}
			if err := p.send(due); err != nil {
				return err
			}
		}
	})
}

// measure runs every pair, and counts between warm and warm+d.
func measure(ctx context.Context, pairs []*Pair, warm, d time.Duration, run func(*Pair, <-chan struct{}, *atomic.Int64) error) (Result, error) {
	var sent atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, len(pairs))
	stop := make(chan struct{})
	failed := make(chan struct{}, len(pairs))
	all := -total(pairs)
	for i, p := range pairs {
		p.took = nil
		p.counting.Store(false)
		told := func(at int64) {
			took := time.Duration(stamp() - at)
			if !p.counting.Load() {
				return
			}
			p.mu.Lock()
			p.took = append(p.took, took)
			p.mu.Unlock()
		}
		p.reader.onShown.Store(&told)
		wg.Go(func() {
			if errs[i] = run(p, stop, &sent); errs[i] != nil {
				failed <- struct{}{}
			}
		})
	}
	count := func(on bool) {
		for _, p := range pairs {
			p.counting.Store(on)
		}
	}
	wait := func(d time.Duration) {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
		case <-failed:
		case <-ctx.Done():
		}
	}
	wait(warm)
	start := time.Now()
	count(true)
	wait(d)
	count(false)
	r := Result{Elapsed: time.Since(start), Sent: int(sent.Load())}
	close(stop)
	wg.Wait()
	r.All = all + total(pairs)
	for _, p := range pairs {
		p.mu.Lock()
		r.Took = append(r.Took, p.took...)
		p.mu.Unlock()
		r.Refused += int(p.busy.Load())
		p.reader.mu.Lock()
		r.Stale += p.reader.stale
		r.Withheld += p.reader.refused
		p.reader.mu.Unlock()
	}
	r.Took = sorted(r.Took)
	r.Shown = len(r.Took)
	return r, errors.Join(errs...)
}

func total(pairs []*Pair) (n int) {
	for _, p := range pairs {
		n += int(p.sent)
	}
	return n
}
