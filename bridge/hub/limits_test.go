// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/hub"
	"github.com/brobygger/brobygger/bridge/wire"
)

func TestWhoDoesNotProveWhoTheyAreIsEnded(t *testing.T) {
	within(t, nil, func(t *testing.T, h *house) {
		began := time.Now()
		silent := h.open()
		code, _ := silent.closed()
		if took := time.Since(began); code != bridge.CloseAuthTimeout || took < wire.AuthTimeout || took > wire.AuthTimeout+2*time.Second {
			t.Fatalf("closed with %d after %v", code, took)
		}
	})
}

func TestABadTokenEndsTheConnectionAndIsAnswered(t *testing.T) {
	for token, want := range map[string]struct {
		code  bridge.Code
		close int
	}{
		"bad": {bridge.CodeUnauthenticated, bridge.CloseBadToken},
		"old": {bridge.CodeTokenExpired, bridge.CloseTokenExpired},
		"new": {bridge.CodeKeyUnknown, bridge.CloseKeyUnknown},
	} {
		within(t, nil, func(t *testing.T, h *house) {
			c := h.open()
			id := c.say(wire.CmdConnect, wire.Connect{Token: token, Fresh: true})
			code, rest := c.closed()
			if code != want.close || len(rest) != 2 || rest[0].ID != id || rest[0].Err == nil || rest[0].Err.Code != want.code {
				t.Fatalf("%s: closed with %d after %+v", token, code, rest)
			}
		})
	}
}

func TestFramesThatBreakTheProtocolEndTheSession(t *testing.T) {
	big := strings.Repeat("x", wire.MaxMessage)
	for name, x := range map[string]struct {
		message string
		close   int // 0: answered with bad_request, and no more
	}{
		"no JSON":                  {`hello`, bridge.CloseProtocol},
		"a list":                   {`[]`, bridge.CloseProtocol},
		"no beat":                  {`{"id":9,"t":"read","d":{"conv":"c","seq":1}}`, bridge.CloseProtocol},
		"a beat that was used":     {`{"id":9,"t":"read","b":1,"d":{"conv":"c","seq":1}}`, bridge.CloseProtocol},
		"an id that was used":      {`{"id":1,"t":"read","b":9,"d":{"conv":"c","seq":1}}`, bridge.CloseProtocol},
		"an id that shrinks":       {`{"id":9,"t":"read","b":9,"d":{"conv":"c","seq":1}}` + "\n" + `{"id":8,"t":"read","b":10,"d":{"conv":"c","seq":1}}`, bridge.CloseProtocol},
		"a name twice":             {`{"id":9,"t":"read","b":9,"d":{"conv":"c","seq":1,"seq":2}}`, bridge.CloseProtocol},
		"an unknown field":         {`{"id":9,"t":"read","b":9,"d":{"conv":"c","seq":1,"x":2}}`, 0},
		"an unknown type":          {`{"id":9,"t":"line.ring","b":9,"d":{}}`, 0},
		"an unknown silent type":   {`{"t":"wave","b":9,"d":{}}`, bridge.CloseProtocol},
		"a second connect":         {`{"id":9,"t":"connect","b":9,"d":{"token":"a","fresh":true}}`, -1},
		"too large":                {`{"b":9` + strings.Repeat(" ", wire.MaxMessage) + `}`, bridge.CloseProtocol},
		"huge":                     {strings.Repeat(big, 8), bridge.CloseProtocol},
		"too many frames":          {frames(2, wire.MaxFrames+1), bridge.CloseProtocol},
		"an ack of what was never": {`{"t":"ack","b":9,"d":{"n":77}}`, bridge.CloseGap},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, nil, func(t *testing.T, h *house) {
				c, _ := h.login("a", nil)
				c.raw(x.message)
				switch x.close {
				case 0, -1:
					want := map[int]bridge.Code{0: bridge.CodeBadRequest, -1: bridge.CodeConflict}[x.close]
					if got := c.next(); got.ID != 9 || got.Err == nil || got.Err.Code != want {
						t.Fatalf("got %+v", got)
					}
				default:
					if code, _ := c.closed(); code != x.close {
						t.Fatalf("closed with %d, want %d", code, x.close)
					}
				}
			})
		})
	}
}

