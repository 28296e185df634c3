// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package calendar

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-ical"
	"github.com/teambition/rrule-go"

	"github.com/brobygger/brobygger/bridge"
)

// What a rota may hold at the most.
const (
	MaxRota   = 1 << 20              // bytes of the file
	MaxShifts = 10_000               // in the span that is read
	MaxSpan   = 400 * 24 * time.Hour // of it
)

// Rota is what a file says of a span of time.
type Rota struct {
	Shifts  []bridge.Shift // in order of start, then member
	Skipped []Skipped
}

// Skipped is an event that was not taken.
type Skipped struct {
	Event  int // its place in the file, from 1
	Reason string
}

// Who finds the member that an event is about, by the address of its attendee
// ("mailto:" left away) or by its title; false when there is none.
type Who func(address, title string) (bridge.Ref, bool)

var (
	errNotACalendar = bridge.BadRequest("not an iCalendar file")
	// errShifts ends a file that makes too many shifts.
	errShifts = bridge.BadRequest("a rota has at most 10,000 shifts in its span")
)

// ReadRota reads the shifts that lie in the span, at least in part. Times without
// a zone are those of the given one. An event that can't be read is skipped and
// told; a file that can't be is CodeBadRequest.
func ReadRota(r io.Reader, zone *time.Location, span bridge.Period, who Who) (rota Rota, err error) {
	// The decoder indexes lines that are cut short without looking, and panics.
	defer func() {
		if recover() != nil {
			rota, err = Rota{}, errNotACalendar
		}
	}()
	if !span.End.After(span.Start) || span.End.Sub(span.Start) > MaxSpan {
		return Rota{}, bridge.BadRequest("a rota is read for a span of at most 400 days")
	}
	limited := &io.LimitedReader{R: r, N: MaxRota + 1}
	file, err := ical.NewDecoder(limited).Decode()
	if limited.N <= 0 {
		return Rota{}, bridge.BadRequest("a rota has at most 1 MiB")
	}
	if err != nil {
		return Rota{}, errNotACalendar
	}
	replaced := replacements(file, zone)
	for i, e := range file.Events() {
		shifts, err := read(e, zone, span, replaced, who)
		if errors.Is(err, errShifts) || len(rota.Shifts)+len(shifts) > MaxShifts {
			return Rota{}, errShifts
		}
		if err != nil {
			rota.Skipped = append(rota.Skipped, Skipped{i + 1, err.Error()})
		}
		rota.Shifts = append(rota.Shifts, shifts...)
	}
	slices.SortFunc(rota.Shifts, func(a, b bridge.Shift) int {
		return cmp.Or(a.Period.Start.Compare(b.Period.Start), cmp.Compare(a.Member, b.Member))
	})
	return rota, nil
}

// occurrence is one time of an event that recurs.
type occurrence struct {
	uid   string
	start int64
}

// replacements lists the occurrences that have an event of their own
// (RFC 5545 section 3.8.4.4, RECURRENCE-ID).
func replacements(file *ical.Calendar, zone *time.Location) map[occurrence]bool {
	all := map[occurrence]bool{}
	for _, e := range file.Events() {
		p := e.Props.Get(ical.PropRecurrenceID)
		if p == nil {
			continue
		}
		known(p)
		if at, err := p.DateTime(zone); err == nil {
			all[occurrence{uid(e), at.Unix()}] = true
		}
	}
	return all
}

func uid(e ical.Event) string {
	s, _ := e.Props.Text(ical.PropUID)
	return s
}

