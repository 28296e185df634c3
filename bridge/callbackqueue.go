// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// Callbacks lists a line's queue for its people, those first that are due first.
// Whom one is about is told to who may be rung about it, and recorded.
func (b *Bridge) Callbacks(ctx context.Context, c Caller, id LineID) ([]CallbackView, error) {
	var l Line
	var open []Callback
	err := b.store.View(ctx, func(tx Tx) (err error) {
		if l, err = b.lineOf(tx, c, id); err != nil {
			return err
		}
		open, err = tx.Callbacks().Find(CallbackQuery{Line: id, States: []CallbackState{CallbackWaiting, CallbackTaken}, Limit: maxQueue})
		return err
	})
	if err != nil {
		return nil, b.told(err)
	}
	views := make([]CallbackView, len(open))
	byPatient := map[PatientID][]int{}
	for i, cb := range open {
		byPatient[cb.Patient] = append(byPatient[cb.Patient], i)
		views[i].Callback = cb.unnamed()
	}
	for _, p := range sortedKeys(byPatient) {
		if err := b.queueOf(ctx, c, &l, p, open, byPatient[p], views); err != nil {
			return nil, err
		}
	}
	err = b.store.View(ctx, func(tx Tx) error {
		for i := range views {
			withheld := views[i].Withheld
			if views[i], err = b.callbackView(tx, views[i].Callback); err != nil {
				return err
			}
			views[i].Withheld = withheld
		}
		return nil
	})
	if err != nil {
		return nil, b.told(err)
	}
	return views, nil
}

// maxQueue is how much of a queue is shown.
const maxQueue = 200

// queueOf fills in the callbacks at the places, all about p, as far as the caller
// may be told. What may not be is no refusal: the caller asked for the queue, and
// not for this patient.
func (b *Bridge) queueOf(ctx context.Context, c Caller, l *Line, p PatientID, open []Callback, places []int, views []CallbackView) error {
	ask := func(only []int) ask {
		return func(tx Tx, _ *Snapshot) ([]Question, error) {
			self, err := b.self(tx, c)
			if err != nil {
				return nil, err
			}
			var qs []Question
			for _, i := range only {
				more, err := b.askTaker(tx, &open[i], l, self)
				if err != nil {
					return nil, err
				}
				qs = append(qs, more)
			}
			return qs, nil
		}
	}
	_, answers, err := b.decide(ctx, p, ask(places))
	if err != nil {
		return err
	}
	var may []int
	for n, a := range answers {
		if a.Allow {
			may = append(may, places[n])
		} else {
			views[places[n]].Withheld = a.Reasons
		}
	}
	if len(may) == 0 {
		return nil
	}
	answers, err = b.pass(Reading(ctx), c, p, ask(may), func(g *passage) error {
		return g.record(ledger.KindSeen, firstAllowed(g.answers), func(e *ledger.Entry) { e.Action, e.Line = "callbacks", string(l.ID) })
	})
	if err != nil && !isDenial(err) {
		return err
	}
	for n, a := range answers {
		if v := &views[may[n]]; a.Allow {
			v.Callback = open[may[n]]
			v.Topics = without(v.Topics, a.Redact)
		} else {
			v.Withheld = a.Reasons
		}
	}
	return nil
}

// askTaker asks whether who would ring back may be told what it is about.
func (b *Bridge) askTaker(tx Tx, cb *Callback, l *Line, taker Actor) (Question, error) {
	caller, err := b.self(tx, Caller{Party: cb.Caller, Assurance: AssuranceSubstantial})
	q := Question{Action: ActionRing, From: caller, To: taker, Purpose: cb.Purpose, Topics: cb.Topics, Case: cb.Case}
	if l.ID != "" {
		q.Line = &l.Callers
	}
	return q, err
}

// callbackFor reads a callback with its line.
func (b *Bridge) callbackFor(ctx context.Context, c Caller, id CallbackID) (cb Callback, l Line, err error) {
	err = b.store.View(ctx, func(tx Tx) error {
		if err := sameAccount(tx, c); err != nil {
			return err
		}
		if cb, err = tx.Callbacks().Callback(id); errors.Is(err, ErrNotFound) {
			return noCallback()
		} else if err != nil {
			return err
		}
		if l, err = tx.Lines().Line(cb.Line); errors.Is(err, ErrNotFound) {
			err = nil
		}
		return err
	})
	if err != nil {
		return cb, l, b.told(err)
	}
	return cb, l, nil
}

func noCallback() error { return &Error{Code: CodeForbidden, Message: "no such callback for you"} }

// TakeCallback says that the caller will ring back. It is for the line's people
// whom the gate lets be told what it is about; from then on it is theirs.
func (b *Bridge) TakeCallback(ctx context.Context, c Caller, id CallbackID) (CallbackView, error) {
	cb, l, err := b.callbackFor(ctx, c, id)
	if err != nil {
		return CallbackView{}, err
	}
	if !l.has(c.Party, b.now()) {
		return CallbackView{}, noCallback()
	}
	var told pokes
	_, err = b.pass(ctx, c, cb.Patient, func(tx Tx, _ *Snapshot) ([]Question, error) {
		self, err := b.self(tx, c)
		if err != nil {
			return nil, err
		}
		q, err := b.askTaker(tx, &cb, &l, self)
		return []Question{q}, err
	}, func(g *passage) error {
		told = nil
		a := g.answers[0]
		now, err := g.tx.Callbacks().Callback(id)
		if err != nil {
			return err
		}
		if now.State == CallbackTaken && now.Taker == c.Party {
			return g.record(ledger.KindCallback, a, callbackWords(now, "taken"))
		}
		if now.State != CallbackWaiting {
			return &Error{Code: CodeConflict, Message: "somebody else rings back, or it is closed"}
		}
		now.State, now.Taker, now.TakenAt = CallbackTaken, c.Party, a.Now
		now.Consents = union(now.Consents, a.Consents)
		now.Rev++
		if err := g.tx.Callbacks().Put(now); err != nil {
			return err
		}
		if err := told.tellCallback(g.tx, now, "taken", a.Now, append(b.attending(l, a.Now), now.Caller, now.Taker)...); err != nil {
			return err
		}
		return g.record(ledger.KindCallback, a, callbackWords(now, "taken"))
	})
	if err != nil {
		return CallbackView{}, err
	}
	b.poke(told)
	return b.viewCallback(ctx, c, id)
}

