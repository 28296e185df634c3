// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
)

func TestAUnitsInboxReachesEverybodyWhoWorksThere(t *testing.T) {
	w := bridgetest.New(t)
	conv := w.Talk(bridge.PurposeTreatment, "gp", "unit:team-2")
	sent := w.MustSend("gp", bridgetest.Draft(conv, "to the team", bridge.TopicMedication))
	var to []string
	for _, r := range sent.Recipients {
		to = append(to, r.Recipient.ID())
	}
	slices.Sort(to)
	if d := cmp.Diff([]string{"nurse", "psy"}, to); d != "" {
		t.Error(d)
	}
	for _, name := range to {
		if d := cmp.Diff([]string{"to the team"}, bridgetest.Texts(w.Reader(name).Next())); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestWhetherAFunctionIsFilledIsNotTold(t *testing.T) {
	w := bridgetest.New(t)
	send := func(p bridge.PatientID) error {
		conv := w.TalkAbout(p, bridge.PurposeSocialCasework, "c-1", "sw", "treating-psychiatrist")
		_, err := w.Send(t.Context(), w.As("sw"), bridgetest.Draft(conv, "x", bridge.TopicMentalHealth))
		return err
	}
	fraction := regexp.MustCompile(`\.\d+Z`) // of the seconds at which it was asked
	filled := fraction.ReplaceAllString(same(t, send("jens")), "")
	unfilled := fraction.ReplaceAllString(same(t, send("amir")), "")
	if d := cmp.Diff(unfilled, filled); d != "" {
		t.Errorf("it tells: %s", d)
	}
	conv := w.TalkAbout("amir", bridge.PurposeTreatment, "", "gp", "treating-psychiatrist")
	_, err := w.Send(t.Context(), w.As("gp"), bridgetest.Draft(conv, "x", bridge.TopicMentalHealth))
	bridgetest.MustDeny(t, err, bridge.CodeNotFound) // who may know is told
}

func TestThePatientTalksWithTheirTeam(t *testing.T) {
	w := bridgetest.New(t)
	conv := w.Talk(bridge.PurposeTreatment, "jens", "psy")
	w.MustSend("jens", bridgetest.Draft(conv, "I sleep badly", bridge.TopicMentalHealth))
	if d := cmp.Diff([]string{"I sleep badly"}, bridgetest.Texts(w.Reader("psy").Next())); d != "" {
		t.Error(d)
	}
	w.MustSend("psy", bridgetest.Draft(conv, "come on Monday", bridge.TopicPractical))
	if got := bridgetest.Texts(w.Reader("jens").Next()); !slices.Contains(got, "come on Monday") {
		t.Errorf("the patient read %q", got)
	}
	amir := w.TalkAbout("amir", bridge.PurposeTreatment, "", "mother", "gp")
	w.MustSend("mother", bridgetest.Draft(amir, "he has a fever", bridge.TopicSomaticHealth))
	w.Clock.Advance(3 * 366 * 24 * time.Hour) // now he is 16, and decides himself
	_, err := w.Send(t.Context(), w.As("mother"), bridgetest.Draft(amir, "again", bridge.TopicSomaticHealth))
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
}

func TestConversationsAreListedAsFarAsTheGateAllowsNow(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	s := bridgetest.Scope("gp", "sw", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication)
	consent := w.Consent("jens", "jens", s)
	n := bridge.NewConversation{
		MID: bridgetest.MID(), Patient: "jens", Purpose: bridge.PurposeSocialCasework, Case: "c-1",
		Subject: "tablets", Members: []bridge.Party{bridgetest.Party("sw")},
	}
	conv, err := w.Open(ctx, w.As("gp"), n)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := w.Open(ctx, w.As("gp"), n); err != nil || again.ID != conv.ID {
		t.Errorf("opened again: %+v, %v", again, err)
	}
	d := bridgetest.Draft(conv, "x", bridge.TopicMedication)
	d.Priority = bridge.Urgent
	w.MustSend("gp", d)
	own := w.Talk(bridge.PurposeTreatment, "jens", "sw")
	w.MustSend("jens", bridgetest.Draft(own, "hello", bridge.TopicPractical))
	list := func() map[bridge.ConversationID]bridge.ConversationView {
		views, err := w.Conversations(ctx, w.As("sw"), bridge.ConversationQuery{})
		if err != nil || len(views) != 2 {
			t.Fatalf("listed %+v, %v", views, err)
		}
		return map[bridge.ConversationID]bridge.ConversationView{views[0].ID: views[0], views[1].ID: views[1]}
	}
	if v := list()[conv.ID]; v.Locked || v.Unread != 1 || !v.Urgent || v.Subject != "" {
		t.Errorf("listed as %+v", v)
	}
	// What the opener called it is content: with a claim, in a message.
	if mine, err := w.Conversations(ctx, w.As("gp"), bridge.ConversationQuery{}); err != nil || mine[0].Subject != "tablets" {
		t.Errorf("the opener sees %+v, %v", mine, err)
	}
	items, _, err := w.History(ctx, w.As("sw"), fresh, bridge.HistoryQuery{Conversation: conv.ID})
	if err != nil || items[0].Message.Subject != "tablets" || items[0].Disclosure == "" {
		t.Errorf("read as %+v, %v", items, err)
	}
	if err := w.Close(ctx, w.As("sw"), []bridge.DisclosureID{items[0].Disclosure}, bridge.DisclosureShown); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Withdraw(ctx, w.As("jens"), "jens", consent.ID); err != nil {
		t.Fatal(err)
	}
	after := list()
	if v := after[conv.ID]; !v.Locked || v.Subject != "" || v.Members != nil || v.Unread != 0 || len(v.Reasons) == 0 {
		t.Errorf("after the withdrawal listed as %+v", v)
	}
	if v := after[own.ID]; v.Locked || v.Unread != 1 {
		t.Errorf("the patient's own is listed as %+v", v)
	}
	_, _, err = w.History(ctx, w.As("gp-other"), fresh, bridge.HistoryQuery{Conversation: conv.ID})
	no := same(t, err)
	_, _, err = w.History(ctx, w.As("gp-other"), fresh, bridge.HistoryQuery{Conversation: "none"})
	if d := cmp.Diff(same(t, err), no); d != "" {
		t.Errorf("it tells that there is a conversation: %s", d)
	}
}

func TestHistoryIsReadInPages(t *testing.T) {
	w := bridgetest.New(t)
	conv := w.Talk(bridge.PurposeTreatment, "gp", "psy")
	for range 7 {
		w.MustSend("gp", bridgetest.Draft(conv, "x", bridge.TopicMedication))
	}
	for _, c := range []struct {
		q        bridge.HistoryQuery
		want     []uint64
		complete bool
	}{
		{bridge.HistoryQuery{Limit: 3}, []uint64{5, 6, 7}, false},
		{bridge.HistoryQuery{Before: 5, Limit: 3}, []uint64{2, 3, 4}, false},
		{bridge.HistoryQuery{Before: 2, Limit: 3}, []uint64{1}, true},
		{bridge.HistoryQuery{After: 5, Limit: 3}, []uint64{6, 7}, true},
		{bridge.HistoryQuery{After: 2, Limit: 3}, []uint64{3, 4, 5}, false},
		{bridge.HistoryQuery{}, []uint64{1, 2, 3, 4, 5, 6, 7}, true},
	} {
		c.q.Conversation = conv.ID
		items, complete, err := w.History(t.Context(), w.As("psy"), fresh, c.q)
		if err != nil {
			t.Fatal(err)
		}
		seqs := []uint64{}
		for _, i := range items {
			seqs = append(seqs, i.Message.Seq)
		}
		if !slices.Equal(seqs, c.want) || complete != c.complete {
			t.Errorf("%+v: %v, complete %v", c.q, seqs, complete)
		}
	}
}

func TestAProfessionalPutsAPaperConsentOnRecord(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	s := bridgetest.Scope("gp", "sw", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication)
	text, err := w.ConsentText(ctx, w.As("gp"), "jens", s, "ar")
	if err != nil {
		t.Fatal(err)
	}
	n := bridge.NewGrant{MID: bridgetest.MID(), Patient: "jens", Scope: &s, Language: "ar", TextHash: text.Hash, Form: bridge.FormPaper, Reason: "in the clinic's archive"}
	_, err = w.Grant(ctx, w.As("gp-other"), n)
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
	for range 2 {
		c, err := w.Grant(ctx, w.As("gp"), n)
		if err != nil || c.GrantedBy != "Patient/jens" || c.Evidence.RecordedBy != bridgetest.Role("gp") || c.Evidence.Language != "ar" {
			t.Fatalf("granted %+v, %v", c, err)
		}
	}
	n.MID, n.Form = bridgetest.MID(), bridge.FormSignedIn
	_, err = w.Grant(ctx, w.As("gp"), n)
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
	conv := w.TalkAbout("jens", bridge.PurposeSocialCasework, "c-1", "gp", "sw")
	w.MustSend("gp", bridgetest.Draft(conv, "x", bridge.TopicMedication))
	named, _, err := w.Consents(ctx, w.As("sw"), "jens")
	if err != nil || len(named) != 1 {
		t.Errorf("the social worker sees %+v, %v", named, err)
	}
	if other, _, err := w.Consents(ctx, w.As("cw"), "jens"); err != nil || len(other) != 0 {
		t.Errorf("the caseworker sees %+v, %v", other, err)
	}
	asked, err := w.Requests(ctx, w.As("sw"), bridge.RequestQuery{Patient: "jens"})
	if err != nil || len(asked) != 0 {
		t.Errorf("requests %+v, %v", asked, err)
	}
}

func TestAMessageHeldWhileTheBridgeStoppedGoesAtTheNextSweep(t *testing.T) {
	w := bridgetest.New(t)
	r, _ := held(t, w)
	// The consent is there and the request is granted, as when the bridge was
	// killed right behind that commit.
	text, err := w.ConsentText(t.Context(), w.As("jens"), "jens", r.Scope, "da")
	if err != nil {
		t.Fatal(err)
	}
	w.Consent("jens", "jens", r.Scope)
	err = w.Store().Update(t.Context(), "jens", func(tx bridge.Tx) error {
		r.State = bridge.RequestGranted
		return tx.Consents().PutRequest(r)
	})
	if err != nil {
		t.Fatal(err)
	}
	gp := w.Reader("gp")
	gp.Next()
	if err := w.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"question"}, bridgetest.Texts(gp.Next())); d != "" {
		t.Error(d)
	}
	_, err = w.Grant(t.Context(), w.As("jens"), bridge.NewGrant{MID: bridgetest.MID(), Patient: "jens", Request: r.ID, Language: "da", TextHash: text.Hash})
	bridgetest.MustDeny(t, err, bridge.CodeConflict)
}

