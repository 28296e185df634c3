// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
	"github.com/brobygger/brobygger/bridge/store/storetest"
)

// drama is a story in steps that a client repeats, with the same ids, until they
// are answered.
type drama struct {
	w       *bridgetest.World
	conv    bridge.Conversation
	request bridge.ConsentRequest
	consent bridge.Consent
	ids     [6]string
	shown   map[bridge.MessageID]string // what the GP's client showed
	n       uint64
}

func (d *drama) steps(t *testing.T) []func() error {
	ctx, w := t.Context(), d.w
	scope := bridgetest.Scope("sw", "gp", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication)
	draft := func(i int, text string) bridge.Draft {
		return bridge.Draft{MID: d.ids[i], Conversation: d.conv.ID, Parts: []bridge.Part{{Topics: scope.Topics, Text: text}}}
	}
	return []func() error{
		func() (err error) {
			d.conv, err = w.Open(ctx, w.As("sw"), bridge.NewConversation{
				MID: d.ids[0], Patient: "jens", Purpose: bridge.PurposeSocialCasework, Case: "c-1", Members: []bridge.Party{bridgetest.Party("gp")},
			})
			return err
		},
		func() (err error) {
			held := draft(1, "held")
			d.request, err = w.RequestConsent(ctx, w.As("sw"), bridge.NewRequest{MID: d.ids[2], Patient: "jens", Scope: scope, Reason: "to help", Hold: &held})
			return err
		},
		func() error {
			text, err := w.ConsentText(ctx, w.As("jens"), "jens", d.request.Scope, "da")
			if err != nil {
				return err
			}
			d.consent, err = w.Grant(ctx, w.As("jens"), bridge.NewGrant{MID: d.ids[3], Patient: "jens", Request: d.request.ID, Language: "da", TextHash: text.Hash})
			return err
		},
		func() error { _, err := w.Send(ctx, w.As("sw"), draft(4, "sent")); return err },
		d.show(t),
		func() error { _, err := w.Withdraw(ctx, w.As("jens"), "jens", d.consent.ID); return err },
		func() error { return w.Sweep(ctx) },
		d.show(t),
	}
}

// show fetches what is new and says that it was shown; what it could not say is
// said again at the next try, and not shown again.
func (d *drama) show(t *testing.T) func() error {
	return func() error {
		gp := d.w.As("gp")
		for more := true; more; {
			var got []bridge.Delivered
			var err error
			if got, more, err = d.w.Deliver(t.Context(), gp, fresh, d.n, 10); err != nil {
				return err
			}
			for _, e := range got {
				if e.Message != nil && e.Disclosure != "" {
					d.shown[e.Message.ID] = e.Message.Parts[0].Text
					if err := d.w.Close(t.Context(), gp, []bridge.DisclosureID{e.Disclosure}, bridge.DisclosureShown); err != nil {
						return err
					}
				}
				if e.Event.N != d.n+1 {
					return fmt.Errorf("n %d behind %d", e.Event.N, d.n)
				}
				d.n = e.Event.N
			}
		}
		return nil
	}
}

// play runs the drama with the k-th write failing, and returns how many writes
// there were.
func play(t *testing.T, k int, fault storetest.Fault) int {
	var faulty *storetest.Faulty
	w := bridgetest.New(t, bridgetest.WithStore(func(s bridge.Store) bridge.Store {
		faulty = storetest.NewFaulty(s)
		return faulty
	}))
	d := &drama{w: w, shown: map[bridge.MessageID]string{}}
	for i := range d.ids {
		d.ids[i] = bridgetest.MID()
	}
	faulty.Fail(k, fault)
	for i, step := range d.steps(t) {
		err := step()
		if err != nil {
			if code := bridge.CodeOf(err); code != bridge.CodeInternal && code != bridge.CodeStorageFull {
				t.Errorf("step %d: a fault was told as %v", i, err)
			}
			err = step()
		}
		if err != nil {
			t.Fatalf("step %d, repeated: %v", i, err)
		}
	}
	// The held message may go at the sweep only, and may then be late.
	texts := map[string]int{}
	for _, text := range d.shown {
		texts[text]++
	}
	if texts["sent"] != 1 || texts["held"] > 1 {
		t.Errorf("shown %v", texts)
	}
	items, _, err := w.History(t.Context(), w.As("sw"), fresh, bridge.HistoryQuery{Conversation: d.conv.ID})
	if err != nil {
		t.Fatal(err)
	}
	seqs := []uint64{}
	for _, i := range items {
		seqs = append(seqs, i.Message.Seq)
	}
	want := []uint64{1, 2}[:len(items)]
	if diff := cmp.Diff(want, seqs); diff != "" {
		t.Errorf("the conversation: %s", diff)
	}
	return faulty.Updates()
}

func TestEveryWriteMayFailAndMayFailAfterItWasKept(t *testing.T) {
	writes := play(t, 0, storetest.None)
	if writes < 10 {
		t.Fatalf("the drama writes %d times only", writes)
	}
	for _, fault := range storetest.Faults {
		for k := range writes {
			t.Run(fmt.Sprintf("%s/%d", fault, k+1), func(t *testing.T) {
				t.Parallel()
				play(t, k+1, fault)
			})
		}
	}
}
