// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

func TestClaimsAreClosedTogetherUnlessAWithdrawalWaits(t *testing.T) {
	within(t, nil, func(t *testing.T, h *house) {
		alice, _ := h.login("a", nil)
		bob, _ := h.login("b", nil)
		show := func(c *client, party bridge.Ref) {
			h.world.post(party, "hello")
			got := c.until(func(s wire.Server) bool { return s.Type == wire.PushMessage })
			c.say(wire.CmdAck, wire.Ack{N: got.N, Shown: []bridge.DisclosureID{told(t, got).Disclosure}})
			synctest.Wait()
		}
		shown := func() int { return h.world.count(bridge.DisclosureShown) }
		show(alice, a)
		show(bob, b)
		if n := shown(); n != 0 {
			t.Fatalf("%d claims did not wait for others", n)
		}
		began := time.Now()
		settle()
		if n := shown(); n != 2 {
			t.Fatalf("%d claims are closed after %v", n, time.Since(began))
		}
		show(alice, a)
		h.world.hub.Draining("p-1")
		synctest.Wait()
		if n := shown(); n != 3 {
			t.Fatalf("%d claims are closed when a withdrawal waits", n)
		}
		show(bob, b) // what comes while it waits
		if n := shown(); n != 4 {
			t.Fatalf("%d claims are closed while a withdrawal waits", n)
		}
		pass(5 * time.Second)
		alice.say("", nil)
		bob.say("", nil)
		show(alice, a)
		if n := shown(); n != 4 {
			t.Fatalf("%d claims are closed: it still hurries", n)
		}
	})
}

func TestClaimsThatWaitAreClosedWhenTheHubCloses(t *testing.T) {
	within(t, nil, func(t *testing.T, h *house) {
		alice, _ := h.login("a", nil)
		h.world.post(a, "hello")
		alice.say(wire.CmdAck, wire.Ack{N: 1, Shown: []bridge.DisclosureID{told(t, alice.next()).Disclosure}})
		synctest.Wait()
		began := time.Now()
		if err := h.hub.Close(); err != nil {
			t.Fatal(err)
		}
		if n := h.world.count(bridge.DisclosureShown); n != 1 {
			t.Fatalf("%d claims were closed, %v later", n, time.Since(began))
		}
	})
}
