// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package calendar_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/calendar"
)

var _ bridge.Holidays = calendar.Danish{}

func TestDanishHolidays(t *testing.T) {
	for day, want := range map[string]string{
		"2026-04-02": "Skærtorsdag", "2026-04-03": "Langfredag", "2026-04-06": "Anden påskedag",
		"2026-05-14": "Kristi Himmelfartsdag", "2026-05-25": "Anden Pinsedag", "2026-06-05": "Grundlovsdag",
		"2026-12-25": "Juledag", "2026-12-26": "Anden juledag", "2027-01-01": "Nytårsdag",
		"2023-05-05": "Store bededag",
		"2024-04-26": "", // abolished from 2024 on (lov nr. 214 af 06/03/2023)
		"2026-12-24": "", "2026-11-23": "",
	} {
		d, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		if got := (calendar.Danish{}).Holiday(d.Year(), d.Month(), d.Day()); got != want {
			t.Errorf("%s: %q, want %q", day, got, want)
		}
	}
}

// file is an iCalendar file of events.
func file(events ...string) string {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//rota//EN\r\n")
	for i, e := range events {
		b.WriteString("BEGIN:VEVENT\r\nDTSTAMP:20260101T000000Z\r\n")
		if !strings.Contains(e, "UID:") {
			fmt.Fprintf(&b, "UID:%d\r\n", i)
		}
		b.WriteString(strings.ReplaceAll(e, "\n", "\r\n") + "\r\nEND:VEVENT\r\n")
	}
	return b.String() + "END:VCALENDAR\r\n"
}

// team is who the rotas below know.
func team(address, title string) (bridge.Ref, bool) {
	for _, name := range []string{"anna", "bo"} {
		if address == name+"@example.org" || strings.Contains(strings.ToLower(title), name) {
			return bridge.Ref("PractitionerRole/" + name), true
		}
	}
	return "", false
}

