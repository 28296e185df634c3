// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
)

// same is what a caller is told, byte by byte.
func same(t *testing.T, err error) string {
	t.Helper()
	var e *bridge.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an *Error", err)
	}
	text, jsonErr := json.Marshal([]any{e.Code, e.Message, e.After, e.Decision})
	if jsonErr != nil {
		t.Fatal(jsonErr)
	}
	return string(text)
}

// lookups are ways to ask about a patient, by people who have nothing to do with
// jens or anybody.
func lookups(t *testing.T, w *bridgetest.World, asked bridge.ConsentRequest) map[string]func(bridge.PatientID) error {
	ctx := t.Context()
	return map[string]func(bridge.PatientID) error{
		"open": func(p bridge.PatientID) error {
			_, err := w.Open(ctx, w.As("gp-other"), bridge.NewConversation{MID: bridgetest.MID(), Patient: p, Purpose: bridge.PurposeTreatment, Members: []bridge.Party{bridgetest.Party("psy")}})
			return err
		},
		"care team": func(p bridge.PatientID) error { _, err := w.CareTeam(ctx, w.As("gp-other"), p); return err },
		"patient":   func(p bridge.PatientID) error { _, err := w.Patient(ctx, w.As("gp-other"), p); return err },
		"presence": func(p bridge.PatientID) error {
			_, err := w.Presence(ctx, w.As("gp-other"), p, []bridge.Party{bridgetest.Party("treating-psychiatrist")})
			return err
		},
		"request": func(p bridge.PatientID) error {
			_, err := w.RequestConsent(ctx, w.As("sw-other"), bridge.NewRequest{
				MID: bridgetest.MID(), Patient: p, Reason: "x", Scope: bridgetest.Scope("sw-other", "gp", bridge.PurposeSocialCasework, "c", bridge.TopicMedication),
			})
			return err
		},
		"attach": func(p bridge.PatientID) error {
			_, err := w.Attach(ctx, w.As("gp-other"), p, "a.txt", []bridge.Topic{bridge.TopicPractical}, []byte("text"))
			return err
		},
		"consents": func(p bridge.PatientID) error { _, _, err := w.Consents(ctx, w.As("gp-other"), p); return err },
		"entries":  func(p bridge.PatientID) error { _, err := w.Entries(ctx, w.As("bo"), p, 0, 0, "da"); return err },
		"withdraw": func(p bridge.PatientID) error { _, err := w.Withdraw(ctx, w.As("bo"), p, "none"); return err },
		"text": func(p bridge.PatientID) error {
			scope := bridgetest.Scope("gp-other", "sw-other", bridge.PurposeSocialCasework, "c", bridge.TopicMedication)
			_, err := w.ConsentText(ctx, w.As("gp-other"), p, scope, "da")
			return err
		},
		"request of somebody else": func(p bridge.PatientID) error {
			_, err := w.RequestConsent(ctx, w.As("sw-other"), bridge.NewRequest{
				MID: string(asked.ID), Patient: p, Reason: "x", Scope: bridgetest.Scope("sw-other", "gp", bridge.PurposeSocialCasework, "c", bridge.TopicMedication),
			})
			return err
		},
		"confirming": func(p bridge.PatientID) error {
			_, err := w.ConfirmGlass(ctx, w.As("psy-other"), p, "none")
			return err
		},
		"emergency": func(p bridge.PatientID) error {
			_, err := w.BreakGlass(ctx, w.As("sw-other"), bridge.NewEmergency{MID: bridgetest.MID(), Patient: p, Reason: "he lies on the floor"})
			return err
		},
	}
}

func TestAPatientWhoDoesNotExistIsToldLikeOneWhoIsNotYours(t *testing.T) {
	w := bridgetest.New(t)
	asked, _ := held(t, w)
	for name, ask := range lookups(t, w, asked) {
		t.Run(name, func(t *testing.T) {
			known, unknown := ask("jens"), ask("nobody")
			if d := cmp.Diff(same(t, unknown), same(t, known)); d != "" {
				t.Errorf("it tells: %s", d)
			}
			if bridge.CodeOf(known) != bridge.CodeForbidden {
				t.Errorf("got %v", known)
			}
		})
	}
}

// silent is a policy that does not answer.
type silent struct{ bridge.Decider }

