// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
)

// doorbell hears what is announced behind a commit, while its answer waits.
type doorbell struct {
	ear
	rang chan string
}

func (d *doorbell) Draining(p bridge.PatientID) { d.rang <- string(p) }

func (d *doorbell) Kick(person bridge.Ref, why bridge.Code) {
	d.rang <- string(person) + " " + string(why)
}

// mandated is a consent between gp and sw with a conversation under it.
func mandated(w *bridgetest.World) (bridge.Consent, bridge.Conversation) {
	s := bridgetest.Scope("gp", "sw", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication)
	return w.Consent("jens", "jens", s), w.TalkAbout("jens", bridge.PurposeSocialCasework, "c-1", "gp", "sw")
}

// claimed fetches what is new for somebody, and returns its claims.
func claimed(t *testing.T, w *bridgetest.World, name string) []bridge.DisclosureID {
	t.Helper()
	var ids []bridge.DisclosureID
	for _, d := range w.Reader(name).Fetch() {
		if d.Disclosure != "" {
			ids = append(ids, d.Disclosure)
		}
	}
	if len(ids) == 0 {
		t.Fatalf("%s was given nothing", name)
	}
	return ids
}

func TestBehindAWithdrawalTheLogDoesNotTellWhoWrote(t *testing.T) {
	w := bridgetest.New(t)
	consent, conv := mandated(w)
	w.MustSend("gp", bridgetest.Draft(conv, "one", bridge.TopicMedication))
	if _, err := w.Withdraw(t.Context(), w.As("jens"), "jens", consent.ID); err != nil {
		t.Fatal(err)
	}
	for _, d := range w.Reader("sw").Fetch() {
		if d.Event.By == bridgetest.Role("gp") || d.Message != nil {
			t.Errorf("told %+v", d)
		}
	}
}

// stuck is a policy that answers what only is supposed when it has no choice.
type stuck struct{ bridge.Decider }

func (d stuck) Decide(ctx context.Context, q *bridge.Question) (bridge.Decision, error) {
	if q.Patient != nil && q.Patient.Epoch >= 1<<63 {
		<-ctx.Done()
		return bridge.Decision{}, ctx.Err()
	}
	return d.Decider.Decide(ctx, q)
}

func TestAWithdrawalDoesNotWaitUntilItIsKnownWhatItChanges(t *testing.T) {
	w := bridgetest.New(t, func(c *bridge.Config) { c.Decider = stuck{c.Decider} })
	consent, conv := mandated(w)
	bell := &doorbell{rang: make(chan string, 1)}
	w.Listen(bell)
	type answer struct {
		bridge.Withdrawal
		err error
	}
	answered := make(chan answer, 1)
	began := time.Now()
	go func() {
		done, err := w.Withdraw(context.Background(), w.As("jens"), "jens", consent.ID)
		answered <- answer{done, err}
	}()
	<-bell.rang
	_, err := w.Send(t.Context(), w.As("gp"), bridgetest.Draft(conv, "x", bridge.TopicMedication))
	bridgetest.MustDeny(t, err, bridge.CodeConsentRequired)
	a := <-answered
	if a.err != nil || !a.Affected.Partial {
		t.Errorf("answered %+v, %v", a.Affected, a.err)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("answered after %v", took)
	}
}

