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
	"github.com/brobygger/brobygger/bridge/ledger"
)

// opened is an emergency access that psy-other has to jens.
func opened(t *testing.T, w *bridgetest.World) bridge.Emergency {
	t.Helper()
	e, err := w.BreakGlass(t.Context(), w.As("psy-other"), unconscious())
	if err == nil {
		e, err = w.ConfirmGlass(t.Context(), w.As("psy-other"), "jens", e.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func states(events []bridge.Delivered) []string {
	var all []string
	for _, d := range events {
		if d.Event.Emergency != "" {
			all = append(all, d.Event.State)
		}
	}
	return all
}

func justified(id string) bridge.NewReview {
	return bridge.NewReview{MID: bridgetest.MID(), Emergency: id, Outcome: bridge.OutcomeJustified, Note: bridge.NoteLifeOrHealth}
}

// The story of an emergency: the patient is told at each step, the officer of the
// region is told that one waits and sees what was opened, a follow-up is open
// until the review, and the patient reads what came out.
func TestAnEmergencyIsReviewedAndThePatientReadsWhatCameOut(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	e := opened(t, w)
	if e.FollowUp == nil || !e.FollowUp.ClosedAt.IsZero() || e.FollowUp.DueAt.Sub(e.ConfirmedAt) != bridge.DefaultReviewWithin {
		t.Errorf("follow-up is %+v", e.FollowUp)
	}
	if _, err := w.CareTeam(ctx, w.As("psy-other"), "jens"); err != nil {
		t.Fatal(err)
	}
	told := w.Reader("dpo").Next()
	if d := cmp.Diff([]string{"emergency-waiting"}, states(told)); d != "" {
		t.Error(d)
	}
	for _, x := range told {
		if x.Event.Patient != "" || x.Event.By != "" {
			t.Errorf("the event tells who: %+v", x.Event)
		}
	}
	queue, err := w.Emergencies(ctx, w.As("dpo"), bridge.EmergencyQuery{Waiting: true})
	if err != nil || len(queue) != 1 || queue[0].Reason != e.Reason || queue[0].ByName != "Name of psy-other, Team 1" {
		t.Fatalf("the queue is %+v, %v", queue, err)
	}
	if o := queue[0].Opened; len(o) == 0 || o[0].Kind != ledger.KindSeen {
		t.Errorf("what was opened: %+v", o)
	}
	w.Clock.Advance(time.Hour)
	n := justified(e.ID)
	for range 2 { // the second time by a client that did not hear the first answer
		got, err := w.ReviewEmergency(ctx, w.As("dpo"), n)
		if err != nil || !got.Reviewed || got.FollowUp.ClosedAt.IsZero() || got.Review.By != bridgetest.Role("dpo") {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	_, err = w.ReviewEmergency(ctx, w.As("dpo"), justified(e.ID))
	bridgetest.MustDeny(t, err, bridge.CodeConflict)
	if queue, err = w.Emergencies(ctx, w.As("dpo"), bridge.EmergencyQuery{Waiting: true}); err != nil || len(queue) != 0 {
		t.Errorf("still in the queue: %+v, %v", queue, err)
	}
	if d := cmp.Diff([]string{"emergency-asked", "emergency-confirmed", "emergency-justified"}, states(w.Reader("jens").Next())); d != "" {
		t.Error(d)
	}
	mine, err := w.Emergencies(ctx, w.As("jens"), bridge.EmergencyQuery{Patient: "jens"})
	if err != nil || len(mine) != 1 || mine[0].Review == nil || mine[0].Review.Outcome != bridge.OutcomeJustified {
		t.Errorf("the patient sees %+v, %v", mine, err)
	}
	var lines []string
	for _, v := range record(t, w, "jens") {
		if v.Entry.Emergency != "" {
			lines = append(lines, string(v.Entry.Kind)+" "+v.Entry.Action)
		}
	}
	want := []string{"emergency asked", "emergency confirmed", "seen emergency", "reviewed justified", "reviewed justified"}
	if d := cmp.Diff(want, lines); d != "" {
		t.Errorf("the record (-want +got):\n%s", d)
	}
}

func record(t *testing.T, w *bridgetest.World, p bridge.PatientID) []bridge.EntryView {
	t.Helper()
	all, err := w.Entries(t.Context(), w.As(string(p)), p, 0, 500, "en")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// An officer is shown an access as often as they look, and the record says so once.
func TestAnOfficerLookingAgainIsRecordedOnce(t *testing.T) {
	w := bridgetest.New(t)
	opened(t, w)
	for range 3 {
		if _, err := w.Emergencies(t.Context(), w.As("dpo"), bridge.EmergencyQuery{Waiting: true}); err != nil {
			t.Fatal(err)
		}
	}
	seen := 0
	for _, v := range record(t, w, "jens") {
		if v.Entry.Kind == ledger.KindSeen && v.Entry.Action == "emergency" {
			seen++
		}
	}
	if seen != 1 {
		t.Errorf("recorded %d times", seen)
	}
}

// Whoever is no officer, or one of somewhere else, gets the answer that there is
// for an access that does not exist.
func TestOnlyTheOfficerOfWhereItWasMadeReviews(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	e := opened(t, w)
	for _, who := range []string{"psy-other", "gp", "jens", "dpo-other", "admin"} {
		_, known := w.ReviewEmergency(ctx, w.As(who), justified(e.ID))
		_, unknown := w.ReviewEmergency(ctx, w.As(who), justified("none"))
		denied := bridgetest.MustDeny(t, known, bridge.CodeForbidden)
		same := bridgetest.MustDeny(t, unknown, bridge.CodeForbidden)
		if d := cmp.Diff(same.Decision, denied.Decision); d != "" {
			t.Errorf("%s is told that it exists:\n%s", who, d)
		}
	}
	_, err := w.Emergencies(ctx, w.As("psy-other"), bridge.EmergencyQuery{})
	bridgetest.MustDeny(t, err, bridge.CodeForbidden, "not_reviewer")
	_, err = w.Emergencies(ctx, w.As("dpo"), bridge.EmergencyQuery{Patient: "jens"})
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
	queue, err := w.Emergencies(ctx, w.As("dpo-other"), bridge.EmergencyQuery{})
	if err != nil || len(queue) != 0 {
		t.Errorf("the municipality's officer sees %+v, %v", queue, err)
	}
	_, err = w.CareTeam(ctx, w.As("dpo"), "jens")
	bridgetest.MustDeny(t, err, bridge.CodeForbidden) // the office opens nothing else
	denied := slices.ContainsFunc(record(t, w, "jens"), func(v bridge.EntryView) bool {
		return v.Entry.Kind == ledger.KindDenied && v.Entry.Action == "review" && v.Entry.By == string(bridgetest.Role("dpo-other"))
	})
	if !denied {
		t.Error("that another officer was refused is not in the record")
	}
}

func TestAnAccessThatIsNotJustifiedEndsAtOnce(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	e := opened(t, w)
	if _, err := w.CareTeam(ctx, w.As("psy-other"), "jens"); err != nil {
		t.Fatal(err)
	}
	n := bridge.NewReview{MID: bridgetest.MID(), Emergency: e.ID, Outcome: bridge.OutcomeReferred, Note: bridge.NoteManagement}
	if _, err := w.ReviewEmergency(ctx, w.As("dpo"), n); err != nil {
		t.Fatal(err)
	}
	if _, err := w.CareTeam(ctx, w.As("psy-other"), "jens"); err != nil {
		t.Errorf("what was passed on has ended: %v", err)
	}
	n.MID, n.Outcome = bridgetest.MID(), bridge.OutcomeNotJustified
	_, err := w.ReviewEmergency(ctx, w.As("dpo"), n)
	bridgetest.MustDeny(t, err, bridge.CodeBadRequest) // that note does not go with it
	n.Note = bridge.NotePrivate
	if _, err := w.ReviewEmergency(ctx, w.As("dpo"), n); err != nil {
		t.Fatal(err)
	}
	_, err = w.CareTeam(ctx, w.As("psy-other"), "jens")
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
}

func TestAskingTwiceWithOneIdIsOneEmergency(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	n := unconscious()
	first, err := w.BreakGlass(ctx, w.As("psy-other"), n)
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.BreakGlass(ctx, w.As("psy-other"), n)
	if err != nil || again.ID != first.ID {
		t.Errorf("a second one, %s: %v", again.ID, err)
	}
	if d := cmp.Diff([]string{"emergency-asked"}, states(w.Reader("jens").Next())); d != "" {
		t.Errorf("the patient was told (-want +got):\n%s", d)
	}
	n.Patient = "bo"
	_, err = w.BreakGlass(ctx, w.As("psy-other"), n)
	bridgetest.MustDeny(t, err, bridge.CodeConflict)
	n = unconscious()
	n.MID = first.MID
	other, err := w.BreakGlass(ctx, w.As("psy"), n) // another person's ids are their own
	if err != nil || other.ID == first.ID {
		t.Errorf("%s: %v", other.ID, err)
	}
}

func TestWhatWaitsTooLongStandsOut(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	want := func(all, overdue int) bridge.Unreviewed {
		t.Helper()
		u, err := w.Unreviewed(ctx)
		if err != nil || u.All != all || u.Overdue != overdue || u.Oldest.IsZero() != (all == 0) {
			t.Errorf("%+v, %v; want %d and %d of them late", u, err, all, overdue)
		}
		return u
	}
	if _, err := w.BreakGlass(ctx, w.As("psy-other"), unconscious()); err != nil {
		t.Fatal(err)
	}
	want(0, 0) // asking opens nothing, so there is nothing to review
	e := opened(t, w)
	if u := want(1, 0); !u.Oldest.Equal(e.ConfirmedAt) {
		t.Errorf("the oldest is from %v, want %v", u.Oldest, e.ConfirmedAt)
	}
	w.Clock.Advance(bridge.DefaultReviewWithin + time.Minute)
	want(1, 1)
	queue, err := w.Emergencies(ctx, w.As("dpo"), bridge.EmergencyQuery{Waiting: true})
	if err != nil || len(queue) != 1 || !queue[0].Overdue {
		t.Errorf("%+v, %v", queue, err)
	}
	if _, err := w.ReviewEmergency(ctx, w.As("dpo"), justified(e.ID)); err != nil {
		t.Fatal(err)
	}
	want(0, 0)
}
