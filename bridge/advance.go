// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// The store keeps the deadlines of rings and callbacks; nothing is lost with the
// process, nor with live state. Somebody has to look.

// lineTick is how often it is looked for what is due.
const lineTick = 250 * time.Millisecond

// RunLines takes rings onward whose time is over, and sees to promises, until ctx
// ends. Several may run at once: each change is one that the store lets through
// once.
func (b *Bridge) RunLines(ctx context.Context) error {
	tick := time.NewTicker(lineTick)
	defer tick.Stop()
	for {
		if err := b.Advance(ctx); err != nil && ctx.Err() == nil {
			b.log.LogAttrs(ctx, slog.LevelError, "lines are behind", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// lineClock is what the bridge remembers between two looks, by the monotonic
// clock: a wall clock may be set back under a ring.
type lineClock struct {
	mu    sync.Mutex // guards the following fields
	since map[RingID]ringSeen
	slow  time.Time // when it was last looked for what is not due to the second
	wall  time.Time // likewise, by the clock on the wall
}

// ringSeen is since when a step of a ring has been seen to ring.
type ringSeen struct {
	rev  uint64
	from time.Time
}

// slowTick is how often it is looked for what a minute does not matter to.
const slowTick = 5 * time.Second

// lateBy is how long after its time a step ends whose end the clock does not reach.
const lateBy = time.Second

// Advance does what is due now: rings whose step is over go on to the next people
// or end as unanswered; every few seconds talks and rings are decided on again,
// and promises are looked after. It is called by RunLines.
func (b *Bridge) Advance(ctx context.Context) error {
	now := b.now()
	slow := b.clock.isSlow(time.Now(), now)
	var due, live []Ring
	err := b.store.View(ctx, func(tx Tx) (err error) {
		if due, err = tx.Rings().Find(RingQuery{DueBefore: now, States: []RingState{RingRinging}, Limit: maxLines}); err != nil || !slow {
			return err
		}
		live, err = tx.Rings().Find(RingQuery{States: []RingState{RingRinging, RingAccepted}, Limit: 10 * maxLines})
		return err
	})
	if err != nil {
		return b.told(err)
	}
	work := map[RingID]bool{} // late, by the monotonic clock only
	for _, r := range due {
		work[r.ID] = false
	}
	if slow {
		for _, id := range b.clock.late(live, time.Now()) {
			if _, ok := work[id]; !ok {
				work[id] = true
			}
		}
	}
	err = b.advanceAll(ctx, work)
	if slow {
		err = errors.Join(err, b.reviewLive(ctx, live, now), b.keepPromises(ctx, now))
	}
	return err
}

// isSlow reports whether the slow things are to be done at this look: enough time
// has passed by one of the clocks.
func (k *lineClock) isSlow(now, wall time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.slow.IsZero() && now.Sub(k.slow) < slowTick && wall.Sub(k.wall).Abs() < slowTick {
		return false
	}
	k.slow, k.wall = now, wall
	return true
}

// late lists rings whose step has been seen to ring for longer than it lasts.
func (k *lineClock) late(live []Ring, now time.Time) []RingID {
	k.mu.Lock()
	defer k.mu.Unlock()
	since := make(map[RingID]ringSeen, len(live))
	var late []RingID
	for _, r := range live {
		if r.State != RingRinging || len(r.Steps) == 0 {
			continue
		}
		seen, ok := k.since[r.ID]
		if !ok || seen.rev != r.Rev {
			seen = ringSeen{r.Rev, now}
		}
		since[r.ID] = seen
		last := r.Steps[len(r.Steps)-1]
		if now.Sub(seen.from) > min(last.Until.Sub(last.From), RingTime)+lateBy {
			late = append(late, r.ID)
		}
	}
	k.since = since
	return late
}

// atOnce is how many rings go onward at the same time.
const atOnce = 8

func (b *Bridge) advanceAll(ctx context.Context, work map[RingID]bool) error {
	var mu sync.Mutex // guards all
	var all error
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for _, id := range sortedKeys(work) {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := b.onward(ctx, id, work[id]); err != nil {
				mu.Lock()
				all = errors.Join(all, err)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return all
}

// goOn takes a ring onward at once; what goes wrong is made good by Advance, to
// which it is due.
func (b *Bridge) goOn(ctx context.Context, id RingID) {
	if err := b.onward(context.WithoutCancel(ctx), id, false); err != nil {
		b.log.LogAttrs(ctx, slog.LevelWarn, "a ring waits for the next look", slog.Any("error", err))
	}
}

// hopeless is how long after it started a ring ends that can't be decided on.
const hopeless = 2 * RingTime

// onward takes a ring to its next people where its step is over, late where that
// is so only by the monotonic clock.
func (b *Bridge) onward(ctx context.Context, id RingID, late bool) error {
	var err error
	for range maxRetries {
		var r Ring
		err = b.store.View(ctx, func(tx Tx) (err error) {
			r, err = tx.Rings().Ring(id)
			return err
		})
		if err != nil {
			return b.told(err)
		}
		now := b.now()
		if r.State != RingRinging || r.Deadline().After(now) && !late {
			return nil
		}
		a := &attempt{b: b, caller: ringer(&r), ring: r, now: now, late: late}
		if err = a.run(ctx); err == nil {
			return nil
		}
		if errors.Is(err, errRingMoved) {
			continue
		}
		if now.Sub(r.StartedAt) > hopeless || now.Before(r.StartedAt) {
			if last := a.giveUp(ctx); last == nil {
				b.poke(a.told)
				b.letGo(ctx, id, a.stopped)
				return nil
			}
		}
		return err
	}
	return err
}

// reviewLive decides again on what goes on, where the patient's record has moved or
// time has passed: a consent may have run out.
func (b *Bridge) reviewLive(ctx context.Context, live []Ring, now time.Time) error {
	var err error
	seen := map[PatientID]bool{}
	for i := range live {
		r := &live[i]
		if r.State == RingAccepted && now.Sub(r.AnsweredAt) > talkTime {
			err = errors.Join(err, b.hangUp(ctx, r.ID))
			continue
		}
		if seen[r.Patient] {
			continue
		}
		ok, one := b.stands(ctx, r)
		if one == nil && !ok {
			seen[r.Patient] = true
			one = b.redecide(ctx, r.Patient)
		}
		err = errors.Join(err, one)
	}
	return err
}

// hangUp ends a talk that nobody has ended for so long that nobody is taken to
// talk any more.
func (b *Bridge) hangUp(ctx context.Context, id RingID) error {
	return b.stopRing(ctx, id, func(tx Tx, r *Ring, at time.Time, told *pokes) error {
		return b.endTalk(tx, r, CodeRingExpired, at, told)
	})
}

// keepPromises reminds of callbacks before they are due, and tells the line's
// owner of promises that were broken.
func (b *Bridge) keepPromises(ctx context.Context, now time.Time) error {
	var open []Callback
	err := b.store.View(ctx, func(tx Tx) (err error) {
		open, err = tx.Callbacks().Find(CallbackQuery{
			States: []CallbackState{CallbackWaiting, CallbackTaken}, DueBefore: now.Add(reminder), Limit: 10 * maxLines,
		})
		return err
	})
	if err != nil {
		return b.told(err)
	}
	for _, cb := range open {
		if cb.reminds(now) || cb.escalates(now) {
			err = errors.Join(err, b.remind(ctx, cb))
		}
	}
	return err
}

// reminder is how long before it is due a callback is reminded of at the most.
const reminder = 15 * time.Minute

// reminds reports whether it is time to remind: a quarter of its time before it is
// due, at most 15 minutes.
func (c Callback) reminds(now time.Time) bool {
	before := min(reminder, c.DueAt.Sub(c.AskedAt)/4)
	return c.RemindedAt.IsZero() && !now.Before(c.DueAt.Add(-before))
}

func (c Callback) escalates(now time.Time) bool {
	return c.EscalatedAt.IsZero() && !now.Before(c.DueAt)
}

// remind tells of a callback that is, or was, due.
func (b *Bridge) remind(ctx context.Context, cb Callback) error {
	var told pokes
	err := b.store.Update(ctx, cb.Patient, func(tx Tx) error {
		told = nil
		at := b.now()
		c, err := tx.Callbacks().Callback(cb.ID)
		if err != nil || c.State == CallbackClosed {
			return err
		}
		l, err := tx.Lines().Line(c.Line)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if c.escalates(at) {
			c.EscalatedAt = at
			if c.RemindedAt.IsZero() {
				c.RemindedAt = at
			}
			return b.putCallback(tx, c, l, "broken", at, "", &told, b.owners(l, at)...)
		}
		if !c.reminds(at) {
			return nil
		}
		c.RemindedAt = at
		c.Rev++
		if err := tx.Callbacks().Put(c); err != nil {
			return err
		}
		return told.tellCallback(tx, c, "reminded", at, append(b.attending(l, at), c.Taker)...)
	})
	if err != nil {
		return b.told(err)
	}
	b.poke(told)
	return nil
}