func TestAHeldMessageReturnsWhenItsSenderMayNotSendAnyMore(t *testing.T) {
	w := bridgetest.New(t)
	r, _ := held(t, w)
	sw := w.Reader("sw")
	sw.Next()
	who := w.As("sw").Subject
	if err := w.Disable(t.Context(), w.As("admin"), who); err != nil {
		t.Fatal(err)
	}
	w.Answer("jens", r)
	if got := bridgetest.Texts(w.Reader("gp").Next()); len(got) != 0 {
		t.Errorf("a disabled sender's question went: %q", got)
	}
	if err := w.Enable(t.Context(), w.As("admin"), who); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"refused"}, returned(sw.Next())); d != "" {
		t.Error(d)
	}
}

// tongue hears who is told of typing.
type tongue struct {
	ear
	told []bridge.Ref
}

func (g *tongue) Typing(to bridge.Ref, _ bridge.ConversationID, _ bridge.Ref, _ bool) {
	g.told = append(g.told, to)
}

func TestPresenceAndTypingAreToldWhereTheGateAllows(t *testing.T) {
	w := bridgetest.New(t, bridgetest.WithClock(time.Now)) // live state has a clock of its own
	ctx := t.Context()
	g := &tongue{}
	w.Listen(g)
	conv := w.Talk(bridge.PurposeTreatment, "gp", "psy", "sw")
	w.MustSend("gp", bridgetest.Draft(conv, "x", bridge.TopicMedication))
	if err := w.Typing(ctx, w.As("gp"), conv.ID, true); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]bridge.Ref{bridgetest.Role("psy")}, g.told); d != "" {
		t.Error(d)
	}
	if err := w.Live().Touch(ctx, []bridge.Connection{{Party: bridgetest.Role("psy"), ID: "s-1"}}); err != nil {
		t.Fatal(err)
	}
	members := []bridge.Party{bridgetest.Party("treating-psychiatrist"), bridgetest.Party("sw")}
	seen, err := w.Presence(ctx, w.As("gp"), "jens", members)
	if err != nil || len(seen) != 1 || seen[0].Party != bridgetest.Role("psy") || seen[0].State != bridge.PresenceOnline {
		t.Errorf("the GP sees %+v, %v", seen, err)
	}
	_, err = w.Presence(ctx, w.As("cw"), "jens", members)
	bridgetest.MustDeny(t, err, bridge.CodeConsentRequired)
	if err := w.SetDND(ctx, w.As("psy"), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if seen, err = w.Presence(ctx, w.As("gp"), "jens", members); err != nil || seen[0].State != bridge.PresenceDND {
		t.Errorf("in do-not-disturb the GP sees %+v, %v", seen, err)
	}
}

