// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// NewCallback asks to be rung back after a ring that nobody answered.
type NewCallback struct {
	MID    string `json:"mid"`
	Ring   RingID `json:"ring"`
	Window Period `json:"window,omitzero"` // in which the caller can be reached; zero: whenever
}

// CallbackView is a callback as somebody sees it. For one of the line's people who
// may not be told whom it is about, only its place and its times.
type CallbackView struct {
	Callback
	LineName   string `json:"line_name,omitempty"`
	CallerName string `json:"caller_name,omitempty"`
	Before     int    `json:"before"` // in the queue, while it waits
	All        int    `json:"all"`    // who wait
	Withheld   []Code `json:"withheld,omitempty"`
}

// maxWindow is how far ahead a callback may be asked for.
const maxWindow = 14 * 24 * time.Hour

// AskCallback puts the caller of a ring that nobody answered into the queue of its
// line. Asking again with the same MID returns the same place.
func (b *Bridge) AskCallback(ctx context.Context, c Caller, n NewCallback) (CallbackView, error) {
	if err := checkMID(n.MID); err != nil {
		return CallbackView{}, err
	}
	if v, err := b.askedBefore(ctx, c, n); err == nil || !errors.Is(err, ErrNotFound) {
		return v, err
	}
	r, _, err := b.myRing(ctx, c, n.Ring)
	if err != nil {
		return CallbackView{}, err
	}
	if err := n.check(c, r, b.now()); err != nil {
		return CallbackView{}, err
	}
	q := &queueing{b: b, caller: c, new: n, ring: r}
	_, err = b.pass(ctx, c, r.Patient, q.ask, q.act)
	if CodeOf(err) == CodeConflict {
		if v, again := b.askedBefore(ctx, c, n); again == nil {
			return v, nil
		}
	}
	if err != nil {
		return CallbackView{}, err
	}
	b.poke(q.told)
	return b.viewCallback(ctx, c, q.out.ID)
}

func (n NewCallback) check(c Caller, r Ring, now time.Time) error {
	w := n.Window
	switch {
	case r.Caller != c.Party:
		return noRing()
	case r.State != RingUnanswered && r.State != RingCancelled:
		return &Error{Code: CodeConflict, Message: "a callback is for a ring that nobody answered"}
	case r.Line == "":
		return &Error{Code: CodeLineUnavailable, Message: "there is no line with a queue; leave a message"}
	case w == (Period{}):
	case w.End.IsZero() || !w.End.After(now) || !w.End.After(w.Start) || w.End.After(now.Add(maxWindow)):
		return BadRequest("a window ends after it starts, and within two weeks")
	}
	return nil
}

// askedBefore finds what the caller asked for with this MID.
func (b *Bridge) askedBefore(ctx context.Context, c Caller, n NewCallback) (CallbackView, error) {
	var cb Callback
	err := b.store.View(ctx, func(tx Tx) (err error) {
		if err := sameAccount(tx, c); err != nil {
			return err
		}
		cb, err = tx.Callbacks().ByMID(c.Party, n.MID)
		return err
	})
	switch {
	case errors.Is(err, ErrNotFound):
		return CallbackView{}, ErrNotFound
	case err != nil:
		return CallbackView{}, b.told(err)
	case cb.Ring != n.Ring:
		return CallbackView{}, &Error{Code: CodeConflict, Message: "this mid asked for another callback"}
	}
	return b.viewCallback(ctx, c, cb.ID)
}

// queueing is a callback on its way into the queue.
type queueing struct {
	b      *Bridge
	caller Caller
	new    NewCallback
	ring   Ring
	line   Line
	out    Callback
	told   pokes
}

// ask asks whether anybody of the line may be told what the ring was about.
func (q *queueing) ask(tx Tx, _ *Snapshot) (qs []Question, err error) {
	if q.line, err = tx.Lines().Line(q.ring.Line); errors.Is(err, ErrNotFound) {
		return nil, noLine()
	} else if err != nil {
		return nil, err
	}
	self, err := q.b.self(tx, q.caller)
	if err != nil {
		return nil, err
	}
	return q.b.askCrew(tx, &q.line, &q.ring, self)
}

// askCrew asks for each of a line's people whether the caller of the ring may
// ring them.
func (b *Bridge) askCrew(tx Tx, l *Line, r *Ring, caller Actor) ([]Question, error) {
	people, err := b.crew(tx, l, b.now())
	if err != nil {
		return nil, err
	}
	if len(people) == 0 {
		return nil, &Error{Code: CodeLineUnavailable, Message: "the line has nobody"}
	}
	targets := make([]target, len(people))
	for i, x := range people {
		targets[i] = target{Actor: x, callers: &l.Callers}
	}
	return ringQuestions(r, caller, targets), nil
}

func (q *queueing) act(g *passage) error {
	q.told = nil
	a := firstAllowed(g.answers)
	at := a.Now
	_, err := g.tx.Callbacks().ByMID(q.caller.Party, q.new.MID)
	if err == nil {
		return &Error{Code: CodeConflict, Message: "asked for meanwhile"}
	}
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	w := q.new.Window
	due := q.b.dueAt(q.line, w, at)
	if w.Start.Before(at) {
		w.Start = at
	}
	if w.End.IsZero() {
		w.End = due
	}
	q.out = Callback{
		ID: CallbackID(newID(at)), Rev: 1, MID: q.new.MID, Ring: q.ring.ID, Line: q.line.ID, Patient: q.ring.Patient, Caller: q.ring.Caller,
		Purpose: q.ring.Purpose, Case: q.ring.Case, Topics: q.ring.Topics, Consents: a.Consents, State: CallbackWaiting,
		Window: w, AskedAt: at, DueAt: due,
	}
	if err := g.tx.Callbacks().Put(q.out); err != nil {
		return err
	}
	a.To, a.Redact = Actor{}, nil
	if err := g.record(ledger.KindCallback, a, callbackWords(q.out, "asked")); err != nil {
		return err
	}
	return q.told.tellCallback(g.tx, q.out, "asked", at, append(q.b.attending(q.line, at), q.out.Caller)...)
}

