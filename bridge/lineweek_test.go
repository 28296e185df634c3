// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
)

// A region's lines and the people on them.
const (
	manyLines  = 800
	manyPeople = 5_000
)

// openHours is one opening of a line on one weekday, in minutes of the local day.
type openHours struct {
	day        time.Weekday
	start, end int
}

// weekLine is a line with two windows on some days and a rota of shifts that begin
// and end at odd seconds of the week.
func weekLine(r *rand.Rand, n int, week time.Time) (bridge.Line, []openHours) {
	l := bridge.Line{
		ID: bridge.LineID(fmt.Sprintf("l%d", n)), Organization: fmt.Sprintf("o%d", n), Name: fmt.Sprintf("Line %d", n), Active: true, Capacity: 2,
	}
	var hours []openHours
	clock := func(m int) string { return fmt.Sprintf("%02d:%02d", m/60, m%60) }
	for d := time.Sunday; d <= time.Saturday; d++ {
		for half := range 2 {
			start := half*12*60 + r.IntN(5*60)
			h := openHours{d, start, start + 1 + r.IntN(6*60)}
			hours = append(hours, h)
			l.Opening.Week = append(l.Opening.Week, bridge.Hours{Days: []time.Weekday{d}, Start: clock(h.start), End: clock(h.end)})
		}
	}
	for p := n; p < manyPeople; p += manyLines {
		start := week.Add(time.Duration(r.IntN(6*24*3600)) * time.Second)
		l.Rota = append(l.Rota, bridge.Shift{
			Member: bridgetest.Role(fmt.Sprintf("w%d", p)),
			Period: bridge.Period{Start: start, End: start.Add(time.Duration(600+r.IntN(12*3600)) * time.Second)},
		})
	}
	return l, hours
}

// openAt is whether the clock on the wall shows a time in one of the hours.
func openAt(hours []openHours, at time.Time, zone *time.Location) bool {
	local := at.In(zone)
	m := local.Hour()*60 + local.Minute()
	return slices.ContainsFunc(hours, func(h openHours) bool { return h.day == local.Weekday() && h.start <= m && m < h.end })
}

// signs keeps what was signed on last.
type signs struct {
	*board
	last []bridge.Sign
}

func (s *signs) SignOn(_ context.Context, all []bridge.Sign) error {
	s.last = all
	return nil
}

