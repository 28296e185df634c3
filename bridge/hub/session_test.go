// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/hub"
	"github.com/brobygger/brobygger/bridge/wire"
)

const (
	a = bridge.Ref("PractitionerRole/a")
	b = bridge.Ref("PractitionerRole/b")
)

func TestASentMessageReachesEveryDeviceOfItsRecipient(t *testing.T) {
	within(t, nil, func(t *testing.T, h *house) {
		alice, _ := h.login("a", nil)
		phone, _ := h.login("b", nil)
		tablet, _ := h.login("b", nil)
		var sent bridge.Sent
		draft := bridge.Draft{MID: "mid-0001", Conversation: "c-1", ReplyTo: bridge.MessageID(b), Parts: []bridge.Part{{Text: "hello"}}}
		if err := alice.ask(wire.CmdSend, draft).Into(&sent); err != nil || sent.State != bridge.MessageAccepted {
			t.Fatalf("sent %+v, %v", sent, err)
		}
		for _, device := range []*client{phone, tablet} {
			push := device.next()
			got := told(t, push)
			if push.N != 1 || push.Beat != device.beat || got.Message.Parts[0].Text != "hello" {
				t.Fatalf("got %+v behind beat %d", push, push.Beat)
			}
			device.say(wire.CmdAck, wire.Ack{N: 1, Shown: []bridge.DisclosureID{got.Disclosure}})
		}
		settle()
		if n := h.world.count(bridge.DisclosureShown); n != 2 {
			t.Fatalf("%d claims were closed as shown", n)
		}
	})
}

func TestAClaimThatCouldNotBeClosedIsClosedAtTheNextTry(t *testing.T) {
	within(t, nil, func(t *testing.T, h *house) {
		alice, _ := h.login("a", nil)
		h.world.post(a, "hello")
		got := told(t, alice.next())
		h.world.mu.Lock()
		h.world.unclosed = 2
		h.world.mu.Unlock()
		alice.say(wire.CmdAck, wire.Ack{N: 1, Shown: []bridge.DisclosureID{got.Disclosure}})
		settle()
		if n := h.world.count(bridge.DisclosureShown); n != 0 {
			t.Fatal("closed though the store was busy")
		}
		pass(3 * time.Second)
		synctest.Wait()
		if n := h.world.count(bridge.DisclosureShown); n != 1 {
			t.Fatalf("%d claims were closed as shown", n)
		}
	})
}

func TestWhoListensIsHandedAMessageAtOnceAndOnce(t *testing.T) {
	within(t, nil, func(t *testing.T, h *house) {
		bob, _ := h.login("b", nil)
		synctest.Wait()
		h.world.post(b, "one")
		if got := bob.next(); h.world.early != 1 || got.N != 1 || got.Beat != bob.beat {
			t.Fatalf("%d claimed early; got n %d behind beat %d", h.world.early, got.N, got.Beat)
		}
		h.world.between = func() { // what is claimed waits so long that the client asks itself
			h.world.between = nil
			h.world.hub.Poke(b, 2)
			if got := bob.ask(wire.CmdSync, wire.Sync{Since: bridge.Position{Log: "log-1", N: 1}}); got.OK == nil {
				t.Errorf("got %+v", got.Err)
			}
		}
		bob.skip = true
		h.world.post(b, "two")
		h.world.post(b, "three")
		last := bob.until(func(s wire.Server) bool { return s.Type == wire.PushMessage })
		settle()
		if last.N != 3 || len(bob.in) != 0 {
			t.Fatalf("after the answer n %d came, and %d frames more", last.N, len(bob.in))
		}
		if open, unsent := h.world.count(bridge.DisclosureOpen), h.world.count(bridge.DisclosureUnsent); unsent == 0 || open+unsent != len(h.world.claims) {
			t.Fatalf("%d open, %d unsent of %d", open, unsent, len(h.world.claims))
		}
	})
}

