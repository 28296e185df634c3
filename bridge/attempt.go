// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"slices"
	"time"
)

// viaHanded is the step of a ring that was handed over.
const viaHanded = "handed"

// attempt is a ring on its way to its next people.
type attempt struct {
	b      *Bridge
	caller Caller // of the ring; without a subject where the bridge itself goes on
	fresh  bool   // it is not kept yet
	ring   Ring   // as it was read
	now    time.Time
	late   bool // its step is over, whatever the clock on the wall says

	plan   plan
	reach  reach
	steps  []planned    // of the plan: who could be rung now
	depth  int          // how many of the steps the gate is asked about
	asked  []target     // in the order of the questions
	denied map[Ref]bool // by the gate, in this attempt

	out     Ring // as it is kept
	told    pokes
	stopped []Ref  // for whom it rings no more
	glare   RingID // of somebody who rings the caller
	talking RingID // of a talk that there is already
}

// target is somebody the gate is asked about.
type target struct {
	Actor
	callers *Callers
	back    bool // what they may tell is asked too
}

// These stay inside: they say how to go on, and their codes are nobody else's.
var (
	errDeeper    = &Error{Code: "ring_deeper"} // the gate has to be asked about the next people
	errRingMoved = &Error{Code: "ring_moved"}  // the ring has changed meanwhile
)

// run takes the ring to its next people, or to its end when there is nobody.
func (a *attempt) run(ctx context.Context) error {
	if err := a.prepare(ctx); err != nil {
		return err
	}
	for a.depth = 1; ; a.depth++ {
		taken := a.hold(ctx)
		err := a.once(ctx)
		if err == nil {
			a.b.letGo(ctx, a.ring.ID, without(union(taken, a.stopped), a.out.Ringing()))
			a.b.poke(a.told)
			return nil
		}
		a.b.letGo(ctx, a.ring.ID, without(taken, a.ring.Ringing()))
		deeper := a.depth < len(a.steps)
		switch {
		case errors.Is(err, errDeeper) && deeper:
		case isDenial(err) && !a.fresh && deeper:
		case isDenial(err) && !a.fresh:
			return a.giveUp(ctx)
		default:
			return a.addressed(err)
		}
	}
}

// addressed words the remedies of a denial with whom the caller asked for.
func (a *attempt) addressed(err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Decision == nil || a.ring.Wanted.Function == "" {
		return err
	}
	d := *e.Decision
	d.Remedies = addressed(d.Remedies, recipient{via: a.ring.Wanted})
	return &Error{Code: e.Code, Message: e.Message, Decision: &d, Err: e.Err}
}

// prepare makes the plan, and asks live state who of it can be rung.
func (a *attempt) prepare(ctx context.Context) error {
	s, err := a.b.snapshot(ctx, a.ring.Patient)
	if err != nil {
		return a.b.told(err)
	}
	a.denied = map[Ref]bool{}
	if s != nil && s.Epoch != a.ring.Epoch { // a no of before counts no more
		a.ring.Terms = slices.DeleteFunc(slices.Clone(a.ring.Terms), func(t RingTerms) bool { return len(t.Tell) == 0 })
	}
	err = a.b.store.View(ctx, func(tx Tx) (err error) {
		a.plan, err = a.b.plan(tx, s, &a.ring, a.b.now())
		return err
	})
	switch {
	case err != nil:
		return a.b.told(err)
	case a.ring.Line != "" && a.fresh && a.plan.line == nil:
		return noLine()
	case a.fresh && len(a.plan.wanted) == 0:
		return &Error{Code: CodeNotFound, Message: "nobody works there now"}
	}
	if n := len(a.ring.Steps); n > 0 && a.ring.Steps[n-1].Via == viaHanded {
		a.plan.steps = nil // who answered has chosen whom it rings last
	}
	a.reach = a.b.reach(ctx, a.plan.lineID(), a.plan.parties())
	err = a.b.store.View(ctx, func(tx Tx) error { return a.narrow(tx) })
	if err != nil {
		return a.b.told(err)
	}
	return nil
}

// narrow leaves in the steps who can be rung now.
func (a *attempt) narrow(tx Tx) error {
	a.steps = nil
	seen := map[Ref]bool{} // each is rung in the first step that has them
	for _, s := range a.plan.steps {
		left := planned{via: s.via, ofLine: s.ofLine}
		for _, x := range s.targets {
			if seen[x.Ref] || !x.Active || x.Ref == a.ring.Caller || a.ring.Rung(x.Ref) || a.refused(x.Ref) || !a.reach.hears(x.Ref, s.ofLine) {
				continue
			}
			still, err := quiet(tx, x, a.now)
			if err != nil {
				return err
			}
			if !still {
				seen[x.Ref], left.targets = true, append(left.targets, x)
			}
		}
		if len(left.targets) > 0 {
			a.steps = append(a.steps, left)
		}
	}
	return nil
}

