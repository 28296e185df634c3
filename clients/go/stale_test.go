// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package brobygger_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
	brobygger "github.com/brobygger/brobygger/clients/go"
)

func TestStaleContentIsNotShownButFetchedAgain(t *testing.T) {
	s := newServer(t)
	var clock brobygger.TestClock
	shown := make(chan string, 16)
	s.dial(func(o *brobygger.Options) {
		clock.Drive(o)
		reader(shown)(o)
	})
	p, _ := s.admit("L", 0, false)
	clock.Pass(4*time.Second, 4*time.Second)
	p.message(1, 1, "late") // claimed behind the beat of connect
	if how := p.acked("d-late"); how != "stale" {
		t.Fatalf("acked as %s, want stale", how)
	}
	sync := p.want(wire.CmdSync)
	if n := sync.Data.(*wire.Sync).Since.N; n != 0 {
		t.Errorf("the place moved to %d past what was not shown", n)
	}
	p.replyBehind(sync, sync.Beat, wire.Synced{N: 1, Events: []wire.Event{
		{Type: wire.PushMessage, N: 1, Data: data(t, content(1, "again"))},
	}})
	if got := wait(t, shown, "the message"); got != "again" {
		t.Errorf("shown %q", got)
	}
	if how := p.acked("d-again"); how != "shown" {
		t.Errorf("acked as %s, want shown", how)
	}
}

func TestWhatGetsOldBehindASlowHandlerIsFetchedAgain(t *testing.T) {
	s := newServer(t)
	var clock brobygger.TestClock
	shown := make(chan string, 16)
	s.dial(func(o *brobygger.Options) {
		clock.Drive(o)
		o.On.Message = func(m brobygger.Message) {
			clock.Pass(2*time.Second, 2*time.Second) // it takes its time
			shown <- m.Message.Parts[0].Text
		}
	})
	p, _ := s.admit("L", 0, false)
	p.write(wire.AppendPush(nil, wire.PushPoke, 3, 0, nil))
	events := []wire.Event{
		{Type: wire.PushMessage, N: 1, Data: data(t, content(1, "a"))},
		{Type: wire.PushMessage, N: 2, Data: data(t, content(2, "b"))},
		{Type: wire.PushMessage, N: 3, Data: data(t, content(3, "c"))},
	}
	for served := 0; served < 3; {
		sync := p.want(wire.CmdSync)
		since := int(sync.Data.(*wire.Sync).Since.N)
		rest := events[since:]
		if limit := sync.Data.(*wire.Sync).Limit; limit < len(rest) {
			rest = rest[:limit]
		}
		p.replyBehind(sync, sync.Beat, wire.Synced{N: uint64(since + len(rest)), Events: rest, More: since+len(rest) < 3})
		for range min(2, len(rest)) { // two fit into three seconds
			wait(t, shown, "a message")
			served++
		}
	}
}

func TestHistoryThatComesTooLateIsReadAgain(t *testing.T) {
	s := newServer(t)
	var clock brobygger.TestClock
	c := s.dial(func(o *brobygger.Options) {
		clock.Drive(o)
		o.Content = true
	})
	p, hello := s.admit("L", 0, false)
	if !hello.Fresh {
		t.Error("a client that wants content keeps the rule, and says so")
	}
	got := make(chan wire.HistoryRead, 1)
	go func() {
		h, err := c.History(t.Context(), bridge.HistoryQuery{Conversation: "c1"})
		if err != nil {
			t.Error(err)
		}
		got <- h
	}()
	item := func(d string) wire.HistoryRead {
		return wire.HistoryRead{Complete: true, Items: []bridge.HistoryItem{{Disclosure: bridge.DisclosureID(d), Message: bridge.Message{ID: "m"}}}}
	}
	first := p.want(wire.CmdHistory)
	clock.Pass(10*time.Millisecond, time.Hour) // the machine slept
	p.replyBehind(first, first.Beat, item("d-old"))
	if how := p.acked("d-old"); how != "stale" {
		t.Errorf("acked as %s, want stale", how)
	}
	second := p.want(wire.CmdHistory)
	p.replyBehind(second, second.Beat, item("d-new"))
	if diff := cmp.Diff(bridge.DisclosureID("d-new"), wait(t, got, "history").Items[0].Disclosure); diff != "" {
		t.Error(diff)
	}
	if how := p.acked("d-new"); how != "shown" {
		t.Errorf("acked as %s, want shown", how)
	}
}

