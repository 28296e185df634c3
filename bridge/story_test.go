// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
	"github.com/brobygger/brobygger/bridge/ledger"
)

func TestAGPReachesThePsychiatristWhoTreatsThePatient(t *testing.T) {
	w := bridgetest.New(t)
	conv := w.Talk(bridge.PurposeTreatment, "gp", "treating-psychiatrist")
	sent := w.MustSend("gp", bridgetest.Draft(conv, "Who follows the tests up?", bridge.TopicMedication))
	if sent.Seq != 1 || len(sent.Recipients) != 1 || sent.Recipients[0].Recipient != bridgetest.Role("psy") {
		t.Errorf("sent as %+v", sent)
	}
	got := w.Reader("psy").Next()
	if d := cmp.Diff([]bridge.EventKind{bridge.EventConvAdded, bridge.EventMessage}, bridgetest.Kinds(got)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"Who follows the tests up?"}, bridgetest.Texts(got)); d != "" {
		t.Error(d)
	}
	back := w.Reader("gp").Next()
	if d := cmp.Diff([]bridge.EventKind{bridge.EventConvAdded, bridge.EventMessage, bridge.EventReceipt}, bridgetest.Kinds(back)); d != "" {
		t.Error(d)
	}
}

func TestASocialWorkersQuestionGoesWhenThePatientSaysYesAndStopsWhenTheyTakeItBack(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	conv := w.TalkAbout("jens", bridge.PurposeSocialCasework, "2026-17", "sw", "own-gp")
	draft := bridgetest.Draft(conv, "Which tablets in the morning?", bridge.TopicMedication)
	_, err := w.Send(ctx, w.As("sw"), draft)
	denied := bridgetest.MustDeny(t, err, bridge.CodeConsentRequired, bridge.CodeConsentRequired)
	i := slices.IndexFunc(denied.Decision.Remedies, func(r bridge.Remedy) bool { return r.Kind == bridge.RemedyAskPatient })
	if i < 0 {
		t.Fatalf("no way to ask the patient among %+v", denied.Decision.Remedies)
	}

	r, err := w.RequestConsent(ctx, w.As("sw"), bridge.NewRequest{
		MID: bridgetest.MID(), Patient: "jens", Scope: *denied.Decision.Remedies[i].Scope, Reason: "So that I can help with the tablets", Hold: &draft,
	})
	if err != nil {
		t.Fatal(err)
	}
	gp := w.Reader("gp")
	if got := bridgetest.Texts(gp.Next()); len(got) != 0 {
		t.Fatalf("the held question went: %q", got)
	}
	consent := w.Answer("jens", r)
	if d := cmp.Diff([]string{"Which tablets in the morning?"}, bridgetest.Texts(gp.Next())); d != "" {
		t.Fatal(d)
	}

	out, err := w.Withdraw(ctx, w.As("jens"), "jens", consent.ID)
	if err != nil {
		t.Fatal(err)
	}
	if out.Disclosures != 1 || len(out.Unconfirmed) != 0 || len(out.Affected.Conversations) != 1 {
		t.Errorf("withdrawal answered %+v", out)
	}
	_, err = w.Send(ctx, w.As("sw"), bridgetest.Draft(conv, "And in the evening?", bridge.TopicMedication))
	bridgetest.MustDeny(t, err, bridge.CodeConsentRequired)
	items, _, err := w.History(ctx, w.As("gp"), bridge.Claimant{Session: "test", Fresh: true}, bridge.HistoryQuery{Conversation: conv.ID})
	if err != nil || len(items) != 1 || len(items[0].Withheld) == 0 || items[0].Message.Parts != nil {
		t.Errorf("the GP read %+v, %v", items, err)
	}

	entries, err := w.Entries(ctx, w.As("jens"), "jens", 0, 0, "da")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []ledger.Kind
	for _, e := range entries {
		kinds = append(kinds, e.Entry.Kind)
	}
	want := []ledger.Kind{
		ledger.KindOpened, ledger.KindDenied, ledger.KindRequested, ledger.KindHeld, ledger.KindGranted, ledger.KindAccepted,
		ledger.KindDisclosed, ledger.KindWithdrawn, ledger.KindDenied, ledger.KindDenied,
	}
	if d := cmp.Diff(want, kinds); d != "" {
		t.Error(d)
	}
}
