// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package brobygger_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
	brobygger "github.com/brobygger/brobygger/clients/go"
)

func draft(conv, text string) bridge.Draft {
	return bridge.Draft{
		Conversation: bridge.ConversationID(conv),
		Parts:        []bridge.Part{{Topics: []bridge.Topic{bridge.TopicMedication}, Text: text}},
	}
}

// reader is a program that notes what it is shown.
func reader(shown chan string) func(*brobygger.Options) {
	return func(o *brobygger.Options) {
		o.On.Message = func(m brobygger.Message) { shown <- m.Message.Parts[0].Text }
	}
}

func TestSendKeepsItsIDWhenTheConnectionBreaksBeforeTheAnswer(t *testing.T) {
	s := newServer(t)
	c := s.dial(nil)
	p, _ := s.admit("L", 7, false)
	sending, err := c.Send(draft("c1", "hello"))
	if err != nil {
		t.Fatal(err)
	}
	first := p.want(wire.CmdSend).Data.(*bridge.Draft)
	p.close(bridge.CloseDrain)

	p, hello := s.admit("L", 7, true)
	if diff := cmp.Diff(&bridge.Position{Log: "L", N: 7}, hello.Resume); diff != "" {
		t.Errorf("the client does not resume where it was (-want +got):\n%s", diff)
	}
	again := p.want(wire.CmdSend)
	if diff := cmp.Diff(first, again.Data); diff != "" {
		t.Errorf("the repeated message is another (-first +again):\n%s", diff)
	}
	p.reply(again, bridge.Sent{Message: "m1", Seq: 1, State: bridge.MessageAccepted, Duplicate: true})
	p.reply(again, bridge.Sent{Message: "m2"}) // an answer twice changes nothing
	sent, err := sending.Wait(t.Context())
	if err != nil || sent.Message != "m1" || !sent.Duplicate {
		t.Errorf("outcome %+v, %v; want m1", sent, err)
	}
	if left := c.Unsent(); len(left) != 0 {
		t.Errorf("%d messages are still unsent", len(left))
	}
}

func TestOfflineMessagesGoInOrderOfTheirConversation(t *testing.T) {
	s := newServer(t)
	c := s.dial(nil)
	for _, text := range []string{"one", "two", "three"} {
		if _, err := c.Send(draft("c1", text)); err != nil {
			t.Fatal(err)
		}
	}
	p, _ := s.admit("L", 0, false)
	for _, want := range []string{"one", "two", "three"} {
		cmd := p.want(wire.CmdSend)
		if got := cmd.Data.(*bridge.Draft).Parts[0].Text; got != want {
			t.Errorf("sent %q, want %q", got, want)
		}
		if want == "two" { // busy: it is tried again, and nobody overtakes
			p.refuse(cmd, wire.Error{Code: bridge.CodeBusy, Retry: true, RetryMS: 1})
			cmd = p.want(wire.CmdSend)
			if got := cmd.Data.(*bridge.Draft).Parts[0].Text; got != want {
				t.Errorf("%q overtook %q", got, want)
			}
		}
		p.reply(cmd, bridge.Sent{Message: bridge.MessageID(want)})
	}
}

func TestEventsComeOnceAndInOrder(t *testing.T) {
	s := newServer(t)
	shown := make(chan string, 16)
	c := s.dial(reader(shown))
	p, _ := s.admit("L", 10, false)
	p.message(11, 1, "a")
	p.message(11, 1, "a") // twice
	p.message(13, 1, "c") // 12 is missing
	sync := p.want(wire.CmdSync)
	if diff := cmp.Diff(bridge.Position{Log: "L", N: 11}, sync.Data.(*wire.Sync).Since); diff != "" {
		t.Errorf("sync from another place (-want +got):\n%s", diff)
	}
	p.replyBehind(sync, sync.Beat, wire.Synced{N: 13, Events: []wire.Event{
		{Type: wire.PushMessage, N: 12, Data: data(t, content(12, "b"))},
		{Type: wire.PushMessage, N: 13, Data: data(t, content(13, "c"))},
	}})
	p.write(wire.AppendPush(nil, "of.the.future", 14, 0, data(t, struct{}{})))
	p.message(15, sync.Beat, "d")
	var got []string
	for range 4 {
		got = append(got, wait(t, shown, "a message"))
	}
	if diff := cmp.Diff([]string{"a", "b", "c", "d"}, got); diff != "" {
		t.Errorf("shown (-want +got):\n%s", diff)
	}
	if how := p.acked("d-d"); how != "shown" {
		t.Errorf("the last message was acked as %s", how)
	}
	if at, _ := c.Position(); at != (bridge.Position{Log: "L", N: 15}) {
		t.Errorf("the place is %v, want L 15", at)
	}
}