func TestWithdrawingAgainAnswersTheSame(t *testing.T) {
	t.Parallel()
	w := bridgetest.New(t)
	consent, conv := mandated(w)
	w.MustSend("gp", bridgetest.Draft(conv, "one", bridge.TopicMedication))
	id := claimed(t, w, "sw")[0]
	var all [2]bridge.Withdrawal
	for i := range all {
		var err error
		if all[i], err = w.Withdraw(t.Context(), w.As("jens"), "jens", consent.ID); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(all[0], all[1]); d != "" || len(all[0].Unconfirmed) != 1 || all[0].Unconfirmed[0].ID != id || len(all[0].Affected.Lose) == 0 {
		t.Errorf("answered %+v, then otherwise: %s", all[0], d)
	}
	// The client comes back, and says that it showed it: no longer unconfirmed.
	if err := w.Close(t.Context(), w.As("sw"), []bridge.DisclosureID{id}, bridge.DisclosureShown); err != nil {
		t.Fatal(err)
	}
	third, err := w.Withdraw(t.Context(), w.As("jens"), "jens", consent.ID)
	if err != nil || len(third.Unconfirmed) != 0 || third.Disclosures != 1 {
		t.Errorf("behind a late word: %+v, %v", third, err)
	}
	items, _, err := w.History(t.Context(), w.As("gp"), fresh, bridge.HistoryQuery{Conversation: conv.ID})
	if err != nil || items[0].Deliveries[0].State != bridge.DeliveryDelivered {
		t.Errorf("the sender sees %+v, %v", items, err)
	}
}

// A process that stops between the commit of a withdrawal and its answer leaves
// open claims behind. The next one, asked again, must not believe that nobody can
// show what they were for.
func TestAWithdrawalThatIsAskedForAgainAfterARestartWaitsForWhatWasClaimedBefore(t *testing.T) {
	t.Parallel()
	w := bridgetest.New(t)
	consent, conv := mandated(w)
	w.MustSend("gp", bridgetest.Draft(conv, "one", bridge.TopicMedication))
	ids := claimed(t, w, "sw")
	bell := &doorbell{rang: make(chan string, 1)}
	w.Listen(bell)
	first := make(chan error, 1)
	go func() {
		_, err := w.Withdraw(context.Background(), w.As("jens"), "jens", consent.ID)
		first <- err
	}()
	<-bell.rang // it is kept, and not answered
	next, err := bridge.New(bridge.Config{Store: w.Store(), Decider: w.Policy, Texts: w.Policy, Live: w.Live(), Now: w.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	asked := time.Now()
	second := make(chan error, 1)
	go func() {
		done, err := next.Withdraw(context.Background(), w.As("jens"), "jens", consent.ID)
		if len(done.Unconfirmed) != 1 || done.Unconfirmed[0].ID != ids[0] {
			t.Errorf("unconfirmed %+v", done.Unconfirmed)
		}
		second <- err
	}()
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	if err := <-second; err != nil {
		t.Fatal(err)
	}
	if took := time.Since(asked); took > bridge.DrainTime+3*time.Second {
		t.Errorf("answered after %v", took)
	}
}

func TestAnAskedAgainWithdrawalOfAnOpenClaimWaitsTheWholeWindow(t *testing.T) {
	t.Parallel()
	w := bridgetest.New(t)
	consent, conv := mandated(w)
	w.MustSend("gp", bridgetest.Draft(conv, "one", bridge.TopicMedication))
	claimed(t, w, "sw")
	// The commit alone, as when the process was killed right behind it.
	err := w.Store().Update(t.Context(), "jens", func(tx bridge.Tx) error {
		c, err := tx.Consents().Consent(consent.ID)
		if err != nil {
			return err
		}
		c.State, c.EndedAt, c.EndedBy = bridge.ConsentWithdrawn, w.Clock.Now(), "Patient/jens"
		if c.EndedEpoch, err = tx.Patients().Bump("jens"); err != nil {
			return err
		}
		return tx.Consents().Put(c)
	})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	done, err := w.Withdraw(t.Context(), w.As("jens"), "jens", consent.ID)
	if err != nil || len(done.Unconfirmed) != 1 {
		t.Errorf("answered %+v, %v", done, err)
	}
	if took := time.Since(began); took < bridge.DrainTime {
		t.Errorf("answered after %v, when what was claimed may still be shown", took)
	}
}

func TestWhatNobodyEverSpokeOfIsNotWaitedForAndIsTold(t *testing.T) {
	w := bridgetest.New(t)
	consent, conv := mandated(w)
	w.MustSend("gp", bridgetest.Draft(conv, "one", bridge.TopicMedication))
	id := claimed(t, w, "sw")[0]
	ctx := t.Context()
	for range 2 { // the first look sees it, the second is a minute later
		if err := w.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		w.ForgetSooner()
	}
	began := time.Now()
	done, err := w.Withdraw(ctx, w.As("jens"), "jens", consent.ID)
	if err != nil || len(done.Unconfirmed) != 1 || done.Unconfirmed[0].ID != id || done.Unconfirmed[0].State != bridge.DisclosureUnknown {
		t.Errorf("answered %+v, %v", done, err)
	}
	if took := time.Since(began); took > bridge.DrainTime {
		t.Errorf("answered after %v", took)
	}
}

func TestEachDisclosureCountsOnceUnderAConsentAndThoseItTookThePlaceOf(t *testing.T) {
	w := bridgetest.New(t)
	first, conv := mandated(w)
	w.MustSend("gp", bridgetest.Draft(conv, "one", bridge.TopicMedication))
	sw := w.Reader("sw")
	sw.Next()
	w.MustSend("gp", bridgetest.Draft(conv, "two", bridge.TopicMedication))
	w.Consent("jens", "jens", first.Scope)
	sw.Next() // sent under the first, claimed under the second
	done, err := w.Withdraw(t.Context(), w.As("jens"), "jens", first.ID)
	if err != nil || done.Disclosures != 2 {
		t.Errorf("%d disclosures, %v", done.Disclosures, err)
	}
}

func TestWhoseSayEndsWhileTheyWaitSaysNothing(t *testing.T) {
	w, s := newTurns(t)
	scope := bridgetest.Scope("sw", "gp", bridge.PurposeSocialCasework, "c-1", bridge.TopicSomaticHealth)
	consent := w.Consent("mother", "amir", scope)
	s.then(func() error { // amir turns fifteen
		w.Clock.Advance(2 * 366 * 24 * time.Hour)
		return nil
	})
	_, err := w.Withdraw(t.Context(), w.As("mother"), "amir", consent.ID)
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
}

func TestAHeldMessageDoesNotGoWhenItsSenderIsClosedOutMeanwhile(t *testing.T) {
	w, s := newTurns(t)
	r, _ := held(t, w)
	who, admin := w.As("sw").Subject, w.As("admin")
	s.then(nil, func() error { return w.Disable(context.Background(), admin, who) }) // between the grant and the release
	w.Answer("jens", r)
	if got := bridgetest.Texts(w.Reader("gp").Next()); len(got) != 0 {
		t.Errorf("a closed account's question went: %q", got)
	}
}

// What takes a right away is answered when what was claimed on it before is
// closed; from its commit on nothing is claimed on it.
func TestWhatTakesARightAwayWaitsForWhatWasClaimedOnIt(t *testing.T) {
	role := func(id, practitioner, organization string, active bool) bridge.ImportBatch {
		return bridge.ImportBatch{Resources: []bridge.Resource{bridge.PractitionerRole{
			ID: id, Practitioner: practitioner, Organization: organization, Code: "overlaege", Active: active,
		}}}
	}
	imported := func(b bridge.ImportBatch) func(*bridgetest.World) error {
		return func(w *bridgetest.World) error {
			_, err := w.Import(context.Background(), w.As("admin"), b)
			return err
		}
	}
	jens := bridge.PatientID("jens")
	for _, tt := range []struct {
		name, rang string
		patient    bridge.PatientID
		from, to   string
		do         func(*bridgetest.World) error
	}{
		{"objection", "jens", jens, "gp", "psy", func(w *bridgetest.World) error {
			_, err := w.Object(context.Background(), w.As("jens"), bridge.Objection{
				ID: bridge.ObjectionID(bridgetest.MID()), Patient: jens, Parties: []bridge.Party{bridgetest.Party("psy")},
			})
			return err
		}},
		{"closed account", "Practitioner/person-psy account_disabled", jens, "gp", "psy", func(w *bridgetest.World) error {
			return w.Disable(context.Background(), w.As("admin"), bridgetest.Identity("psy").Subject)
		}},
		{"sign-out", "Practitioner/person-psy unauthenticated", jens, "gp", "psy", func(w *bridgetest.World) error {
			return w.SignOut(context.Background(), w.As("psy"), bridgetest.Identity("psy").Subject)
		}},
		{"role that ends", "Practitioner/person-psy token_expired", jens, "gp", "psy", imported(role("psy", "person-psy", "team-2", false))},
		{"role elsewhere", "Practitioner/person-psy token_expired", jens, "gp", "psy", imported(role("psy", "person-psy", "clinic-other", true))},
		{"role of somebody else", "Practitioner/person-nurse token_expired", jens, "gp", "psy", imported(role("psy", "person-nurse", "team-2", true))},
		{"unit that closes", "Practitioner/person-nurse token_expired", jens, "gp", "psy", imported(bridge.ImportBatch{Resources: []bridge.Resource{
			bridge.Organization{ID: "team-2", Name: "Team 2", PartOf: "psychiatry", Sector: bridge.SectorHospitalPsychiatry},
		}})},
		{"lost place in the care team", "jens", jens, "gp", "psy", imported(bridge.ImportBatch{Teams: map[bridge.PatientID][]bridge.CareTeamMember{
			jens: {{Member: bridgetest.Role("gp"), Function: bridge.FunctionOwnGP, Period: bridge.Period{Start: bridgetest.Noon.AddDate(-1, 0, 0)}}},
		}})},
		{"representative no more", "RelatedPerson/mother token_expired", "amir", "gp", "mother", imported(bridge.ImportBatch{Resources: []bridge.Resource{
			bridge.RelatedPerson{ID: "mother", Patient: "amir", Name: "Name of mother", Authority: bridge.AuthorityCustody},
		}})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := bridgetest.New(t)
			to := tt.to
			if to == "mother" {
				to = "patient:amir"
			}
			opener, other := tt.from, to
			if tt.to == "mother" {
				opener, other = tt.to, tt.from
			}
			conv := w.TalkAbout(tt.patient, bridge.PurposeTreatment, "", opener, other)
			if tt.to == "mother" {
				w.MustSend("mother", bridgetest.Draft(conv, "hello", bridge.TopicPractical))
			}
			w.MustSend(tt.from, bridgetest.Draft(conv, "before", bridge.TopicMedication))
			caller := w.As(tt.to)
			ids := claimed(t, w, tt.to)
			bell := &doorbell{rang: make(chan string, 8)}
			w.Listen(bell)
			answered := make(chan error, 1)
			began := time.Now()
			go func() { answered <- tt.do(w) }()
			if got := <-bell.rang; got != tt.rang {
				t.Fatalf("announced %q", got)
			}
			if got, _, err := w.History(t.Context(), caller, fresh, bridge.HistoryQuery{Conversation: conv.ID, Limit: 1}); err == nil && got[0].Disclosure != "" {
				t.Errorf("claimed behind the commit: %+v", got)
			}
			select {
			case err := <-answered:
				t.Fatalf("answered while a claim is open: %v", err)
			default:
			}
			if err := w.Close(t.Context(), caller, ids, bridge.DisclosureShown); err != nil {
				t.Fatal(err)
			}
			if err := <-answered; err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > bridge.DrainTime {
				t.Errorf("answered after %v, and nobody was waited for", took)
			}
		})
	}
}

func TestSignedOutTokensAreNoGood(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	psy, gp := bridgetest.Identity("psy"), bridgetest.Identity("gp")
	psy.Issued, gp.Issued = w.Clock.Now(), w.Clock.Now()
	old := w.As("psy")
	if err := w.SignOut(ctx, w.As("gp"), psy.Subject); bridge.CodeOf(err) != bridge.CodeForbidden {
		t.Fatalf("a colleague signs psy out: %v", err)
	}
	if err := w.SignOut(ctx, w.As("admin"), psy.Subject); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Caller(ctx, psy, ""); bridge.CodeOf(err) != bridge.CodeUnauthenticated {
		t.Errorf("a token of before: %v", err)
	}
	if _, err := w.Caller(ctx, bridgetest.Identity("psy"), ""); bridge.CodeOf(err) != bridge.CodeUnauthenticated {
		t.Errorf("a token of no time: %v", err)
	}
	if _, err := w.Caller(ctx, gp, ""); err != nil {
		t.Errorf("somebody else's token: %v", err)
	}
	if _, _, err := w.Head(ctx, old); bridge.CodeOf(err) != bridge.CodeTokenExpired {
		t.Errorf("a session of before: %v", err)
	}
	again := w.As("psy")
	if _, _, err := w.Head(ctx, again); err != nil {
		t.Errorf("signed in again: %v", err)
	}
	// An import does not undo it.
	account := bridge.Account{Subject: psy.Subject, Person: "Practitioner/person-psy"}
	if _, err := w.Import(ctx, w.As("admin"), bridge.ImportBatch{Resources: []bridge.Resource{account}}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Caller(ctx, psy, ""); bridge.CodeOf(err) != bridge.CodeUnauthenticated {
		t.Errorf("a token of before, behind an import: %v", err)
	}
}
