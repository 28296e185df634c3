// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
)

// turns is a store that lets somebody else go first before a transaction, so
// that a test chooses the order of two who race.
type turns struct {
	bridge.Store

	mu    sync.Mutex // guards the following fields
	first []func() error
	views []func() error
}

// then has each of the next transactions wait for one of these, in order; nil
// waits for nobody, and an error is the transaction's.
func (s *turns) then(first ...func() error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.first = first
}

func (s *turns) Update(ctx context.Context, p bridge.PatientID, fn func(bridge.Tx) error) error {
	s.mu.Lock()
	var first func() error
	if len(s.first) > 0 {
		first, s.first = s.first[0], s.first[1:]
	}
	s.mu.Unlock()
	if first != nil {
		if err := first(); err != nil {
			return err
		}
	}
	return s.Store.Update(ctx, p, fn)
}

// during has something happen while each of the next readings goes on, after the
// instant that it reads.
func (s *turns) during(views ...func() error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.views = views
}

func (s *turns) View(ctx context.Context, fn func(bridge.Tx) error) error {
	s.mu.Lock()
	var meanwhile func() error
	if len(s.views) > 0 {
		meanwhile, s.views = s.views[0], s.views[1:]
	}
	s.mu.Unlock()
	return s.Store.View(ctx, func(tx bridge.Tx) error {
		if meanwhile != nil {
			if _, err := tx.Directory().Organization("region"); err != nil {
				return err
			}
			if err := meanwhile(); err != nil {
				return err
			}
		}
		return fn(tx)
	})
}

func newTurns(t *testing.T) (*bridgetest.World, *turns) {
	s := &turns{}
	return bridgetest.New(t, bridgetest.WithStore(func(inner bridge.Store) bridge.Store {
		s.Store = inner
		return s
	})), s
}

func TestAMessageThatWentDoesNotReturnWithWhoCameLate(t *testing.T) {
	w, s := newTurns(t)
	ctx := t.Context()
	r, d := held(t, w)
	text, err := w.ConsentText(ctx, w.As("jens"), "jens", r.Scope, "da")
	if err != nil {
		t.Fatal(err)
	}
	n := bridge.NewGrant{MID: bridgetest.MID(), Patient: "jens", Request: r.ID, Language: "da", TextHash: text.Hash}
	// Between the grant and its release a sweep lets the message go, and the
	// patient takes the consent back.
	s.then(nil, func() error {
		if err := w.Sweep(ctx); err != nil {
			return err
		}
		_, err := w.Withdraw(ctx, w.As("jens"), "jens", bridge.ConsentID(n.MID))
		return err
	})
	if _, err := w.Grant(ctx, w.As("jens"), n); err != nil {
		t.Fatal(err)
	}
	items, _, err := w.History(ctx, w.As("sw"), fresh, bridge.HistoryQuery{Conversation: d.Conversation})
	if err != nil || len(items) != 1 {
		t.Fatalf("%d messages, %v", len(items), err)
	}
	if m := items[0].Message; m.State != bridge.MessageAccepted || len(m.Parts) != 1 {
		t.Errorf("the message that went is %s, with %d parts", m.State, len(m.Parts))
	}
	if d := cmp.Diff([]string{}, returned(w.Reader("sw").Next())); d != "" {
		t.Error(d)
	}
}