func TestAPokeIsFetchedAndAPingAnswered(t *testing.T) {
	s := newServer(t)
	shown := make(chan string, 16)
	s.dial(reader(shown))
	p, _ := s.admit("L", 0, false)
	p.write(wire.Ping)
	p.want("")
	p.write(wire.AppendPush(nil, wire.PushPoke, 1, 0, nil))
	sync := p.want(wire.CmdSync)
	p.replyBehind(sync, sync.Beat, wire.Synced{N: 1, Events: []wire.Event{
		{Type: wire.PushMessage, N: 1, Data: data(t, content(1, "a"))},
	}})
	wait(t, shown, "the message")
}

func TestDenialNamesTheRemedyAndAsksThePatient(t *testing.T) {
	s := newServer(t)
	c := s.dial(nil)
	p, _ := s.admit("L", 0, false)
	scope := bridge.Scope{
		From: []bridge.Party{{Ref: "PractitionerRole/holm"}}, To: []bridge.Party{{Function: bridge.FunctionCaseworker}},
		Topics: []bridge.Topic{bridge.TopicMedication}, Purposes: []bridge.Purpose{bridge.PurposeSocialCasework},
	}
	sending, err := c.Send(draft("c1", "hello"))
	if err != nil {
		t.Fatal(err)
	}
	p.refuse(p.want(wire.CmdSend), wire.Error{
		Code: bridge.CodeConsentRequired, Reasons: []bridge.Code{bridge.CodeConsentRequired},
		Remedies: []bridge.Remedy{{Kind: bridge.RemedyAskPatient, Scope: &scope}},
	})
	_, err = sending.Wait(t.Context())
	var denied *brobygger.ConsentError
	if !errors.As(err, &denied) || !errors.Is(err, &bridge.Error{Code: bridge.CodeConsentRequired}) {
		t.Fatalf("outcome %v, want a ConsentError of consent_required", err)
	}
	asked := make(chan error, 1)
	go func() {
		r, err := denied.Ask(t.Context(), "so that the benefit can be assessed")
		if err == nil && r.ID != "r1" {
			err = errors.New("another request")
		}
		asked <- err
	}()
	p.reply(p.want(wire.CmdConvList), wire.ConvListed{Items: []bridge.ConversationView{
		{Conversation: bridge.Conversation{ID: "c1", Patient: "jens"}},
	}})
	cmd := p.want(wire.CmdConsentRequest)
	got := cmd.Data.(*bridge.NewRequest)
	want := &bridge.NewRequest{MID: got.MID, Patient: "jens", Scope: scope, Reason: "so that the benefit can be assessed", Hold: &sending.Draft}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	p.reply(cmd, wire.ConsentRequested{Request: bridge.ConsentRequest{ID: "r1"}})
	if err := wait(t, asked, "the answer"); err != nil {
		t.Error(err)
	}
}

func TestTerminalCloseCodesStopTheClient(t *testing.T) {
	for code, signIn := range map[int]bool{
		bridge.CloseBadToken: true, bridge.CloseAccountDisabled: true, bridge.CloseKicked: true,
		bridge.CloseProtocol: false, bridge.CloseTooMany: false,
	} {
		s := newServer(t)
		c := s.dial(nil)
		p, _ := s.admit("L", 0, false)
		sending, err := c.Send(draft("c1", "hello"))
		if err != nil {
			t.Fatal(err)
		}
		p.want(wire.CmdSend)
		p.close(code)
		wait(t, c.Done(), "the end")
		var auth *brobygger.AuthError
		if errors.As(c.Err(), &auth) != signIn {
			t.Errorf("code %d: ended with %v, sign in again %v", code, c.Err(), signIn)
		}
		if _, err := sending.Wait(t.Context()); !errors.Is(err, brobygger.ErrClosed) {
			t.Errorf("code %d: the message ended with %v", code, err)
		}
		if _, err := c.Send(draft("c1", "more")); !errors.Is(err, brobygger.ErrClosed) {
			t.Errorf("code %d: a closed client takes messages: %v", code, err)
		}
	}
}

func TestWhatWasShownIsSaidAgainOnTheNextConnection(t *testing.T) {
	s := newServer(t)
	shown := make(chan string, 1)
	s.dial(reader(shown))
	p, _ := s.admit("L", 0, false)
	p.message(1, 1, "a")
	wait(t, shown, "the message")
	p.close(bridge.CloseDrain) // perhaps before the ack was read
	p, hello := s.admit("L", 1, true)
	if hello.Resume == nil || hello.Resume.N != 1 {
		t.Errorf("resumes at %v, want 1", hello.Resume)
	}
	if how := p.acked("d-a"); how != "shown" {
		t.Errorf("acked as %s", how)
	}
}