// frames makes n signs of life in one message.
func frames(from, n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`{"b":%d}`, from+i))
	}
	return strings.Join(all, "\n")
}

func TestSeveralFramesMayShareAMessage(t *testing.T) {
	within(t, nil, func(t *testing.T, h *house) {
		c, _ := h.login("a", nil)
		c.raw(`{"id":2,"t":"read","b":2,"d":{"conv":"c","seq":1}}` + "\n" + `{"id":3,"t":"read","b":3,"d":{"conv":"c","seq":2}}`)
		if first, second := c.next(), c.next(); first.ID != 2 || second.ID != 3 {
			t.Fatalf("answered %d, then %d", first.ID, second.ID)
		}
	})
}

func TestNothingButConnectPassesBeforeIt(t *testing.T) {
	for name, message := range map[string]string{
		"a command":  `{"id":1,"t":"read","b":1,"d":{"conv":"c","seq":1}}`,
		"an ack":     `{"t":"ack","b":1,"d":{"n":0}}`,
		"bad frames": `{"id":1,"t":"read","b":1,"d":{"x":1}}`,
		"9 KiB":      `{"b":1` + strings.Repeat(" ", 9<<10) + `}`,
	} {
		within(t, nil, func(t *testing.T, h *house) {
			c := h.open()
			c.raw(message)
			if code, _ := c.closed(); code != bridge.CloseBadToken && code != bridge.CloseProtocol {
				t.Fatalf("%s: closed with %d", name, code)
			}
		})
	}
}

func TestABinaryMessageEndsTheSession(t *testing.T) {
	within(t, nil, func(t *testing.T, h *house) {
		c, _ := h.login("a", nil)
		if err := c.conn.WriteMessage(websocket.BinaryMessage, []byte(`{"b":9}`)); err != nil {
			t.Fatal(err)
		}
		if code, _ := c.closed(); code != bridge.CloseProtocol {
			t.Fatalf("closed with %d", code)
		}
	})
}

func TestAMessageThatTricklesEndsTheSession(t *testing.T) {
	within(t, nil, func(t *testing.T, h *house) {
		c, _ := h.login("a", nil)
		began := time.Now()
		w, err := c.conn.NextWriter(websocket.TextMessage)
		if err != nil {
			t.Fatal(err)
		}
		// More than the writer keeps back, so that the first part goes out. Pongs
		// between do not help.
		if _, err := w.Write([]byte(`{"b":9` + strings.Repeat(" ", 5000))); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			pass(3 * time.Second)
			_ = c.conn.WriteControl(websocket.PongMessage, nil, time.Now().Add(time.Second))
		}
		code, _ := c.closed()
		if took := time.Since(began); code != bridge.CloseNoPong || took > wire.MessageTimeout+time.Second {
			t.Fatalf("closed with %d after %v", code, took)
		}
	})
}

func TestASilentClientIsAskedThenEnded(t *testing.T) {
	within(t, nil, func(t *testing.T, h *house) {
		c, _ := h.login("a", nil)
		began := time.Now()
		if got := c.next(); !got.Ping() {
			t.Fatalf("got %+v", got)
		}
		if asked := time.Since(began); asked < wire.PingEvery-time.Second || asked > wire.PingEvery+2*time.Second {
			t.Fatalf("asked after %v", asked)
		}
		c.say("", nil)
		began = time.Now()
		if got := c.next(); !got.Ping() {
			t.Fatalf("got %+v", got)
		}
		code, _ := c.closed()
		if took := time.Since(began); code != bridge.CloseNoPong || took > wire.PingEvery+wire.PongTimeout+3*time.Second {
			t.Fatalf("closed with %d after %v", code, took)
		}
	})
}

// connectAndStop reads the welcome and the answer to connect, and nothing more.
func (c *client) connectAndStop() {
	c.t.Helper()
	c.say(wire.CmdConnect, wire.Connect{Token: "b", Fresh: true})
	for got := 0; got < 2; {
		_, message, err := c.conn.ReadMessage()
		if err != nil {
			c.t.Fatal(err)
		}
		for range wire.Frames(message) {
			got++
		}
	}
}