func TestADenialSaysWhy(t *testing.T) {
	within(t, nil, func(t *testing.T, h *house) {
		alice, _ := h.login("a", nil)
		got := alice.ask(wire.CmdSend, bridge.Draft{MID: "mid-0001", Conversation: "c-nobody", Parts: []bridge.Part{{Text: "x"}}})
		if got.Err == nil || got.Err.Code != bridge.CodeConsentRequired || len(got.Err.Reasons) != 1 || got.Err.Retry {
			t.Fatalf("got %+v", got.Err)
		}
	})
}

func TestWhoDoesNotKeepTheFreshnessRuleGetsNoContent(t *testing.T) {
	within(t, nil, func(t *testing.T, h *house) {
		bob := h.open()
		if err := bob.ask(wire.CmdConnect, wire.Connect{Token: "b"}).Into(&wire.Connected{}); err != nil {
			t.Fatal(err)
		}
		h.world.post(b, "secret")
		if push := bob.next(); push.Beat != 0 || told(t, push).Message != nil || len(told(t, push).Withheld) == 0 {
			t.Fatalf("got %+v", push)
		}
	})
}

func TestASilentSessionIsPokedAndFetches(t *testing.T) {
	within(t, nil, func(t *testing.T, h *house) {
		bob, at := h.login("b", nil)
		pass(wire.PushWithin + time.Millisecond)
		h.world.post(b, "one")
		h.world.post(b, "two")
		for n := uint64(1); n <= 2; n++ {
			if got := bob.next(); got.Type != wire.PushPoke || got.N != n || got.Data != nil || got.Beat != 0 {
				t.Fatalf("got %+v", got)
			}
		}
		if n := h.world.count(bridge.DisclosureOpen); n != 0 {
			t.Fatalf("%d claims before anybody asked", n)
		}
		got := bob.ask(wire.CmdSync, wire.Sync{Since: bridge.Position{Log: at.Log, N: at.N}})
		var ok wire.Synced
		if err := got.Into(&ok); err != nil || len(ok.Events) != 2 || ok.N != 2 || ok.More {
			t.Fatalf("synced %+v, %v", ok, err)
		}
		if got.Beat != bob.beat {
			t.Fatalf("content behind beat %d, want that of the sync, %d", got.Beat, bob.beat)
		}
		h.world.post(b, "three") // heard from just now: pushed, and nothing twice
		if push := bob.next(); push.N != 3 || push.Type != wire.PushMessage {
			t.Fatalf("got %+v", push)
		}
	})
}

func TestASignOfLifeBringsWhatWaited(t *testing.T) {
	within(t, nil, func(t *testing.T, h *house) {
		bob, _ := h.login("b", nil)
		pass(5 * time.Second)
		h.world.post(b, "one")
		if got := bob.next(); got.Type != wire.PushPoke {
			t.Fatalf("got %+v", got)
		}
		bob.say("", nil)
		if push := bob.next(); push.N != 1 || push.Beat != bob.beat {
			t.Fatalf("got %+v", push)
		}
	})
}

func TestResumeGivesWhatWasMissedAndNothingTwice(t *testing.T) {
	within(t, nil, func(t *testing.T, h *house) {
		for i := range 100 {
			h.world.post(b, fmt.Sprint(i))
		}
		bob, at := h.login("b", &bridge.Position{Log: "log-1", N: 40})
		if !at.Resumed || at.N != 40 {
			t.Fatalf("got %+v", at)
		}
		for n := uint64(41); n <= 100; n++ {
			if got := bob.next(); got.N != n {
				t.Fatalf("got n %d, want %d", got.N, n)
			}
		}
		bob.conn.Close()
		h.world.post(b, "while away")
		again, at := h.login("b", &bridge.Position{Log: "log-1", N: 100})
		if got := again.next(); !at.Resumed || got.N != 101 {
			t.Fatalf("got n %d", got.N)
		}
		h.world.post(b, "and now")
		if got := again.next(); got.N != 102 {
			t.Fatalf("got n %d", got.N)
		}
	})
}