func TestResyncMovesThePlaceAndTellsTheProgram(t *testing.T) {
	s := newServer(t)
	told := make(chan wire.Resync, 1)
	c := s.dial(func(o *brobygger.Options) {
		o.Resume = &bridge.Position{Log: "old", N: 99}
		o.On.Resync = func(r wire.Resync) { told <- r }
	})
	p, _ := s.admit("new", 5, false)
	p.write(wire.AppendPush(nil, wire.PushResync, 0, 0, data(t, wire.Resync{Reason: wire.ResyncLog, At: bridge.Position{Log: "new", N: 5}})))
	if r := wait(t, told, "resync"); r.Reason != wire.ResyncLog {
		t.Errorf("reason %s", r.Reason)
	}
	if at, _ := c.Position(); at != (bridge.Position{Log: "new", N: 5}) {
		t.Errorf("the place is %v", at)
	}
}

func TestARestoredBridgeIsNotToldOfPlacesInAnotherLog(t *testing.T) {
	s := newServer(t)
	shown := make(chan string, 1)
	s.dial(reader(shown))
	p, _ := s.admit("old", 900, false)
	p.message(901, 1, "a")
	wait(t, shown, "the message")
	p.close(bridge.CloseDrain)
	p, hello := s.admit("new", 5, false)
	if hello.Resume == nil || *hello.Resume != (bridge.Position{Log: "old", N: 901}) {
		t.Errorf("resumes at %v, want old 901", hello.Resume)
	}
	p.write(wire.AppendPush(nil, wire.PushResync, 0, 0, data(t, wire.Resync{Reason: wire.ResyncLog, At: bridge.Position{Log: "new", N: 5}})))
	p.message(6, 1, "b")
	wait(t, shown, "the next message")
	for {
		c := <-p.commands
		ack, ok := c.Data.(*wire.Ack)
		if !ok {
			continue
		}
		if ack.N > 6 { // the bridge would end the connection
			t.Errorf("acknowledged up to %d in a log that has 6", ack.N)
		}
		if len(ack.Shown) == 1 && ack.Shown[0] == "d-b" {
			return
		}
	}
}

func TestADyingSourceOfTokensEndsTheClientOnlyWhenItSaysSo(t *testing.T) {
	s := newServer(t)
	calls := make(chan struct{}, 8)
	first := true
	c := s.dial(func(o *brobygger.Options) {
		o.Token = func(context.Context) (string, error) {
			calls <- struct{}{}
			if first {
				first = false
				return "", errors.New("the issuer is away")
			}
			return "", &brobygger.AuthError{Code: bridge.CodeUnauthenticated}
		}
	})
	wait(t, calls, "the first call")
	wait(t, calls, "the second call")
	wait(t, c.Done(), "the end")
	var auth *brobygger.AuthError
	if !errors.As(c.Err(), &auth) {
		t.Errorf("ended with %v", c.Err())
	}
}

func TestTokenIsRefreshedInPlace(t *testing.T) {
	s := newServer(t)
	s.dial(nil)
	p := s.accept()
	p.reply(p.want(wire.CmdConnect), wire.Connected{TTLMS: 40, PingMS: 25_000, Log: "L"})
	cmd := p.want(wire.CmdRefresh)
	if got := cmd.Data.(*wire.Refresh).Token; got != "token" {
		t.Errorf("token %q", got)
	}
	p.reply(cmd, wire.Refreshed{TTLMS: 40})
	p.want(wire.CmdRefresh)
}

func TestCommandsOfManyGoroutinesComeInOrder(t *testing.T) {
	s := newServer(t)
	c := s.dial(nil)
	p, _ := s.admit("L", 0, false)
	const asking = 50
	done := make(chan error, asking)
	for range asking {
		go func() {
			_, err := c.Conversations(t.Context(), wire.ConvList{})
			done <- err
		}()
	}
	for range asking { // the server of the tests sees that ids and beats grow
		p.reply(p.want(wire.CmdConvList), wire.ConvListed{})
	}
	for range asking {
		if err := wait(t, done, "an answer"); err != nil {
			t.Error(err)
		}
	}
}

func TestDialSaysWhyItCanNotConnect(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := brobygger.Dial(ctx, brobygger.Options{
		URL: "http://127.0.0.1:1", Token: func(context.Context) (string, error) { return "t", nil },
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the deadline", err)
	}
}
