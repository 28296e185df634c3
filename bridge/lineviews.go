// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"slices"
	"time"
)

// LineView is what professionals may see of a line. It is about no patient.
type LineView struct {
	Line         LineID    `json:"line"`
	Name         string    `json:"name"`
	Organization string    `json:"organization"` // id of the owner
	Owner        string    `json:"owner"`        // its name
	Open         bool      `json:"open"`
	Until        time.Time `json:"until,omitzero"`   // when that changes next; zero: not within 60 days
	Next         time.Time `json:"next,omitzero"`    // when it opens next, while it is closed
	Reason       string    `json:"reason,omitempty"` // of who opened or closed it by hand; a holiday's name
	Promise      Promise   `json:"promise"`
	Waiting      int       `json:"waiting"`           // who ring now, and callbacks that nobody has taken
	Mine         bool      `json:"mine,omitempty"`    // the caller is one of its people
	Manages      bool      `json:"manages,omitempty"` // and may change it
	On           bool      `json:"on,omitempty"`      // and can be rung on it now
	OutOfDate    bool      `json:"out_of_date,omitempty"`
}

// LineState is a line as its own people see it.
type LineState struct {
	LineView
	People    []OnDuty `json:"people"`    // who can be rung now, first who is rung first
	Ringing   int      `json:"ringing"`   // rings that nobody has answered yet
	Talking   int      `json:"talking"`   //
	Callbacks int      `json:"callbacks"` // that nobody has taken
}

// OnDuty is one of a line's people who would be rung now.
type OnDuty struct {
	Party Ref    `json:"party"`
	Name  string `json:"name"`
	Via   string `json:"via"`            // "rota" or "tier-1"
	Busy  bool   `json:"busy,omitempty"` // is rung, or talks
}

// LinesQuery selects lines. Limit 0 means 100, at most 1000.
type LinesQuery struct {
	Organization string `json:"organization,omitempty"` // id: owned by it itself
	Mine         bool   `json:"mine,omitempty"`         // of the caller's own
	Limit        int    `json:"limit,omitempty"`
}

// NewSwitch is a hand on one's own switch.
type NewSwitch struct {
	Line   LineID    `json:"line,omitempty"` // empty: all lines of the caller
	On     bool      `json:"on"`
	Until  time.Time `json:"until,omitzero"`   // zero: until it is said otherwise
	Reason string    `json:"reason,omitempty"` // practical words, at most 120 characters
}

// RotaReader reads the shifts of a span; times without a zone are those of the
// given one. Kept by bridge/calendar, over a file.
type RotaReader func(zone *time.Location, span Period, who func(address, title string) (Ref, bool)) ([]Shift, []SkippedShift, error)

// SkippedShift is an event of a rota that was not taken.
type SkippedShift struct {
	Event  int    `json:"event"` // its place in the file, from 1
	Reason string `json:"reason"`
}

// RotaImport is what became of a rota.
type RotaImport struct {
	Shifts  int            `json:"shifts"` // taken
	Skipped []SkippedShift `json:"skipped,omitempty"`
}

// people lists everybody of a line: of its tiers, and of its rota from now on.
func (l Line) people(now time.Time) []Ref {
	var all []Ref
	for _, t := range l.Tiers {
		all = union(all, t.Members)
	}
	for _, s := range l.Rota {
		if s.Period.End.IsZero() || s.Period.End.After(now) {
			all = union(all, []Ref{s.Member})
		}
	}
	return all
}

// has reports whether the party is one of the line's people.
func (l Line) has(party Ref, now time.Time) bool { return slices.Contains(l.people(now), party) }

// onDuty lists whose shift it is, and until when the first of their shifts lasts.
func (l Line) onDuty(now time.Time) []Ref {
	var on []Ref
	for _, s := range l.Rota {
		if s.Period.Contains(now) && !slices.Contains(on, s.Member) {
			on = append(on, s.Member)
		}
	}
	return on
}

// shiftEnd is until when the party's shifts of now last; zero without one, or
// when one has no end.
func (l Line) shiftEnd(party Ref, now time.Time) (end time.Time) {
	for _, s := range l.Rota {
		if s.Member == party && s.Period.Contains(now) && s.Period.End.After(end) {
			end = s.Period.End
		}
	}
	return end
}

// manages reports whether somebody may change the line: who works at its owner,
// and is in its first tier.
func (l Line) manages(x Actor) bool {
	return len(l.Tiers) > 0 && slices.Contains(l.Tiers[0].Members, x.Ref) && slices.Contains(x.Organizations, l.Organization) && x.Active
}

// holds reports whether a switch still says what it said.
func (s Switch) holds(now time.Time) bool { return s.Until.IsZero() || now.Before(s.Until) }
