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

// held asks jens with a message in hand.
func held(t *testing.T, w *bridgetest.World) (bridge.ConsentRequest, bridge.Draft) {
	t.Helper()
	conv := w.TalkAbout("jens", bridge.PurposeSocialCasework, "c-1", "sw", "gp")
	d := bridgetest.Draft(conv, "question", bridge.TopicMedication)
	s := bridgetest.Scope("sw", "gp", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication)
	n := bridge.NewRequest{MID: bridgetest.MID(), Patient: "jens", Scope: s, Reason: "to help", Hold: &d}
	r, err := w.RequestConsent(t.Context(), w.As("sw"), n)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := w.RequestConsent(t.Context(), w.As("sw"), n); err != nil || again.ID != r.ID {
		t.Errorf("asked again: %+v, %v", again, err)
	}
	return r, d
}

// returned are the states in which messages came back to somebody.
func returned(events []bridge.Delivered) []string {
	out := []string{}
	for _, e := range events {
		if e.Event.Kind == bridge.EventReturned {
			out = append(out, e.Event.State)
		}
	}
	return out
}

func TestAHeldMessageReturnsWhenThePatientSaysNo(t *testing.T) {
	w := bridgetest.New(t)
	r, d := held(t, w)
	if err := w.Decline(t.Context(), w.As("jens"), "jens", r.ID); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"declined"}, returned(w.Reader("sw").Next())); d != "" {
		t.Error(d)
	}
	err := w.Decline(t.Context(), w.As("jens"), "jens", r.ID)
	bridgetest.MustDeny(t, err, bridge.CodeConflict)
	sent, err := w.Send(t.Context(), w.As("sw"), d)
	if err != nil || sent.State != bridge.MessageReturned {
		t.Errorf("sent again: %+v, %v", sent, err)
	}
}

func TestAHeldMessageReturnsAfterAWeek(t *testing.T) {
	w := bridgetest.New(t)
	r, _ := held(t, w)
	sw := w.Reader("sw")
	w.Clock.Advance(bridge.RequestLifetime - time.Minute)
	if err := w.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := returned(sw.Next()); len(got) != 0 {
		t.Fatalf("returned early: %q", got)
	}
	w.Clock.Advance(2 * time.Minute)
	if err := w.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"expired"}, returned(sw.Next())); d != "" {
		t.Error(d)
	}
	text, err := w.ConsentText(t.Context(), w.As("jens"), "jens", r.Scope, "da")
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Grant(t.Context(), w.As("jens"), bridge.NewGrant{MID: bridgetest.MID(), Patient: "jens", Request: r.ID, Language: "da", TextHash: text.Hash})
	bridgetest.MustDeny(t, err, bridge.CodeConflict)
}

func TestAHeldMessageReturnsWhenForAWeekThereIsNobodyToGetIt(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	conv := w.TalkAbout("jens", bridge.PurposeSocialCasework, "c-1", "sw", "own-gp")
	d := bridgetest.Draft(conv, "question", bridge.TopicMedication)
	r, err := w.RequestConsent(ctx, w.As("sw"), bridge.NewRequest{
		MID: bridgetest.MID(), Patient: "jens", Reason: "to help", Hold: &d,
		Scope: bridgetest.Scope("sw", "own-gp", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication),
	})
	if err != nil {
		t.Fatal(err)
	}
	team := bridgetest.Region(bridgetest.Noon).Teams["jens"]
	batch := bridge.ImportBatch{Teams: map[bridge.PatientID][]bridge.CareTeamMember{"jens": team[1:]}}
	if _, err := w.Import(ctx, w.As("admin"), batch); err != nil {
		t.Fatal(err)
	}
	w.Answer("jens", r)
	sw := w.Reader("sw")
	for _, want := range [][]string{{}, {"expired"}} {
		if err := w.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, returned(sw.Next())); d != "" {
			t.Error(d)
		}
		w.Clock.Advance(bridge.RequestLifetime + time.Minute)
	}
}

