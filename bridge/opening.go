// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"fmt"
	"slices"
	"time"
)

// Holidays knows the days on which offices are closed. Kept by bridge/calendar.
type Holidays interface {
	// Holiday names the public holiday of a local day, "" for a working day.
	Holiday(year int, month time.Month, day int) string
}

// horizon is how far ahead the next change of a timetable is looked for.
const horizon = 60 // days

// Timetable answers when an Opening is open. An instant is inside a window when
// the clock on the wall shows a time inside it: an hour that summer time skips is
// never open, and one that it repeats is open both times.
type Timetable struct {
	opening  Opening
	zone     *time.Location
	windows  []window
	holidays Holidays
}

// window is an Hours in minutes of the day.
type window struct {
	days       [7]bool
	start, end int
}

// NewTimetable makes an opening ready to be asked. Its errors are CodeBadRequest.
func NewTimetable(o Opening, h Holidays) (*Timetable, error) {
	t := &Timetable{opening: o, holidays: h}
	name := o.Zone
	if name == "" {
		name = "Europe/Copenhagen"
	}
	var err error
	if t.zone, err = time.LoadLocation(name); err != nil {
		return nil, BadRequest("a time zone that does not exist")
	}
	for _, w := range o.Week {
		m, err := w.window()
		if err != nil {
			return nil, err
		}
		t.windows = append(t.windows, m)
	}
	for _, x := range o.Exceptions {
		if x.Period.Start.IsZero() || !x.Period.End.IsZero() && !x.Period.End.After(x.Period.Start) {
			return nil, BadRequest("a period has a start, and an end behind it")
		}
	}
	return t, nil
}

func (h Hours) window() (w window, err error) {
	if w.start, err = minutes(h.Start); err != nil {
		return w, err
	}
	if w.end, err = minutes(h.End); err != nil {
		return w, err
	}
	if w.start == w.end || w.start == 24*60 || len(h.Days) == 0 {
		return w, BadRequest("hours name days, and end at another time than they start")
	}
	for _, d := range h.Days {
		if d < time.Sunday || d > time.Saturday {
			return w, BadRequest("a weekday is 0 (Sunday) to 6")
		}
		w.days[d] = true
	}
	return w, nil
}

// minutes reads "15:04"; "24:00" is the end of the day.
func minutes(clock string) (int, error) {
	if clock == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", clock)
	if err != nil || len(clock) != len("15:04") {
		return 0, BadRequest(`a time of day is written "08:00"`)
	}
	return t.Hour()*60 + t.Minute(), nil
}

// Open is the state of a timetable at an instant.
type Open struct {
	Open   bool      `json:"open"`
	Until  time.Time `json:"until,omitzero"`   // when it changes next; zero: not within 60 days
	Reason string    `json:"reason,omitempty"` // of an exception, or the holiday's name
}

// At returns whether it is open at the instant, and until when that stays so.
func (t *Timetable) At(at time.Time) Open {
	state := Open{Open: t.open(at), Reason: t.reason(at)}
	for d := range horizon {
		for _, c := range t.changes(at, d) {
			if t.open(c) != state.Open {
				state.Until = c
				return state
			}
		}
	}
	return state
}

// Next returns when it opens next at or after the instant; false when it does not
// within 60 days.
func (t *Timetable) Next(at time.Time) (time.Time, bool) {
	s := t.At(at)
	if s.Open {
		return at, true
	}
	return s.Until, !s.Until.IsZero()
}

func (t *Timetable) open(at time.Time) bool {
	if x, ok := t.exception(at); ok {
		return x.Open
	}
	local := at.In(t.zone)
	minute := local.Hour()*60 + local.Minute()
	yesterday := time.Date(local.Year(), local.Month(), local.Day()-1, 12, 0, 0, 0, t.zone)
	for _, w := range t.windows {
		switch {
		case w.start < w.end:
			if w.days[local.Weekday()] && w.start <= minute && minute < w.end && t.works(local) {
				return true
			}
		case w.days[local.Weekday()] && minute >= w.start && t.works(local),
			w.days[yesterday.Weekday()] && minute < w.end && t.works(yesterday):
			return true
		}
	}
	return false
}

// works reports whether the windows of a local day stand.
func (t *Timetable) works(day time.Time) bool {
	return t.opening.Holidays || t.holiday(day) == ""
}

func (t *Timetable) holiday(day time.Time) string {
	if t.holidays == nil {
		return ""
	}
	return t.holidays.Holiday(day.Year(), day.Month(), day.Day())
}

// exception is the newest that holds at the instant.
func (t *Timetable) exception(at time.Time) (found Exception, ok bool) {
	for _, x := range t.opening.Exceptions {
		if x.Period.Contains(at) && (!ok || !x.At.Before(found.At)) {
			found, ok = x, true
		}
	}
	return found, ok
}

func (t *Timetable) reason(at time.Time) string {
	if x, ok := t.exception(at); ok {
		return x.Reason
	}
	if local := at.In(t.zone); !t.works(local) {
		return t.holiday(local)
	}
	return ""
}

// changes lists the instants behind at, in order, at which the state may change on
// the local day that comes days after it: the edges of windows and of exceptions,
// and the changes of the day and of the clocks.
func (t *Timetable) changes(at time.Time, days int) []time.Time {
	local := at.In(t.zone)
	midnight := func(d int) time.Time {
		return time.Date(local.Year(), local.Month(), local.Day()+d, 0, 0, 0, 0, t.zone)
	}
	first, end := midnight(days), midnight(days+1)
	all := []time.Time{first}
	for _, x := range t.opening.Exceptions {
		all = append(all, x.Period.Start, x.Period.End)
	}
	if _, turn := first.ZoneBounds(); !turn.IsZero() {
		all = append(all, turn)
	}
	for _, w := range t.windows {
		all = append(append(all, t.wall(local, days, w.start)...), t.wall(local, days, w.end)...)
	}
	all = slices.DeleteFunc(all, func(c time.Time) bool { return !c.After(at) || c.Before(first) || c.After(end) })
	slices.SortFunc(all, time.Time.Compare)
	return all
}

// wall lists the instants, none or one or two, at which clocks show the minute of
// the day that comes days after the local day.
func (t *Timetable) wall(local time.Time, days, minute int) []time.Time {
	naive := time.Date(local.Year(), local.Month(), local.Day()+days, 0, minute, 0, 0, time.UTC)
	var all []time.Time
	for _, near := range []time.Duration{-12 * time.Hour, 12 * time.Hour} {
		_, offset := naive.Add(near).In(t.zone).Zone()
		c := naive.Add(-time.Duration(offset) * time.Second).In(t.zone)
		if c.Hour() == naive.Hour() && c.Minute() == naive.Minute() && !slices.ContainsFunc(all, c.Equal) {
			all = append(all, c)
		}
	}
	return all
}

// String is for logs and tests: no names.
func (o Open) String() string {
	word := "closed"
	if o.Open {
		word = "open"
	}
	if o.Until.IsZero() {
		return word
	}
	return fmt.Sprintf("%s until %s", word, o.Until.Format(time.RFC3339))
}
