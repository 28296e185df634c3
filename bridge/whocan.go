// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"slices"
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// WhoQuery asks who can be rung for a patient: somebody, or a line, one of them.
type WhoQuery struct {
	Patient PatientID `json:"patient"`
	Wanted  Party     `json:"wanted,omitzero"`
	Line    LineID    `json:"line,omitempty"`
	Purpose Purpose   `json:"purpose,omitempty"`
	Case    string    `json:"case,omitempty"`
}

// WhoState is whether somebody would hear a ring now.
type WhoState string

// The states.
const (
	WhoAvailable WhoState = "available"
	WhoBusy      WhoState = "busy"   // all who can be rung are rung or talk, or the line is full
	WhoClosed    WhoState = "closed" // the line is, and nobody else is there
	WhoNone      WhoState = "none"
)

// WhoView is who can be rung now, as far as the caller may know. It is a hint:
// whether they may be rung about something the gate says when they are.
type WhoView struct {
	State     WhoState     `json:"state"`
	Count     int          `json:"count"` // who are free
	People    []RingPerson `json:"people,omitempty"`
	Line      *LineView    `json:"line,omitempty"`
	Next      time.Time    `json:"next,omitzero"` // when the line opens, while it is closed
	OutOfDate bool         `json:"out_of_date,omitempty"`
}

// RingPerson is somebody who would be rung.
type RingPerson struct {
	Party Ref    `json:"party"`
	Name  string `json:"name"`
	Via   string `json:"via"`
	Busy  bool   `json:"busy,omitempty"`
}

// whoAsk is a question for who can be rung, on its way.
type whoAsk struct {
	plan  plan
	reach reach
	steps []planned
	sees  map[Ref]bool // whom the caller may know of
}

// WhoCanBeRung says whether somebody would hear a ring for the patient now. That
// somebody treats a patient, and whether they are there, is health information: it
// passes the gate, and names are told of those only whom the caller may see.
func (b *Bridge) WhoCanBeRung(ctx context.Context, c Caller, q WhoQuery) (WhoView, error) {
	switch {
	case ValidateID(string(q.Patient)) != nil:
		return WhoView{}, BadRequest("patient is not an id")
	case (q.Wanted == (Party{})) == (q.Line == ""):
		return WhoView{}, BadRequest("who can be rung for somebody or on a line, one of them")
	case len(q.Case) > 64:
		return WhoView{}, BadRequest("case of more than 64 bytes")
	}
	if err := q.Wanted.ringable(); err != nil {
		return WhoView{}, err
	}
	r := Ring{Patient: q.Patient, Caller: c.Party, Wanted: q.Wanted, Line: q.Line, StartedAt: b.now()}
	a := &attempt{b: b, caller: c, ring: r, now: r.StartedAt}
	if err := a.prepare(ctx); err != nil {
		return WhoView{}, err
	}
	w := &whoAsk{plan: a.plan, reach: a.reach, steps: a.steps}
	if err := b.askWho(ctx, c, q, w); err != nil {
		return WhoView{}, err
	}
	return b.whoView(ctx, c, q, w)
}

// askWho passes the gate for seeing those who would be rung; the caller is asked
// after too, as everywhere where nobody may be there to be seen.
func (b *Bridge) askWho(ctx context.Context, c Caller, q WhoQuery, w *whoAsk) error {
	answers, err := b.pass(Reading(ctx), c, q.Patient, func(tx Tx, _ *Snapshot) ([]Question, error) {
		self, err := b.self(tx, c)
		if err != nil {
			return nil, err
		}
		asked := map[Ref]bool{}
		var qs []Question
		ask := func(all []Actor) {
			for _, x := range all {
				if x.Ref != "" && !asked[x.Ref] {
					asked[x.Ref] = true
					qs = append(qs, Question{Action: ActionSee, From: x, To: self, Purpose: q.Purpose, Case: q.Case})
				}
			}
		}
		if q.Line == "" {
			ask(w.plan.wanted)
		}
		for _, s := range w.steps {
			if !s.ofLine {
				ask(s.targets)
			}
		}
		return append(qs, Question{Action: ActionSee, From: self, To: self, Purpose: q.Purpose, Case: q.Case}), nil
	}, func(g *passage) error {
		a := firstAllowed(g.answers)
		a.From = Actor{}
		return g.record(ledger.KindSeen, a, func(e *ledger.Entry) { e.Action, e.Line = "line", string(q.Line) })
	})
	if err != nil {
		return err
	}
	w.sees = map[Ref]bool{}
	for _, a := range answers {
		w.sees[a.From.Ref] = a.Allow
	}
	delete(w.sees, c.Party)
	return nil
}

// whoView words who can be rung.
func (b *Bridge) whoView(ctx context.Context, c Caller, q WhoQuery, w *whoAsk) (WhoView, error) {
	v := WhoView{State: WhoNone, OutOfDate: w.reach.outOfDate}
	// Where the wanted one works is told with who it is.
	known := q.Line != "" || slices.ContainsFunc(w.plan.wanted, func(x Actor) bool { return w.sees[x.Ref] })
	err := b.store.View(ctx, func(tx Tx) error {
		now := b.now()
		full := false
		if known && w.plan.line != nil {
			l, err := b.lineView(tx, c, *w.plan.line, now)
			if err != nil {
				return err
			}
			v.Line, v.Next = &l, l.Next
			ringing, talking, _, err := load(tx, l.Line)
			if err != nil {
				return err
			}
			full = ringing+talking >= w.plan.line.Capacity
		}
		heard := 0
		seen := map[Ref]bool{}
		for _, s := range w.steps {
			for _, x := range s.targets {
				if seen[x.Ref] || !w.sees[x.Ref] && (!s.ofLine || !known) {
					continue
				}
				seen[x.Ref] = true
				heard++
				busy, err := taken(tx, x.Ref)
				if err != nil {
					return err
				}
				if busy = busy || full && s.ofLine; !busy {
					v.Count++
				}
				if !w.sees[x.Ref] {
					continue
				}
				name, err := nameOf(tx, x.Ref)
				if err != nil {
					return err
				}
				v.People = append(v.People, RingPerson{Party: x.Ref, Name: name, Via: s.via, Busy: busy})
			}
		}
		switch {
		case v.Count > 0:
			v.State = WhoAvailable
		case heard > 0:
			v.State = WhoBusy
		case known && w.plan.line != nil && !w.plan.open.Open:
			v.State = WhoClosed
		}
		return nil
	})
	if err != nil {
		return WhoView{}, b.told(err)
	}
	return v, nil
}

// taken reports whether the party is rung, rings or talks.
func taken(tx Tx, party Ref) (bool, error) {
	live, err := tx.Rings().Find(RingQuery{Party: party, States: []RingState{RingRinging, RingAccepted}, Limit: 1})
	return len(live) > 0, err
}
