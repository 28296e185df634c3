// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// Whoever takes a right away ends with it what goes on by that right: rings that
// ring, talks, and callbacks that wait. That is done before the answer.

// liveRings lists rings that ring, and talks.
func liveRings(tx Tx, q RingQuery) ([]Ring, error) {
	q.States, q.Limit = []RingState{RingRinging, RingAccepted}, 10*maxLines
	return tx.Rings().Find(q)
}

// openCallbacks lists callbacks that wait or were taken.
func openCallbacks(tx Tx, q CallbackQuery) ([]Callback, error) {
	q.States, q.Limit = []CallbackState{CallbackWaiting, CallbackTaken}, 10*maxLines
	return tx.Callbacks().Find(q)
}

// redecide decides again on the rings and callbacks about the patients, and stops
// what may not go on.
func (b *Bridge) redecide(ctx context.Context, patients ...PatientID) error {
	if len(patients) == 0 {
		return nil
	}
	ctx = Essential(context.WithoutCancel(ctx))
	var rings []Ring
	var callbacks []Callback
	err := b.store.View(ctx, func(tx Tx) error {
		if len(patients) > manyQueries {
			return readAll(tx, patients, &rings, &callbacks)
		}
		for _, p := range patients {
			r, err := liveRings(tx, RingQuery{Patient: p})
			if err != nil {
				return err
			}
			c, err := openCallbacks(tx, CallbackQuery{Patient: p})
			if err != nil {
				return err
			}
			rings, callbacks = append(rings, r...), append(callbacks, c...)
		}
		return nil
	})
	if err != nil {
		return b.told(err)
	}
	for _, r := range rings {
		err = errors.Join(err, b.redecideRing(ctx, r.ID))
	}
	for _, c := range callbacks {
		err = errors.Join(err, b.redecideCallback(ctx, c))
	}
	return err
}

// readAll reads what goes on about many patients.
func readAll(tx Tx, patients []PatientID, rings *[]Ring, callbacks *[]Callback) error {
	of := make(map[PatientID]bool, len(patients))
	for _, p := range patients {
		of[p] = true
	}
	r, err := liveRings(tx, RingQuery{})
	if err != nil {
		return err
	}
	c, err := openCallbacks(tx, CallbackQuery{})
	if err != nil {
		return err
	}
	*rings = slices.DeleteFunc(r, func(x Ring) bool { return !of[x.Patient] })
	*callbacks = slices.DeleteFunc(c, func(x Callback) bool { return !of[x.Patient] })
	return nil
}

// reaches lists whom a ring rings, or who talks.
func (r *Ring) reaches() []Ref {
	if r.State == RingAccepted {
		return []Ref{r.By}
	}
	return r.Ringing()
}

// askAgain asks whether a ring may reach those it reaches.
func (b *Bridge) askAgain(r *Ring) ask {
	return func(tx Tx, _ *Snapshot) ([]Question, error) {
		caller, err := b.self(tx, ringer(r))
		if err != nil {
			return nil, err
		}
		var targets []target
		for _, x := range r.reaches() {
			to, err := b.actor(tx, x)
			if err != nil {
				return nil, err
			}
			callers, err := callersFor(tx, r, x)
			if err != nil {
				return nil, err
			}
			targets = append(targets, target{to, callers, true})
		}
		return ringQuestions(r, caller, targets), nil
	}
}

// stands reports whether the gate says of a ring what it said before. It records
// nothing, since nothing is asked for.
func (b *Bridge) stands(ctx context.Context, r *Ring) (bool, error) {
	if len(r.reaches()) == 0 {
		return true, nil
	}
	s, all, err := b.decide(ctx, r.Patient, b.askAgain(r))
	if err != nil {
		return false, err
	}
	answers, later := early(all)
	return s != nil && !slices.ContainsFunc(answers, func(a answer) bool {
		now, was := termsOf(r, a, later), r.terms(a.To.Ref)
		return !a.Allow || len(without(was.Tell, now.Tell))+len(without(was.Hear, now.Hear)) > 0
	}), nil
}

// redecideRing stops a ring for those whom it may not reach any more.
func (b *Bridge) redecideRing(ctx context.Context, id RingID) error {
	for range maxRetries {
		err := b.redecideOnce(ctx, id)
		if !errors.Is(err, errRingMoved) {
			return err
		}
	}
	return &Error{Code: CodeBusy, Message: "the ring is changing"}
}

