// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
)

func TestALineIsKeptByItsOwner(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	l, err := d.Line(ctx, d.As("nurse"), "team-2")
	if err != nil {
		t.Fatal(err)
	}
	l.Promise.AnswerSeconds = 60
	if _, err := d.PutLine(ctx, d.As("nurse"), l); err != nil {
		t.Errorf("the first tier changes it: %v", err)
	}
	for _, who := range []string{"psy", "gp"} { // the second tier, and somebody else
		_, err := d.PutLine(ctx, d.As(who), l)
		bridgetest.MustDeny(t, err, bridge.CodeForbidden)
	}
	given := l
	given.Organization = "clinic"
	_, err = d.PutLine(ctx, d.As("nurse"), given)
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
	fresh := l
	fresh.ID = "another"
	_, err = d.PutLine(ctx, d.As("nurse"), fresh)
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
	_, err = d.Line(ctx, d.As("gp"), "team-2")
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
	_, err = d.Line(ctx, d.As("gp"), "none")
	bridgetest.MustDeny(t, err, bridge.CodeNotFound)
	for name, bad := range map[string]func(*bridge.Line){
		"id":       func(l *bridge.Line) { l.ID = "a b" },
		"name":     func(l *bridge.Line) { l.Name = "" },
		"owner":    func(l *bridge.Line) { l.Organization = "none" },
		"capacity": func(l *bridge.Line) { l.Capacity = 0 },
		"promise":  func(l *bridge.Line) { l.Promise.CallbackMinutes = -1 },
		"tier":     func(l *bridge.Line) { l.Tiers = []bridge.Tier{{}} },
		"member":   func(l *bridge.Line) { l.Tiers = []bridge.Tier{{Members: []bridge.Ref{"PractitionerRole/none"}}} },
		"kind":     func(l *bridge.Line) { l.Tiers = []bridge.Tier{{Members: []bridge.Ref{"Patient/jens"}}} },
		"shift":    func(l *bridge.Line) { l.Rota = []bridge.Shift{{Member: bridgetest.Role("psy")}} },
		"inbox":    func(l *bridge.Line) { l.Inbox = "Patient/jens" },
		"zone":     func(l *bridge.Line) { l.Opening.Zone = "Mars/Olympus" },
		"callers":  func(l *bridge.Line) { l.Callers.Sectors = make([]bridge.Sector, 21) },
		"reason": func(l *bridge.Line) {
			l.Opening.Exceptions = []bridge.Exception{{Period: bridge.Period{Start: bridgetest.Noon}, Reason: string(make([]byte, 121))}}
		},
		"many": func(l *bridge.Line) { l.Tiers = make([]bridge.Tier, 11) },
	} {
		x := l
		bad(&x)
		if _, err := d.PutLine(ctx, d.As("admin"), x); bridge.CodeOf(err) != bridge.CodeBadRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestALineIsOpenedAndClosedByHand(t *testing.T) {
	d := newDesk(t)
	d.there("nurse", "psy")
	ctx := t.Context()
	one := func(who string) bridge.LineView {
		t.Helper()
		all, err := d.Lines(ctx, d.As(who), bridge.LinesQuery{})
		if err != nil || len(all) != 1 {
			t.Fatalf("%s sees %+v, %v", who, all, err)
		}
		return all[0]
	}
	if v := one("gp"); !v.Open || v.Mine || v.Manages || v.Owner != "Team 2" || v.Until.UTC().Hour() != 15 {
		t.Errorf("the GP sees %+v", v)
	}
	_, err := d.Lines(ctx, d.As("jens"), bridge.LinesQuery{})
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
	_, err = d.CloseLine(ctx, d.As("gp"), "team-2", time.Time{}, "")
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
	v, err := d.CloseLine(ctx, d.As("psy"), "team-2", d.Clock.Now().Add(time.Hour), "a course")
	if err != nil || v.Open || v.Reason != "a course" || !v.Mine || v.Manages {
		t.Fatalf("closed as %+v, %v", v, err)
	}
	n := newRing("")
	n.Wanted, n.Line = bridge.Party{}, "team-2"
	if r := d.ring("gp", n); r.State != bridge.RingUnanswered || !r.Fallback.Windows[0].Start.After(d.Clock.Now()) {
		t.Errorf("a closed line rings as %+v", r)
	}
	if who, err := d.WhoCanBeRung(ctx, d.As("gp"), bridge.WhoQuery{Patient: "jens", Line: "team-2"}); err != nil || who.State != bridge.WhoClosed || who.Next.IsZero() {
		t.Errorf("who can be rung: %+v, %v", who, err)
	}
	d.Clock.Advance(time.Second)
	if v, err = d.OpenLine(ctx, d.As("psy"), "team-2", time.Time{}, ""); err != nil || !v.Open || v.Until.UTC().Hour() != 23 {
		t.Fatalf("opened as %+v, %v", v, err)
	}
	n.MID = bridgetest.MID()
	if r := d.ring("gp", n); r.Via != "tier-1" {
		t.Errorf("an open line rings as %+v", r)
	}
	night := bridge.Period{Start: bridgetest.Noon.Add(48*time.Hour + 8*time.Hour), End: bridgetest.Noon.Add(48*time.Hour + 9*time.Hour)}
	if _, err := d.Window(ctx, d.As("nurse"), "team-2", night, "for the GPs"); err != nil {
		t.Fatal(err)
	}
	_, err = d.Window(ctx, d.As("nurse"), "team-2", bridge.Period{Start: bridgetest.Noon}, "")
	bridgetest.MustDeny(t, err, bridge.CodeBadRequest)
	_, err = d.Window(ctx, d.As("nurse"), "team-2", bridge.Period{Start: bridgetest.Noon.AddDate(0, 0, -2), End: bridgetest.Noon.AddDate(0, 0, -1)}, "")
	bridgetest.MustDeny(t, err, bridge.CodeBadRequest)
	d.Clock.Advance(56*time.Hour + time.Minute)
	if v := one("gp"); !v.Open || v.Reason != "for the GPs" {
		t.Errorf("in the window %+v", v)
	}
}

func TestWhoSwitchesOffIsNotRung(t *testing.T) {
	d := newDesk(t)
	d.there("nurse", "psy")
	ctx := t.Context()
	v := d.ring("gp", newRing("treating-psychiatrist"))
	if err := d.SwitchMe(ctx, d.As("psy"), bridge.NewSwitch{Until: d.Clock.Now().Add(time.Hour), Reason: "a talk"}); err != nil {
		t.Fatal(err)
	}
	if s := d.seen("gp", v.ID); s.Via != "contact-nurse" {
		t.Errorf("it rings on as %+v", s)
	}
	if _, err := d.CancelRing(ctx, d.As("gp"), v.ID); err != nil {
		t.Fatal(err)
	}
	if s := d.seen("gp", v.ID); s.State != bridge.RingCancelled || s.Fallback == nil {
		t.Errorf("cancelled it is %+v", s)
	}
	s, err := d.LineState(ctx, d.As("nurse"), "team-2")
	if err != nil || len(s.People) != 1 || s.People[0].Party != bridgetest.Role("nurse") || !s.On || s.People[0].Busy {
		t.Errorf("on the line: %+v, %v", s, err)
	}
	w, err := d.WhoCanBeRung(ctx, d.As("gp"), bridge.WhoQuery{Patient: "jens", Wanted: bridgetest.Party("treating-psychiatrist"), Purpose: bridge.PurposeTreatment})
	if err != nil || w.State != bridge.WhoAvailable || w.Count != 1 || len(w.People) != 1 || w.People[0].Name != "Name of nurse, Team 2" {
		t.Errorf("who can be rung: %+v, %v", w, err)
	}
	if err := d.SwitchMe(ctx, d.As("psy"), bridge.NewSwitch{Line: "team-2", On: true}); err != nil {
		t.Fatal(err)
	}
	if v := d.ring("gp", newRing("treating-psychiatrist")); v.Via != "treating-psychiatrist" {
		t.Errorf("switched on again %+v", v)
	}
	err = d.SwitchMe(ctx, d.As("gp"), bridge.NewSwitch{Line: "team-2"})
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
	err = d.SwitchMe(ctx, d.As("psy"), bridge.NewSwitch{Line: "none"})
	bridgetest.MustDeny(t, err, bridge.CodeNotFound)
	err = d.SwitchMe(ctx, d.As("psy"), bridge.NewSwitch{Until: bridgetest.Noon.Add(-time.Hour)})
	bridgetest.MustDeny(t, err, bridge.CodeBadRequest)
}

func TestARotaIsRungBeforeTheTiersAndImported(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	day := bridge.Period{Start: bridgetest.Noon.Add(-time.Hour), End: bridgetest.Noon.Add(time.Hour)}
	read := func(zone *time.Location, span bridge.Period, who func(address, title string) (bridge.Ref, bool)) ([]bridge.Shift, []bridge.SkippedShift, error) {
		if zone.String() != "Europe/Copenhagen" || !span.Start.Equal(day.Start) {
			t.Errorf("read in %s from %s", zone, span.Start)
		}
		var found []bridge.Ref
		for _, x := range [][2]string{{"psy@region.test", "night"}, {"", "name of PSY"}, {"x@y", "psy"}, {"", "nobody"}, {"", "Name of gp"}} {
			if r, ok := who(x[0], x[1]); ok {
				found = append(found, r)
			}
		}
		psy := bridgetest.Role("psy")
		if d := cmp.Diff([]bridge.Ref{psy, psy, psy}, found); d != "" {
			t.Error(d)
		}
		return []bridge.Shift{{Period: span, Member: psy}}, []bridge.SkippedShift{{Event: 2, Reason: "nobody"}}, nil
	}
	_, err := d.ImportRota(ctx, d.As("psy"), "team-2", day, read)
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
	for range 2 { // again it is the same
		got, err := d.ImportRota(ctx, d.As("nurse"), "team-2", day, read)
		if err != nil || got.Shifts != 1 || len(got.Skipped) != 1 {
			t.Fatalf("imported %+v, %v", got, err)
		}
	}
	if l, err := d.Line(ctx, d.As("admin"), "team-2"); err != nil || len(l.Rota) != 1 {
		t.Fatalf("the rota is %+v, %v", l.Rota, err)
	}
	d.there("nurse", "psy")
	n := newRing("")
	n.Wanted, n.Line = bridge.Party{}, "team-2"
	v := d.ring("gp", n)
	if v.Via != "rota" || !slices.Equal(v.Ringing, []bridge.Ref{bridgetest.Role("psy")}) {
		t.Errorf("rings %+v", v)
	}
	d.pass(bridge.StepTime)
	if s := d.seen("gp", v.ID); s.Via != "tier-1" {
		t.Errorf("then %+v", s)
	}
	_, err = d.ImportRota(ctx, d.As("nurse"), "team-2", bridge.Period{}, read)
	bridgetest.MustDeny(t, err, bridge.CodeBadRequest)
	if err := d.SignOff(ctx, bridgetest.Role("nurse")); err != nil {
		t.Fatal(err)
	}
	if s, err := d.LineState(ctx, d.As("nurse"), "team-2"); err != nil || s.On || s.Ringing != 1 {
		t.Errorf("after the nurse left %+v, %v", s, err)
	}
}

func TestWhoIsAwayIsStoodInFor(t *testing.T) {
	d := newDesk(t)
	d.there("nurse", "psy")
	role := bridge.PractitionerRole{
		ID: "psy", Practitioner: "person-psy", Organization: "team-2", Code: "overlaege", Active: true,
		Absences: []bridge.Absence{{From: bridgetest.Noon.Add(-time.Hour), Until: bridgetest.Noon.Add(time.Hour), Substitute: bridgetest.Role("nurse")}},
	}
	if _, err := d.Import(t.Context(), d.As("admin"), bridge.ImportBatch{Resources: []bridge.Resource{role}}); err != nil {
		t.Fatal(err)
	}
	v := d.ring("gp", newRing("treating-psychiatrist"))
	if v.Via != "treating-psychiatrist" || !slices.Equal(v.Ringing, []bridge.Ref{bridgetest.Role("nurse")}) {
		t.Errorf("rings %+v", v)
	}
}

func TestALineTakesNoMoreThanItCan(t *testing.T) {
	d := newDesk(t)
	d.there("nurse", "psy")
	ctx := t.Context()
	l, err := d.Line(ctx, d.As("admin"), "team-2")
	if err != nil {
		t.Fatal(err)
	}
	l.Capacity = 1
	d.put(l)
	n := newRing("")
	n.Wanted, n.Line = bridge.Party{}, "team-2"
	first := d.ring("gp", n)
	n.MID = bridgetest.MID()
	if v := d.ring("psy", n); v.State != bridge.RingUnanswered {
		t.Errorf("a full line rings as %+v", v)
	}
	w, err := d.WhoCanBeRung(ctx, d.As("gp"), bridge.WhoQuery{Patient: "jens", Line: "team-2"})
	if err != nil || w.State != bridge.WhoBusy || w.Line == nil || w.Line.Waiting != 1 {
		t.Errorf("who can be rung: %+v, %v", w, err)
	}
	if _, err := d.EndRing(ctx, d.As("gp"), first.ID); err != nil {
		t.Fatal(err)
	}
	n.MID = bridgetest.MID()
	if v := d.ring("gp", n); v.State != bridge.RingRinging {
		t.Errorf("with room again %+v", v)
	}
}

func TestWithoutLiveStateItRingsByTheRota(t *testing.T) {
	d := newDesk(t)
	d.board.away = true
	n := newRing("")
	n.Wanted, n.Line = bridge.Party{}, "team-2"
	v := d.ring("gp", n)
	if v.Via != "tier-1" || !v.OutOfDate {
		t.Fatalf("rings %+v", v)
	}
	n.MID = bridgetest.MID()
	if v := d.ring("psy", n); v.State != bridge.RingUnanswered { // the nurse is rung, and who rings is the other one
		t.Errorf("somebody is rung twice at once: %+v", v)
	}
}

func TestARingIsHandedOver(t *testing.T) {
	d := newDesk(t)
	d.there("nurse", "psy")
	ctx := t.Context()
	v := d.ring("gp", newRing("contact-nurse"))
	_, err := d.HandOver(ctx, d.As("nurse"), v.ID, bridge.HandTo{Party: bridgetest.Role("psy")}, "")
	bridgetest.MustDeny(t, err, bridge.CodeRingTaken) // not answered yet
	if _, err := d.AcceptRing(ctx, d.As("nurse"), "x", v.ID); err != nil {
		t.Fatal(err)
	}
	_, err = d.HandOver(ctx, d.As("nurse"), v.ID, bridge.HandTo{Tier: 1}, "")
	bridgetest.MustDeny(t, err, bridge.CodeLineUnavailable) // that is the nurse
	_, err = d.HandOver(ctx, d.As("nurse"), v.ID, bridge.HandTo{}, "")
	bridgetest.MustDeny(t, err, bridge.CodeBadRequest)
	_, err = d.HandOver(ctx, d.As("nurse"), v.ID, bridge.HandTo{Party: bridgetest.Role("psy-other")}, "")
	bridgetest.MustDeny(t, err, bridge.CodeConsentRequired)
	if _, err := d.HandOver(ctx, d.As("nurse"), v.ID, bridge.HandTo{Tier: 2}, "about the dose"); err != nil {
		t.Fatal(err)
	}
	s := d.seen("gp", v.ID)
	if s.State != bridge.RingRinging || s.Via != "handed" || !slices.Equal(s.Ringing, []bridge.Ref{bridgetest.Role("psy")}) || s.LeftMS < 80_000 {
		t.Fatalf("handed over it is %+v", s)
	}
	c, err := d.ShowRing(ctx, d.As("psy"), fresh, v.ID)
	if err != nil || c.HandedNote != "about the dose" || c.HandedBy != bridgetest.Role("nurse") || c.Note == "" {
		t.Fatalf("the psychiatrist is told %+v, %v", c, err)
	}
	if err := d.Close(ctx, d.As("psy"), []bridge.DisclosureID{c.Disclosure}, bridge.DisclosureShown); err != nil {
		t.Fatal(err)
	}
	if _, err := d.AcceptRing(ctx, d.As("psy"), "y", v.ID); err != nil {
		t.Fatal(err)
	}
	rings, err := d.Rings(ctx, d.As("gp"))
	if err != nil || len(rings) != 1 || rings[0].By != bridgetest.Role("psy") {
		t.Errorf("live: %+v, %v", rings, err)
	}
	if rings, err := d.Rings(ctx, d.As("nurse")); err != nil || len(rings) != 0 {
		t.Errorf("live for the nurse: %+v, %v", rings, err)
	}
	if _, err := d.HandOver(ctx, d.As("psy"), v.ID, bridge.HandTo{Line: "team-2"}, ""); bridge.CodeOf(err) != bridge.CodeLineUnavailable {
		t.Errorf("back to those who were rung: %v", err)
	}
}