func TestReadRota(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		t.Fatal(err)
	}
	span := bridge.Period{Start: time.Date(2027, time.March, 22, 0, 0, 0, 0, zone), End: time.Date(2027, time.April, 5, 0, 0, 0, 0, zone)}
	const nights = "SUMMARY:Anna on duty\nDTSTART;TZID=Europe/Copenhagen:20270105T220000\nDTEND;TZID=Europe/Copenhagen:20270106T060000\n"
	for _, c := range []struct {
		name   string
		events []string
		want   []string
	}{
		{
			"one shift, by attendee",
			[]string{"DTSTART:20270323T080000Z\nDTEND:20270323T120000Z\nATTENDEE;CN=Anna:mailto:Anna@example.org"},
			[]string{"23 Mar 09:00-13:00 anna"},
		},
		{
			"a time without a zone is the line's",
			[]string{"SUMMARY:bo\nDTSTART:20270323T080000\nDTEND:20270323T120000"},
			[]string{"23 Mar 08:00-12:00 bo"},
		},
		{
			"a length instead of an end",
			[]string{"SUMMARY:bo\nDTSTART:20270323T080000\nDURATION:PT4H"},
			[]string{"23 Mar 08:00-12:00 bo"},
		},
		{
			"whole days",
			[]string{"SUMMARY:bo\nDTSTART;VALUE=DATE:20270327\nDTEND;VALUE=DATE:20270329"},
			[]string{"27 Mar 00:00-00:00 bo"},
		},
		{
			"Microsoft's name of the zone",
			[]string{"SUMMARY:bo\nDTSTART;TZID=Romance Standard Time:20270323T080000\nDTEND;TZID=Romance Standard Time:20270323T120000"},
			[]string{"23 Mar 08:00-12:00 bo"},
		},
		{
			"weekly, over the change of the clocks",
			[]string{nights + "RRULE:FREQ=WEEKLY;BYDAY=TU,SA"},
			[]string{"23 Mar 22:00-06:00 anna", "27 Mar 22:00-06:00 anna", "30 Mar 22:00-06:00 anna", "03 Apr 22:00-06:00 anna"},
		},
		{
			"but not on one",
			[]string{nights + "RRULE:FREQ=WEEKLY;BYDAY=TU,SA\nEXDATE;TZID=Europe/Copenhagen:20270327T220000"},
			[]string{"23 Mar 22:00-06:00 anna", "30 Mar 22:00-06:00 anna", "03 Apr 22:00-06:00 anna"},
		},
		{"one of them is swapped", []string{
			"UID:x\n" + nights + "RRULE:FREQ=WEEKLY",
			"UID:x\nRECURRENCE-ID;TZID=Europe/Copenhagen:20270330T220000\nSUMMARY:Bo instead\nDTSTART:20270330T210000Z\nDTEND:20270331T040000Z",
		}, []string{"23 Mar 22:00-06:00 anna", "30 Mar 23:00-06:00 bo"}},
		{"one is cancelled", []string{"STATUS:CANCELLED\nSUMMARY:bo\nDTSTART:20270323T080000\nDTEND:20270323T120000"}, nil},
		{"reaches into the span", []string{"SUMMARY:bo\nDTSTART:20270321T220000\nDTEND:20270322T060000"}, []string{"21 Mar 22:00-06:00 bo"}},
		{"lies outside", []string{"SUMMARY:bo\nDTSTART:20270320T220000\nDTEND:20270321T060000"}, nil},
		{
			"nobody known",
			[]string{"SUMMARY:carla\nDTSTART:20270323T080000\nDTEND:20270323T120000"},
			[]string{"event 1: nobody of the line by that address or title"},
		},
		{"no end", []string{"SUMMARY:bo\nDTSTART:20270323T080000"}, []string{"event 1: end is missing, not behind the start, or in an unknown time zone"}},
		{
			"a zone of nowhere",
			[]string{"SUMMARY:bo\nDTSTART;TZID=Middle/Earth:20270323T080000\nDURATION:PT1H"},
			[]string{"event 1: start is missing, or in an unknown time zone"},
		},
		{
			"every second",
			[]string{"SUMMARY:bo\nDTSTART:20270101T080000\nDURATION:PT1H\nRRULE:FREQ=SECONDLY"},
			[]string{"event 1: recurs more often than daily"},
		},
		{"a day that never comes", []string{"SUMMARY:bo\nDTSTART:20270101T080000\nDURATION:PT1H\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			rota, err := calendar.ReadRota(strings.NewReader(file(c.events...)), zone, span, team)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range rota.Shifts {
				from, to := s.Period.Start.In(zone), s.Period.End.In(zone)
				got = append(got, fmt.Sprintf("%s-%s %s", from.Format("02 Jan 15:04"), to.Format("15:04"), s.Member.ID()))
			}
			for _, s := range rota.Skipped {
				got = append(got, s.String())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestARotaIsBounded(t *testing.T) {
	span := bridge.Period{Start: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), End: time.Date(2027, 12, 31, 0, 0, 0, 0, time.UTC)}
	daily := "SUMMARY:bo\nDTSTART:20270101T080000\nDURATION:PT1H\nRRULE:FREQ=DAILY"
	for name, c := range map[string]struct {
		text string
		span bridge.Period
	}{
		"too long":          {file("SUMMARY:bo\nDESCRIPTION:" + strings.Repeat("x", calendar.MaxRota)), span},
		"too many shifts":   {file(slices.Repeat([]string{daily}, 30)...), span},
		"no calendar":       {"hello", span},
		"too long a span":   {file(daily), bridge.Period{Start: span.Start, End: span.Start.AddDate(2, 0, 0)}},
		"no span":           {file(daily), bridge.Period{Start: span.Start}},
		"cut in the middle": {file(daily)[:80], span},
	} {
		if _, err := calendar.ReadRota(strings.NewReader(c.text), time.UTC, c.span, team); bridge.CodeOf(err) != bridge.CodeBadRequest {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func FuzzReadRota(f *testing.F) {
	f.Add(file("SUMMARY:bo\nDTSTART:20270323T080000\nDURATION:PT4H\nRRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=3"))
	f.Add(file("SUMMARY:bo\nDTSTART;TZID=Romance Standard Time:20270323T080000\nDTEND:20270323T120000Z\nRDATE:20270401T080000"))
	span := bridge.Period{Start: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), End: time.Date(2027, 12, 31, 0, 0, 0, 0, time.UTC)}
	f.Fuzz(func(t *testing.T, text string) {
		rota, err := calendar.ReadRota(strings.NewReader(text), time.UTC, span, team)
		if err != nil && bridge.CodeOf(err) != bridge.CodeBadRequest {
			t.Fatalf("unexpected error %v", err)
		}
		for _, s := range rota.Shifts {
			if !s.Period.End.After(s.Period.Start) || !s.Period.End.After(span.Start) || !s.Period.Start.Before(span.End) {
				t.Fatalf("shift %v outside of the span", s)
			}
		}
	})
}