func (b *Bridge) redecideOnce(ctx context.Context, id RingID) error {
	var r Ring
	err := b.store.View(ctx, func(tx Tx) (err error) {
		r, err = tx.Rings().Ring(id)
		return err
	})
	if err != nil {
		return b.told(err)
	}
	stands, err := b.stands(ctx, &r)
	if CodeOf(err) == CodePolicyUnavailable { // a right was taken away: what can't be decided ends
		return b.stopRing(ctx, id, func(tx Tx, r *Ring, at time.Time, told *pokes) error {
			return b.without(tx, r, r.reaches(), CodePolicyUnavailable, at, told)
		})
	}
	if err != nil || stands {
		return err
	}
	j := &judging{b: b, ring: r}
	_, err = b.passOnce(ctx, Caller{}, r.Patient, b.askAgain(&r), func(g *passage) error {
		if err := j.judge(g.tx, g.answers, g.early, g.snapshot.Epoch); err != nil {
			return err
		}
		g.recorded++ // by judge, in whose words it stands
		return nil
	}, func(tx Tx) error {
		return j.judge(tx, nil, nil, r.Epoch)
	})
	if err != nil && !isDenial(err) {
		return err
	}
	b.poke(j.told)
	b.letGo(ctx, id, without(r.reaches(), j.out.reaches()))
	if j.out.State == RingRinging && len(j.out.Ringing()) == 0 {
		b.goOn(ctx, id)
	}
	return nil
}

// judging is a ring that the gate is asked about again.
type judging struct {
	b    *Bridge
	ring Ring // as it was decided on
	out  Ring
	told pokes
}

// judge keeps what the answers leave of a ring; without answers nothing.
func (j *judging) judge(tx Tx, answers, early []answer, epoch uint64) error {
	j.told = nil
	at := j.b.now()
	r, err := tx.Rings().Ring(j.ring.ID)
	if err != nil {
		return err
	}
	if r.Rev != j.ring.Rev {
		return errRingMoved
	}
	why := CodeForbidden
	may := map[Ref]bool{}
	for _, a := range answers {
		t := termsOf(&r, a, early)
		r.agree(t)
		if may[a.To.Ref] = a.Allow; !a.Allow {
			why = codeFor(a.Reasons)
		}
	}
	r.Epoch = epoch
	if r.State == RingAccepted {
		return j.talk(tx, r, may[r.By], why, at)
	}
	var stopped []Ref
	for _, x := range r.Ringing() {
		if may[x] {
			continue
		}
		r.finish(x, RingedStopped, at)
		r.agree(RingTerms{Target: x})
		stopped = append(stopped, x)
	}
	r.Rev++
	j.out = r
	if err := tx.Rings().Put(r); err != nil {
		return err
	}
	if err := j.told.tellStop(j.b, tx, r, stopForbidden, at, stopped); err != nil {
		return err
	}
	return j.b.recordRing(tx, r, ledger.KindUnanswered, "stopped", at, nil)
}

// talk ends a talk that may not go on, or keeps the narrower terms of one that may.
func (j *judging) talk(tx Tx, r Ring, may bool, why Code, at time.Time) error {
	if !may {
		err := j.b.endTalk(tx, &r, why, at, &j.told)
		j.out = r
		return err
	}
	r.Rev++
	j.out = r
	if err := tx.Rings().Put(r); err != nil {
		return err
	}
	if err := j.told.tellStates(j.b, tx, r, at, r.Caller, r.By); err != nil {
		return err
	}
	return j.b.recordRing(tx, r, ledger.KindRung, "", at, nil)
}

// redecideCallback closes a callback that nobody of its line may keep any more.
func (b *Bridge) redecideCallback(ctx context.Context, cb Callback) error {
	var l Line
	again := func(tx Tx, _ *Snapshot) (qs []Question, err error) {
		if l, err = tx.Lines().Line(cb.Line); err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		caller, err := b.self(tx, Caller{Party: cb.Caller, Assurance: AssuranceSubstantial})
		if err != nil {
			return nil, err
		}
		like := Ring{Purpose: cb.Purpose, Topics: cb.Topics, Case: cb.Case}
		if cb.State != CallbackTaken {
			return b.askCrew(tx, &l, &like, caller)
		}
		taker, err := b.actor(tx, cb.Taker)
		return ringQuestions(&like, caller, []target{{Actor: taker, callers: &l.Callers}}), err
	}
	_, answers, err := b.decide(ctx, cb.Patient, again)
	if CodeOf(err) == CodeLineUnavailable || err == nil && anyAllowed(answers) {
		return nil
	}
	if CodeOf(err) == CodePolicyUnavailable { // it waits; nothing of it is told but by the gate
		return nil
	}
	if err != nil {
		return err
	}
	var told pokes
	_, err = b.passOnce(ctx, Caller{}, cb.Patient, again, func(*passage) error {
		return errRingMoved // it may be kept after all
	}, func(tx Tx) error {
		told = nil
		now, err := tx.Callbacks().Callback(cb.ID)
		if err != nil || now.State == CallbackClosed {
			return err
		}
		at := b.now()
		now.close(CallbackForbidden, "", at)
		return b.putCallback(tx, now, l, string(CallbackForbidden), at, "", &told)
	})
	if errors.Is(err, errRingMoved) || isDenial(err) {
		err = nil
	}
	b.poke(told)
	return err
}