// Who takes time over the names of a message does not show it too late: it is
// fetched again, and by then the names are known.
func TestWhatGetsOldWhileItIsPreparedIsFetchedAgain(t *testing.T) {
	s := newServer(t)
	var clock brobygger.TestClock
	shown := make(chan string, 16)
	known := map[bridge.Ref]bool{}
	c := s.dial(func(o *brobygger.Options) {
		clock.Drive(o)
		reader(shown)(o)
		o.On.Prepare = func(p bridge.PatientID, people []bridge.Ref) {
			for _, r := range people {
				if p == "jens" && !known[r] {
					known[r] = true
					clock.Pass(4*time.Second, 4*time.Second)
				}
			}
		}
	})
	p, _ := s.admit("L", 0, false)
	p.message(1, 1, "a")
	if how := p.acked("d-a"); how != "stale" {
		t.Errorf("acked as %s, want stale", how)
	}
	sync := p.want(wire.CmdSync)
	p.replyBehind(sync, sync.Beat, wire.Synced{N: 1, Events: []wire.Event{{Type: wire.PushMessage, N: 1, Data: data(t, content(1, "a"))}}})
	if got := wait(t, shown, "the message"); got != "a" {
		t.Errorf("shown %q", got)
	}

	read := make(chan error, 1)
	go func() {
		read <- c.ReadHistory(t.Context(), bridge.HistoryQuery{Conversation: "c1"}, func(wire.HistoryRead) {})
	}()
	item := wire.HistoryRead{Complete: true, Items: []bridge.HistoryItem{{
		Disclosure: "d-b", Message: bridge.Message{ID: "b", Patient: "jens", Sender: "PractitionerRole/sw"}, Deliveries: []bridge.Delivery{{Recipient: "PractitionerRole/gp"}},
	}}}
	for range 2 {
		asked := p.want(wire.CmdHistory)
		p.replyBehind(asked, asked.Beat, item)
	}
	if err := wait(t, read, "history"); err != nil {
		t.Error(err)
	}
	if !known["PractitionerRole/sw"] || !known["PractitionerRole/gp"] {
		t.Errorf("prepared for %v", known)
	}
}

// A message that was withheld, and may be shown after all later, comes as another
// event with the same id: it is shown, and each has its own n.
func TestAMessageThatIsReleasedLaterIsShown(t *testing.T) {
	s := newServer(t)
	type seen struct {
		N     uint64
		ID    bridge.MessageID
		Text  string
		Codes []bridge.Code
	}
	events := make(chan seen, 16)
	c := s.dial(func(o *brobygger.Options) {
		o.On.Message = func(m brobygger.Message) {
			v := seen{N: m.N, ID: m.ID, Codes: m.Withheld}
			if m.Message != nil {
				v.Text = m.Message.Parts[0].Text
			}
			events <- v
		}
	})
	p, _ := s.admit("L", 4, false)
	no := wire.MessageEvent{Patient: "jens", Conversation: "c1", ID: "a", Withheld: []bridge.Code{bridge.CodeConsentRequired}}
	p.write(wire.AppendPush(nil, wire.PushMessage, 5, 0, data(t, no)))
	p.message(6, 1, "b")
	p.message(7, 1, "a")
	got := []seen{wait(t, events, "the refusal"), wait(t, events, "another"), wait(t, events, "the message")}
	if diff := cmp.Diff([]seen{{5, "a", "", no.Withheld}, {6, "b", "b", nil}, {7, "a", "a", nil}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if how := p.acked("d-a"); how != "shown" {
		t.Errorf("acked as %s, want shown", how)
	}
	if at, _ := c.Position(); at != (bridge.Position{Log: "L", N: 7}) {
		t.Errorf("the place is %v, want L 7", at)
	}
}