// read makes the shifts of one event. Its errors are told to who imports: they
// must not repeat what the file says, which may be anything.
func read(e ical.Event, zone *time.Location, span bridge.Period, replaced map[occurrence]bool, who Who) ([]bridge.Shift, error) {
	if s, err := e.Status(); err == nil && s == ical.EventCancelled {
		return nil, nil
	}
	member, ok := member(e, who)
	if !ok {
		return nil, errors.New("nobody of the line by that address or title")
	}
	for _, name := range []string{ical.PropDateTimeStart, ical.PropDateTimeEnd, ical.PropExceptionDates, ical.PropRecurrenceDates} {
		for i := range e.Props[name] {
			known(&e.Props[name][i])
		}
	}
	start, err := e.DateTimeStart(zone)
	if err != nil || start.IsZero() {
		return nil, errors.New("start is missing, or in an unknown time zone")
	}
	end, err := e.DateTimeEnd(zone)
	if err != nil || !end.After(start) {
		return nil, errors.New("end is missing, not behind the start, or in an unknown time zone")
	}
	starts, err := starts(e, start, end.Sub(start), zone, span)
	if err != nil {
		return nil, err
	}
	var all []bridge.Shift
	for _, s := range starts {
		if e.Props.Get(ical.PropRecurrenceID) == nil && replaced[occurrence{uid(e), s.Unix()}] {
			continue
		}
		p := bridge.Period{Start: s.UTC(), End: ending(s, start, end).UTC()}
		if p.End.After(span.Start) && p.Start.Before(span.End) {
			all = append(all, bridge.Shift{Period: p, Member: member})
		}
	}
	return all, nil
}

// ending is when the occurrence that starts at s ends: at the same time of the
// day, so many days later, as the first, also where the clocks change between.
func ending(s, start, end time.Time) time.Time {
	days := int(midnight(end).Sub(midnight(start)).Round(24*time.Hour) / (24 * time.Hour))
	local := end.In(s.Location())
	return time.Date(s.Year(), s.Month(), s.Day()+days, local.Hour(), local.Minute(), local.Second(), 0, s.Location())
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

// starts lists when an event starts within the span, or so shortly before that it
// may reach into it.
func starts(e ical.Event, start time.Time, lasts time.Duration, zone *time.Location, span bridge.Period) ([]time.Time, error) {
	if lasts > 31*24*time.Hour {
		return nil, errors.New("a shift of more than a month")
	}
	rule, err := e.Props.RecurrenceRule()
	if err != nil {
		return nil, errors.New("a recurrence that can't be read")
	}
	if rule == nil && e.Props.Get(ical.PropRecurrenceDates) == nil {
		return []time.Time{start}, nil
	}
	if rule != nil && rule.Freq > rrule.DAILY {
		return nil, errors.New("recurs more often than daily")
	}
	set, err := e.RecurrenceSet(zone)
	if err != nil || set == nil {
		return nil, errors.New("a recurrence that can't be read")
	}
	if rule := set.GetRRule(); rule != nil && (rule.OrigOptions.Until.IsZero() || rule.OrigOptions.Until.After(span.End)) {
		rule.Until(span.End) // a rule that never comes true is not looked for to the end of time
	}
	var all []time.Time
	next := set.Iterator()
	for s, more := next(); more && s.Before(span.End); s, more = next() {
		if s.Add(lasts + 2*time.Hour).After(span.Start) {
			all = append(all, s)
		}
		if len(all) > MaxShifts {
			return nil, errShifts
		}
	}
	return all, nil
}

func member(e ical.Event, who Who) (bridge.Ref, bool) {
	title, _ := e.Props.Text(ical.PropSummary)
	for _, a := range e.Props.Values(ical.PropAttendee) {
		address, _ := strings.CutPrefix(strings.ToLower(a.Value), "mailto:")
		if ref, ok := who(address, title); ok {
			return ref, true
		}
	}
	return who("", title)
}

// windows names the zones that Microsoft's calendars write, by the names of the
// IANA (CLDR, windowsZones.xml), for the places that Danish rotas come from.
var windows = map[string]string{
	"Romance Standard Time":        "Europe/Copenhagen",
	"W. Europe Standard Time":      "Europe/Berlin",
	"Central Europe Standard Time": "Europe/Budapest",
	"GMT Standard Time":            "Europe/London",
	"Greenland Standard Time":      "America/Nuuk",
}

// known gives a property the name of its zone that time.LoadLocation knows.
func known(p *ical.Prop) {
	if name, ok := windows[p.Params.Get(ical.ParamTimezoneID)]; ok {
		p.Params.Set(ical.ParamTimezoneID, name)
	}
}

// String is for logs and tests: no names.
func (s Skipped) String() string { return fmt.Sprintf("event %d: %s", s.Event, s.Reason) }