// In the week in which summer time begins, every one of the region's lines opens
// and closes to the second, and each of its people takes rings on it from the
// second their shift begins until the second that it, or the window, ends.
func TestAWeekOfARegionsLinesIsKeptToTheSecond(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		t.Fatal(err)
	}
	week := time.Date(2026, 3, 23, 0, 0, 0, 0, zone)
	r := rand.New(rand.NewPCG(2026, 3))
	var store bridge.Store
	now := week
	s := &signs{board: &board{on: map[bridge.LineID]map[bridge.Ref]bool{}, reserved: map[bridge.Ref]bridge.RingID{}}}
	w := bridgetest.NewPlain(t, bridgetest.WithClock(func() time.Time { return now.UTC() }), func(c *bridge.Config) { c.Board, store = s, c.Store })
	lines, hours := make([]bridge.Line, manyLines), make([][]openHours, manyLines)
	err = store.Update(t.Context(), "", func(tx bridge.Tx) (err error) {
		for n := range lines {
			lines[n], hours[n] = weekLine(r, n, week)
			err = errors.Join(err, tx.Lines().Put(lines[n]))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	turns, shifts := 0, 0
	for n, l := range lines {
		table, err := bridge.NewTimetable(l.Opening, nil)
		if err != nil {
			t.Fatal(err)
		}
		for at := week; at.Before(week.AddDate(0, 0, 7)); turns++ {
			o := table.At(at)
			if o.Open != openAt(hours[n], at, zone) || !o.Until.After(at) || openAt(hours[n], o.Until.Add(-time.Second), zone) != o.Open || openAt(hours[n], o.Until, zone) == o.Open {
				t.Fatalf("line %s at %s: %s", l.ID, at, o)
			}
			at = o.Until
		}
		shift := l.Rota[r.IntN(len(l.Rota))]
		p := shift.Period
		for _, at := range []time.Time{p.Start.Add(-31 * time.Second), p.Start.Add(-time.Second), p.Start, p.End.Add(-time.Second), p.End} {
			now, s.last = at, nil
			if err := w.SignOn(t.Context(), []bridge.Ref{shift.Member}); err != nil {
				t.Fatal(err)
			}
			o := table.At(at)
			// Signed on a little before, so that the first ring of the shift is heard;
			// whose shift it is every ring asks anew.
			signed := !at.Before(p.Start.Add(-30*time.Second)) && at.Before(p.End)
			if (len(s.last) == 1) != signed || signed && (s.last[0].Line != l.ID || s.last[0].Party != shift.Member) {
				t.Fatalf("at %s, of a shift %+v of line %s, which is %s: signed on %+v", at, p, l.ID, o, s.last)
			}
			if !p.Contains(at) || !o.Open {
				continue
			}
			until := p.End
			if o.Until.Before(p.End) {
				until = o.Until
			}
			if shifts++; !s.last[0].Until.Equal(until) {
				t.Fatalf("at %s, in a shift %+v of line %s, which is %s: signed on until %s", at, p, l.ID, o, s.last[0].Until)
			}
		}
	}
	t.Logf("%d openings and closings, %d people signed on at the edges of their shifts", turns, shifts)
	if turns < 20*manyLines || shifts < manyLines/4 {
		t.Errorf("%d turns and %d shifts: that tried little", turns, shifts)
	}
}

// BenchmarkFindingWhoCanBeRung plans a ring for a patient of a region of 5,000
// people on 800 lines, asks who of the plan is there, and leaves out who is quiet.
func BenchmarkFindingWhoCanBeRung(b *testing.B) {
	r := rand.New(rand.NewPCG(2026, 4))
	var store bridge.Store
	taking := &board{on: map[bridge.LineID]map[bridge.Ref]bool{}, reserved: map[bridge.Ref]bridge.RingID{}}
	w := bridgetest.NewPlain(b, func(c *bridge.Config) { c.Board, store = taking, c.Store })
	always := bridge.Period{Start: bridgetest.Noon.AddDate(-1, 0, 0)}
	err := store.Update(b.Context(), "", func(tx bridge.Tx) (err error) {
		for n := range manyLines {
			l, _ := weekLine(r, n, bridgetest.Noon.AddDate(0, 0, -3))
			l.Opening.Week = []bridge.Hours{{Days: []time.Weekday{time.Monday}, Start: "08:00", End: "16:00"}}
			taking.on[l.ID] = map[bridge.Ref]bool{}
			for _, s := range l.Rota {
				taking.on[l.ID][s.Member] = true
				l.Tiers = append(l.Tiers, bridge.Tier{Members: []bridge.Ref{s.Member}})
			}
			err = errors.Join(err, tx.Lines().Put(l), tx.Directory().Put(bridge.Organization{
				ID: l.Organization, Name: l.Name, Sector: bridge.SectorHospitalPsychiatry, Active: true,
			}))
		}
		for n := range manyPeople {
			id := fmt.Sprintf("w%d", n)
			p := bridge.Practitioner{ID: "of-" + id, Name: id, Active: true}
			err = errors.Join(err, tx.Directory().Put(p),
				tx.Directory().Put(bridge.PractitionerRole{ID: id, Practitioner: p.ID, Organization: fmt.Sprintf("o%d", n%manyLines), Code: "overlaege", Active: true}),
				tx.Directory().Put(bridge.Account{Subject: bridge.Subject{Issuer: bridgetest.Issuer, Name: id}, Person: p.Reference(), Epoch: 1}))
		}
		for n := range manyLines {
			id := bridge.PatientID(fmt.Sprintf("q%d", n))
			err = errors.Join(err, tx.Patients().Put(bridge.Patient{ID: id, Active: true}), tx.Patients().SetCareTeam(id, []bridge.CareTeamMember{
				{Member: bridgetest.Role("gp"), Function: bridge.FunctionOwnGP, Period: always},
				{Member: bridgetest.Role(fmt.Sprintf("w%d", n)), Function: bridge.FunctionTreatingPsychiatrist, Period: always},
				{Member: bridgetest.Role(fmt.Sprintf("w%d", n+manyLines)), Function: bridge.FunctionContactNurse, Period: always},
			}))
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	var took []time.Duration
	for b.Loop() {
		ring := bridge.Ring{
			ID: "r", Patient: bridge.PatientID(fmt.Sprintf("q%d", r.IntN(manyLines))), Caller: bridgetest.Role("gp"), State: bridge.RingRinging,
			Wanted: bridge.Party{Function: bridge.FunctionTreatingPsychiatrist}, Purpose: bridge.PurposeTreatment, Topics: []bridge.Topic{bridge.TopicMedication},
		}
		start := time.Now()
		steps, err := w.FindForRing(b.Context(), ring)
		took = append(took, time.Since(start))
		if err != nil || steps < 2 {
			b.Fatalf("found %d steps: %v", steps, err)
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