func TestHoursAndASubstituteAreShownBeforeOneWrites(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	psy := bridge.PractitionerRole{
		ID: "psy", Practitioner: "person-psy", Organization: "team-2", Code: "overlaege", Active: true,
		Hours:    []bridge.Hours{{Days: []time.Weekday{time.Monday}, Start: "08:00", End: "12:00"}},
		Absences: []bridge.Absence{{From: bridgetest.Noon.AddDate(0, 0, 1), Until: bridgetest.Noon.AddDate(0, 0, 9), Reason: "holiday", Substitute: bridgetest.Role("psy-other")}},
	}
	if _, err := w.Import(ctx, w.As("admin"), bridge.ImportBatch{Resources: []bridge.Resource{psy}}); err != nil {
		t.Fatal(err)
	}
	conv := w.Talk(bridge.PurposeTreatment, "gp", "psy")
	look := func() *bridge.Reachable {
		views, err := w.Preview(ctx, w.As("gp"), bridgetest.Draft(conv, "x", bridge.TopicMedication))
		if err != nil || len(views) != 1 || views[0].Reachable == nil {
			t.Fatalf("preview %+v, %v", views, err)
		}
		return views[0].Reachable
	}
	if r := look(); !r.InHours || !r.AwayUntil.IsZero() {
		t.Errorf("on Monday: %+v", r)
	}
	w.Clock.Advance(24 * time.Hour)
	if r := look(); r.InHours || r.Substitute != bridgetest.Role("psy-other") || r.AwayReason != "holiday" {
		t.Errorf("on holiday: %+v", r)
	}
}

