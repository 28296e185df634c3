// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
)

// receipts are what a sender was told of their messages: kind, of whom, why.
func receipts(events []bridge.Delivered) []string {
	out := []string{}
	for _, e := range events {
		if e.Event.Kind == bridge.EventReceipt {
			out = append(out, fmt.Sprint(e.Event.State, " ", e.Event.By.ID(), e.Event.Reasons))
		}
	}
	return out
}

func object(t *testing.T, w *bridgetest.World, parties ...string) bridge.ObjectionID {
	t.Helper()
	o := bridge.Objection{ID: bridge.ObjectionID(bridgetest.MID()), Patient: "jens"}
	for _, p := range parties {
		o.Parties = append(o.Parties, bridgetest.Party(p))
	}
	o, err := w.Object(t.Context(), w.As("jens"), o)
	if err != nil {
		t.Fatal(err)
	}
	return o.ID
}

func lift(t *testing.T, w *bridgetest.World, id bridge.ObjectionID) {
	t.Helper()
	if err := w.Lift(t.Context(), w.As("jens"), "jens", id); err != nil {
		t.Fatal(err)
	}
}

func sweep(t *testing.T, w *bridgetest.World) {
	t.Helper()
	if err := w.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func wantTexts(t *testing.T, got []bridge.Delivered, want ...string) {
	t.Helper()
	if d := cmp.Diff(append([]string{}, want...), bridgetest.Texts(got)); d != "" {
		t.Error(d)
	}
}

func wantReceipts(t *testing.T, got []bridge.Delivered, want ...string) {
	t.Helper()
	if d := cmp.Diff(append([]string{}, want...), receipts(got)); d != "" {
		t.Error(d)
	}
}

func TestAnObjectionThatIsLiftedLetsGoWhatItWithheld(t *testing.T) {
	w := bridgetest.New(t)
	conv := w.Talk(bridge.PurposeTreatment, "gp", "psy")
	w.MustSend("gp", bridgetest.Draft(conv, "it matters", bridge.TopicMedication))
	first, second := object(t, w, "unit:team-2"), object(t, w, "psy")
	gp, psy := w.Reader("gp"), w.Reader("psy")
	wantTexts(t, psy.Next(), "-[consent_required objection]")
	wantReceipts(t, gp.Next(), "withheld psy[consent_required objection]")

	lift(t, w, first)
	wantTexts(t, psy.Next())
	wantReceipts(t, gp.Next())
	lift(t, w, second)
	wantTexts(t, psy.Next(), "it matters")
	wantReceipts(t, gp.Next(), "pending psy[]", "delivered psy[]")
	items, _, err := w.History(t.Context(), w.As("psy"), fresh, bridge.HistoryQuery{Conversation: conv.ID})
	if err != nil || len(items) != 1 || len(items[0].Withheld) != 0 {
		t.Errorf("read again as %+v, %v", items, err)
	}
	sweep(t, w)
	wantTexts(t, psy.Next()) // once
}

func TestACareTeamThatIsMendedLetsGoWhatWasWithheld(t *testing.T) {
	w := bridgetest.New(t)
	conv := w.Talk(bridge.PurposeTreatment, "gp", "treating-psychiatrist")
	w.MustSend("gp", bridgetest.Draft(conv, "it matters", bridge.TopicMedication))
	team := bridgetest.Region(bridgetest.Noon).Teams["jens"]
	without := slices.DeleteFunc(slices.Clone(team), func(m bridge.CareTeamMember) bool { return m.Function == bridge.FunctionTreatingPsychiatrist })
	register := func(team []bridge.CareTeamMember) {
		t.Helper()
		batch := bridge.ImportBatch{Teams: map[bridge.PatientID][]bridge.CareTeamMember{"jens": team}}
		if _, err := w.Import(t.Context(), w.As("admin"), batch); err != nil {
			t.Fatal(err)
		}
		sweep(t, w)
	}
	register(without)
	gp, psy := w.Reader("gp"), w.Reader("psy")
	wantTexts(t, psy.Next(), "-[no_relation]")
	wantReceipts(t, gp.Next(), "withheld [consent_required not_in_team]") // in the sender's words, and not of whom
	items, _, err := w.History(t.Context(), w.As("gp"), fresh, bridge.HistoryQuery{Conversation: conv.ID})
	if err != nil || len(items) != 1 {
		t.Fatalf("%+v, %v", items, err)
	}
	want := []bridge.Delivery{{
		Message: items[0].Message.ID, Via: bridge.Party{Function: bridge.FunctionTreatingPsychiatrist}, State: bridge.DeliveryWithheld,
		Basis: "dk.health-act.41-2-1", Reasons: []bridge.Code{"consent_required", "not_in_team"},
	}}
	if d := cmp.Diff(want, items[0].Deliveries); d != "" {
		t.Errorf("the sender reads %s", d)
	}
	register(team)
	wantTexts(t, psy.Next(), "it matters")
	wantReceipts(t, gp.Next(), "pending psy[]", "delivered psy[]") // now they may know
}

func TestARoleThatIsBackLetsGoWhatWasWithheld(t *testing.T) {
	w := bridgetest.New(t)
	conv := w.Talk(bridge.PurposeTreatment, "gp", "psy")
	w.MustSend("gp", bridgetest.Draft(conv, "it matters", bridge.TopicMedication))
	register := func(active bool) {
		t.Helper()
		role := bridge.PractitionerRole{ID: "gp", Practitioner: "person-gp", Organization: "clinic", Code: "speciallaegeipraksis", Active: active}
		if _, err := w.Import(t.Context(), w.As("admin"), bridge.ImportBatch{Resources: []bridge.Resource{role}}); err != nil {
			t.Fatal(err)
		}
		sweep(t, w)
	}
	register(false)
	psy := w.Reader("psy")
	wantTexts(t, psy.Next(), "-[not_active]")
	register(true)
	wantTexts(t, psy.Next(), "it matters")
}

// What rested on a consent that has ended is not revived by a new one (I6), not by
// one that the message never needed either, and not by an objection lifted.
func TestANewConsentRevivesNothing(t *testing.T) {
	w := bridgetest.New(t)
	scope := bridgetest.Scope("gp", "sw", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication)
	consent := w.Consent("jens", "jens", scope)
	conv := w.TalkAbout("jens", bridge.PurposeSocialCasework, "c-1", "gp", "sw")
	w.MustSend("gp", bridgetest.Draft(conv, "it matters", bridge.TopicMedication))
	no := object(t, w, "sw")
	sw := w.Reader("sw")
	wantTexts(t, sw.Next(), "-[consent_required objection]")
	if _, err := w.Withdraw(t.Context(), w.As("jens"), "jens", consent.ID); err != nil {
		t.Fatal(err)
	}
	w.Consent("jens", "jens", scope)
	lift(t, w, no)
	for range 3 {
		w.Clock.Advance(2 * time.Hour)
		sweep(t, w)
	}
	wantTexts(t, sw.Next())
	wantReceipts(t, w.Reader("gp").Next(), "withheld sw[consent_required objection]")
}

func TestTheSenderIsToldOfAWithdrawal(t *testing.T) {
	w := bridgetest.New(t)
	scope := bridgetest.Scope("gp", "sw", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication)
	consent := w.Consent("jens", "jens", scope)
	conv := w.TalkAbout("jens", bridge.PurposeSocialCasework, "c-1", "gp", "sw")
	w.MustSend("gp", bridgetest.Draft(conv, "it matters", bridge.TopicMedication))
	if _, err := w.Withdraw(t.Context(), w.As("jens"), "jens", consent.ID); err != nil {
		t.Fatal(err)
	}
	sw := w.Reader("sw")
	sw.Next()
	wantReceipts(t, w.Reader("gp").Next(), "withheld sw[consent_withdrawn]")
	w.Consent("jens", "jens", scope)
	sweep(t, w)
	wantTexts(t, sw.Next())
}

func TestAConsentThatAMessageDidNotRestOnDoesNotReleaseIt(t *testing.T) {
	w := bridgetest.New(t)
	scope := bridgetest.Scope("gp", "sw", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication)
	w.Consent("jens", "jens", scope)
	conv := w.TalkAbout("jens", bridge.PurposeSocialCasework, "c-1", "gp", "sw")
	w.MustSend("gp", bridgetest.Draft(conv, "it matters", bridge.TopicMedication))
	no := object(t, w, "sw")
	sw := w.Reader("sw")
	wantTexts(t, sw.Next(), "-[consent_required objection]")
	other := scope
	other.Topics = []bridge.Topic{bridge.TopicHousing}
	w.Consent("jens", "jens", other) // beside the one that it rests on
	lift(t, w, no)
	wantTexts(t, sw.Next(), "it matters")
}

func TestAWeakSignInWithholdsNothingFromAnotherOne(t *testing.T) {
	w := bridgetest.New(t)
	conv := w.Talk(bridge.PurposeTreatment, "gp", "psy")
	w.MustSend("gp", bridgetest.Draft(conv, "it matters", bridge.TopicMedication))
	weak := w.As("psy")
	weak.Assurance = bridge.AssuranceLow
	got, _, err := w.Deliver(t.Context(), weak, fresh, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	wantTexts(t, got, "-[assurance_low]")
	wantReceipts(t, w.Reader("gp").Next())
	wantTexts(t, w.Reader("psy").Next(), "it matters")
}

func TestNothingWaitsForEver(t *testing.T) {
	w := bridgetest.New(t)
	conv := w.Talk(bridge.PurposeTreatment, "gp", "psy")
	w.MustSend("gp", bridgetest.Draft(conv, "it matters", bridge.TopicMedication))
	no := object(t, w, "psy")
	wantTexts(t, w.Reader("psy").Next(), "-[consent_required objection]")
	w.Clock.Advance(bridge.EventLifetime + time.Hour)
	sweep(t, w)
	lift(t, w, no)
	head, oldest, err := w.Head(t.Context(), w.As("psy"))
	if err != nil || head.N >= oldest+1 {
		t.Errorf("events %d to %d, %v", oldest, head.N, err)
	}
}

// A message that its sender took back while it waited is not delivered.
func TestWhatWasTakenBackWaitsNoLonger(t *testing.T) {
	w := bridgetest.New(t)
	conv := w.Talk(bridge.PurposeTreatment, "gp", "psy")
	sent := w.MustSend("gp", bridgetest.Draft(conv, "a mistake", bridge.TopicMedication))
	no := object(t, w, "psy")
	psy := w.Reader("psy")
	wantTexts(t, psy.Next(), "-[consent_required objection]")
	if _, err := w.Amend(t.Context(), w.As("gp"), bridge.Amendment{Message: sent.Message, Retract: true, Reason: "wrong"}); err != nil {
		t.Fatal(err)
	}
	lift(t, w, no)
	wantTexts(t, psy.Next())
}
