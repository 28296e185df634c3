// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
)

// nearlyFull is a store that takes nothing ordinary while its disk is low, as the
// engines do.
type nearlyFull struct {
	bridge.Store
	low *atomic.Bool
}

func (s nearlyFull) Update(ctx context.Context, p bridge.PatientID, fn func(bridge.Tx) error) error {
	if s.low.Load() && bridge.NeedOf(ctx) == bridge.NeedOrdinary {
		return &bridge.Error{Code: bridge.CodeStorageFull}
	}
	return s.Store.Update(ctx, p, fn)
}

func TestOnANearlyFullDiskSendingStopsAndReadingAndWithdrawingGoOn(t *testing.T) {
	var low atomic.Bool
	w := bridgetest.New(t, bridgetest.WithStore(func(s bridge.Store) bridge.Store { return nearlyFull{s, &low} }))
	ctx := t.Context()
	consent := w.Consent("jens", "jens", bridgetest.Scope("gp", "sw", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication))
	conv := w.TalkAbout("jens", bridge.PurposeSocialCasework, "c-1", "gp", "sw")
	w.MustSend("gp", bridgetest.Draft(conv, "kept", bridge.TopicMedication))
	low.Store(true)
	d := bridgetest.Draft(conv, "refused", bridge.TopicMedication)
	_, err := w.Send(ctx, w.As("gp"), d)
	bridgetest.MustDeny(t, err, bridge.CodeStorageFull)
	sw := w.Reader("sw")
	if d := cmp.Diff([]string{"kept"}, bridgetest.Texts(sw.Next())); d != "" {
		t.Error(d)
	}
	if _, _, err := w.History(ctx, w.As("sw"), fresh, bridge.HistoryQuery{Conversation: conv.ID}); err != nil {
		t.Errorf("reading: %v", err)
	}
	if _, err := w.CareTeam(ctx, w.As("gp"), "jens"); err != nil {
		t.Errorf("seeing the care team: %v", err)
	}
	if _, err := w.Withdraw(ctx, w.As("jens"), "jens", consent.ID); err != nil {
		t.Errorf("withdrawing: %v", err)
	}
	if err := w.Disable(ctx, w.As("admin"), w.As("cw").Subject); err != nil {
		t.Errorf("disabling: %v", err)
	}
	low.Store(false)
	if _, err := w.Send(ctx, w.As("gp"), d); bridge.CodeOf(err) != bridge.CodeConsentRequired {
		t.Errorf("with room again: %v", err)
	}
}
