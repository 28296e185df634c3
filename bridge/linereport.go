// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"slices"
	"time"
)

// LineReport is how a line was reached in a period: counts and times, and nothing
// of whom a call was about.
type LineReport struct {
	Line    LineID  `json:"line"`
	Period  Period  `json:"period"`
	Zone    string  `json:"zone"` // of the hours and weekdays
	Promise Promise `json:"promise"`
	LineCounts
	Cells []LineCell `json:"cells"` // hours in which somebody rang or asked for a callback, from Monday 0:00
}

// LineCell is the calls that came in one hour of one weekday, by the clock on the
// wall: the hour that autumn repeats is one, and has the calls of both.
type LineCell struct {
	Weekday time.Weekday `json:"weekday"` // 0 is Sunday
	Hour    int          `json:"hour"`    // from 0
	LineCounts
}

// LineCounts counts calls by how they ended, which every call does once, and the
// callbacks that were asked for by what became of the promise.
type LineCounts struct {
	Calls      int `json:"calls"`
	Answered   int `json:"answered"`   // by anybody, wherever it was handed to
	InTime     int `json:"in_time"`    // of these, within the promise; without one, all
	Unanswered int `json:"unanswered"` // nobody did: the caller got a fallback
	Abandoned  int `json:"abandoned"`  // the caller gave up first
	Stopped    int `json:"stopped"`    // by the gate
	Ringing    int `json:"ringing"`    // now

	AnsweredShare float64 `json:"answered_share"` // of the calls that are over or talked on; 0 without any
	MedianMS      int64   `json:"median_ms"`      // time to answer, of the answered; 0 without any
	P90MS         int64   `json:"p90_ms"`         // nine in ten were answered within it

	Callbacks int `json:"callbacks"`
	Kept      int `json:"kept"`      // somebody rang back before it was due
	Broken    int `json:"broken"`    // nobody did until it was due
	Withdrawn int `json:"withdrawn"` // by the caller or the gate, before it was due
	Waiting   int `json:"waiting"`   // open, and not yet due

	waits []time.Duration
}

// lineHour is a place in a week.
type lineHour struct {
	weekday time.Weekday
	hour    int
}

// NewLineReport counts the calls that came to a line in the period, and the
// callbacks that were asked of it in it. Others are left out. now tells which
// promises are broken. Its errors are CodeBadRequest.
func NewLineReport(l Line, p Period, now time.Time, rings []Ring, callbacks []Callback) (LineReport, error) {
	t, err := NewTimetable(Opening{Zone: l.Opening.Zone}, nil)
	if err != nil {
		return LineReport{}, err
	}
	r := LineReport{Line: l.ID, Period: p, Zone: t.zone.String(), Promise: l.Promise}
	cells := map[lineHour]*LineCounts{}
	count := func(at time.Time, f func(*LineCounts)) {
		local := at.In(t.zone)
		key := lineHour{local.Weekday(), local.Hour()}
		if cells[key] == nil {
			cells[key] = &LineCounts{}
		}
		f(&r.LineCounts)
		f(cells[key])
	}
	for _, x := range rings {
		if at := x.began(); x.Line == l.ID && p.Contains(at) {
			count(at, func(c *LineCounts) { c.ring(x, l.Promise) })
		}
	}
	for _, x := range callbacks {
		if x.Line == l.ID && p.Contains(x.AskedAt) {
			count(x.AskedAt, func(c *LineCounts) { c.callback(x, now) })
		}
	}
	r.sum()
	r.Cells = make([]LineCell, 0, len(cells))
	for key, c := range cells {
		c.sum()
		r.Cells = append(r.Cells, LineCell{key.weekday, key.hour, *c})
	}
	slices.SortFunc(r.Cells, func(a, b LineCell) int { return a.inWeek() - b.inWeek() })
	return r, nil
}

// inWeek counts hours from Monday 0:00.
func (c LineCell) inWeek() int { return int(c.Weekday+6)%7*24 + c.Hour }

// began is when the caller began to ring, whatever was handed over later.
func (r *Ring) began() time.Time {
	if len(r.Steps) == 0 {
		return r.StartedAt
	}
	return r.Steps[0].From
}

// answered is when somebody answered first; false when nobody has.
func (r *Ring) answered() (time.Time, bool) {
	for _, s := range r.Steps {
		for _, d := range s.Results {
			if d.Result == RingedAnswered {
				return d.At, true
			}
		}
	}
	return time.Time{}, false
}

func (c *LineCounts) ring(r Ring, p Promise) {
	c.Calls++
	at, answered := r.answered()
	switch {
	case answered:
		wait := max(0, at.Sub(r.began())) // clocks may go back
		c.Answered++
		if p.AnswerSeconds == 0 || wait <= time.Duration(p.AnswerSeconds)*time.Second {
			c.InTime++
		}
		c.waits = append(c.waits, wait)
	case r.State == RingRinging:
		c.Ringing++
	case r.Ended != "":
		c.Stopped++
	case r.State == RingCancelled:
		c.Abandoned++
	default:
		c.Unanswered++
	}
}

func (c *LineCounts) callback(b Callback, now time.Time) {
	c.Callbacks++
	gone := b.Outcome == CallbackCancelled || b.Outcome == CallbackForbidden
	switch {
	case b.Kept() && gone:
		c.Withdrawn++
	case b.Kept():
		c.Kept++
	case b.State != CallbackClosed && !now.After(b.DueAt):
		c.Waiting++
	default:
		c.Broken++
	}
}

// sum works out what is not counted one by one.
func (c *LineCounts) sum() {
	if over := c.Calls - c.Ringing; over > 0 {
		c.AnsweredShare = float64(c.Answered) / float64(over)
	}
	slices.Sort(c.waits)
	c.MedianMS, c.P90MS = quantile(c.waits, 50), quantile(c.waits, 90)
	c.waits = nil
}

// quantile is the least of the sorted waits that percent of them do not exceed, in
// milliseconds.
func quantile(sorted []time.Duration, percent int) int64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[(len(sorted)*percent+99)/100-1].Milliseconds()
}
