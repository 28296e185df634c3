// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

var workdays = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}

// closedDays is a calendar of a few days, by date.
type closedDays map[string]string

func (c closedDays) Holiday(y int, m time.Month, d int) string {
	return c[time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)]
}

func at(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestALineIsOpenByTheClockOnTheWall(t *testing.T) {
	days := closedDays{"2026-12-25": "1. juledag", "2027-03-26": "langfredag"}
	clinic := bridge.Opening{Week: []bridge.Hours{{Days: workdays, Start: "09:00", End: "15:30"}}}
	duty := bridge.Opening{Holidays: true, Week: []bridge.Hours{{Days: []time.Weekday{0, 1, 2, 3, 4, 5, 6}, Start: "22:00", End: "06:00"}}}
	night := bridge.Opening{Week: []bridge.Hours{{Days: []time.Weekday{time.Sunday}, Start: "02:00", End: "03:00"}}}
	skipped := bridge.Opening{Week: []bridge.Hours{{Days: []time.Weekday{time.Sunday}, Start: "01:30", End: "02:30"}}}
	for _, c := range []struct {
		name string
		o    bridge.Opening
		at   string
		want string
	}{
		{"before it opens, in winter", clinic, "2026-11-23T07:59:59Z", "closed until 2026-11-23T09:00:00+01:00"},
		{"the second it opens, in winter", clinic, "2026-11-23T08:00:00Z", "open until 2026-11-23T15:30:00+01:00"},
		{"the second it opens, in summer", clinic, "2026-07-06T07:00:00Z", "open until 2026-07-06T15:30:00+02:00"},
		{"the second it closes", clinic, "2026-11-23T14:30:00Z", "closed until 2026-11-24T09:00:00+01:00"},
		{"over a weekend", clinic, "2026-11-27T14:30:00Z", "closed until 2026-11-30T09:00:00+01:00"},
		{"over a weekend in which clocks change", clinic, "2027-03-26T12:00:00Z", "closed until 2027-03-29T09:00:00+02:00"},
		{"on a holiday", clinic, "2026-12-25T10:00:00Z", "closed until 2026-12-28T09:00:00+01:00"},
		{"a holiday on which it works", bridge.Opening{Week: clinic.Week, Holidays: true}, "2026-12-25T10:00:00Z", "open until 2026-12-25T15:30:00+01:00"},
		{"past midnight", duty, "2026-11-24T00:30:00Z", "open until 2026-11-24T06:00:00+01:00"},
		{"past midnight, the shorter night", duty, "2027-03-27T23:00:00Z", "open until 2027-03-28T06:00:00+02:00"},
		{"an hour that comes twice is open twice", night, "2027-10-31T00:00:00Z", "open until 2027-10-31T03:00:00+01:00"},
		{"an hour that is skipped is never open", night, "2027-03-28T00:30:00Z", "closed until 2027-04-04T02:00:00+02:00"},
		{"half of it is skipped", skipped, "2027-03-28T00:30:00Z", "open until 2027-03-28T03:00:00+02:00"},
		{"never", bridge.Opening{}, "2026-11-23T08:00:00Z", "closed"},
		{"no hours, one window", bridge.Opening{Exceptions: []bridge.Exception{{Open: true, Period: bridge.Period{
			Start: at(t, "2026-11-23T12:00:00Z"), End: at(t, "2026-11-23T12:45:30Z"),
		}}}}, "2026-11-23T12:00:00Z", "open until 2026-11-23T12:45:30Z"},
		{"another zone", bridge.Opening{Zone: "America/Nuuk", Week: clinic.Week}, "2026-11-23T11:00:00Z", "open until 2026-11-23T15:30:00-02:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			table, err := bridge.NewTimetable(c.o, days)
			if err != nil {
				t.Fatal(err)
			}
			if got := table.At(at(t, c.at)).String(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// The clinic closes for a course; then a hand opens it after all; then a hand
// closes it. The newest word holds.
func TestTheNewestExceptionHolds(t *testing.T) {
	day := bridge.Period{Start: at(t, "2026-11-23T00:00:00Z"), End: at(t, "2026-11-24T00:00:00Z")}
	hour := bridge.Period{Start: at(t, "2026-11-23T10:00:00Z"), End: at(t, "2026-11-23T11:00:00Z")}
	o := bridge.Opening{
		Week: []bridge.Hours{{Days: workdays, Start: "09:00", End: "15:30"}},
		Exceptions: []bridge.Exception{
			{Period: hour, Open: true, Reason: "opened by hand", At: at(t, "2026-11-23T09:59:00Z")},
			{Period: day, Open: false, Reason: "course", At: at(t, "2026-11-01T12:00:00Z")},
		},
	}
	table, err := bridge.NewTimetable(o, nil)
	if err != nil {
		t.Fatal(err)
	}
	for when, want := range map[string]bridge.Open{
		"2026-11-23T09:30:00Z": {Open: false, Reason: "course", Until: hour.Start},
		"2026-11-23T10:30:00Z": {Open: true, Reason: "opened by hand", Until: hour.End},
		"2026-11-23T11:00:00Z": {Open: false, Reason: "course", Until: at(t, "2026-11-24T08:00:00Z")},
		"2026-11-24T08:00:00Z": {Open: true, Until: at(t, "2026-11-24T14:30:00Z")},
	} {
		got := table.At(at(t, when))
		if got.Open != want.Open || got.Reason != want.Reason || !got.Until.Equal(want.Until) {
			t.Errorf("%s: got %v (%s), want %v (%s)", when, got, got.Reason, want, want.Reason)
		}
	}
}

// Whatever the timetable says of a change is true to the second: nothing changes
// before it, and something does at it.
func TestAChangeIsToldToTheSecond(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	zones := []string{"", "America/Nuuk", "Atlantic/Faroe", "Australia/Lord_Howe"}
	for range 200 {
		o := bridge.Opening{Zone: zones[r.IntN(len(zones))], Holidays: r.IntN(2) == 0}
		for range 1 + r.IntN(3) {
			a, b := r.IntN(24*60), r.IntN(24*60)
			if a != b {
				o.Week = append(o.Week, bridge.Hours{Days: []time.Weekday{time.Weekday(r.IntN(7))}, Start: clock(a), End: clock(b)})
			}
		}
		table, err := bridge.NewTimetable(o, closedDays{"2026-12-25": "x", "2027-03-28": "y"})
		if err != nil {
			t.Fatal(err)
		}
		from := time.Date(2026, time.October, 20, 0, 0, r.IntN(86400), 0, time.UTC).AddDate(0, 0, r.IntN(200))
		s := table.At(from)
		if s.Until.IsZero() {
			continue
		}
		if !table.At(s.Until.Add(-time.Second)).Open == s.Open || table.At(s.Until).Open == s.Open {
			t.Fatalf("%+v at %s: %v is not so to the second", o, from, s)
		}
		for probe := from; probe.Before(s.Until); probe = probe.Add(7 * time.Minute) {
			if table.At(probe).Open != s.Open {
				t.Fatalf("%+v at %s: %v, but it changes at %s", o, from, s, probe)
			}
		}
	}
}

func clock(minute int) string {
	return time.Date(2026, 1, 1, 0, minute, 0, 0, time.UTC).Format("15:04")
}

func TestWhenItOpensNext(t *testing.T) {
	table, err := bridge.NewTimetable(bridge.Opening{Week: []bridge.Hours{{Days: workdays, Start: "09:00", End: "15:30"}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for when, want := range map[string]string{
		"2026-11-27T14:30:00Z": "2026-11-30T08:00:00Z",
		"2026-11-27T14:29:59Z": "2026-11-27T14:29:59Z",
	} {
		if got, ok := table.Next(at(t, when)); !ok || !got.Equal(at(t, want)) {
			t.Errorf("%s: %s (%t), want %s", when, got, ok, want)
		}
	}
	never, err := bridge.NewTimetable(bridge.Opening{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := never.Next(at(t, "2026-11-27T14:30:00Z")); ok {
		t.Errorf("a line without hours opens at %s", got)
	}
}

func TestATimetableIsRefused(t *testing.T) {
	monday := []time.Weekday{time.Monday}
	for name, o := range map[string]bridge.Opening{
		"no such zone":         {Zone: "Europe/Esbjerg"},
		"no days":              {Week: []bridge.Hours{{Start: "09:00", End: "10:00"}}},
		"a day too many":       {Week: []bridge.Hours{{Days: []time.Weekday{7}, Start: "09:00", End: "10:00"}}},
		"no length":            {Week: []bridge.Hours{{Days: monday, Start: "09:00", End: "09:00"}}},
		"starts when it ends":  {Week: []bridge.Hours{{Days: monday, Start: "24:00", End: "09:00"}}},
		"not a time":           {Week: []bridge.Hours{{Days: monday, Start: "9", End: "10:00"}}},
		"one digit":            {Week: []bridge.Hours{{Days: monday, Start: "9:00", End: "10:00"}}},
		"an exception without": {Exceptions: []bridge.Exception{{Open: true}}},
		"an exception that ends before it starts": {Exceptions: []bridge.Exception{{Period: bridge.Period{
			Start: at(t, "2026-11-24T00:00:00Z"), End: at(t, "2026-11-23T00:00:00Z"),
		}}}},
	} {
		if _, err := bridge.NewTimetable(o, nil); bridge.CodeOf(err) != bridge.CodeBadRequest {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