func TestWhatOneDeviceShowedIsNotWithheldByAnother(t *testing.T) {
	w, s := newTurns(t)
	ctx := t.Context()
	conv := w.Talk(bridge.PurposeTreatment, "gp", "psy")
	w.MustSend("gp", bridgetest.Draft(conv, "text", bridge.TopicMedication))
	got, _, err := w.Deliver(ctx, w.As("psy"), fresh, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	no := bridge.Objection{ID: bridge.ObjectionID(bridgetest.MID()), Patient: "jens", Parties: []bridge.Party{bridgetest.Party("psy")}}
	if _, err := w.Object(ctx, w.As("jens"), no); err != nil {
		t.Fatal(err)
	}
	// The other device is refused; before that is kept, the first says that it
	// showed what it had.
	s.then(nil, func() error {
		return w.Close(ctx, w.As("psy"), []bridge.DisclosureID{got[1].Disclosure}, bridge.DisclosureShown)
	})
	if _, _, err := w.Deliver(ctx, w.As("psy"), bridge.Claimant{Session: "other", Fresh: true}, 0, 10); err != nil {
		t.Fatal(err)
	}
	items, _, err := w.History(ctx, w.As("gp"), fresh, bridge.HistoryQuery{Conversation: conv.ID})
	if err != nil {
		t.Fatal(err)
	}
	if v := items[0].Deliveries[0]; v.State != bridge.DeliveryDelivered || v.ShownAt.IsZero() || len(v.Reasons) != 0 {
		t.Errorf("what was shown is told as %s, at %v, because of %q", v.State, v.ShownAt, v.Reasons)
	}
}

// stillOpen lists the claims about both patients that nobody has closed.
func stillOpen(t *testing.T, w *bridgetest.World) (open []bridge.Disclosure) {
	t.Helper()
	err := w.Store().View(t.Context(), func(tx bridge.Tx) error {
		for _, p := range []bridge.PatientID{"jens", "amir"} {
			of, err := tx.Disclosures().Find(bridge.DisclosureQuery{Patient: p})
			if err != nil {
				return err
			}
			open = append(open, of...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return open
}

func TestAClaimWhoseContentIsNotReturnedDoesNotStayOpen(t *testing.T) {
	w, s := newTurns(t)
	ctx := t.Context()
	jens := w.Talk(bridge.PurposeTreatment, "psy", "gp")
	amir := w.TalkAbout("amir", bridge.PurposeTreatment, "", "amir", "gp")
	w.MustSend("psy", bridgetest.Draft(jens, "about one", bridge.TopicMedication))
	w.MustSend("amir", bridgetest.Draft(amir, "about another", bridge.TopicPractical))
	fault := errors.New("disk on fire")
	s.then(nil, func() error { return fault })
	if _, _, err := w.Deliver(ctx, w.As("gp"), fresh, 0, 10); bridge.CodeOf(err) != bridge.CodeInternal {
		t.Fatalf("got %v", err)
	}
	if open := stillOpen(t, w); len(open) != 0 {
		t.Errorf("%d claims stay open for content that nobody was given", len(open))
	}
	if d := cmp.Diff([]string{"about one", "about another"}, bridgetest.Texts(w.Reader("gp").Next())); d != "" {
		t.Error(d)
	}
}

func TestAWithheldFileLeavesNoOpenClaimAndAMessageTellsOnlyTheReadersConsents(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	consents := map[string]bridge.Consent{}
	for _, to := range []string{"gp", "nurse"} {
		consents[to] = w.Consent("jens", "jens", bridgetest.Scope("sw", to, bridge.PurposeSocialCasework, "c-1", bridge.TopicHousing))
	}
	conv := w.TalkAbout("jens", bridge.PurposeSocialCasework, "c-1", "sw", "gp", "nurse")
	file, err := w.Attach(ctx, w.As("sw"), "jens", "a.txt", []bridge.Topic{bridge.TopicMedication}, []byte("text"))
	if err != nil {
		t.Fatal(err)
	}
	d := bridgetest.Draft(conv, "text", bridge.TopicHousing)
	d.Attachments = []bridge.AttachmentID{file.ID}
	w.MustSend("sw", d)
	for name, consent := range consents {
		items, _, err := w.History(ctx, w.As(name), fresh, bridge.HistoryQuery{Conversation: conv.ID})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]bridge.ConsentID{consent.ID}, items[0].Message.Consents); d != "" {
			t.Errorf("%s is told of consents: %s", name, d)
		}
		if err := w.Close(ctx, w.As(name), []bridge.DisclosureID{items[0].Disclosure}, bridge.DisclosureShown); err != nil {
			t.Fatal(err)
		}
	}
	_, _, _, err = w.Attachment(ctx, w.As("gp"), fresh, file.ID)
	bridgetest.MustDeny(t, err, bridge.CodeForbidden)
	if open := stillOpen(t, w); len(open) != 0 {
		t.Errorf("%d claims stay open for a file that was not given", len(open))
	}
}

func TestTheSameMIDOnTwoConnectionsIsOneConversationAndOneRequest(t *testing.T) {
	w, s := newTurns(t)
	ctx := t.Context()
	n := bridge.NewConversation{MID: bridgetest.MID(), Patient: "jens", Purpose: bridge.PurposeSocialCasework, Case: "c-1", Members: []bridge.Party{bridgetest.Party("gp")}}
	var first bridge.Conversation
	s.then(func() (err error) {
		first, err = w.Open(ctx, w.As("sw"), n)
		return err
	})
	second, err := w.Open(ctx, w.As("sw"), n)
	if err != nil || second.ID != first.ID {
		t.Fatalf("opened %q and %q, %v", first.ID, second.ID, err)
	}
	d := bridgetest.Draft(first, "held", bridge.TopicMedication)
	r := bridge.NewRequest{
		MID: bridgetest.MID(), Patient: "jens", Reason: "to help", Hold: &d,
		Scope: bridgetest.Scope("sw", "gp", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication),
	}
	s.then(func() error {
		asked, err := w.RequestConsent(ctx, w.As("sw"), r)
		if err == nil {
			w.Answer("jens", asked)
		}
		return err
	})
	again, err := w.RequestConsent(ctx, w.As("sw"), r)
	if err != nil || again.State != bridge.RequestGranted {
		t.Errorf("asked on another connection, and answered: %s, %v", again.State, err)
	}
	if d := cmp.Diff([]string{"held"}, bridgetest.Texts(w.Reader("gp").Next())); d != "" {
		t.Error(d)
	}
}

func TestWhatWasReadBeforeAChangeIsNotRememberedBehindIt(t *testing.T) {
	w, s := newTurns(t)
	ctx := t.Context()
	conv := w.Talk(bridge.PurposeTreatment, "gp", "nurse", "psy")
	w.MustSend("gp", bridgetest.Draft(conv, "text", bridge.TopicPractical))
	gp := w.As("gp")
	told := &typists{}
	w.Listen(told)
	typing := func() []bridge.Ref {
		told.of = nil
		if err := w.Typing(ctx, gp, conv.ID, true); err != nil {
			t.Fatal(err)
		}
		return told.of
	}
	no := bridge.Objection{ID: bridge.ObjectionID(bridgetest.MID()), Patient: "jens", Parties: []bridge.Party{bridgetest.Party("psy")}}
	role := from(t, bridgetest.Role("nurse")).(bridge.PractitionerRole)
	role.Active = false
	// Typing reads the conversation, the patient and the directory. While the
	// patient is read, the patient says no to one member; while the directory is
	// read, the other's role ends.
	for _, x := range []struct {
		meanwhile []func() error
		left      []bridge.Ref
	}{
		{[]func() error{nil, func() error {
			_, err := w.Object(ctx, w.As("jens"), no)
			return err
		}}, []bridge.Ref{bridgetest.Role("nurse")}},
		{[]func() error{nil, nil, func() error { return bring(t, w, role) }}, nil},
	} {
		// Nothing is remembered before.
		unit := from(t, bridgetest.Party("unit:jobcentre").Ref).(bridge.Organization)
		if err := bring(t, w, unit); err != nil {
			t.Fatal(err)
		}
		s.during(x.meanwhile...)
		typing()
		if d := cmp.Diff(x.left, typing()); d != "" {
			t.Errorf("typing is told to: %s", d)
		}
	}
}

// typists notes who is told that somebody types.
type typists struct {
	ear
	of []bridge.Ref
}

func (l *typists) Typing(to bridge.Ref, _ bridge.ConversationID, _ bridge.Ref, _ bool) {
	l.of = append(l.of, to)
}

func TestAYesThatIsOverBeforeItIsKeptIsAskedAgain(t *testing.T) {
	w, s := newTurns(t)
	conv := w.TalkAbout("jens", bridge.PurposeSocialCasework, "c-1", "gp", "sw")
	consent := w.Consent("jens", "jens", bridgetest.Scope("gp", "sw", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication))
	gp := w.As("gp")
	s.then(func() error {
		w.Clock.Advance(consent.Scope.Period.End.Sub(w.Clock.Now()))
		return nil
	})
	_, err := w.Send(t.Context(), gp, bridgetest.Draft(conv, "too late", bridge.TopicMedication))
	bridgetest.MustDeny(t, err, bridge.CodeConsentRequired)
}

func TestTheSameMIDIsNotAnotherConsent(t *testing.T) {
	w := bridgetest.New(t)
	ctx := t.Context()
	s := bridgetest.Scope("gp", "sw", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication)
	first := w.Consent("jens", "jens", s)
	n := bridge.NewGrant{MID: string(first.ID), Patient: "jens", Scope: &s, Language: "da", TextHash: first.Evidence.TextHash}
	if again, err := w.Grant(ctx, w.As("jens"), n); err != nil || again.ID != first.ID {
		t.Errorf("granted again: %+v, %v", again, err)
	}
	s.Topics = []bridge.Topic{bridge.TopicHousing}
	_, err := w.Grant(ctx, w.As("jens"), n)
	bridgetest.MustDeny(t, err, bridge.CodeConflict)
}

func TestAHeldMessageThatTwoLetGoGoesOnce(t *testing.T) {
	w, s := newTurns(t)
	ctx := t.Context()
	r, d := held(t, w)
	text, err := w.ConsentText(ctx, w.As("jens"), "jens", r.Scope, "da")
	if err != nil {
		t.Fatal(err)
	}
	n := bridge.NewGrant{MID: bridgetest.MID(), Patient: "jens", Request: r.ID, Language: "da", TextHash: text.Hash}
	gp := w.Reader("gp")
	s.then(nil, func() error { // between the grant and its release
		err := w.Sweep(ctx)
		gp.Next()
		return err
	})
	if _, err := w.Grant(ctx, w.As("jens"), n); err != nil {
		t.Fatal(err)
	}
	if again := gp.Next(); len(again) != 0 {
		t.Errorf("came again: %q", bridgetest.Kinds(again))
	}
	items, _, err := w.History(ctx, w.As("sw"), fresh, bridge.HistoryQuery{Conversation: d.Conversation})
	if err != nil || len(items) != 1 || items[0].Message.Seq != 1 || items[0].Deliveries[0].State != bridge.DeliveryDelivered {
		t.Errorf("kept as %+v, %v", items, err)
	}
}

func TestAMessageThatReturnedDoesNotGoWithWhoCameLate(t *testing.T) {
	w, s := newTurns(t)
	ctx := t.Context()
	r, d := held(t, w)
	text, err := w.ConsentText(ctx, w.As("jens"), "jens", r.Scope, "da")
	if err != nil {
		t.Fatal(err)
	}
	n := bridge.NewGrant{MID: bridgetest.MID(), Patient: "jens", Request: r.ID, Language: "da", TextHash: text.Hash}
	no := bridge.Objection{ID: bridge.ObjectionID(bridgetest.MID()), Patient: "jens", Parties: []bridge.Party{bridgetest.Party("gp")}}
	// Between the grant and its release the message returns, since the patient
	// says no, and then the patient says no no more.
	s.then(nil, func() error {
		if _, err := w.Object(ctx, w.As("jens"), no); err != nil {
			return err
		}
		if err := w.Sweep(ctx); err != nil {
			return err
		}
		return w.Lift(ctx, w.As("jens"), "jens", no.ID)
	})
	if _, err := w.Grant(ctx, w.As("jens"), n); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"refused"}, returned(w.Reader("sw").Next())); d != "" {
		t.Error(d)
	}
	if got := bridgetest.Texts(w.Reader("gp").Next()); len(got) != 0 {
		t.Errorf("what returned came: %q", got)
	}
	if sent, err := w.Send(ctx, w.As("sw"), d); err != nil || sent.State != bridge.MessageReturned {
		t.Errorf("is now %s, %v", sent.State, err)
	}
}