func TestWhoIsWhoIsForProfessionals(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	found, err := w.Directory(ctx, w.As("gp"), bridge.DirectoryQuery{Text: "name of PSY"})
	if err != nil || len(found) != 2 {
		t.Errorf("found %+v, %v", found, err)
	}
	_, err = w.Directory(ctx, w.As("jens"), bridge.DirectoryQuery{})
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
	roles, err := w.Roles(ctx, bridgetest.Identity("psy"))
	if err != nil || len(roles) != 1 {
		t.Errorf("roles %+v, %v", roles, err)
	}
	if _, err := w.Caller(ctx, bridgetest.Identity("psy"), bridgetest.Role("gp")); bridge.CodeOf(err) != bridge.CodeUnauthenticated {
		t.Errorf("another's role was taken: %v", err)
	}
	if _, err := w.Caller(ctx, bridgetest.Identity("nobody"), ""); bridge.CodeOf(err) != bridge.CodeUnauthenticated {
		t.Errorf("nobody signed in: %v", err)
	}
	cpr := bridge.Identifier{System: "urn:oid:1.2.208.176.1.2", Value: "6101801234"}
	p := bridge.Patient{ID: "jens", Name: "Name of jens", BirthDate: bridgetest.Noon.AddDate(-38, -1, 0), Identifiers: []bridge.Identifier{cpr}, Active: true}
	if _, err := w.Import(ctx, w.As("admin"), bridge.ImportBatch{Patients: []bridge.Patient{p}}); err != nil {
		t.Fatal(err)
	}
	if got, err := w.FindPatient(ctx, w.As("gp"), cpr); err != nil || got.ID != "jens" || got.Identifiers != nil {
		t.Errorf("found %+v, %v", got, err)
	}
	_, err = w.FindPatient(ctx, w.As("gp-other"), cpr)
	known := same(t, err)
	cpr.Value = "6101801235"
	_, err = w.FindPatient(ctx, w.As("gp-other"), cpr)
	if d := cmp.Diff(same(t, err), known); d != "" {
		t.Errorf("it tells: %s", d)
	}
}

// A name that was mistyped leaves no empty conversation behind.
func TestAConversationWithNobodyIsNotOpened(t *testing.T) {
	w := bridgetest.New(t)
	for _, member := range []string{"gp-tpyo", "unit:nowhere", "patient:amir", "patient:nobody", "mother"} {
		n := bridge.NewConversation{MID: bridgetest.MID(), Patient: "jens", Purpose: bridge.PurposeTreatment, Members: []bridge.Party{bridgetest.Party("psy"), bridgetest.Party(member)}}
		_, err := w.Open(t.Context(), w.As("gp"), n)
		bridgetest.MustDeny(t, err, bridge.CodeBadRequest)
	}
	if views, err := w.Conversations(t.Context(), w.As("gp"), bridge.ConversationQuery{}); err != nil || len(views) != 0 {
		t.Errorf("there is %+v, %v", views, err)
	}
}

