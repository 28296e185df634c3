// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/hub"
	"github.com/brobygger/brobygger/bridge/wire"
)

// counter counts what was refused for its number.
type counter struct {
	hub.Meter
	limited atomic.Int64
}

func (*counter) Sessions(int) {}
func (*counter) Queue(int)    {}
func (*counter) Ended(int)    {}
func (*counter) Dropped()     {}
func (c *counter) Limited()   { c.limited.Add(1) }

// TestAPersonHasOneShareOfSendingOnAllConnections: more connections do not send
// more, reading is not counted, and others are not affected.
func TestAPersonHasOneShareOfSendingOnAllConnections(t *testing.T) {
	m := &counter{}
	within(t, func(c *hub.Config, _ *world) { c.Sends, c.Meter = 2, m }, func(t *testing.T, h *house) {
		draft := bridge.Draft{MID: "mid-0001", Conversation: "c-1", ReplyTo: "PractitionerRole/nobody", Parts: []bridge.Part{{Text: "x"}}}
		one, _ := h.login("a", nil)
		two, _ := h.login("a", nil)
		for range 3 { // bursts of three times as many
			for _, c := range []*client{one, two} {
				if got := c.ask(wire.CmdSend, draft); got.OK == nil {
					t.Fatalf("within the share: %+v", got.Err)
				}
			}
		}
		for _, c := range []*client{one, two} {
			got := c.ask(wire.CmdSend, draft)
			if got.Err == nil || got.Err.Code != bridge.CodeRateLimited || !got.Err.Retry || got.Err.RetryMS <= 0 || got.Err.RetryMS > 500 {
				t.Fatalf("beyond the share: %+v", got)
			}
			if got := c.ask(wire.CmdRead, wire.Read{Conversation: "c-1", Seq: 1}); got.OK == nil {
				t.Errorf("reading: %+v", got.Err)
			}
		}
		if n := m.limited.Load(); n != 2 {
			t.Errorf("%d were counted", n)
		}
		other, _ := h.login("b", nil)
		if got := other.ask(wire.CmdSend, draft); got.OK == nil {
			t.Errorf("somebody else: %+v", got.Err)
		}
		pass(time.Second)
		if got := two.ask(wire.CmdSend, draft); got.OK == nil {
			t.Errorf("a second later: %+v", got.Err)
		}
	})
}