var errSilent = errors.New("conflict")

func (silent) Decide(context.Context, *bridge.Question) (bridge.Decision, error) {
	return bridge.Decision{Allow: true}, errSilent
}

func (silent) MayConsent(context.Context, bridge.Actor, *bridge.Snapshot, time.Time) (bridge.Decision, error) {
	return bridge.Decision{Allow: true}, errSilent
}

// undecided does not answer who decides for the patient, and everything else.
type undecided struct{ bridge.Decider }

func (undecided) MayConsent(context.Context, bridge.Actor, *bridge.Snapshot, time.Time) (bridge.Decision, error) {
	return bridge.Decision{Allow: true}, errSilent
}

// To who is refused because nothing could be decided, it is told so: they try again.
func TestAPatientIsNotRefusedTheTextForWantOfADecision(t *testing.T) {
	w := bridgetest.New(t)
	b, err := bridge.New(bridge.Config{Store: w.Store(), Decider: undecided{w.Policy}, Texts: w.Policy, Live: w.Live()})
	if err != nil {
		t.Fatal(err)
	}
	scope := bridgetest.Scope("sw", "gp", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication)
	_, err = b.ConsentText(t.Context(), w.As("jens"), "jens", scope, "da")
	bridgetest.MustDeny(t, err, bridge.CodePolicyUnavailable)
}

func TestNoDecisionIsNo(t *testing.T) {
	w := bridgetest.New(t)
	consent := w.Consent("jens", "jens", bridgetest.Scope("sw", "gp", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication))
	conv := w.Talk(bridge.PurposeTreatment, "gp", "psy")
	b, err := bridge.New(bridge.Config{Store: w.Store(), Decider: silent{w.Policy}, Texts: w.Policy, Live: w.Live()})
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Send(t.Context(), w.As("gp"), bridgetest.Draft(conv, "x", bridge.TopicMedication))
	bridgetest.MustDeny(t, err, bridge.CodePolicyUnavailable)
	if got := bridgetest.Texts(w.Reader("psy").Next()); len(got) != 0 {
		t.Errorf("delivered %q", got)
	}
	_, err = b.Grant(t.Context(), w.As("jens"), bridge.NewGrant{MID: bridgetest.MID(), Patient: "jens", Scope: &consent.Scope, Language: "da"})
	bridgetest.MustDeny(t, err, bridge.CodePolicyUnavailable)
	if _, err := b.Withdraw(t.Context(), w.As("jens"), "jens", consent.ID); err != nil {
		t.Errorf("the patient could not take the consent back: %v", err)
	}
}

func TestADisabledAccountStopsAtOnce(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	conv := w.Talk(bridge.PurposeTreatment, "gp", "psy")
	w.MustSend("gp", bridgetest.Draft(conv, "x", bridge.TopicMedication))
	psy, gp, admin := w.As("psy"), w.As("gp"), w.As("admin")
	bridgetest.MustDeny(t, w.Disable(ctx, gp, psy.Subject), bridge.CodeForbidden)
	if err := w.Disable(ctx, admin, psy.Subject); err != nil {
		t.Fatal(err)
	}
	_, _, err := w.Deliver(ctx, psy, fresh, 0, 10)
	bridgetest.MustDeny(t, err, bridge.CodeAccountDisabled)
	_, err = w.Caller(ctx, bridgetest.Identity("psy"), "")
	bridgetest.MustDeny(t, err, bridge.CodeAccountDisabled)
	if err := w.Enable(ctx, admin, psy.Subject); err != nil {
		t.Fatal(err)
	}
	_, _, err = w.Deliver(ctx, psy, fresh, 0, 10)
	bridgetest.MustDeny(t, err, bridge.CodeTokenExpired) // that caller was made before
	if d := cmp.Diff([]string{"x"}, bridgetest.Texts(w.Reader("psy").Next())); d != "" {
		t.Error(d)
	}
}