func TestWhoReadsNothingIsCutAndItsClaimsAreClosedAsUnsent(t *testing.T) {
	within(t, nil, func(t *testing.T, h *house) {
		c, _, err := h.dial(nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.conn.Close()
		c.connectAndStop()
		for range 100 {
			h.world.post(b, strings.Repeat("x", 1000))
		}
		synctest.Wait()
		began := time.Now()
		pass(wire.WriteTimeout + time.Second)
		synctest.Wait()
		open, unsent := h.world.count(bridge.DisclosureOpen), h.world.count(bridge.DisclosureUnsent)
		if open == 0 || unsent == 0 {
			t.Fatalf("%v later %d claims are open, %d unsent", time.Since(began), open, unsent)
		}
		if open > 32 { // one message's worth, of which bytes may have been written
			t.Fatalf("%d claims are open still", open)
		}
	})
}

func TestAnswersThatAreNotReadEndTheSession(t *testing.T) {
	within(t, func(_ *hub.Config, w *world) { w.bulk = strings.Repeat("x", 400<<10) }, func(t *testing.T, h *house) {
		c, _, err := h.dial(nil)
		if err != nil {
			t.Fatal(err)
		}
		c.connectAndStop()
		began := time.Now()
		for range 5 {
			c.say(wire.CmdEntries, wire.EntriesAfter{Patient: "p-1"})
			synctest.Wait()
		}
		c.start()
		for range c.in {
		}
		if err := <-c.end; time.Since(began) > 2*time.Second {
			t.Fatalf("ended after %v: %v", time.Since(began), err)
		}
	})
}

func TestTooManyCommandsAreRefusedThenEndTheSession(t *testing.T) {
	within(t, nil, func(t *testing.T, h *house) {
		c, _ := h.login("a", nil)
		var last uint32
		for range wire.MaxBurst + 5 {
			last = c.say(wire.CmdRead, wire.Read{Conversation: "c", Seq: 1})
		}
		got := c.answer(last)
		if got.Err == nil || got.Err.Code != bridge.CodeRateLimited || !got.Err.Retry || got.Err.RetryMS == 0 {
			t.Fatalf("got %+v", got)
		}
		pass(time.Second)
		if got := c.answer(c.say(wire.CmdRead, wire.Read{Conversation: "c", Seq: 1})); got.OK == nil {
			t.Fatalf("a second later: %+v", got)
		}
		for range 4 * wire.MaxBurst {
			c.say(wire.CmdRead, wire.Read{Conversation: "c", Seq: 1})
		}
		if code, _ := c.closed(); code != bridge.CloseRateLimited {
			t.Fatalf("closed with %d", code)
		}
	})
}

func TestADrainSendsEverybodyElsewhere(t *testing.T) {
	within(t, nil, func(t *testing.T, h *house) {
		c, _ := h.login("a", nil)
		done := make(chan struct{})
		go func() {
			h.hub.Drain(t.Context(), wire.DrainGrace)
			close(done)
		}()
		var away wire.GoingAway
		if err := c.next().Event.Into(&away); err != nil || away.JitterMS != wire.DrainGrace.Milliseconds() {
			t.Fatalf("got %+v, %v", away, err)
		}
		if _, resp, err := h.dial(nil); err == nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
			t.Fatalf("a new one got %v, %v", resp, err)
		}
		if c.ask(wire.CmdRead, wire.Read{Conversation: "c", Seq: 1}).OK == nil {
			t.Fatal("nothing is answered in the time that is left")
		}
		if code, _ := c.closed(); code != bridge.CloseDrain {
			t.Fatalf("closed with %d", code)
		}
		<-done
	})
}

