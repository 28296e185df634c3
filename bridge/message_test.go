// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
	"github.com/brobygger/brobygger/bridge/ledger"
)

var fresh = bridge.Claimant{Session: "test", Fresh: true}

func TestARecipientSeesOnlyTheTopicsOfTheConsent(t *testing.T) {
	w := bridgetest.New(t)
	w.Consent("jens", "jens", bridgetest.Scope("sw", "gp", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication))
	conv := w.TalkAbout("jens", bridge.PurposeSocialCasework, "c-1", "gp", "sw", "cw")
	d := bridge.Draft{MID: bridgetest.MID(), Conversation: conv.ID, Parts: []bridge.Part{
		{Topics: []bridge.Topic{bridge.TopicMedication}, Text: "Morning and evening. "},
		{Topics: []bridge.Topic{bridge.TopicSubstanceUse}, Text: "He drinks."},
	}}
	views, err := w.Preview(t.Context(), w.As("gp"), d)
	if err != nil {
		t.Fatal(err)
	}
	if !views[0].Allow || views[1].Allow || len(views[0].Parts) != 2 || !views[0].Parts[1].Withheld || views[0].Reachable == nil {
		t.Errorf("preview says %+v", views)
	}
	sent := w.MustSend("gp", d)
	if !sent.Recipients[0].Allow || sent.Recipients[1].Allow || len(sent.Recipients[1].Reasons) == 0 {
		t.Errorf("sent as %+v", sent.Recipients)
	}
	if d := cmp.Diff([]string{"Morning and evening. …"}, bridgetest.Texts(w.Reader("sw").Next())); d != "" {
		t.Error(d)
	}
	if got := w.Reader("cw").Next(); len(got) != 0 && bridgetest.Texts(got) != nil && len(bridgetest.Texts(got)) > 0 {
		t.Errorf("the caseworker got %q", bridgetest.Texts(got))
	}
}

func TestTheSameMIDIsTheSameMessageForEver(t *testing.T) {
	w := bridgetest.New(t)
	conv := w.Talk(bridge.PurposeTreatment, "gp", "psy")
	d := bridgetest.Draft(conv, "once", bridge.TopicMedication)
	first := w.MustSend("gp", d)
	w.Clock.Advance(365 * 24 * 3600 * 1e9)
	again := w.MustSend("gp", d)
	if again.Message != first.Message || !again.Duplicate || again.Seq != first.Seq {
		t.Errorf("sent again as %+v, first %+v", again, first)
	}
	d.Parts[0].Text = "twice"
	_, err := w.Send(t.Context(), w.As("gp"), d)
	bridgetest.MustDeny(t, err, bridge.CodeConflict)
	if d := cmp.Diff([]string{"once"}, bridgetest.Texts(w.Reader("psy").Next())); d != "" {
		t.Error(d)
	}
}

func TestWhatWasTakenIsNotRefusedWhenItIsSentAgain(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	consent := w.Consent("jens", "jens", bridgetest.Scope("gp", "sw", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication))
	conv := w.TalkAbout("jens", bridge.PurposeSocialCasework, "c-1", "gp", "sw")
	d := bridgetest.Draft(conv, "the answer was lost", bridge.TopicMedication)
	first := w.MustSend("gp", d)
	if _, err := w.Withdraw(ctx, w.As("jens"), "jens", consent.ID); err != nil {
		t.Fatal(err)
	}
	again := w.MustSend("gp", d)
	if again.Message != first.Message || !again.Duplicate {
		t.Errorf("sent again as %+v, first %+v", again, first)
	}
	views, err := w.Entries(ctx, w.As("jens"), "jens", 0, 500, "en")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range views {
		if v.Entry.Kind == ledger.KindDenied {
			t.Errorf("sending again was refused: %+v", v.Entry)
		}
	}
	_, err = w.Send(ctx, w.As("gp"), bridgetest.Draft(conv, "another", bridge.TopicMedication))
	bridgetest.MustDeny(t, err, bridge.CodeConsentRequired)
}

func TestReceiptsTellTheSenderWhatTheRecipientDid(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	conv := w.Talk(bridge.PurposeTreatment, "gp", "psy")
	d := bridgetest.Draft(conv, "see him today", bridge.TopicMentalHealth)
	d.Priority = bridge.Urgent
	sent := w.MustSend("gp", d)
	_, err := w.Acknowledge(ctx, w.As("psy"), sent.Message)
	bridgetest.MustDeny(t, err, bridge.CodeConflict) // not shown yet
	psy, gp := w.Reader("psy"), w.Reader("gp")
	got := psy.Next()
	if m := got[1].Message; !m.AckRequested || m.Priority != bridge.Urgent {
		t.Errorf("shown as %+v", m)
	}
	if seq, err := w.Read(ctx, w.As("psy"), conv.ID, 99); err != nil || seq != 1 {
		t.Fatalf("read up to %d, %v", seq, err)
	}
	for range 2 {
		if _, err := w.Acknowledge(ctx, w.As("psy"), sent.Message); err != nil {
			t.Fatal(err)
		}
	}
	var states []string
	for _, e := range gp.Next() {
		if e.Event.Kind == bridge.EventReceipt {
			states = append(states, e.Event.State)
		}
	}
	if d := cmp.Diff([]string{"delivered", "read", "acked"}, states); d != "" {
		t.Error(d)
	}
}

