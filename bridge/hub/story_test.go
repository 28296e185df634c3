// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub_test

import (
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// The stories of the wire, told on the whole bridge over real sockets. Amira has
// consented: her psychiatric team and her support worker may speak about her
// mental health.

const (
	berg  = "psy-berg"
	omar  = "sw-omar"
	amira = bridge.PatientID("amira")
)

// login connects as somebody of the demo region, and reads from then on.
func (r *region) login(name string) *client {
	r.t.Helper()
	c := r.dial()
	c.start()
	r.t.Cleanup(func() {
		c.conn.Close()
		for range c.in {
		}
	})
	c.hello(name)
	return c
}

func (r *region) dial() *client {
	r.t.Helper()
	d := websocket.Dialer{Subprotocols: []string{wire.Subprotocol}}
	conn, _, err := d.Dial(r.url, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return &client{t: r.t, conn: conn, in: make(chan wire.Server, 4096), end: make(chan error, 1), skip: true}
}

func (c *client) hello(name string) wire.Connected {
	c.t.Helper()
	role := bridge.Ref("")
	if name == berg { // who has two
		role = "PractitionerRole/psy-berg"
	}
	var ok wire.Connected
	if err := c.ask(wire.CmdConnect, wire.Connect{Token: name, Role: role, Fresh: true, Language: "da"}).Into(&ok); err != nil {
		c.t.Fatalf("%s: %v", name, err)
	}
	return ok
}

// talk opens a conversation between Berg and Omar about Amira.
func talk(t *testing.T, sender *client) bridge.ConversationID {
	t.Helper()
	var ok wire.ConvOpened
	err := sender.ask(wire.CmdConvOpen, bridge.NewConversation{
		MID: "conversation-1", Patient: amira, Purpose: bridge.PurposeCareCoordination, Case: "NS-2041",
		Members: []bridge.Party{{Ref: "PractitionerRole/" + omar}},
	}).Into(&ok)
	if err != nil {
		t.Fatal(err)
	}
	return ok.Conversation.ID
}

func note(conv bridge.ConversationID, mid, text string) bridge.Draft {
	return bridge.Draft{MID: mid, Conversation: conv, Parts: []bridge.Part{{Topics: []bridge.Topic{bridge.TopicMentalHealth}, Text: text}}}
}

// consentOf finds the consent that Amira has given.
func consentOf(t *testing.T, patient *client) bridge.ConsentID {
	t.Helper()
	var list wire.ConsentListed
	if err := patient.ask(wire.CmdConsentList, wire.ConsentList{Patient: amira}).Into(&list); err != nil || len(list.Consents) != 1 {
		t.Fatalf("%d consents, %v", len(list.Consents), err)
	}
	return list.Consents[0].ID
}

// message reads up to a message, answering pokes as a client does.
func (c *client) message() (wire.MessageEvent, uint64) {
	c.t.Helper()
	push := c.until(func(s wire.Server) bool { return s.Type == wire.PushMessage })
	var e wire.MessageEvent
	if err := push.Event.Into(&e); err != nil {
		c.t.Fatal(err)
	}
	return e, push.N
}

func TestAMessageCrossesTheBorderAndItsReceiptComesBack(t *testing.T) {
	r := newRegion(t)
	doctor, worker := r.login(berg), r.login(omar)
	conv := talk(t, doctor)
	worker.say("", nil)
	var sent bridge.Sent
	if err := doctor.ask(wire.CmdSend, note(conv, "message-1", "He sleeps again.")).Into(&sent); err != nil {
		t.Fatal(err)
	}
	got, n := worker.message()
	if got.Message == nil || got.Message.Parts[0].Text != "He sleeps again." || got.Disclosure == "" {
		t.Fatalf("got %+v", got)
	}
	worker.say(wire.CmdAck, wire.Ack{N: n, Shown: []bridge.DisclosureID{got.Disclosure}})
	receipt := doctor.until(func(s wire.Server) bool { return s.Type == wire.PushReceipt })
	var e wire.ReceiptEvent
	if err := receipt.Event.Into(&e); err != nil || e.Kind != bridge.ReceiptDelivered || e.ID != sent.Message {
		t.Fatalf("receipt %+v, %v", e, err)
	}
	again := bridge.Sent{}
	if err := doctor.ask(wire.CmdSend, note(conv, "message-1", "He sleeps again.")).Into(&again); err != nil || !again.Duplicate || again.Message != sent.Message {
		t.Fatalf("sent again: %+v, %v", again, err)
	}
}

func TestAfterAWithdrawalNothingPassesAndBothSidesAreTold(t *testing.T) {
	r := newRegion(t)
	doctor, worker, patient := r.login(berg), r.login(omar), r.login("amira")
	conv := talk(t, doctor)
	var w bridge.Withdrawal
	withdraw := wire.ConsentWithdraw{Patient: amira, Consent: consentOf(t, patient)}
	if err := patient.ask(wire.CmdConsentWithdraw, withdraw).Into(&w); err != nil || len(w.Unconfirmed) != 0 {
		t.Fatalf("withdrew %+v, %v", w, err)
	}
	refused := doctor.ask(wire.CmdSend, note(conv, "message-1", "too late"))
	if refused.Err == nil || refused.Err.Retry || len(refused.Err.Remedies) == 0 {
		t.Fatalf("after the withdrawal: %+v", refused.Err)
	}
	worker.say("", nil)
	worker.until(func(s wire.Server) bool { return s.Type == wire.PushConsent })
}

func TestAWithdrawalWaitsForWhoHasNotSaidWhetherItWasShown(t *testing.T) {
	for name, ack := range map[string]bool{"and goes on as soon as they have": true, "and at most 4 s": false} {
		t.Run(name, func(t *testing.T) {
			r := newRegion(t)
			doctor, worker, patient := r.login(berg), r.login(omar), r.login("amira")
			conv := talk(t, doctor)
			withdraw := wire.ConsentWithdraw{Patient: amira, Consent: consentOf(t, patient)}
			worker.say("", nil)
			if got := doctor.ask(wire.CmdSend, note(conv, "message-1", "seen?")); got.Err != nil {
				t.Fatalf("%+v", got.Err)
			}
			got, n := worker.message()
			began := time.Now()
			id := patient.say(wire.CmdConsentWithdraw, withdraw)
			if ack {
				// When the worker hears of it, the claim is still open.
				worker.say("", nil)
				worker.until(func(s wire.Server) bool { return s.Type == wire.PushConsent || s.Type == wire.PushPoke })
				worker.say(wire.CmdAck, wire.Ack{N: n, Shown: []bridge.DisclosureID{got.Disclosure}})
			}
			var w bridge.Withdrawal
			if err := patient.answer(id).Into(&w); err != nil || w.Disclosures != 1 {
				t.Fatalf("withdrew %+v, %v", w, err)
			}
			took := time.Since(began)
			if ack && (took > 3*time.Second || len(w.Unconfirmed) != 0) {
				t.Errorf("took %v, unconfirmed %v", took, w.Unconfirmed)
			}
			if !ack && (took < bridge.DrainTime || took > 5*time.Second || len(w.Unconfirmed) != 1) {
				t.Errorf("took %v, unconfirmed %v", took, w.Unconfirmed)
			}
		})
	}
}

func TestWhoWasAwayMissesNothingAndGetsNothingTwice(t *testing.T) {
	const messages = 50
	r := newRegion(t)
	doctor := r.login(berg)
	worker := r.dial()
	worker.start()
	at := worker.hello(omar)
	conv := talk(t, doctor)

	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for i := range messages {
			if got := doctor.ask(wire.CmdSend, note(conv, mid(i), mid(i))); got.Err != nil {
				t.Errorf("%+v", got.Err)
			}
		}
	}()
	place := bridge.Position{Log: at.Log, N: at.N}
	seen := map[bridge.MessageID]int{}
	for drops := 0; len(seen) < messages; {
		s, ok := <-worker.in
		if !ok {
			t.Fatalf("ended: %v", <-worker.end)
		}
		switch {
		case s.Type == wire.PushPoke:
			worker.say("", nil)
		case s.N == place.N+1:
			place.N = s.N
			if s.Type != wire.PushMessage {
				continue
			}
			e := told(t, s)
			seen[e.Message.ID]++
			worker.say(wire.CmdAck, wire.Ack{N: s.N, Shown: []bridge.DisclosureID{e.Disclosure}})
			if len(seen)%20 == 0 && drops < 2 { // the line breaks
				drops++
				worker.conn.Close()
				for range worker.in {
				}
				worker = r.dial()
				worker.start()
				again := worker.resume(omar, place)
				if !again.Resumed {
					t.Fatalf("not resumed: %+v", again)
				}
			}
		case s.N > place.N:
			t.Fatalf("n %d after %d", s.N, place.N)
		}
	}
	<-sent
	for id, times := range seen {
		if times != 1 {
			t.Errorf("%s came %d times", id, times)
		}
	}
	worker.conn.Close()
	for range worker.in {
	}
}

func mid(i int) string { return "message-" + string(rune('a'+i/26)) + string(rune('a'+i%26)) }

func (c *client) resume(name string, p bridge.Position) wire.Connected {
	c.t.Helper()
	var ok wire.Connected
	id := c.say(wire.CmdConnect, wire.Connect{Token: name, Fresh: true, Resume: &p})
	if err := c.answer(id).Into(&ok); err != nil {
		c.t.Fatal(err)
	}
	return ok
}
