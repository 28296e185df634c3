// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package brobygger_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
	"github.com/brobygger/brobygger/bridge/hub"
	"github.com/brobygger/brobygger/bridge/wire"
	brobygger "github.com/brobygger/brobygger/clients/go"
)

// real is a whole bridge behind a network that a test can cut.
type real struct {
	*bridgetest.World
	t       *testing.T
	url     string
	network *network
}

// network is a listener that knows its connections.
type network struct {
	net.Listener
	mu    sync.Mutex // guards the following field
	conns []net.Conn
}

func (n *network) Accept() (net.Conn, error) {
	c, err := n.Listener.Accept()
	if err == nil {
		n.mu.Lock()
		n.conns = append(n.conns, c)
		n.mu.Unlock()
	}
	return c, err
}

// cut breaks every connection, without a goodbye.
func (n *network) cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.conns {
		_ = c.Close()
	}
	n.conns = nil
}

// byName takes the name of somebody of the region for a token.
type byName struct{}

func (byName) Verify(token string) (bridge.Identity, error) { return bridgetest.Identity(token), nil }

func newReal(t *testing.T) *real {
	w := bridgetest.New(t, bridgetest.WithClock(time.Now))
	h := hub.New(hub.Config{
		Gate: hub.GateOf(w.Bridge), Verifier: byName{}, Live: w.Live(), Log: slog.New(slog.DiscardHandler),
		Programs: true, Handshakes: 10_000,
	})
	w.Listen(h)
	s := httptest.NewUnstartedServer(h)
	n := &network{Listener: s.Listener}
	s.Listener = n
	s.Start()
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		s.Close()
	})
	return &real{World: w, t: t, url: s.URL, network: n}
}