func TestAPlaceThatMeansNothingIsToldSo(t *testing.T) {
	for why, p := range map[wire.ResyncReason]bridge.Position{
		wire.ResyncLog:    {Log: "log-0", N: 1},
		wire.ResyncAhead:  {Log: "log-1", N: 9},
		wire.ResyncTooOld: {Log: "log-1", N: 1},
	} {
		t.Run(string(why), func(t *testing.T) {
			within(t, func(_ *hub.Config, w *world) { w.oldest = 3 }, func(t *testing.T, h *house) {
				for range 5 {
					h.world.post(b, "x")
				}
				bob, at := h.login("b", &p)
				push := bob.next()
				var r wire.Resync
				if err := push.Event.Into(&r); err != nil || r.Reason != why || r.At.N != 5 || at.Resumed || at.N != 5 {
					t.Fatalf("got %+v after %+v, %v", r, at, err)
				}
				got := bob.ask(wire.CmdSync, wire.Sync{Since: p})
				if got.Err == nil || got.Err.Code != bridge.CodeResync {
					t.Fatalf("sync got %+v", got)
				}
				h.world.post(b, "from here on")
				if got := bob.next(); got.N != 6 {
					t.Fatalf("got n %d", got.N)
				}
			})
		})
	}
}

func TestAKickEndsEverySessionAndWhatIsInFlight(t *testing.T) {
	within(t, func(_ *hub.Config, w *world) { w.block = make(chan struct{}) }, func(t *testing.T, h *house) {
		one, _ := h.login("a", nil)
		two, _ := h.login("a", nil)
		other, _ := h.login("b", nil)
		id := one.say(wire.CmdAcknowledge, wire.Acknowledge{Message: "m-1"})
		synctest.Wait()
		began := time.Now()
		h.hub.Kick("Practitioner/a", bridge.CodeAccountDisabled)
		for _, c := range []*client{one, two} {
			code, rest := c.closed()
			if code != bridge.CloseAccountDisabled {
				t.Fatalf("closed with %d", code)
			}
			var d wire.Disconnect
			if err := rest[len(rest)-1].Event.Into(&d); err != nil || d.Code != code {
				t.Fatalf("last frame %+v, %v", d, err)
			}
			for _, s := range rest {
				if s.ID == id && s.OK != nil {
					t.Fatal("what was in flight was answered")
				}
			}
		}
		if took := time.Since(began); took > time.Second {
			t.Fatalf("took %v", took)
		}
		if other.ask(wire.CmdRead, wire.Read{Conversation: "c-1", Seq: 3}).OK == nil {
			t.Fatal("somebody else was ended too")
		}
	})
}

func TestATokenThatRunsOutEndsTheSessionUnlessItIsRefreshed(t *testing.T) {
	within(t, func(_ *hub.Config, w *world) { w.lifetime = 2 * time.Minute }, func(t *testing.T, h *house) {
		alice, at := h.login("a", nil)
		if at.TTLMS != 120_000 {
			t.Fatalf("ttl %d", at.TTLMS)
		}
		stop := alice.stayAlive()
		pass(100 * time.Second)
		stop()
		alice.until(func(s wire.Server) bool { return s.Type == wire.PushAuthz })
		if got := alice.answer(alice.say(wire.CmdRefresh, wire.Refresh{Token: "b"})); got.Err == nil || got.Err.Code != bridge.CodeForbidden {
			t.Fatalf("another subject's token: %+v", got)
		}
		if got := alice.answer(alice.say(wire.CmdRefresh, wire.Refresh{Token: "a"})); got.OK == nil {
			t.Fatalf("refresh: %+v", got.Err)
		}
		began := time.Now()
		stop = alice.stayAlive()
		code, _ := alice.closed()
		stop()
		if took := time.Since(began); code != bridge.CloseTokenExpired || took < 119*time.Second || took > 122*time.Second {
			t.Fatalf("closed with %d after %v", code, took)
		}
	})
}

// stayAlive sends a sign of life now and then.
func (c *client) stayAlive() (stop func()) {
	done, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(7 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				c.say("", nil)
			case <-done:
				return
			}
		}
	}()
	return func() { close(done); <-gone }
}

// until reads up to the first frame that matches.
func (c *client) until(match func(wire.Server) bool) wire.Server {
	c.t.Helper()
	for {
		if s := c.next(); match(s) {
			return s
		}
	}
}