func TestEmergencyAccessNeedsAReasonAndASecondConfirmationAndEnds(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	who := w.As("psy-other")
	_, err := w.CareTeam(ctx, who, "jens")
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
	e, err := w.BreakGlass(ctx, who, unconscious())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.CareTeam(ctx, who, "jens"); err == nil {
		t.Error("open without the second confirmation")
	}
	w.Clock.Advance(bridge.EmergencyConfirm + time.Second)
	_, err = w.ConfirmGlass(ctx, who, "jens", e.ID)
	bridgetest.MustDeny(t, err, bridge.CodeConflict)
	if e, err = w.BreakGlass(ctx, who, unconscious()); err != nil {
		t.Fatal(err)
	}
	if e, err = w.ConfirmGlass(ctx, who, "jens", e.ID); err != nil {
		t.Fatal(err)
	}
	team, err := w.CareTeam(ctx, who, "jens")
	if err != nil || len(team) != 5 {
		t.Errorf("saw %d of the team, %v", len(team), err)
	}
	told := 0
	for _, d := range w.Reader("jens").Next() {
		if d.Event.State == "emergency-confirmed" {
			told++
		}
	}
	if told != 1 {
		t.Errorf("the patient was told %d times", told)
	}
	w.Clock.Advance(bridge.EmergencyLifetime + time.Second)
	_, err = w.CareTeam(ctx, who, "jens")
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
}

func TestTheCareTeamIsShownAsFarAsTheGateAllows(t *testing.T) {
	w := bridgetest.New(t)
	names := func(who string) []string {
		t.Helper()
		team, err := w.CareTeam(t.Context(), w.As(who), "jens")
		if err != nil {
			t.Fatalf("%s: %v", who, err)
		}
		var out []string
		for _, m := range team {
			out = append(out, m.Member.ID())
		}
		return out
	}
	if d := cmp.Diff([]string{"gp", "psy", "nurse", "sw", "cw"}, names("jens")); d != "" {
		t.Errorf("the patient: %s", d)
	}
	if d := cmp.Diff([]string{"gp", "psy", "nurse"}, names("gp")); d != "" {
		t.Errorf("the GP: %s", d)
	}
	w.Consent("jens", "jens", bridgetest.Scope("sw", "gp", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication))
	if d := cmp.Diff([]string{"gp", "sw"}, names("sw")); d != "" {
		t.Errorf("the social worker: %s", d)
	}
}

func TestAClientThatDoesNotKeepTheFreshnessRuleGetsNoContent(t *testing.T) {
	w := bridgetest.New(t)
	conv := w.Talk(bridge.PurposeTreatment, "gp", "psy")
	w.MustSend("gp", bridgetest.Draft(conv, "x", bridge.TopicMedication))
	got, _, err := w.Deliver(t.Context(), w.As("psy"), bridge.Claimant{Session: "old"}, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"-[client_not_fresh]"}, bridgetest.Texts(got)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"x"}, bridgetest.Texts(w.Reader("psy").Next())); d != "" {
		t.Errorf("another client of theirs: %s", d)
	}
}

func TestImportTwiceIsImportOnce(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	batch := bridgetest.Region(bridgetest.Noon)
	_, err := w.Import(ctx, w.As("gp"), batch)
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
	again, err := w.Import(ctx, w.As("admin"), batch)
	if err != nil || again.Created+again.Updated != 0 {
		t.Errorf("importing what is there: %+v, %v", again, err)
	}
	batch.Teams["jens"] = batch.Teams["jens"][1:]
	batch.Patients = append(batch.Patients, bridge.Patient{ID: "new", Name: "New", BirthDate: bridgetest.Noon, Active: true})
	report, err := w.Import(ctx, w.As("admin"), batch)
	if err != nil || report.Created != 1 || report.Updated != 1 {
		t.Errorf("importing a change: %+v, %v", report, err)
	}
	if _, err := w.CareTeam(ctx, w.As("gp"), "jens"); bridge.CodeOf(err) != bridge.CodeForbidden {
		t.Errorf("who left the team still sees it: %v", err)
	}
	batch.Teams["ghost"] = batch.Teams["jens"]
	batch.Patients[0].Name = "Changed"
	_, err = w.Import(ctx, w.As("admin"), batch)
	bridgetest.MustDeny(t, err, bridge.CodeBadRequest)
	if p, err := w.Patient(ctx, w.As("jens"), "jens"); err != nil || p.Name != "Name of jens" {
		t.Errorf("a broken import left %+v, %v", p, err)
	}
}

func unconscious() bridge.NewEmergency {
	return bridge.NewEmergency{MID: bridgetest.MID(), Patient: "jens", Reason: "unconscious in the emergency room"}
}
