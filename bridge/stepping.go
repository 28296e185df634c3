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

// act rings the first people who may be rung, in the gate's transaction.
func (a *attempt) act(g *passage) error {
	a.told, a.stopped, a.glare, a.talking = nil, nil, "", ""
	at := a.b.now()
	r, err := a.begin(g, at)
	if err != nil {
		return err
	}
	for _, x := range g.answers {
		if x.To.Ref != "" {
			r.agree(termsOf(&r, x, g.early))
		}
	}
	r.Epoch = g.snapshot.Epoch
	stepped, err := a.step(g, &r, at)
	if err != nil || a.glare != "" || a.talking != "" {
		return err
	}
	if !stepped && a.depth < len(a.steps) {
		return errDeeper
	}
	if !stepped && a.plan.line == nil && a.fresh && len(a.plan.wanted) == 1 && a.plan.wanted[0].Ref == "" {
		return &Error{Code: CodeNotFound, Message: "nobody has this function for the patient now"}
	}
	if r.Line == "" {
		r.Line = a.plan.lineID()
	}
	r.Rev++
	if !stepped {
		r.GiveUp(at)
	}
	if err := g.tx.Rings().Put(r); err != nil {
		return err
	}
	a.out = r
	return a.tell(g, r, at, stepped)
}

// begin reads the ring as it stands now, and ends the step that is over.
func (a *attempt) begin(g *passage, at time.Time) (Ring, error) {
	x, err := readActor(g.tx, a.ring.Caller)
	if err != nil {
		return Ring{}, err
	}
	if !x.Active {
		return Ring{}, errEpochMoved // it was decided on what is remembered
	}
	if a.fresh {
		_, err := g.tx.Rings().ByMID(a.ring.Caller, a.ring.MID)
		if err == nil {
			return Ring{}, &Error{Code: CodeConflict, Message: "this mid was rung with before"}
		}
		if !errors.Is(err, ErrNotFound) {
			return Ring{}, err
		}
		return a.ring.copied(), nil
	}
	r, err := g.tx.Rings().Ring(a.ring.ID)
	if err != nil {
		return r, err
	}
	if r.Rev != a.ring.Rev || r.State != RingRinging {
		return r, errRingMoved
	}
	return r, a.miss(g.tx, &r, at)
}

// miss ends the step of a ring that goes on.
func (a *attempt) miss(tx Tx, r *Ring, at time.Time) error {
	rung := r.Ringing()
	if a.late && r.Deadline().After(at) {
		r.Miss(r.Deadline())
	} else {
		r.Miss(at)
	}
	if len(r.Ringing()) > 0 {
		return errRingMoved // its time is not over
	}
	a.stopped = rung
	return a.told.tellStop(a.b, tx, *r, stopMissed, at, rung)
}

// step rings the first of the steps in which somebody may be rung and is free.
func (a *attempt) step(g *passage, r *Ring, at time.Time) (bool, error) {
	full := false
	if a.plan.line != nil {
		ringing, talking, _, err := load(g.tx, a.plan.line.ID)
		if err != nil {
			return false, err
		}
		if !a.fresh {
			ringing-- // itself
		}
		full = ringing+talking >= a.plan.line.Capacity
	}
	for i, s := range a.steps[:min(a.depth, len(a.steps))] {
		if full && s.ofLine {
			continue
		}
		var free []Ref
		for _, x := range s.targets {
			ok, err := a.free(g.tx, r, x.Ref)
			if err != nil || a.glare != "" || a.talking != "" {
				return false, a.answered(g, err)
			}
			if ok {
				free = append(free, x.Ref)
			}
		}
		if r.Step(s.via, free, i == len(a.steps)-1, at) {
			return true, nil
		}
	}
	return false, nil
}

// answered notes a ring that has come to its end before it was one.
func (a *attempt) answered(g *passage, err error) error {
	if err != nil {
		return err
	}
	return g.record(ledger.KindRung, firstAllowed(g.answers), func(e *ledger.Entry) { e.Ring = string(a.glare + a.talking) })
}