// dial connects somebody of the region.
func (r *real) dial(name string, change func(*brobygger.Options)) *brobygger.Client {
	r.t.Helper()
	o := brobygger.Options{
		URL: r.url, Token: func(context.Context) (string, error) { return name, nil },
		FirstDelay: time.Millisecond, LongestDelay: 10 * time.Millisecond,
	}
	if change != nil {
		change(&o)
	}
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	c, err := brobygger.Dial(ctx, o)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestNothingIsLostOrDoubledOverAnUnreliableNetwork(t *testing.T) {
	r := newReal(t)
	const messages = 200
	shown := make(chan string, 4*messages)
	psychiatrist := r.dial("psy", reader(shown))
	gp := r.dial("gp", nil)
	conv, err := gp.Open(t.Context(), bridge.NewConversation{
		Patient: "jens", Purpose: bridge.PurposeTreatment, Members: []bridge.Party{{Function: bridge.FunctionTreatingPsychiatrist}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var sendings []*brobygger.Sending
	var want []string
	for n := range messages {
		text := fmt.Sprint("message ", n)
		want = append(want, text)
		s, err := gp.Send(bridgetest.Draft(conv, text, bridge.TopicMedication))
		if err != nil {
			t.Fatal(err)
		}
		sendings = append(sendings, s)
	}
	var got []string
	for n := range messages {
		got = append(got, wait(t, shown, want[n]))
		if n%7 == 0 {
			r.network.cut()
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("shown (-want +got):\n%s", diff)
	}
	for n, s := range sendings {
		sent, err := s.Wait(t.Context())
		if err != nil || sent.Seq != uint64(n+1) {
			t.Errorf("message %d has number %d, %v", n, sent.Seq, err)
		}
	}
	// What was shown and perhaps not heard of is said again: nothing stays open.
	awaitDelivered(t, r, conv.ID, messages)
	if err := psychiatrist.Close(); err != nil {
		t.Error(err)
	}
	if len(shown) != 0 {
		t.Errorf("%d messages were shown more than once", len(shown))
	}
}

// awaitDelivered waits until the sender knows that every message was shown.
func awaitDelivered(t *testing.T, r *real, id bridge.ConversationID, messages int) {
	t.Helper()
	receipts := make(chan bridge.MessageID, 4*messages)
	r.dial("gp", func(o *brobygger.Options) {
		o.Resume = &bridge.Position{Log: r.Store().Log()}
		o.On.Receipt = func(e brobygger.Receipt) {
			if e.Conversation == id && e.Kind == bridge.ReceiptDelivered {
				receipts <- e.ID
			}
		}
	})
	seen := map[bridge.MessageID]bool{}
	for len(seen) < messages {
		seen[wait(t, receipts, "a receipt")] = true
	}
}

func TestAHeldMessageGoesAfterAYesAndComesBackAfterANo(t *testing.T) {
	r := newReal(t)
	shown := make(chan string, 16)
	returned := make(chan brobygger.Returned, 1)
	r.dial("gp", reader(shown))
	worker := r.dial("sw", func(o *brobygger.Options) { o.On.Returned = func(e brobygger.Returned) { returned <- e } })
	jens := r.dial("jens", nil)
	conv, err := worker.Open(t.Context(), bridge.NewConversation{
		Patient: "jens", Purpose: bridge.PurposeSocialCasework, Case: "S-1", Members: []bridge.Party{{Function: bridge.FunctionOwnGP}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(text string) bridge.ConsentRequest {
		t.Helper()
		s, err := worker.Send(bridgetest.Draft(conv, text, bridge.TopicMedication))
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Wait(t.Context())
		var denied *brobygger.ConsentError
		if !errors.As(err, &denied) {
			t.Fatalf("outcome %v, want a denial", err)
		}
		q, err := denied.Ask(t.Context(), "so that I can help")
		if err != nil {
			t.Fatal(err)
		}
		again, err := denied.Ask(t.Context(), "so that I can help")
		if err != nil || again.ID != q.ID {
			t.Errorf("asking again made request %s, %v; want %s", again.ID, err, q.ID)
		}
		return q
	}

	if err := jens.Decline(t.Context(), "jens", ask("first").ID); err != nil {
		t.Fatal(err)
	}
	if back := wait(t, returned, "the declined message"); back.Conversation != conv.ID {
		t.Errorf("returned in %s", back.Conversation)
	}

	q := ask("second")
	text, err := jens.ConsentText(t.Context(), "jens", q.Scope, "da")
	if err != nil {
		t.Fatal(err)
	}
	consent, err := jens.Grant(t.Context(), bridge.NewGrant{Patient: "jens", Request: q.ID, Language: "da", TextHash: text.Hash})
	if err != nil {
		t.Fatal(err)
	}
	if got := wait(t, shown, "the held message"); got != "second" {
		t.Errorf("the GP was shown %q", got)
	}

	if _, err := jens.Withdraw(t.Context(), "jens", consent.ID); err != nil {
		t.Fatal(err)
	}
	s, err := worker.Send(bridgetest.Draft(conv, "third", bridge.TopicMedication))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Wait(t.Context()); !errors.Is(err, &bridge.Error{Code: bridge.CodeConsentRequired}) {
		t.Errorf("after the withdrawal: %v", err)
	}
	if len(shown) != 0 {
		t.Errorf("the GP was shown %q after the withdrawal", <-shown)
	}
}

// What was withheld, and may be shown after the patient's no was taken back, comes
// again under the same id; n goes on without a gap.
func TestAWithheldMessageComesWhenTheNoIsTakenBack(t *testing.T) {
	r := newReal(t)
	gp := r.dial("gp", nil)
	jens := r.dial("jens", nil)
	conv, err := gp.Open(t.Context(), bridge.NewConversation{
		Patient: "jens", Purpose: bridge.PurposeTreatment, Members: []bridge.Party{{Function: bridge.FunctionTreatingPsychiatrist}},
	})
	if err != nil {
		t.Fatal(err)
	}
	send, err := gp.Send(bridgetest.Draft(conv, "it matters", bridge.TopicMedication))
	if err != nil {
		t.Fatal(err)
	}
	sent, err := send.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	no, err := jens.Object(t.Context(), wire.ObjectionMake{Patient: "jens", Parties: []bridge.Party{bridgetest.Party("psy")}})
	if err != nil {
		t.Fatal(err)
	}
	var last uint64
	events := make(chan brobygger.Message, 16)
	gap := make(chan [2]uint64, 16)
	next := func(n uint64) {
		if n != last+1 {
			gap <- [2]uint64{last, n}
		}
		last = n
	}
	log, _ := jens.Position() // everybody has the same log, and reads on from a place of their own
	r.dial("psy", func(o *brobygger.Options) {
		o.Resume = &bridge.Position{Log: log.Log}
		o.On.Message = func(m brobygger.Message) { next(m.N); events <- m }
		o.On.Conversation = func(m brobygger.Conversation) { next(m.N) }
		o.On.Consent = func(m brobygger.Consent) { next(m.N) }
		o.On.Receipt = func(m brobygger.Receipt) { next(m.N) }
	})
	first := wait(t, events, "the refusal")
	if first.ID != sent.Message || first.Message != nil || len(first.Withheld) == 0 {
		t.Fatalf("while there is a no: %+v", first)
	}
	if err := jens.Lift(t.Context(), "jens", no.ID); err != nil {
		t.Fatal(err)
	}
	again := wait(t, events, "the message")
	if again.ID != first.ID || again.N <= first.N || again.Message == nil || again.Message.Parts[0].Text != "it matters" {
		t.Errorf("after it was taken back: %+v", again)
	}
	if len(gap) > 0 {
		t.Errorf("n went from and to %v", <-gap)
	}
}

func TestWhatWasShownAMomentAgoCanBeRead(t *testing.T) {
	r := newReal(t)
	gp := r.dial("gp", func(o *brobygger.Options) { o.Content = true })
	psychiatrist := r.dial("psy", func(o *brobygger.Options) { o.Content = true })
	conv := r.Talk(bridge.PurposeTreatment, "gp", "treating-psychiatrist")
	for seq := uint64(1); seq <= 20; seq++ {
		r.MustSend("gp", bridgetest.Draft(conv, "hello", bridge.TopicMedication))
		if _, err := psychiatrist.History(t.Context(), bridge.HistoryQuery{Conversation: conv.ID, After: seq - 1}); err != nil {
			t.Fatal(err)
		}
		if _, err := psychiatrist.MarkRead(t.Context(), conv.ID, seq); err != nil {
			t.Fatal(err)
		}
		got, err := gp.History(t.Context(), bridge.HistoryQuery{Conversation: conv.ID, After: seq - 1})
		if err != nil {
			t.Fatal(err)
		}
		if d := got.Items[0].Deliveries; len(d) != 1 || d[0].ReadAt.IsZero() {
			t.Fatalf("message %d is not read: %+v", seq, d)
		}
	}
}

func TestEveryCommandHasItsAnswer(t *testing.T) {
	r := newReal(t)
	gp := r.dial("gp", func(o *brobygger.Options) { o.Content = true })
	jens := r.dial("jens", func(o *brobygger.Options) { o.Content = true })
	psychiatrist := r.dial("psy", func(o *brobygger.Options) { o.Content = true })
	ctx, party := t.Context(), []bridge.Party{{Function: bridge.FunctionTreatingPsychiatrist}}
	conv, err := gp.Open(ctx, bridge.NewConversation{Patient: "jens", Purpose: bridge.PurposeTreatment, Members: party})
	if err != nil {
		t.Fatal(err)
	}
	draft := bridgetest.Draft(conv, "hello", bridge.TopicMedication)
	draft.AckRequested = true
	sending, err := gp.Send(draft)
	if err != nil {
		t.Fatal(err)
	}
	sent, err := sending.Wait(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var objection bridge.Objection
	var emergency bridge.Emergency
	for _, step := range []struct {
		name string
		ask  func() (any, error)
	}{
		{"history", func() (any, error) { return psychiatrist.History(ctx, bridge.HistoryQuery{Conversation: conv.ID}) }},
		{"read", func() (any, error) { return psychiatrist.MarkRead(ctx, conv.ID, 1) }},
		{"acknowledge", func() (any, error) { return psychiatrist.Acknowledge(ctx, sent.Message) }},
		{"preview", func() (any, error) {
			return gp.Preview(ctx, bridgetest.Draft(conv, "x", bridge.TopicMedication))
		}},
		{"amend", func() (any, error) {
			return gp.Amend(ctx, bridge.Amendment{Message: sent.Message, Retract: true, Reason: "wrong patient"})
		}},
		{"conversations", func() (any, error) { return gp.Conversations(ctx, wire.ConvList{}) }},
		{"team", func() (any, error) { return gp.CareTeam(ctx, "jens") }},
		{"directory", func() (any, error) { return gp.Directory(ctx, wire.DirectoryFor{Text: "psy"}) }},
		{"presence", func() (any, error) { return gp.SubscribePresence(ctx, "jens", party) }},
		{"no presence", func() (any, error) { return nil, gp.UnsubscribePresence(ctx, "jens") }},
		{"away", func() (any, error) { return gp.SetPresence(ctx, wire.PresenceSet{Mode: wire.ModeAway}) }},
		{"objection", func() (any, error) {
			o, err := jens.Object(ctx, wire.ObjectionMake{Patient: "jens", Parties: []bridge.Party{{Ref: bridgetest.Role("cw")}}})
			objection = o
			return o, err
		}},
		{"lift", func() (any, error) { return nil, jens.Lift(ctx, "jens", objection.ID) }},
		{"consents", func() (any, error) { return jens.Consents(ctx, "jens") }},
		{"request", func() (any, error) {
			scope := bridgetest.Scope("gp", "sw", bridge.PurposeSocialCasework, "S-1", bridge.TopicPractical)
			scope.Period = bridge.Period{} // as long as the law allows
			return gp.RequestConsent(ctx, bridge.NewRequest{Patient: "jens", Scope: scope, Reason: "why not"})
		}},
		{"glass", func() (any, error) {
			e, err := gp.BreakGlass(ctx, bridge.NewEmergency{Patient: "jens", Reason: "unconscious in the waiting room"})
			emergency = e
			return e, err
		}},
		{"confirm", func() (any, error) { return gp.ConfirmGlass(ctx, "jens", emergency.ID) }},
		{"entries", func() (any, error) {
			e, _, err := jens.Entries(ctx, wire.EntriesAfter{Patient: "jens"})
			return e, err
		}},
	} {
		if _, err := step.ask(); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
	}
	gp.SetTyping(conv.ID, true)
	if gp.State() != brobygger.Connected {
		t.Errorf("the connection is %s, %v", gp.State(), gp.Err())
	}
}