// refused reports whether the gate has said no to this target before, on what
// still stands.
func (a *attempt) refused(x Ref) bool {
	if a.denied[x] {
		return true
	}
	return slices.ContainsFunc(a.ring.Terms, func(t RingTerms) bool { return t.Target == x && len(t.Tell) == 0 })
}

// hold reserves those whom the gate is about to be asked for. Who is taken by
// another ring is left out.
func (a *attempt) hold(ctx context.Context) []Ref {
	var all []Ref
	for i := range a.steps[:min(a.depth, len(a.steps))] {
		var refs []Ref
		for _, x := range a.steps[i].targets {
			refs = append(refs, x.Ref)
		}
		got := a.b.reserve(ctx, a.ring.ID, refs, RingTime+10*time.Second)
		a.steps[i].targets = slices.DeleteFunc(slices.Clone(a.steps[i].targets), func(x Actor) bool { return !slices.Contains(got, x.Ref) })
		all = union(all, got)
	}
	return all
}

// once is one passage of the gate.
func (a *attempt) once(ctx context.Context) error {
	if !a.fresh && a.nobody() {
		if a.depth < len(a.steps) {
			return errDeeper
		}
		return a.giveUp(ctx)
	}
	answers, err := a.b.pass(ctx, a.caller, a.ring.Patient, func(tx Tx, s *Snapshot) ([]Question, error) {
		return a.questions(tx)
	}, func(g *passage) error {
		return a.act(g)
	})
	for i, x := range answers {
		if !x.Allow && i < len(a.asked) {
			a.denied[a.asked[i].Ref] = true
		}
	}
	if a.glare != "" || a.talking != "" {
		return nil
	}
	return err
}

// nobody reports whether there is nobody to ask the gate about: all are taken by
// other rings, or have been denied.
func (a *attempt) nobody() bool {
	for _, s := range a.steps[:min(a.depth, len(a.steps))] {
		if slices.ContainsFunc(s.targets, func(x Actor) bool { return !a.denied[x.Ref] }) {
			return false
		}
	}
	return true
}

// questions asks for whom the caller wants, and for the next people: first
// whether they may be rung, then, early, what they may tell.
func (a *attempt) questions(tx Tx) ([]Question, error) {
	self, err := a.b.self(tx, a.caller)
	if err != nil {
		return nil, err
	}
	a.asked = nil
	add := func(t target) {
		if i := slices.IndexFunc(a.asked, func(x target) bool { return x.Ref == t.Ref }); i >= 0 {
			a.asked[i].back = a.asked[i].back || t.back
			return
		}
		if !a.denied[t.Ref] || t.Ref == "" {
			a.asked = append(a.asked, t)
		}
	}
	if a.fresh {
		for _, x := range a.plan.wanted {
			t := target{Actor: x}
			if a.ring.Wanted == (Party{}) {
				t.callers = &a.plan.line.Callers
			}
			add(t)
		}
	}
	for _, s := range a.steps[:min(a.depth, len(a.steps))] {
		for _, x := range s.targets {
			add(target{x, a.plan.callers(s), true})
		}
	}
	return ringQuestions(&a.ring, self, a.asked), nil
}

// ringQuestions asks for each target whether the caller may ring them, and then
// what those who are marked so may tell the caller: whether that is nothing is no
// refusal of anything yet.
func ringQuestions(r *Ring, caller Actor, targets []target) []Question {
	var qs, back []Question
	for _, t := range targets {
		qs = append(qs, Question{Action: ActionRing, From: caller, To: t.Actor, Purpose: r.Purpose, Topics: r.Topics, Case: r.Case, Line: t.callers})
		if t.back {
			from := t.Actor
			if from.Assurance == "" {
				from.Assurance = AssuranceSubstantial // when they tell, the gate looks
			}
			back = append(back, Question{Action: ActionSend, From: from, To: caller, Purpose: r.Purpose, Topics: r.Topics, Case: r.Case, early: true})
		}
	}
	return append(qs, back...)
}

// termsOf is what the gate said of a target, either way.
func termsOf(r *Ring, to answer, early []answer) RingTerms {
	t := RingTerms{Target: to.To.Ref, Basis: to.Basis}
	if to.Allow {
		t.Tell, t.Consents = without(r.Topics, to.Redact), to.Consents
	}
	for _, e := range early {
		if e.Allow && e.From.Ref == t.Target {
			t.Hear, t.Consents = without(r.Topics, e.Redact), union(t.Consents, e.Consents)
		}
	}
	return t
}