// free reports whether the target may be rung and is not taken: what the store
// says counts, whatever live state has said.
func (a *attempt) free(tx Tx, r *Ring, target Ref) (bool, error) {
	if a.denied[target] || len(r.terms(target).Tell) == 0 {
		return false, nil
	}
	live, err := tx.Rings().Find(RingQuery{Party: target, States: []RingState{RingRinging, RingAccepted}})
	if err != nil {
		return false, err
	}
	taken := false
	for _, o := range live {
		if o.ID == r.ID {
			continue
		}
		taken = true
		if !a.fresh || o.Caller != target || o.Patient != r.Patient {
			continue
		}
		if slices.Contains(o.Ringing(), r.Caller) {
			a.glare = o.ID
		}
		if o.State == RingAccepted && o.By == r.Caller {
			a.talking = o.ID
		}
	}
	return !taken, nil
}

// tell records who is rung, or that nobody is, and tells those it is about.
func (a *attempt) tell(g *passage, r Ring, at time.Time, stepped bool) error {
	ring := func(e *ledger.Entry) { e.Ring, e.Line = string(r.ID), string(r.Line) }
	if !stepped {
		if err := g.record(ledger.KindUnanswered, unansweredAnswer(firstAllowed(g.answers)), ring); err != nil {
			return err
		}
		return a.told.tellStates(a.b, g.tx, r, at, r.Caller)
	}
	rung := r.Ringing()
	for _, x := range g.answers {
		if !x.Allow || !slices.Contains(rung, x.To.Ref) {
			continue
		}
		if err := g.record(ledger.KindRung, x, ring); err != nil {
			return err
		}
	}
	if err := a.told.tellRinging(a.b, g.tx, r, at, rung); err != nil {
		return err
	}
	return a.told.tellStates(a.b, g.tx, r, at, r.Caller)
}

// unansweredAnswer is who rang, and why, with nobody who answered.
func unansweredAnswer(x answer) answer {
	x.To, x.Redact, x.Action = Actor{}, nil, "missed"
	return x
}

// giveUp ends a ring that nobody is left to answer: there is nothing to decide.
func (a *attempt) giveUp(ctx context.Context) error {
	err := a.b.store.Update(ctx, a.ring.Patient, func(tx Tx) error {
		a.told, a.stopped = nil, nil
		at := a.b.now()
		r, err := tx.Rings().Ring(a.ring.ID)
		if err != nil {
			return err
		}
		if r.Rev != a.ring.Rev || r.State != RingRinging {
			return errRingMoved
		}
		if err := a.miss(tx, &r, at); err != nil {
			return err
		}
		r.GiveUp(at)
		for x := range a.denied {
			r.agree(RingTerms{Target: x})
		}
		r.Rev++
		if err := tx.Rings().Put(r); err != nil {
			return err
		}
		a.out = r
		if err := a.b.recordRing(tx, r, ledger.KindUnanswered, "missed", at, nil); err != nil {
			return err
		}
		return a.told.tellStates(a.b, tx, r, at, r.Caller)
	})
	if err != nil {
		return a.b.told(err)
	}
	return nil
}

// recordRing writes an entry of a ring that needed no decision.
func (b *Bridge) recordRing(tx Tx, r Ring, k ledger.Kind, action string, at time.Time, more func(*ledger.Entry)) error {
	s, err := tx.Patients().Snapshot(r.Patient)
	if err != nil {
		return err
	}
	from, err := b.actor(tx, r.Caller)
	if err != nil {
		return err
	}
	a := answer{Question: Question{Now: at, From: from, Action: Action(action), Purpose: r.Purpose, Topics: r.Topics, Case: r.Case}}
	if r.By != "" {
		if a.To, err = b.actor(tx, r.By); err != nil {
			return err
		}
		t := r.terms(r.By)
		a.Basis, a.Consents, a.Topics = t.Basis, t.Consents, t.Tell
	}
	g := &passage{tx: tx, snapshot: s}
	return g.record(k, a, func(e *ledger.Entry) {
		e.Ring, e.Line = string(r.ID), string(r.Line)
		if more != nil {
			more(e)
		}
	})
}