func TestWhatIsQueuedAboutAPatientIsTakenBack(t *testing.T) {
	within(t, nil, func(t *testing.T, h *house) {
		c, _, err := h.dial(nil)
		if err != nil {
			t.Fatal(err)
		}
		c.connectAndStop()
		for range 40 {
			h.world.post(b, strings.Repeat("x", 3000))
		}
		synctest.Wait() // the first message is stuck in the pipe, the others wait
		before := h.world.count(bridge.DisclosureOpen)
		h.world.mu.Lock()
		h.world.fail = &bridge.Error{Code: bridge.CodeBusy} // so that nothing is claimed anew
		h.world.mu.Unlock()
		h.hub.Draining("p-1")
		synctest.Wait()
		if open := h.world.count(bridge.DisclosureOpen); open >= before || open > 16 {
			t.Fatalf("%d claims were open before, %d after", before, open)
		}
		h.world.mu.Lock()
		h.world.fail = nil
		h.world.mu.Unlock()
		c.start()
		last := uint64(0)
		for last < 40 {
			c.say("", nil)
			if got := c.next(); got.Type == wire.PushMessage {
				if got.N != last+1 {
					t.Fatalf("n %d after %d", got.N, last)
				}
				last = got.N
			}
		}
		c.conn.Close()
		for range c.in {
		}
	})
}

func TestTheDoorIsKept(t *testing.T) {
	within(t, func(c *hub.Config, _ *world) { c.PerIP = 3; c.Handshakes = 5 }, func(t *testing.T, h *house) {
		status := func(header http.Header) int {
			c, resp, err := h.dial(header)
			if err == nil {
				t.Cleanup(func() { c.conn.Close() })
				return http.StatusSwitchingProtocols
			}
			return resp.StatusCode
		}
		for _, x := range []struct {
			origin []string
			want   int
		}{
			{[]string{"https://here"}, http.StatusSwitchingProtocols},
			{[]string{"https://HERE"}, http.StatusForbidden},
			{[]string{"https://here.example"}, http.StatusForbidden},
			{[]string{"null"}, http.StatusForbidden},
			{nil, http.StatusSwitchingProtocols},
		} {
			if got := status(http.Header{"Origin": x.origin}); got != x.want {
				t.Errorf("origin %q: %d, want %d", x.origin, got, x.want)
			}
		}
		status(nil)
		if got := status(nil); got != http.StatusTooManyRequests {
			t.Errorf("a fourth socket that has not proven who it is: %d", got)
		}
		pass(20 * time.Second) // those before are gone
		if got := status(nil); got != http.StatusSwitchingProtocols {
			t.Errorf("later: %d", got)
		}
		for range 9 {
			status(http.Header{"Origin": {"null"}})
		}
		if got := status(nil); got != http.StatusTooManyRequests {
			t.Errorf("the eleventh handshake in a second: %d", got)
		}
	})
}

func TestATicketIsForPagesOnly(t *testing.T) {
	within(t, nil, func(t *testing.T, h *house) {
		program := h.open()
		program.say(wire.CmdConnect, wire.Connect{Ticket: "a", Fresh: true})
		if code, _ := program.closed(); code != bridge.CloseBadToken {
			t.Fatalf("closed with %d", code)
		}
		page, _, err := h.dial(http.Header{"Origin": {"https://here"}})
		if err != nil {
			t.Fatal(err)
		}
		page.start()
		page.next()
		if got := page.ask(wire.CmdConnect, wire.Connect{Ticket: "a", Fresh: true}); got.OK == nil {
			t.Fatalf("got %+v", got.Err)
		}
	})
}

func TestAnotherVersionIsToldSo(t *testing.T) {
	within(t, nil, func(t *testing.T, h *house) {
		d := websocket.Dialer{NetDialContext: h.pipes.dial, Subprotocols: []string{"brobygger.v0"}}
		conn, _, err := d.Dial("ws://bridge/", nil)
		if err != nil {
			t.Fatal(err)
		}
		c := &client{t: t, conn: conn, in: make(chan wire.Server, 8), end: make(chan error, 1)}
		c.start()
		if code, _ := c.closed(); code != bridge.CloseVersion {
			t.Fatalf("closed with %d", code)
		}
	})
}

func TestCompressionIsNotSpoken(t *testing.T) {
	within(t, nil, func(t *testing.T, h *house) {
		d := websocket.Dialer{NetDialContext: h.pipes.dial, Subprotocols: []string{wire.Subprotocol}, EnableCompression: true}
		conn, resp, err := d.Dial("ws://bridge/", nil)
		if err != nil || resp.Header.Get("Sec-Websocket-Extensions") != "" {
			t.Fatalf("extensions %q, %v", resp.Header.Get("Sec-Websocket-Extensions"), err)
		}
		conn.Close()
	})
}
