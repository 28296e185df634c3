// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
	"github.com/brobygger/brobygger/bridge/ledger"
)

// files holds every byte of the data and the keys.
func files(t *testing.T, w *bridgetest.World) []byte {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(filepath.Dir(w.Path), "*.db*"))
	if err != nil || len(names) < 4 {
		t.Fatalf("files %v: %v", names, err)
	}
	var all []byte
	for _, n := range names {
		content, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, content...)
	}
	return all
}

func sealedAll(t *testing.T, w *bridgetest.World) {
	t.Helper()
	s := w.Store().(interface {
		Reseal(ctx context.Context) (bool, error)
	})
	for done := false; !done; {
		var err error
		if done, err = s.Reseal(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNothingThatPeopleWroteIsReadableOnTheDisk(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	conv, err := w.Open(ctx, w.As("gp"), bridge.NewConversation{
		MID: "conversation-1", Patient: "jens", Purpose: bridge.PurposeTreatment, Subject: "aubergine subject",
		Members: []bridge.Party{{Ref: w.As("psy").Party}},
	})
	if err != nil {
		t.Fatal(err)
	}
	file, err := w.Attach(ctx, w.As("gp"), "jens", "aubergine-name.txt", []bridge.Topic{bridge.TopicMedication}, []byte("aubergine file"))
	if err != nil {
		t.Fatal(err)
	}
	d := bridgetest.Draft(conv, "aubergine text", bridge.TopicMedication)
	d.Attachments = []bridge.AttachmentID{file.ID}
	sent := w.MustSend("gp", d)
	if _, err := w.Amend(ctx, w.As("gp"), bridge.Amendment{
		Message: sent.Message, Reason: "aubergine slip", Parts: []bridge.Part{{Topics: []bridge.Topic{bridge.TopicMedication}, Text: "aubergine again"}},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.RequestConsent(ctx, w.As("gp"), bridge.NewRequest{
		MID: "request-1", Patient: "jens", Reason: "aubergine reason",
		Scope: bridgetest.Scope("gp", "sw", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.BreakGlass(ctx, w.As("psy"), bridge.NewEmergency{MID: "emergency-1", Patient: "jens", Reason: "aubergine emergency"}); err != nil {
		t.Log("no emergency here:", err)
	}
	for _, word := range []string{"aubergine", `"kind":`, string(ledger.KindAttached)} {
		if n := bytes.Count(files(t, w), []byte(word)); n > 0 {
			t.Errorf("%q stands in the files %d times", word, n)
		}
	}
	history, _, err := w.History(ctx, w.As("psy"), fresh, bridge.HistoryQuery{Conversation: conv.ID})
	if err != nil || len(history) != 1 || history[0].Message.Parts[0].Text != "aubergine again" {
		t.Errorf("read %+v: %v", history, err)
	}
}

func erasure(p bridge.PatientID, log bool) bridge.NewErasure {
	return bridge.NewErasure{Patient: p, Confirm: p, Ground: bridge.GroundNotNeeded, Log: log}
}

// withheld lists why a reader's history shows nothing.
func withheld(t *testing.T, w *bridgetest.World, reader string, conv bridge.ConversationID) []bridge.Code {
	t.Helper()
	items, _, err := w.History(t.Context(), w.As(reader), fresh, bridge.HistoryQuery{Conversation: conv})
	if err != nil {
		t.Fatal(err)
	}
	var all []bridge.Code
	for _, i := range items {
		if len(i.Message.Parts) > 0 || i.Message.MID != "" {
			t.Errorf("%s reads %+v", reader, i.Message)
		}
		all = append(all, i.Withheld...)
	}
	return all
}

func TestErasedContentIsGoneForEverybodyAndTheRecordStands(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	sealedAll(t, w)
	conv := w.TalkAbout("jens", bridge.PurposeTreatment, "", "gp", "psy")
	sent := w.MustSend("gp", bridgetest.Draft(conv, "to be erased", bridge.TopicMedication))
	w.Consent("mother", "amir", bridgetest.Scope("gp", "sw", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication))
	other := w.TalkAbout("amir", bridge.PurposeSocialCasework, "c-1", "gp", "sw")
	w.MustSend("gp", bridgetest.Draft(other, "to stay", bridge.TopicMedication))

	for name, c := range map[string]struct {
		as   string
		n    bridge.NewErasure
		want bridge.Code
	}{
		"by somebody else": {"gp", erasure("jens", false), bridge.CodeForbidden},
		"unconfirmed":      {"admin", bridge.NewErasure{Patient: "jens", Ground: bridge.GroundDuty}, bridge.CodeBadRequest},
		"without a ground": {"admin", bridge.NewErasure{Patient: "jens", Confirm: "jens"}, bridge.CodeBadRequest},
		"of nobody":        {"admin", erasure("nobody", false), bridge.CodeNotFound},
		"keys by nobody":   {"gp", bridge.NewErasure{}, bridge.CodeForbidden},
	} {
		if _, err := w.Erase(ctx, w.As(c.as), c.n); bridge.CodeOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	r, err := w.Erase(ctx, w.As("admin"), erasure("jens", false))
	if err != nil || !r.Done || len(r.Commit) != 64 || r.Seq == 0 {
		t.Fatalf("receipt %+v: %v", r, err)
	}
	for _, reader := range []string{"gp", "psy"} {
		if d := cmp.Diff([]bridge.Code{bridge.ReasonErased}, withheld(t, w, reader, conv.ID)); d != "" {
			t.Error(reader, d)
		}
	}
	psy := w.Reader("psy")
	if d := cmp.Diff([]string{"-[erased]"}, bridgetest.Texts(psy.Next())); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"to stay"}, bridgetest.Texts(w.Reader("sw").Next())); d != "" {
		t.Error(d)
	}
	var deliveries []bridge.Delivery
	err = w.Store().View(ctx, func(tx bridge.Tx) (err error) {
		deliveries, err = tx.Disclosures().Deliveries(bridge.DeliveryQuery{Message: sent.Message})
		return err
	})
	if err != nil || len(deliveries) != 1 || deliveries[0].State != bridge.DeliveryExpired {
		t.Errorf("accounted for as %+v: %v", deliveries, err)
	}
	entries, err := w.Entries(ctx, w.As("jens"), "jens", 0, 100, "en")
	if err != nil || !slices.ContainsFunc(entries, func(v bridge.EntryView) bool { return v.Entry.Kind == ledger.KindErased }) {
		t.Errorf("the record: %v", err)
	}
	w.MustSend("gp", bridgetest.Draft(conv, "written later", bridge.TopicMedication))
	if d := cmp.Diff([]string{"written later"}, bridgetest.Texts(psy.Next())); d != "" {
		t.Error(d)
	}
	if err := w.FinishErasures(ctx); err != nil { // as at each start
		t.Error(err)
	}
	items, _, err := w.History(ctx, w.As("psy"), fresh, bridge.HistoryQuery{Conversation: conv.ID})
	if err != nil || len(items) != 2 || items[1].Message.Parts[0].Text != "written later" {
		t.Errorf("after a restart: %+v, %v", items, err)
	}
}

func TestOfAnErasedPatientNothingIsLeftButCommitments(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	sealedAll(t, w)
	consent := w.Consent("jens", "jens", bridgetest.Scope("gp", "sw", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication))
	conv := w.TalkAbout("jens", bridge.PurposeTreatment, "", "gp", "psy")
	sent := w.MustSend("gp", bridgetest.Draft(conv, "to be erased", bridge.TopicMedication))
	w.Consent("mother", "amir", bridgetest.Scope("gp", "sw", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication))
	other := w.TalkAbout("amir", bridge.PurposeSocialCasework, "c-1", "gp", "sw")
	w.MustSend("gp", bridgetest.Draft(other, "to stay", bridge.TopicMedication))
	jens := w.As("jens")
	if _, err := w.Erase(ctx, w.As("admin"), erasure("jens", true)); err != nil {
		t.Fatal(err)
	}
	_, _, err := w.History(ctx, w.As("psy"), fresh, bridge.HistoryQuery{Conversation: conv.ID})
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
	if d := cmp.Diff([]string{"-[erased]"}, bridgetest.Texts(w.Reader("psy").Next())); d != "" {
		t.Error(d)
	}
	_, err = w.Send(ctx, w.As("gp"), bridgetest.Draft(conv, "too late", bridge.TopicMedication))
	if code := bridge.CodeOf(err); code != bridge.CodeForbidden && code != bridge.CodeErased {
		t.Errorf("a message about somebody who was erased: %v", err)
	}
	if _, err := w.Entries(ctx, jens, "jens", 0, 100, "en"); err == nil {
		t.Error("the erased record was read")
	}
	err = w.Store().View(ctx, func(tx bridge.Tx) error {
		if _, err := tx.Consents().Consent(consent.ID); !errors.Is(err, bridge.ErrNotFound) {
			t.Errorf("the consent is still there: %v", err)
		}
		if _, err := tx.Directory().Account(jens.Subject); !errors.Is(err, bridge.ErrNotFound) {
			t.Errorf("the account is still there: %v", err)
		}
		talk, err := tx.Conversations().Conversation(conv.ID)
		if talk.OpenedBy != "" || len(talk.Participants)+len(talk.Members) > 0 || talk.Purpose != "" {
			t.Errorf("of the conversation there is still %+v", talk)
		}
		m, messageErr := tx.Messages().Message(sent.Message)
		if m.Sender != "" || !m.Erased || m.Seq != sent.Seq {
			t.Errorf("of the message there is still %+v", m)
		}
		return errors.Join(err, messageErr)
	})
	if err != nil {
		t.Error(err)
	}
	var leaves []ledger.Leaf
	var head bridge.Head
	var patient bridge.Patient
	err = w.Store().View(ctx, func(tx bridge.Tx) (err error) {
		if leaves, err = tx.Entries().After("jens", 0, 100); err != nil {
			return err
		}
		if head, err = tx.Patients().Head("jens"); err != nil {
			return err
		}
		patient, err = tx.Patients().Patient("jens")
		return err
	})
	if err != nil || len(leaves) == 0 || uint64(len(leaves)) != head.Seq {
		t.Fatalf("%d leaves of %d: %v", len(leaves), head.Seq, err)
	}
	for _, l := range leaves {
		if !l.Erased || l.Entry.Kind != "" || l.Salt != [32]byte{} {
			t.Errorf("entry %d is still there", l.Entry.Seq)
		}
	}
	if err := ledger.Verify(leaves, head.Hash); err != nil {
		t.Error(err)
	}
	if d := cmp.Diff(bridge.Patient{ID: "jens"}, patient); d != "" {
		t.Error(d)
	}
	if err := w.Sweep(ctx); err != nil {
		t.Errorf("sweeping: %v", err)
	}
	if d := cmp.Diff([]string{"to stay"}, bridgetest.Texts(w.Reader("sw").Next())); d != "" {
		t.Error(d)
	}
}

func TestErasingWaitsForWhatIsNotSealedYet(t *testing.T) {
	w := bridgetest.New(t)
	_, err := w.Erase(t.Context(), w.As("admin"), erasure("jens", false))
	bridgetest.MustDeny(t, err, bridge.CodeBusy)
}

func TestWithoutTheKEKWithdrawalsGoOnAndSendsDoNot(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	sealedAll(t, w)
	consent := w.Consent("jens", "jens", bridgetest.Scope("gp", "sw", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication))
	conv := w.TalkAbout("jens", bridge.PurposeSocialCasework, "c-1", "gp", "sw")
	if err := os.Rename(w.KEK, w.KEK+".away"); err != nil {
		t.Fatal(err)
	}
	if err := w.Sealer.Close(); err != nil { // what was in memory is too old now
		t.Fatal(err)
	}
	d := bridgetest.Draft(conv, "refused", bridge.TopicMedication)
	_, err := w.Send(ctx, w.As("gp"), d)
	bridgetest.MustDeny(t, err, bridge.CodeBusy)
	if !bridge.Outcomes[bridge.CodeOf(err)].Retry {
		t.Error("the sender is not told to try again")
	}
	if _, err := w.Withdraw(ctx, w.As("jens"), "jens", consent.ID); err != nil {
		t.Errorf("withdrawing: %v", err)
	}
	if err := os.Rename(w.KEK+".away", w.KEK); err != nil {
		t.Fatal(err)
	}
	entries := func() []bridge.EntryView {
		for range 1000 { // for a second nobody asks again
			<-time.After(10 * time.Millisecond)
			all, err := w.Entries(ctx, w.As("jens"), "jens", 0, 100, "en")
			if err == nil {
				return all
			}
			if bridge.CodeOf(err) != bridge.CodeBusy {
				t.Fatal(err)
			}
		}
		t.Fatal("the keys did not come back")
		return nil
	}
	isWithdrawal := func(v bridge.EntryView) bool { return v.Entry.Kind == ledger.KindWithdrawn }
	if !slices.ContainsFunc(entries(), isWithdrawal) {
		t.Error("the withdrawal is not in the record")
	}
	if !bytes.Contains(files(t, w), []byte{bridge.SealedBySpare}) {
		t.Error("nothing was sealed with the spare key")
	}
	sealedAll(t, w) // gives it the patient's own key
	if !slices.ContainsFunc(entries(), isWithdrawal) {
		t.Error("the withdrawal is not in the record any more")
	}
	if _, err := w.Send(ctx, w.As("gp"), d); bridge.CodeOf(err) != bridge.CodeConsentRequired {
		t.Errorf("with the keys again: %v", err)
	}
}
