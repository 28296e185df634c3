// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
	"github.com/brobygger/brobygger/bridge/ledger"
)

// ear is one session that is always ready.
type ear struct {
	caller bridge.Caller
	n      uint64
	left   bool
	got    []bridge.Delivered
	poked  uint64
}

func (e *ear) Ready(party bridge.Ref) []bridge.Ready {
	if party != e.caller.Party {
		return nil
	}
	return []bridge.Ready{{Caller: e.caller, Claimant: bridge.Claimant{Session: "ear", Beat: 7, Fresh: true}, N: e.n}}
}

func (e *ear) Hand(_ bridge.Claimant, d bridge.Delivered) bool {
	if e.left {
		return false
	}
	e.got = append(e.got, d)
	e.n = d.Event.N
	return true
}

func (e *ear) Tell(d bridge.Delivered) { e.Poke(d.Event.Party, d.Event.N) }

func (e *ear) Poke(party bridge.Ref, n uint64) {
	if party == e.caller.Party {
		e.poked = n
	}
}

func (*ear) Typing(bridge.Ref, bridge.ConversationID, bridge.Ref, bool) {}
func (*ear) Kick(bridge.Ref, bridge.Code)                               {}
func (*ear) Draining(bridge.PatientID)                                  {}

func TestWhoListensIsGivenTheMessageInTheSameCommit(t *testing.T) {
	w := bridgetest.New(t)
	conv := w.Talk(bridge.PurposeTreatment, "gp", "psy")
	e := &ear{caller: w.As("psy")}
	w.Listen(e)
	w.MustSend("gp", bridgetest.Draft(conv, "first", bridge.TopicMedication))
	if len(e.got) != 0 || e.poked != 2 {
		t.Fatalf("handed %d over the gap of the new conversation, poked to %d", len(e.got), e.poked)
	}
	e.n = 2
	w.MustSend("gp", bridgetest.Draft(conv, "second", bridge.TopicMedication))
	if d := cmp.Diff([]string{"second"}, bridgetest.Texts(e.got)); d != "" {
		t.Fatal(d)
	}
	entries, err := w.Entries(t.Context(), w.As("jens"), "jens", 0, 0, "da")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []ledger.Kind
	for _, v := range entries {
		kinds = append(kinds, v.Entry.Kind)
	}
	if d := cmp.Diff([]ledger.Kind{ledger.KindOpened, ledger.KindAccepted, ledger.KindAccepted, ledger.KindDisclosed}, kinds); d != "" {
		t.Error(d)
	}
	e.left = true
	w.MustSend("gp", bridgetest.Draft(conv, "to one who left", bridge.TopicMedication))
	err = w.Store().View(t.Context(), func(tx bridge.Tx) error {
		leaves, err := tx.Entries().After("jens", uint64(len(entries)), 10)
		if err != nil || len(leaves) != 2 || leaves[1].Entry.Kind != ledger.KindDisclosed {
			t.Fatalf("recorded %+v, %v", leaves, err)
		}
		d, err := tx.Disclosures().Disclosure(bridge.DisclosureID(leaves[1].Entry.Disclosure))
		if d.State != bridge.DisclosureUnsent {
			t.Errorf("the claim for who left is %s", d.State)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Disable(t.Context(), w.As("admin"), e.caller.Subject); err != nil {
		t.Fatal(err)
	}
	_, err = w.Send(t.Context(), w.As("gp"), bridgetest.Draft(conv, "third", bridge.TopicMedication))
	if err == nil || len(e.got) != 1 {
		t.Errorf("a closed account was handed %q, %v", bridgetest.Texts(e.got), err)
	}
}

// told keeps what its party is told whole.
type told struct {
	ear
	events []bridge.Delivered
}

func (l *told) Tell(d bridge.Delivered) {
	if d.Event.Party == l.caller.Party {
		l.events = append(l.events, d)
	}
}

func TestOnesOwnMessageAndReceiptsAreToldWithoutAClaim(t *testing.T) {
	w := bridgetest.New(t)
	conv := w.Talk(bridge.PurposeTreatment, "gp", "psy")
	l := &told{ear: ear{caller: w.As("gp")}}
	w.Listen(l)
	w.MustSend("gp", bridgetest.Draft(conv, "first", bridge.TopicMedication))
	w.Reader("psy").Next()
	kinds := []bridge.EventKind{bridge.EventConvAdded, bridge.EventMessage, bridge.EventReceipt}
	if d := cmp.Diff(kinds, bridgetest.Kinds(l.events)); d != "" {
		t.Fatal(d)
	}
	fetched, _, err := w.Deliver(t.Context(), l.caller, bridge.Claimant{Fresh: true}, l.events[0].Event.N-1, 10)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(fetched, l.events); d != "" {
		t.Errorf("what is told is not what the log says: %s", d)
	}
	reader := &told{ear: ear{caller: w.As("psy")}}
	w.Listen(reader)
	w.MustSend("gp", bridgetest.Draft(conv, "second", bridge.TopicMedication))
	if len(reader.events) != 0 || reader.poked == 0 {
		t.Errorf("somebody else's message was told without a claim: %v", reader.events)
	}
}
