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

// inList are the conversations that somebody has in their list.
func inList(t *testing.T, w *bridgetest.World, name string, q bridge.ConversationQuery) []bridge.ConversationID {
	t.Helper()
	views, err := w.Conversations(t.Context(), w.As(name), q)
	if err != nil {
		t.Fatal(err)
	}
	ids := []bridge.ConversationID{}
	for _, v := range views {
		ids = append(ids, v.ID)
	}
	return ids
}

// TestAConversationWhoseFirstMessageIsRefusedLeavesNothingBehind, in no list and
// no log, until something in it is accepted.
func TestAConversationWhoseFirstMessageIsRefusedLeavesNothingBehind(t *testing.T) {
	w := bridgetest.New(t)
	conv := w.TalkAbout("jens", bridge.PurposeSocialCasework, "c-1", "sw", "gp")
	_, err := w.Send(t.Context(), w.As("sw"), bridgetest.Draft(conv, "question", bridge.TopicMedication))
	bridgetest.MustDeny(t, err, bridge.CodeConsentRequired)
	sw := w.Reader("sw")
	if got := sw.Next(); len(got) != 0 {
		t.Errorf("the log tells of %v", bridgetest.Kinds(got))
	}
	if d := cmp.Diff([]bridge.ConversationID{}, inList(t, w, "sw", bridge.ConversationQuery{})); d != "" {
		t.Error(d)
	}

	consent := w.Consent("jens", "jens", bridgetest.Scope("sw", "gp", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication))
	if _, err := w.Withdraw(t.Context(), w.As("jens"), "jens", consent.ID); err != nil {
		t.Fatal(err)
	}
	if got := bridgetest.Kinds(sw.Next()); slices.Contains(got, bridge.EventConvLocked) {
		t.Errorf("a conversation in no list was locked: %v", got)
	}
	w.Consent("jens", "jens", bridgetest.Scope("sw", "gp", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication))
	sw.Next()
	w.MustSend("sw", bridgetest.Draft(conv, "again", bridge.TopicMedication))
	w.MustSend("sw", bridgetest.Draft(conv, "and more", bridge.TopicMedication))
	want := []bridge.EventKind{bridge.EventConvAdded, bridge.EventMessage, bridge.EventMessage}
	if d := cmp.Diff(want, bridgetest.Kinds(sw.Next())); d != "" {
		t.Error(d)
	}
	for _, name := range []string{"sw", "gp"} {
		if d := cmp.Diff([]bridge.ConversationID{conv.ID}, inList(t, w, name, bridge.ConversationQuery{})); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// TestAConversationBeginsWithAMessageThatIsHeld, and its opener is told once.
func TestAConversationBeginsWithAMessageThatIsHeld(t *testing.T) {
	w := bridgetest.New(t)
	r, d := held(t, w)
	if d := cmp.Diff([]bridge.ConversationID{d.Conversation}, inList(t, w, "sw", bridge.ConversationQuery{})); d != "" {
		t.Error(d)
	}
	sw := w.Reader("sw")
	if d := cmp.Diff([]bridge.EventKind{bridge.EventConsent, bridge.EventConvAdded}, bridgetest.Kinds(sw.Next())); d != "" {
		t.Error(d)
	}
	w.Answer("jens", r)
	if d := cmp.Diff([]bridge.EventKind{bridge.EventConsent, bridge.EventMessage}, bridgetest.Kinds(sw.Next())); d != "" {
		t.Error(d)
	}

	again, back := w.TalkAbout("jens", bridge.PurposeSocialCasework, "c-2", "sw", "gp"), bridgetest.MID()
	draft := bridgetest.Draft(again, "question", bridge.TopicMedication)
	scope := bridgetest.Scope("sw", "gp", bridge.PurposeSocialCasework, "c-2", bridge.TopicMedication)
	if _, err := w.RequestConsent(t.Context(), w.As("sw"), bridge.NewRequest{MID: back, Patient: "jens", Scope: scope, Reason: "x", Hold: &draft}); err != nil {
		t.Fatal(err)
	}
	if err := w.Decline(t.Context(), w.As("jens"), "jens", bridge.RequestID(back)); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(inList(t, w, "sw", bridge.ConversationQuery{}), again.ID) {
		t.Error("a conversation whose message returned is gone from the list")
	}
}

// TestAListIsFullThoughSomeHaveNotBegun: what is left out does not shorten a page.
func TestAListIsFullThoughSomeHaveNotBegun(t *testing.T) {
	w := bridgetest.New(t)
	var begun []bridge.ConversationID
	for range 3 {
		conv := w.Talk(bridge.PurposeTreatment, "gp", "psy")
		w.MustSend("gp", bridgetest.Draft(conv, "text", bridge.TopicMedication))
		begun = append([]bridge.ConversationID{conv.ID}, begun...)
		w.Clock.Advance(time.Second)
		for range 3 {
			w.Talk(bridge.PurposeTreatment, "gp", "psy")
			w.Clock.Advance(time.Second)
		}
	}
	if d := cmp.Diff(begun, inList(t, w, "gp", bridge.ConversationQuery{})); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(begun[:2], inList(t, w, "gp", bridge.ConversationQuery{Limit: 2})); d != "" {
		t.Error(d)
	}
}
