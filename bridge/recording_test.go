// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
	"github.com/brobygger/brobygger/policy"
)

func decisions(t *testing.T, w *bridgetest.World) []bridge.RecordedDecision {
	t.Helper()
	var all []bridge.RecordedDecision
	err := w.Store().View(t.Context(), func(tx bridge.Tx) (err error) {
		all, err = tx.Policies().Recorded(time.Time{}, 0, 1000)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// What is kept of decisions grows with what differs, not with the messages.
func TestADecisionIsRecordedOnceForAnEpoch(t *testing.T) {
	w := bridgetest.New(t)
	conv := w.Talk(bridge.PurposeTreatment, "gp", "psy")
	w.MustSend("gp", bridgetest.Draft(conv, "one", bridge.TopicMedication))
	w.Reader("psy").Next()
	first := len(decisions(t, w))
	if first < 2 {
		t.Fatalf("%d decisions were recorded, want those of sending and reading", first)
	}
	for range 5 {
		w.MustSend("gp", bridgetest.Draft(conv, "more", bridge.TopicMedication))
		w.Reader("psy").Next()
	}
	if n := len(decisions(t, w)); n != first {
		t.Errorf("%d decisions after more of the same, want %d", n, first)
	}
	w.Consent("jens", "jens", bridgetest.Scope("gp", "sw", bridge.PurposeSocialCasework, "S-1", bridge.TopicPractical)) // another epoch
	w.MustSend("gp", bridgetest.Draft(conv, "again", bridge.TopicMedication))
	if n := len(decisions(t, w)); n == first {
		t.Error("nothing was recorded for the new epoch")
	}
}

// A replay under the policy that decided changes nothing, whatever has become of
// consents and objections since: what is recorded is enough, denials included.
func TestWhatWasDecidedIsDecidedTheSameAgain(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	scope := bridgetest.Scope("gp", "sw", bridge.PurposeSocialCasework, "S-1", bridge.TopicPractical)
	consent := w.Consent("jens", "jens", scope)
	across := w.TalkAbout("jens", bridge.PurposeSocialCasework, "S-1", "gp", "sw")
	w.MustSend("gp", bridgetest.Draft(across, "partly", bridge.TopicPractical))
	w.Reader("sw").Next()
	no, err := w.Object(ctx, w.As("jens"), bridge.Objection{ID: bridge.ObjectionID(bridgetest.MID()), Patient: "jens", Parties: []bridge.Party{bridgetest.Party("psy")}})
	if err != nil {
		t.Fatal(err)
	}
	inside := w.Talk(bridge.PurposeTreatment, "gp", "nurse", "psy")
	_, _ = w.Send(ctx, w.As("gp"), bridgetest.Draft(inside, "not to her", bridge.TopicMedication))
	if err := w.Lift(ctx, w.As("jens"), "jens", no.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Withdraw(ctx, w.As("jens"), "jens", consent.ID); err != nil {
		t.Fatal(err)
	}
	_, err = w.Send(ctx, w.As("gp"), bridgetest.Draft(across, "too late", bridge.TopicPractical))
	bridgetest.MustDeny(t, err, bridge.CodeConsentRequired)
	opened(t, w)
	if _, err := w.CareTeam(ctx, w.As("psy-other"), "jens"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.CareTeam(ctx, w.As("gp-other"), "jens"); err == nil {
		t.Fatal("a stranger saw the team")
	}
	w.Clock.Advance(48 * time.Hour) // what has ended since counts as it did then
	e, err := policy.New(policy.Options{Budget: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.Replay(ctx, w.Store(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Same != r.Decisions || len(r.Differences) > 0 || r.Gone > 0 {
		t.Errorf("%+v", r)
	}
	allowed, denied := 0, 0
	for _, d := range decisions(t, w) {
		if d.Allow {
			allowed++
		} else {
			denied++
		}
	}
	if allowed < 5 || denied < 3 {
		t.Errorf("%d allowed, %d denied: too little to show anything", allowed, denied)
	}
}

// What is recorded of decisions holds no name, no text and no reason in words.
func TestRecordedDecisionsHoldIdsAndCodes(t *testing.T) {
	w := bridgetest.New(t)
	conv := w.Talk(bridge.PurposeTreatment, "gp", "psy")
	w.MustSend("gp", bridgetest.Draft(conv, "words of the message", bridge.TopicMedication))
	opened(t, w)
	if _, err := w.CareTeam(t.Context(), w.As("psy-other"), "jens"); err != nil {
		t.Fatal(err)
	}
	err := w.Store().View(t.Context(), func(tx bridge.Tx) error {
		for _, d := range decisions(t, w) {
			g, err := tx.Policies().Ground(d.Patient, d.Epoch)
			if err != nil {
				return err
			}
			raw, err := json.Marshal([]any{d, g})
			if err != nil {
				return err
			}
			for _, word := range []string{"Name of", "words of the message", "unconscious", "birth"} {
				if strings.Contains(strings.ReplaceAll(string(raw), `"name":""`, ""), word) {
					t.Errorf("it holds %q: %s", word, raw)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestOldDecisionsAreForgotten(t *testing.T) {
	w := bridgetest.New(t)
	conv := w.Talk(bridge.PurposeTreatment, "gp", "psy")
	w.MustSend("gp", bridgetest.Draft(conv, "one", bridge.TopicMedication))
	w.Clock.Advance(bridge.DefaultKeepDecisions - time.Hour)
	if err := w.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(decisions(t, w)) == 0 {
		t.Error("forgotten too early")
	}
	w.Clock.Advance(2 * time.Hour)
	if err := w.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(decisions(t, w)); n > 0 {
		t.Errorf("%d are kept", n)
	}
}