// RetryCallback puts a callback back into the queue whose caller was not reached.
// It is for who took it.
func (b *Bridge) RetryCallback(ctx context.Context, c Caller, id CallbackID) (CallbackView, error) {
	return b.changeCallback(ctx, c, id, func(cb *Callback, _ time.Time) (string, error) {
		if cb.Taker != c.Party {
			return "", noCallback()
		}
		if cb.State != CallbackTaken {
			return "", &Error{Code: CodeConflict, Message: "only what was taken can be put back"}
		}
		cb.State, cb.Taker, cb.TakenAt = CallbackWaiting, "", time.Time{}
		cb.Tries++
		return "retry", nil
	})
}

// CloseCallback closes a callback with an outcome: its taker as talked, written or,
// after two tries, not reached; its caller as cancelled. Closing it again as the
// same changes nothing.
func (b *Bridge) CloseCallback(ctx context.Context, c Caller, id CallbackID, outcome CallbackOutcome) (CallbackView, error) {
	return b.changeCallback(ctx, c, id, func(cb *Callback, at time.Time) (string, error) {
		if cb.Caller != c.Party && cb.Taker != c.Party {
			return "", noCallback()
		}
		if cb.State == CallbackClosed && cb.Outcome == outcome {
			return "", nil
		}
		if cb.State == CallbackClosed {
			return "", &Error{Code: CodeConflict, Message: "it has been closed"}
		}
		switch outcome {
		case CallbackCancelled:
			if cb.Caller != c.Party {
				return "", BadRequest("only who asked for a callback cancels it")
			}
		case CallbackTalked, CallbackWritten, CallbackNotReached:
			if cb.Taker != c.Party {
				return "", BadRequest("only who took a callback says how it went")
			}
			if outcome == CallbackNotReached && cb.Tries < 1 {
				return "", BadRequest("try once more before giving up")
			}
		case CallbackForbidden:
			return "", BadRequest("an outcome that nobody chooses")
		default:
			return "", BadRequest("an outcome that does not exist")
		}
		if outcome != CallbackCancelled {
			cb.Tries++
		}
		cb.close(outcome, c.Party, at)
		return string(outcome), nil
	})
}

func (c *Callback) close(outcome CallbackOutcome, by Ref, at time.Time) {
	c.State, c.Outcome, c.ClosedBy, c.ClosedAt = CallbackClosed, outcome, by, at
}

// changeCallback changes a callback for who asked for it or took it, and tells all
// whom it is about; action is the word for the record, "" for no change.
func (b *Bridge) changeCallback(ctx context.Context, c Caller, id CallbackID, change func(*Callback, time.Time) (string, error)) (CallbackView, error) {
	cb, l, err := b.callbackFor(ctx, c, id)
	if err != nil {
		return CallbackView{}, err
	}
	var told pokes
	err = b.store.Update(ctx, cb.Patient, func(tx Tx) error {
		told = nil
		if err := sameAccount(tx, c); err != nil {
			return err
		}
		now, err := tx.Callbacks().Callback(id)
		if err != nil {
			return err
		}
		was, at := now.Taker, b.now()
		action, err := change(&now, at)
		if err != nil || action == "" {
			return err
		}
		return b.putCallback(tx, now, l, action, at, c.Party, &told, was)
	})
	if err != nil {
		return CallbackView{}, b.told(err)
	}
	b.poke(told)
	return b.viewCallback(ctx, c, id)
}

// putCallback keeps a changed callback, records it and tells of it.
func (b *Bridge) putCallback(tx Tx, cb Callback, l Line, action string, at time.Time, by Ref, told *pokes, more ...Ref) error {
	cb.Rev++
	if err := tx.Callbacks().Put(cb); err != nil {
		return err
	}
	to := append(b.attending(l, at), cb.Caller, cb.Taker)
	if err := told.tellCallback(tx, cb, action, at, append(to, more...)...); err != nil {
		return err
	}
	s, err := tx.Patients().Snapshot(cb.Patient)
	if err != nil {
		return err
	}
	a := answer{Question: Question{Now: at, Purpose: cb.Purpose, Topics: cb.Topics, Case: cb.Case}, Decision: Decision{Consents: cb.Consents}}
	if by != "" {
		if a.From, err = b.actor(tx, by); err != nil {
			return err
		}
	}
	if other := cb.Caller; by != other {
		if a.To, err = b.actor(tx, other); err != nil {
			return err
		}
	}
	g := &passage{tx: tx, snapshot: s}
	return g.record(ledger.KindCallback, a, callbackWords(cb, action))
}

// people whom a broken promise is told to: the line's first tier, and who attends.
func (b *Bridge) owners(l Line, now time.Time) []Ref {
	all := b.attending(l, now)
	if len(l.Tiers) > 0 {
		all = union(all, l.Tiers[0].Members)
	}
	return all
}