func TestWhatIsNoConsent(t *testing.T) {
	w := bridgetest.New(t)
	good := bridgetest.Scope("sw", "gp", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication)
	for name, change := range map[string]func(*bridge.NewGrant){
		"from everybody":      func(n *bridge.NewGrant) { n.Scope.From = nil },
		"to everybody":        func(n *bridge.NewGrant) { n.Scope.To = nil },
		"about everything":    func(n *bridge.NewGrant) { n.Scope.Topics = nil },
		"for anything":        func(n *bridge.NewGrant) { n.Scope.Purposes = nil },
		"in no case":          func(n *bridge.NewGrant) { n.Scope.Case = "" },
		"over already":        func(n *bridge.NewGrant) { n.Scope.Period.End = bridgetest.Noon.AddDate(0, 0, -1) },
		"to nobody there":     func(n *bridge.NewGrant) { n.Scope.To = []bridge.Party{bridgetest.Party("nobody")} },
		"to the patient":      func(n *bridge.NewGrant) { n.Scope.To = []bridge.Party{bridgetest.Party("patient:jens")} },
		"on another text":     func(n *bridge.NewGrant) { n.TextHash = "00" },
		"signed in by others": func(n *bridge.NewGrant) { n.Form = bridge.FormPaper },
	} {
		t.Run(name, func(t *testing.T) {
			text, err := w.ConsentText(t.Context(), w.As("jens"), "jens", good, "da")
			if err != nil {
				t.Fatal(err)
			}
			s := good
			n := bridge.NewGrant{MID: bridgetest.MID(), Patient: "jens", Scope: &s, Language: "da", TextHash: text.Hash}
			change(&n)
			if again, err := w.ConsentText(t.Context(), w.As("jens"), "jens", s, "da"); err == nil && n.TextHash != "00" {
				n.TextHash = again.Hash
			}
			if _, err := w.Grant(t.Context(), w.As("jens"), n); err == nil {
				t.Error("was granted")
			}
		})
	}
}

func TestAConsentEndsWithItsPeriod(t *testing.T) {
	w := bridgetest.New(t)
	s := bridgetest.Scope("gp", "sw", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication)
	s.Period.End = bridgetest.Noon.AddDate(5, 0, 0)
	c := w.Consent("jens", "jens", s)
	if longest := bridgetest.Noon.AddDate(1, 0, 1); c.Scope.Period.End.After(longest) {
		t.Errorf("a consent under %s lasts until %v (Sundhedsloven s. 44(2): a year)", c.Basis, c.Scope.Period.End)
	}
	conv := w.TalkAbout("jens", bridge.PurposeSocialCasework, "c-1", "gp", "sw")
	w.MustSend("gp", bridgetest.Draft(conv, "now", bridge.TopicMedication))
	w.Clock.Advance(c.Scope.Period.End.Sub(w.Clock.Now()) + time.Second)
	_, err := w.Send(t.Context(), w.As("gp"), bridgetest.Draft(conv, "late", bridge.TopicMedication))
	bridgetest.MustDeny(t, err, bridge.CodeConsentRequired)
	if err := w.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	all, _, err := w.Consents(t.Context(), w.As("jens"), "jens")
	if err != nil || len(all) != 1 || all[0].State != bridge.ConsentExpired {
		t.Errorf("consents %+v, %v", all, err)
	}
}