func TestAnEditKeepsTheOldTextAndARetractionTakesItFromReaders(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	conv := w.Talk(bridge.PurposeTreatment, "gp", "psy")
	sent := w.MustSend("gp", bridgetest.Draft(conv, "15 mg", bridge.TopicMedication))
	psy := w.Reader("psy")
	psy.Next()
	edit := bridge.Amendment{Message: sent.Message, Reason: "typo", Parts: []bridge.Part{{Topics: []bridge.Topic{bridge.TopicMedication}, Text: "10 mg"}}}
	if _, err := w.Amend(ctx, w.As("psy"), edit); bridge.CodeOf(err) != bridge.CodeForbidden {
		t.Errorf("another's message amended: %v", err)
	}
	if m, err := w.Amend(ctx, w.As("gp"), edit); err != nil || m.Version != 2 || !m.Edited {
		t.Fatalf("amended to %+v, %v", m, err)
	}
	if got := psy.Next(); len(got) != 1 || got[0].Event.Kind != bridge.EventAmended || got[0].Message.Parts[0].Text != "10 mg" {
		t.Errorf("told %+v", got)
	}
	wider := edit
	wider.Parts = []bridge.Part{{Topics: []bridge.Topic{bridge.TopicSubstanceUse}, Text: "x"}}
	_, err := w.Amend(ctx, w.As("gp"), wider)
	bridgetest.MustDeny(t, err, bridge.CodeBadRequest)
	if _, err := w.Amend(ctx, w.As("gp"), bridge.Amendment{Message: sent.Message, Retract: true, Reason: "wrong patient"}); err != nil {
		t.Fatal(err)
	}
	if got := psy.Next(); len(got) != 1 || got[0].Message == nil || !got[0].Message.Retracted || len(got[0].Message.Parts) != 0 {
		t.Errorf("told %+v", got)
	}
	versions, err := w.Versions(ctx, w.As("gp"), sent.Message)
	if err != nil || len(versions) != 2 || versions[0].Parts[0].Text != "15 mg" || versions[1].Parts[0].Text != "10 mg" {
		t.Errorf("versions %+v, %v", versions, err)
	}
}

func TestAttachmentsPassTheSameGate(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	topic := []bridge.Topic{bridge.TopicSubstanceUse}
	for name, content := range map[string]string{
		"script.txt": "<html><script>", "zip.pdf": "PK\x03\x04", "empty.txt": "", "bell.txt": "a\x07b",
		"../up.txt": "text", "big.txt": strings.Repeat("a", bridge.MaxAttachment+1),
	} {
		if _, err := w.Attach(ctx, w.As("gp"), "jens", name, topic, []byte(content)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	a, err := w.Attach(ctx, w.As("gp"), "jens", "note.pdf", topic, []byte("%PDF-1.7 text"))
	if err != nil || a.Type != "application/pdf" {
		t.Fatalf("attached %+v, %v", a, err)
	}
	w.Consent("jens", "jens", bridgetest.Scope("sw", "gp", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication))
	conv := w.TalkAbout("jens", bridge.PurposeSocialCasework, "c-1", "gp", "sw", "psy")
	d := bridgetest.Draft(conv, "see the note", bridge.TopicMedication)
	d.Attachments = []bridge.AttachmentID{a.ID}
	w.MustSend("gp", d)
	got := w.Reader("sw").Next()
	if m := got[len(got)-1].Message; m == nil || !m.Attachments[0].Withheld || m.Attachments[0].Name != "" {
		t.Errorf("shown to the social worker as %+v", m)
	}
	_, _, _, err = w.Attachment(ctx, w.As("sw"), fresh, a.ID)
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
	if _, content, _, err := w.Attachment(ctx, w.As("gp"), fresh, a.ID); err != nil || string(content) != "%PDF-1.7 text" {
		t.Errorf("its owner reads %q, %v", content, err)
	}
}

func TestDraftsThatCantBeRight(t *testing.T) {
	w := bridgetest.New(t)
	conv := w.Talk(bridge.PurposeTreatment, "gp", "psy")
	med := []bridge.Topic{bridge.TopicMedication}
	part := func(text string) []bridge.Part { return []bridge.Part{{Topics: med, Text: text}} }
	for name, d := range map[string]bridge.Draft{
		"no mid":        {Conversation: conv.ID, Parts: part("x")},
		"a bad mid":     {MID: "has space", Conversation: conv.ID, Parts: part("x")},
		"nothing":       {MID: bridgetest.MID(), Conversation: conv.ID},
		"no topic":      {MID: bridgetest.MID(), Conversation: conv.ID, Parts: []bridge.Part{{Text: "x"}}},
		"too long":      {MID: bridgetest.MID(), Conversation: conv.ID, Parts: part(strings.Repeat("x", bridge.MaxBody+1))},
		"not UTF-8":     {MID: bridgetest.MID(), Conversation: conv.ID, Parts: part("\xff")},
		"another reply": {MID: bridgetest.MID(), Conversation: conv.ID, Parts: part("x"), ReplyTo: "none"},
		"odd priority":  {MID: bridgetest.MID(), Conversation: conv.ID, Parts: part("x"), Priority: "asap"},
		"no such file":  {MID: bridgetest.MID(), Conversation: conv.ID, Attachments: []bridge.AttachmentID{"none"}},
		"says withheld": {MID: bridgetest.MID(), Conversation: conv.ID, Parts: []bridge.Part{{Withheld: true, Topics: med}}},
	} {
		if _, err := w.Send(t.Context(), w.As("gp"), d); bridge.CodeOf(err) != bridge.CodeBadRequest && bridge.CodeOf(err) != bridge.CodeTooLarge {
			t.Errorf("%s: %v", name, err)
		}
	}
	unknown := bridgetest.Draft(conv, "x", "astrology")
	_, err := w.Send(t.Context(), w.As("gp"), unknown)
	if err == nil {
		t.Error("a topic that does not exist was sent")
	}
}
