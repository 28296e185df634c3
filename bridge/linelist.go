// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// Line returns a line whole, for its people and an admin.
func (b *Bridge) Line(ctx context.Context, c Caller, id LineID) (Line, error) {
	var l Line
	err := b.store.View(ctx, func(tx Tx) (err error) {
		l, err = b.lineOf(tx, c, id)
		return err
	})
	if err != nil {
		return Line{}, b.told(err)
	}
	return l, nil
}

// Lines lists lines by name. What lines there are, and when they are open, is
// about no patient and open to every professional; who is on them is not told.
func (b *Bridge) Lines(ctx context.Context, c Caller, q LinesQuery) ([]LineView, error) {
	if c.Party.Type() != TypePractitionerRole {
		return nil, &Error{Code: CodeForbidden}
	}
	now := b.now()
	if q.Limit <= 0 || q.Limit > maxLines {
		q.Limit = 100
	}
	lq := LineQuery{Organization: q.Organization, ActiveOnly: !c.Admin, Limit: q.Limit}
	if q.Mine {
		lq.Member, lq.At = c.Party, now
	}
	views := []LineView{}
	err := b.store.View(ctx, func(tx Tx) error {
		if err := sameAccount(tx, c); err != nil {
			return err
		}
		lines, err := tx.Lines().Find(lq)
		if err != nil {
			return err
		}
		for _, l := range lines {
			v, err := b.lineView(tx, c, l, now)
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

// LineState says who of a line would be rung now, for its people and an admin.
func (b *Bridge) LineState(ctx context.Context, c Caller, id LineID) (LineState, error) {
	var s LineState
	var p plan
	err := b.store.View(ctx, func(tx Tx) error {
		now := b.now()
		l, err := b.lineOf(tx, c, id)
		if err != nil {
			return err
		}
		if s.LineView, err = b.lineView(tx, c, l, now); err != nil {
			return err
		}
		if s.Ringing, s.Talking, s.Callbacks, err = load(tx, id); err != nil || !l.Active {
			return err
		}
		p.line = &l
		return b.planDuty(tx, &p, now)
	})
	if err != nil {
		return LineState{}, b.told(err)
	}
	r := b.reach(ctx, id, p.parties())
	s.OutOfDate = r.outOfDate
	err = b.store.View(ctx, func(tx Tx) error {
		s.People, err = b.crewNow(tx, &p, r)
		return err
	})
	if err != nil {
		return LineState{}, b.told(err)
	}
	s.On = slices.ContainsFunc(s.People, func(o OnDuty) bool { return o.Party == c.Party })
	return s, nil
}

// crewNow lists whom a line's plan would ring now, each once.
func (b *Bridge) crewNow(tx Tx, p *plan, r reach) ([]OnDuty, error) {
	people := []OnDuty{}
	seen := map[Ref]bool{}
	for _, step := range p.steps {
		for _, x := range step.targets {
			if seen[x.Ref] || !x.Active || !r.hears(x.Ref, true) {
				continue
			}
			seen[x.Ref] = true
			still, err := quiet(tx, x, b.now())
			if err != nil {
				return nil, err
			}
			if still {
				continue
			}
			o := OnDuty{Party: x.Ref, Via: step.via}
			if o.Name, err = nameOf(tx, x.Ref); err != nil {
				return nil, err
			}
			if o.Busy, err = taken(tx, x.Ref); err != nil {
				return nil, err
			}
			people = append(people, o)
		}
	}
	return people, nil
}

// lineView words a line for somebody.
func (b *Bridge) lineView(tx Tx, c Caller, l Line, now time.Time) (LineView, error) {
	v := LineView{Line: l.ID, Name: l.Name, Organization: l.Organization, Promise: l.Promise, Mine: l.has(c.Party, now)}
	o, err := tx.Directory().Organization(l.Organization)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return v, err
	}
	v.Owner = o.Name
	open := b.opening(l, now)
	v.Open, v.Until, v.Reason = open.Open && l.Active, open.Until, open.Reason
	if !v.Open && l.Active {
		v.Next = open.Until
	}
	self, err := b.self(tx, c)
	if err != nil {
		return v, err
	}
	v.Manages = c.Admin || l.manages(self)
	ringing, _, callbacks, err := load(tx, l.ID)
	v.Waiting = ringing + callbacks
	return v, err
}

// opening is whether the line is open at the instant. One whose hours can't be
// read is closed.
func (b *Bridge) opening(l Line, now time.Time) Open {
	t, err := NewTimetable(l.Opening, b.holidays)
	if err != nil {
		b.log.LogAttrs(context.Background(), slog.LevelError, "a line's hours can't be read", slog.String("line", string(l.ID)), slog.Any("error", err))
		return Open{}
	}
	return t.At(now)
}

// location is the time zone of an opening.
func (o Opening) location() (*time.Location, error) {
	t, err := NewTimetable(Opening{Zone: o.Zone}, nil)
	if err != nil {
		return nil, err
	}
	return t.zone, nil
}

// load counts what a line has to do: rings that ring, talks, callbacks that nobody
// has taken.
func load(tx Tx, id LineID) (ringing, talking, callbacks int, err error) {
	rings, err := tx.Rings().Find(RingQuery{Line: id, States: []RingState{RingRinging, RingAccepted}, Limit: maxLines})
	if err != nil {
		return 0, 0, 0, fmt.Errorf("counting rings: %w", err)
	}
	for _, r := range rings {
		if r.State == RingRinging {
			ringing++
		}
	}
	waiting, err := tx.Callbacks().Find(CallbackQuery{Line: id, States: []CallbackState{CallbackWaiting}, Limit: maxLines})
	if err != nil {
		return 0, 0, 0, fmt.Errorf("counting callbacks: %w", err)
	}
	return ringing, len(rings) - ringing, len(waiting), nil
}