func (c *client) answer(id uint32) wire.Server {
	c.t.Helper()
	return c.until(func(s wire.Server) bool { return s.ID == id })
}

func TestANinthConnectionOfOnePersonIsRefused(t *testing.T) {
	within(t, nil, func(t *testing.T, h *house) {
		var first *client
		for range wire.MaxSessions {
			first, _ = h.login("a", nil)
		}
		ninth := h.open()
		ninth.say(wire.CmdConnect, wire.Connect{Token: "a", Fresh: true})
		if code, _ := ninth.closed(); code != bridge.CloseTooMany {
			t.Fatalf("closed with %d", code)
		}
		first.say(wire.CmdBye, wire.Bye{})
		if code, _ := first.closed(); code != websocket.CloseNormalClosure {
			t.Fatalf("bye closed with %d", code)
		}
		synctest.Wait()
		if c, _ := h.login("a", nil); c == nil {
			t.Fatal("no room after one had gone")
		}
	})
}

func TestTypingIsThrottledAndTold(t *testing.T) {
	within(t, nil, func(t *testing.T, h *house) {
		alice, _ := h.login("a", nil)
		bob, _ := h.login("b", nil)
		for range 5 {
			alice.say(wire.CmdTyping, wire.Typing{Conversation: "c-1", On: true})
		}
		synctest.Wait()
		if h.world.typing != 1 {
			t.Fatalf("%d came through", h.world.typing)
		}
		var seen wire.TypingSeen
		if err := bob.next().Event.Into(&seen); err != nil || seen.By != a || !seen.On {
			t.Fatalf("got %+v, %v", seen, err)
		}
	})
}

func TestCommandsAreCarriedOutInOrderAndAcksPassASlowOne(t *testing.T) {
	within(t, func(_ *hub.Config, w *world) { w.block = make(chan struct{}) }, func(t *testing.T, h *house) {
		bob, _ := h.login("b", nil)
		h.world.post(b, "one")
		claim := told(t, bob.next()).Disclosure
		slow := bob.say(wire.CmdAcknowledge, wire.Acknowledge{Message: "m-1"})
		quick := bob.say(wire.CmdRead, wire.Read{Conversation: "c-1", Seq: 1})
		bob.say(wire.CmdAck, wire.Ack{N: 1, Shown: []bridge.DisclosureID{claim}})
		settle()
		if h.world.count(bridge.DisclosureShown) != 1 {
			t.Fatal("the ack waited behind a slow command")
		}
		if len(bob.in) != 0 {
			t.Fatal("the second command overtook the first")
		}
		close(h.world.block)
		if first, second := bob.next(), bob.next(); first.ID != slow || second.ID != quick {
			t.Fatalf("answered %d, then %d", first.ID, second.ID)
		}
	})
}

func TestHistoryIsCutToWhatAnAnswerHolds(t *testing.T) {
	within(t, nil, func(t *testing.T, h *house) {
		bob, _ := h.login("b", nil)
		h.world.hub = nobody{}
		for range 50 {
			h.world.post(b, strings.Repeat("x", bridge.MaxBody))
		}
		got := bob.ask(wire.CmdHistory, bridge.HistoryQuery{Conversation: "c-1"})
		var ok wire.HistoryRead
		if err := got.Into(&ok); err != nil || ok.Complete || got.Beat == 0 {
			t.Fatalf("complete %v, beat %d, %v", ok.Complete, got.Beat, err)
		}
		settle()
		if last := ok.Items[len(ok.Items)-1].Message.ID; last != "m-50" || len(got.OK) > wire.MaxReply+1024 {
			t.Fatalf("last is %s, of %d bytes", last, len(got.OK))
		}
		if n := h.world.count(bridge.DisclosureUnsent); n != 50-len(ok.Items) {
			t.Fatalf("%d items left out, %d claims closed as unsent", 50-len(ok.Items), n)
		}
	})
}

// nobody listens.
type nobody struct{ bridge.Listener }

func (nobody) Ready(bridge.Ref) []bridge.Ready { return nil }
func (nobody) Poke(bridge.Ref, uint64)         {}
func (nobody) Tell(bridge.Delivered)           {}