func TestANewConsentSupersedesAndDoesNotRevive(t *testing.T) {
	w := bridgetest.New(t)
	s := bridgetest.Scope("gp", "sw", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication)
	first := w.Consent("jens", "jens", s)
	conv := w.TalkAbout("jens", bridge.PurposeSocialCasework, "c-1", "gp", "sw")
	w.MustSend("gp", bridgetest.Draft(conv, "under the first", bridge.TopicMedication))
	second := w.Consent("jens", "jens", s)
	if second.Supersedes != first.ID {
		t.Errorf("supersedes %q, want %q", second.Supersedes, first.ID)
	}
	sw := w.Reader("sw")
	if d := cmp.Diff([]string{"under the first"}, bridgetest.Texts(sw.Next())); d != "" {
		t.Error(d)
	}
	w.MustSend("gp", bridgetest.Draft(conv, "under the second", bridge.TopicMedication))
	if _, err := w.Withdraw(t.Context(), w.As("jens"), "jens", second.ID); err != nil {
		t.Fatal(err)
	}
	w.Consent("jens", "jens", s)
	got := sw.Next()
	if d := cmp.Diff([]string{"-[consent_withdrawn]"}, bridgetest.Texts(got)); d != "" {
		t.Error(d)
	}
}

func TestAMessageGoesOnThroughEveryConsentThatTookThePlaceOfItsOwn(t *testing.T) {
	w := bridgetest.New(t)
	s := bridgetest.Scope("gp", "sw", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication)
	first := w.Consent("jens", "jens", s)
	conv := w.TalkAbout("jens", bridge.PurposeSocialCasework, "c-1", "gp", "sw")
	w.MustSend("gp", bridgetest.Draft(conv, "one", bridge.TopicMedication))
	w.Consent("jens", "jens", s)
	third := w.Consent("jens", "jens", s)
	sw := w.Reader("sw")
	if d := cmp.Diff([]string{"one"}, bridgetest.Texts(sw.Next())); d != "" {
		t.Error(d)
	}
	w.MustSend("gp", bridgetest.Draft(conv, "two", bridge.TopicMedication))
	// Who withdraws what they see in an old list says no to what it permits.
	if c, err := w.PreviewWithdrawal(t.Context(), w.As("jens"), "jens", first.ID); err != nil || len(c.Lose) == 0 {
		t.Errorf("withdrawing the first would change %+v, %v", c, err)
	}
	done, err := w.Withdraw(t.Context(), w.As("jens"), "jens", first.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Send(t.Context(), w.As("gp"), bridgetest.Draft(conv, "three", bridge.TopicMedication))
	bridgetest.MustDeny(t, err, bridge.CodeConsentRequired)
	if d := cmp.Diff([]string{"-[consent_withdrawn consent_required]"}, bridgetest.Texts(sw.Next())); d != "" {
		t.Error(d)
	}
	w.Consent("jens", "jens", s) // a yes of its own, which a repeated no does not touch
	for _, id := range []bridge.ConsentID{first.ID, third.ID} {
		again, err := w.Withdraw(t.Context(), w.As("jens"), "jens", id)
		if err != nil || !again.At.Equal(done.At) {
			t.Errorf("withdrawn again: at %v, %v; the first time at %v", again.At, err, done.At)
		}
	}
	w.MustSend("gp", bridgetest.Draft(conv, "four", bridge.TopicMedication))
	if d := cmp.Diff([]string{"four"}, bridgetest.Texts(sw.Next())); d != "" {
		t.Error(d)
	}
}

func TestAWithdrawalWaitsForWhatWasClaimedUnderAnEarlierConsentOfTheSame(t *testing.T) {
	w := bridgetest.New(t)
	s := bridgetest.Scope("gp", "sw", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication)
	w.Consent("jens", "jens", s)
	conv := w.TalkAbout("jens", bridge.PurposeSocialCasework, "c-1", "gp", "sw")
	w.MustSend("gp", bridgetest.Draft(conv, "one", bridge.TopicMedication))
	w.Reader("sw").Fetch() // and says nothing of it
	second := w.Consent("jens", "jens", s)
	done, err := w.Withdraw(t.Context(), w.As("jens"), "jens", second.ID)
	if err != nil || len(done.Unconfirmed) != 1 {
		t.Errorf("answered with %d unconfirmed, %v", len(done.Unconfirmed), err)
	}
}

func TestPreviewsSayWhatWouldChange(t *testing.T) {
	w := bridgetest.New(t)
	conv := w.TalkAbout("jens", bridge.PurposeSocialCasework, "c-1", "sw", "gp")
	s := bridgetest.Scope("sw", "gp", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication)
	gain, err := w.PreviewGrant(t.Context(), w.As("jens"), bridge.NewGrant{Patient: "jens", Scope: &s})
	if err != nil {
		t.Fatal(err)
	}
	pair := []bridge.Access{
		{From: bridgetest.Role("sw"), To: bridgetest.Role("gp"), Topics: s.Topics},
		{From: bridgetest.Role("gp"), To: bridgetest.Role("sw"), Topics: s.Topics},
	}
	want := bridge.Change{Conversations: []bridge.ConversationID{conv.ID}, Gain: pair}
	if d := cmp.Diff(want, gain); d != "" {
		t.Error(d)
	}
	c := w.Consent("jens", "jens", s)
	lose, err := w.PreviewWithdrawal(t.Context(), w.As("jens"), "jens", c.ID)
	if err != nil {
		t.Fatal(err)
	}
	want.Gain, want.Lose = nil, pair
	if d := cmp.Diff(want, lose); d != "" {
		t.Error(d)
	}
	_, err = w.PreviewWithdrawal(t.Context(), w.As("gp"), "jens", c.ID)
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
}

func TestAnObjectionCountsWhereNoConsentIsNeeded(t *testing.T) {
	w := bridgetest.New(t)
	conv := w.Talk(bridge.PurposeTreatment, "gp", "psy")
	w.MustSend("gp", bridgetest.Draft(conv, "before", bridge.TopicMedication))
	o, err := w.Object(t.Context(), w.As("jens"), bridge.Objection{ID: bridge.ObjectionID(bridgetest.MID()), Patient: "jens", Parties: []bridge.Party{bridgetest.Party("unit:team-2")}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Send(t.Context(), w.As("gp"), bridgetest.Draft(conv, "after", bridge.TopicMedication))
	bridgetest.MustDeny(t, err, bridge.CodeForbidden, "objection")
	psy := w.Reader("psy")
	if got := psy.Next(); len(got) != 3 || !slices.Contains(got[1].Withheld, "objection") {
		t.Errorf("delivered %+v", got)
	}
	if err := w.Lift(t.Context(), w.As("jens"), "jens", o.ID); err != nil {
		t.Fatal(err)
	}
	w.MustSend("gp", bridgetest.Draft(conv, "lifted", bridge.TopicMedication))
	if d := cmp.Diff([]string{"before", "lifted"}, bridgetest.Texts(psy.Next())); d != "" {
		t.Error(d)
	}
}

func TestBeforeFifteenTheHolderOfCustodyDecides(t *testing.T) {
	w := bridgetest.New(t)
	s := bridgetest.Scope("sw", "gp", bridge.PurposeSocialCasework, "c-1", bridge.TopicSomaticHealth)
	text, err := w.ConsentText(t.Context(), w.As("mother"), "amir", s, "da")
	if err != nil {
		t.Fatal(err)
	}
	n := bridge.NewGrant{MID: bridgetest.MID(), Patient: "amir", Scope: &s, Language: "da", TextHash: text.Hash}
	_, err = w.Grant(t.Context(), w.As("amir"), n)
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
	_, err = w.Grant(t.Context(), w.As("jens"), n)
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
	c, err := w.Grant(t.Context(), w.As("mother"), n)
	if err != nil || c.GrantedBy != "RelatedPerson/mother" {
		t.Fatalf("granted %+v, %v", c, err)
	}
	w.Clock.Advance(2 * 366 * 24 * time.Hour)
	_, err = w.Withdraw(t.Context(), w.As("mother"), "amir", c.ID)
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
}