// names are the names that the caller is told of these, by reference.
func names(t *testing.T, w *bridgetest.World, caller string, p bridge.PatientID, refs ...bridge.Ref) map[bridge.Ref]string {
	t.Helper()
	got, err := w.Names(t.Context(), w.As(caller), p, refs)
	if err != nil {
		t.Fatalf("%s asks for names: %v", caller, err)
	}
	all := map[bridge.Ref]string{}
	for _, n := range got {
		all[n.Ref] = n.Name + ", " + n.Organization
	}
	return all
}

func TestAProfessionalIsToldWhoWorksWhereAndOfNoPatient(t *testing.T) {
	w := bridgetest.New(t)
	got := names(t, w, "gp-other", "", bridgetest.Role("psy"), "Practitioner/person-psy", "Organization/team-2", "Patient/jens", "RelatedPerson/mother", "PractitionerRole/nobody", bridgetest.Role("gp-other"))
	if d := cmp.Diff(map[bridge.Ref]string{
		bridgetest.Role("psy"): "Name of psy, Team 2", "Practitioner/person-psy": "Name of psy, ", "Organization/team-2": "Team 2, ",
		bridgetest.Role("gp-other"): "Name of gp-other, Other clinic",
	}, got); d != "" {
		t.Error(d)
	}
}

// A patient has no directory: whoever is not around them stays a reference.
func TestAPatientIsToldWhoIsAroundThem(t *testing.T) {
	w := bridgetest.New(t)
	all := []bridge.Ref{bridgetest.Role("psy"), bridgetest.Role("sw-other"), bridgetest.Role("gp-other"), "Organization/jobcentre", "Patient/jens", "Patient/amir"}
	want := map[bridge.Ref]string{bridgetest.Role("psy"): "Name of psy, Team 2", "Patient/jens": "Name of jens, "}
	if d := cmp.Diff(want, names(t, w, "jens", "", all...)); d != "" {
		t.Error(d)
	}
	w.Talk(bridge.PurposeTreatment, "jens", "sw-other")
	want[bridgetest.Role("sw-other")] = "Name of sw-other, Social psychiatry"
	s := bridgetest.Scope("gp", "cw", bridge.PurposeEmploymentFollowup, "c-1", bridge.TopicPractical)
	s.To = []bridge.Party{{Ref: "Organization/jobcentre"}}
	w.Consent("jens", "jens", s)
	want["Organization/jobcentre"] = "Jobcentre, "
	if d := cmp.Diff(want, names(t, w, "jens", "", all...)); d != "" {
		t.Error(d)
	}
	if got := names(t, w, "bo", "", all...); len(got) != 0 {
		t.Errorf("who has nobody around them is told %v", got)
	}
}

func TestNamesFollowTheRightToReadTheRecord(t *testing.T) {
	w := bridgetest.New(t)
	if d := cmp.Diff(map[bridge.Ref]string{bridgetest.Role("gp"): "Name of gp, Clinic", "Patient/amir": "Name of amir, "},
		names(t, w, "mother", "amir", bridgetest.Role("gp"), "Patient/amir", bridgetest.Role("psy"))); d != "" {
		t.Error(d)
	}
	ask := func(caller string, p bridge.PatientID, refs ...bridge.Ref) error {
		_, err := w.Names(t.Context(), w.As(caller), p, refs)
		return err
	}
	bridgetest.MustDeny(t, ask("mother", "jens", bridgetest.Role("psy")), bridge.CodeForbidden)
	bridgetest.MustDeny(t, ask("mother", "", bridgetest.Role("psy")), bridge.CodeForbidden)
	bridgetest.MustDeny(t, ask("jens", "amir", bridgetest.Role("gp")), bridge.CodeForbidden)
	bridgetest.MustDeny(t, ask("gp", "", "nobody"), bridge.CodeBadRequest)
	bridgetest.MustDeny(t, ask("gp", "", slices.Repeat([]bridge.Ref{bridgetest.Role("gp")}, bridge.MaxNames+1)...), bridge.CodeBadRequest)
	w.Clock.Advance(3 * 366 * 24 * time.Hour) // now he is 16, and decides himself
	bridgetest.MustDeny(t, ask("mother", "amir", bridgetest.Role("gp")), bridge.CodeForbidden)
}