func callbackWords(c Callback, action string) func(*ledger.Entry) {
	return func(e *ledger.Entry) {
		e.Callback, e.Ring, e.Line, e.Action = string(c.ID), string(c.Ring), string(c.Line), action
	}
}

// attending lists who of a line looks after its queue: who is on duty, else its
// first tier.
func (b *Bridge) attending(l Line, now time.Time) []Ref {
	if on := l.onDuty(now); len(on) > 0 {
		return on
	}
	if len(l.Tiers) > 0 {
		return slices.Clone(l.Tiers[0].Members)
	}
	return nil
}

// tellCallback tells parties of a callback. Only its caller is told whom it is
// about.
func (p *pokes) tellCallback(tx Tx, c Callback, state string, at time.Time, parties ...Ref) error {
	seen := map[Ref]bool{}
	for _, party := range parties {
		if party == "" || seen[party] {
			continue
		}
		seen[party] = true
		e := Event{Party: party, Kind: EventLineCallback, At: at, Line: c.Line, Callback: c.ID, Ring: c.Ring, State: state}
		if party == c.Caller {
			e.Patient, e.By = c.Patient, c.Taker
		}
		if err := p.append(tx, e); err != nil {
			return err
		}
	}
	return nil
}

// dueAt is by when a callback asked for now is kept: at the end of the promise,
// which begins when the line is open, or of the window where that is earlier or
// begins only behind it.
func (b *Bridge) dueAt(l Line, window Period, now time.Time) time.Time {
	from := now
	if t, err := NewTimetable(l.Opening, b.holidays); err == nil {
		if next, ok := t.Next(now); ok {
			from = next
		}
	}
	due := from.Add(time.Duration(l.Promise.CallbackMinutes) * time.Minute)
	if l.Promise.CallbackMinutes == 0 {
		due = endOfDay(l.Opening, from)
	}
	if !window.End.IsZero() && (window.End.Before(due) || window.Start.After(due)) {
		due = window.End
	}
	return due
}

// endOfDay is when the local day of an instant is over.
func endOfDay(o Opening, at time.Time) time.Time {
	zone, err := o.location()
	if err != nil {
		zone = time.UTC
	}
	local := at.In(zone)
	return time.Date(local.Year(), local.Month(), local.Day()+1, 0, 0, 0, 0, zone)
}

// viewCallback reads a callback for its caller or its taker.
func (b *Bridge) viewCallback(ctx context.Context, c Caller, id CallbackID) (CallbackView, error) {
	var v CallbackView
	err := b.store.View(ctx, func(tx Tx) error {
		cb, err := tx.Callbacks().Callback(id)
		if err != nil {
			return err
		}
		if cb.Caller != c.Party && cb.Taker != c.Party && cb.ClosedBy != c.Party {
			cb = cb.unnamed()
		}
		v, err = b.callbackView(tx, cb)
		return err
	})
	if err != nil {
		return v, b.told(err)
	}
	return v, nil
}

// unnamed is a callback without whom it is about, and by whom it was asked for.
func (c Callback) unnamed() Callback {
	return Callback{
		ID: c.ID, Rev: c.Rev, Line: c.Line, State: c.State, Window: c.Window, AskedAt: c.AskedAt, DueAt: c.DueAt, Tries: c.Tries,
		Taker: c.Taker, TakenAt: c.TakenAt, RemindedAt: c.RemindedAt, EscalatedAt: c.EscalatedAt,
	}
}

func (b *Bridge) callbackView(tx Tx, cb Callback) (v CallbackView, err error) {
	v.Callback = cb
	if v.Before, v.All, err = tx.Callbacks().Place(cb.ID); err != nil {
		return v, fmt.Errorf("looking for a place in the queue: %w", err)
	}
	l, err := tx.Lines().Line(cb.Line)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return v, err
	}
	v.LineName = l.Name
	if cb.Caller != "" {
		v.CallerName, err = nameOf(tx, cb.Caller)
	}
	return v, err
}

// MyCallbacks lists the callbacks that the caller asked for and, while they are
// theirs to keep, those that the caller took.
func (b *Bridge) MyCallbacks(ctx context.Context, c Caller) ([]CallbackView, error) {
	views := []CallbackView{}
	err := b.store.View(ctx, func(tx Tx) error {
		if err := sameAccount(tx, c); err != nil {
			return err
		}
		mine, err := tx.Callbacks().Find(CallbackQuery{Caller: c.Party, Since: b.now().Add(-EventLifetime), Limit: maxLines})
		if err != nil {
			return err
		}
		taken, err := tx.Callbacks().Find(CallbackQuery{Taker: c.Party, States: []CallbackState{CallbackTaken}})
		if err != nil {
			return err
		}
		for _, cb := range append(mine, taken...) {
			v, err := b.callbackView(tx, cb)
			if err != nil {
				return err
			}
			views = append(views, v)
		}
		return nil
	})
	if err != nil {
		return nil, b.told(err)
	}
	return views, nil
}
