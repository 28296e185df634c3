// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/brobygger/brobygger/bridge"
)

// phoned is a ring of line l that begins then and is answered after the wait, in
// the second step when that is long.
func phoned(t *testing.T, began time.Time, wait time.Duration) bridge.Ring {
	t.Helper()
	r := ringing(began)
	r.Line = "l"
	r.Step("rota", []bridge.Ref{"PractitionerRole/a"}, false, began)
	if wait >= bridge.StepTime {
		r.Miss(began.Add(bridge.StepTime))
		r.Step("tier-1", []bridge.Ref{"PractitionerRole/b"}, true, began.Add(bridge.StepTime))
	}
	if err := r.Accept(r.Ringing()[0], "phone", began.Add(wait)); err != nil {
		t.Fatal(err)
	}
	return *r
}

func report(t *testing.T, p bridge.Period, now time.Time, rings []bridge.Ring, callbacks []bridge.Callback) bridge.LineReport {
	t.Helper()
	l := bridge.Line{ID: "l", Promise: bridge.Promise{AnswerSeconds: 30}}
	r, err := bridge.NewLineReport(l, p, now, rings, callbacks)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func sameCounts(t *testing.T, what string, got, want bridge.LineCounts) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(bridge.LineCounts{}), cmpopts.EquateApprox(0, 1e-9)); d != "" {
		t.Errorf("%s differs (-want +got):\n%s", what, d)
	}
}

// A clinic's Monday: of eight calls five are answered, one of them handed over to
// somebody who did not hear it; one caller gives up, one consent is withdrawn, and
// one gets a callback. At noon somebody still rings.
func TestALinesReport(t *testing.T) {
	day := at(t, "2026-11-23T00:00:00Z")
	eight, noon := day.Add(7*time.Hour), day.Add(11*time.Hour) // in Copenhagen
	var rings []bridge.Ring
	for i, wait := range []time.Duration{4 * time.Second, 30 * time.Second, 31 * time.Second, 10 * time.Second} {
		rings = append(rings, phoned(t, eight.Add(time.Duration(i)*10*time.Minute), wait))
	}
	over := phoned(t, eight, 20*time.Second)
	over.HandOver("tier-2", []bridge.Ref{"PractitionerRole/c"}, "", eight.Add(2*time.Hour))
	over.Miss(eight.Add(3 * time.Hour))
	over.GiveUp(eight.Add(3 * time.Hour))
	quit, shut, missed, rings1, other, old := ringing(eight), ringing(eight), ringing(eight), ringing(noon), ringing(eight), ringing(day.Add(-time.Second))
	quit.Cancel(eight.Add(time.Second))
	shut.Cancel(eight.Add(time.Second))
	shut.Ended = bridge.ReasonNotFresh
	missed.GiveUp(eight)
	rings1.Step("rota", []bridge.Ref{"PractitionerRole/a"}, false, noon)
	for _, r := range []*bridge.Ring{quit, shut, missed, rings1, old} {
		r.Line = "l"
	}
	for _, r := range []*bridge.Ring{&over, quit, shut, missed, rings1, other, old} {
		rings = append(rings, *r)
	}
	callback := func(due time.Duration, closed time.Duration, outcome bridge.CallbackOutcome) bridge.Callback {
		b := bridge.Callback{Line: "l", State: bridge.CallbackWaiting, AskedAt: noon.Add(time.Hour), DueAt: noon.Add(due)}
		if outcome != "" {
			b.State, b.Outcome, b.ClosedAt = bridge.CallbackClosed, outcome, noon.Add(closed)
		}
		return b
	}
	callbacks := []bridge.Callback{
		callback(2*time.Hour, 2*time.Hour, bridge.CallbackTalked), callback(2*time.Hour, time.Hour, bridge.CallbackNotReached),
		callback(2*time.Hour, 3*time.Hour, bridge.CallbackTalked), callback(2*time.Hour, 3*time.Hour, bridge.CallbackCancelled),
		callback(2*time.Hour, time.Hour, bridge.CallbackCancelled), callback(2*time.Hour, time.Hour, bridge.CallbackForbidden),
		callback(2*time.Hour, 0, ""), callback(4*time.Hour, 0, ""),
		{Line: "m", AskedAt: noon},
		{Line: "l", AskedAt: day.Add(24 * time.Hour)},
	}
	got := report(t, bridge.Period{Start: day, End: day.Add(24 * time.Hour)}, noon.Add(3*time.Hour), rings, callbacks)
	want := bridge.LineCounts{
		Calls: 9, Answered: 5, InTime: 4, Unanswered: 1, Abandoned: 1, Stopped: 1, Ringing: 1,
		AnsweredShare: 5.0 / 8, MedianMS: 20_000, P90MS: 31_000,
		Callbacks: 8, Kept: 2, Broken: 3, Withdrawn: 2, Waiting: 1,
	}
	sameCounts(t, "the day", got.LineCounts, want)
	if len(got.Cells) != 3 || got.Zone != "Europe/Copenhagen" || got.Promise.AnswerSeconds != 30 {
		t.Fatalf("the report is %+v", got)
	}
	for i, hour := range []int{8, 12, 13} {
		if c := got.Cells[i]; c.Weekday != time.Monday || c.Hour != hour {
			t.Errorf("cell %d is %s at %d, want Monday at %d", i, c.Weekday, c.Hour, hour)
		}
	}
	morning := want
	morning.Calls, morning.Ringing, morning.Callbacks, morning.Kept, morning.Broken, morning.Withdrawn, morning.Waiting = 8, 0, 0, 0, 0, 0, 0
	sameCounts(t, "the morning", got.Cells[0].LineCounts, morning)
}

// In autumn the hour from two comes twice and is one cell; in spring it is none.
// A Sunday comes behind the Saturday before it, whose last call the clock of UTC
// would put into the Sunday before midnight in summer.
func TestALinesReportReadsTheClockOnTheWall(t *testing.T) {
	var rings []bridge.Ring
	for _, began := range []string{
		"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", // 2:30 in summer, 2:30 in winter
		"2026-10-25T02:30:00Z",                         // 3:30
		"2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z", // 1:59:59, 3:00
		"2026-07-04T22:30:00Z", // Sunday 0:30
		"2026-07-06T06:00:00Z", // Monday 8:00
	} {
		rings = append(rings, phoned(t, at(t, began), time.Second))
	}
	got := report(t, bridge.Period{Start: at(t, "2026-01-01T00:00:00Z")}, at(t, "2026-12-31T00:00:00Z"), rings, nil)
	type cell struct {
		Day         time.Weekday
		Hour, Calls int
	}
	var cells []cell
	for _, c := range got.Cells {
		cells = append(cells, cell{c.Weekday, c.Hour, c.Calls})
	}
	want := []cell{{time.Monday, 8, 1}, {time.Sunday, 0, 1}, {time.Sunday, 1, 1}, {time.Sunday, 2, 2}, {time.Sunday, 3, 2}}
	if d := cmp.Diff(want, cells); d != "" {
		t.Errorf("cells differ (-want +got):\n%s", d)
	}
}

func TestALinesReportOfNothing(t *testing.T) {
	got := report(t, bridge.Period{}, time.Time{}, nil, nil)
	sameCounts(t, "nothing", got.LineCounts, bridge.LineCounts{})
	if got.Cells == nil {
		t.Error("cells are null, not empty")
	}
	l := bridge.Line{Opening: bridge.Opening{Zone: "Europe/Atlantis"}}
	if _, err := bridge.NewLineReport(l, bridge.Period{}, time.Time{}, nil, nil); bridge.CodeOf(err) != bridge.CodeBadRequest {
		t.Errorf("a zone that does not exist: %v", err)
	}
}

// Every call and every callback is counted once, in all and in one cell; nine in
// ten waited no longer than the p90, and half no longer than the median.
func TestALinesReportCountsEachOnce(t *testing.T) {
	monday := at(t, "2026-10-19T00:00:00Z")
	rapid.Check(t, func(r *rapid.T) {
		var rings []bridge.Ring
		var waits []int64
		for range rapid.IntRange(0, 30).Draw(r, "rings") {
			began := monday.Add(time.Duration(rapid.IntRange(0, 14*24*60).Draw(r, "minute")) * time.Minute)
			switch rapid.IntRange(0, 3).Draw(r, "end") {
			case 0:
				x := ringing(began)
				x.Line = "l"
				x.Cancel(began)
				rings = append(rings, *x)
			case 1:
				x := ringing(began)
				x.Line = "l"
				x.GiveUp(began)
				rings = append(rings, *x)
			default:
				wait := rapid.Int64Range(0, 60_000).Draw(r, "wait")
				waits = append(waits, wait)
				rings = append(rings, phoned(t, began, time.Duration(wait)*time.Millisecond))
			}
		}
		got := report(t, bridge.Period{Start: monday}, monday, rings, nil)
		if n := got.Answered + got.Unanswered + got.Abandoned + got.Stopped + got.Ringing; n != len(rings) || got.Calls != n {
			r.Fatalf("%d calls, %d ended, of %d", got.Calls, n, len(rings))
		}
		cells := 0
		for _, c := range got.Cells {
			cells += c.Calls
		}
		within := func(limit int64) (n int) {
			for _, w := range waits {
				if w <= limit {
					n++
				}
			}
			return n
		}
		if cells != len(rings) || within(got.P90MS)*10 < len(waits)*9 || within(got.MedianMS)*2 < len(waits) {
			r.Fatalf("%d in cells; median %d, p90 %d of %d", cells, got.MedianMS, got.P90MS, waits)
		}
	})
}
