// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/hub"
	"github.com/brobygger/brobygger/bridge/wire"
)

// bring imports one of the directory.
func (r *region) bring(what bridge.Resource) {
	r.t.Helper()
	batch := bridge.ImportBatch{Resources: []bridge.Resource{what}}
	if _, err := r.bridge.Import(r.t.Context(), bridge.Caller{Admin: true}, batch); err != nil {
		r.t.Fatal(err)
	}
}

// role reads Berg's role, as it is now.
func (r *region) role() (role bridge.PractitionerRole) {
	r.t.Helper()
	if err := r.bridge.Store().View(r.t.Context(), func(tx bridge.Tx) (err error) {
		role, err = tx.Directory().Role(berg)
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	return role
}

// TestAClosedAccountIsOutWithinASecond, and so is whoever signs out, changes their
// role or loses it: by the event itself, and not by a look once in a while. How
// long it took is logged; the limit leaves room for a busy machine.
func TestAClosedAccountIsOutWithinASecond(t *testing.T) {
	r := newRegion(t)
	account := bridge.Subject{Issuer: "demo", Name: berg}
	admin := bridge.Caller{Admin: true}
	was := r.role()
	for _, c := range []struct {
		name string
		end  func()
		code int
	}{
		{"signed out by an admin", func() {
			if err := r.bridge.SignOut(t.Context(), admin, account); err != nil {
				t.Fatal(err)
			}
		}, bridge.CloseKicked},
		{"signs out on another device", func() {
			other := r.login(berg)
			if got := other.ask(wire.CmdSignOut, wire.SignOut{}); got.Err != nil {
				t.Fatalf("%+v", got.Err)
			}
			if code, _ := other.closed(); code != bridge.CloseKicked {
				t.Errorf("the device that asked was closed with %d", code)
			}
		}, bridge.CloseKicked},
		{"has another role", func() {
			role := was
			role.Code = "laege"
			r.bring(role)
		}, bridge.CloseTokenExpired},
		{"has lost the role", func() {
			role := was
			role.Active = false
			r.bring(role)
		}, bridge.CloseTokenExpired},
		{"is closed", func() {
			if err := r.bridge.Disable(t.Context(), admin, account); err != nil {
				t.Fatal(err)
			}
		}, bridge.CloseAccountDisabled},
	} {
		doctor := r.login(berg)
		began := time.Now()
		c.end()
		code, _ := doctor.closed()
		took := time.Since(began)
		t.Logf("who %s was out after %v", c.name, took.Round(time.Millisecond))
		if code != c.code || took > 20*time.Second {
			t.Errorf("who %s was closed with %d after %v", c.name, code, took)
		}
		r.bring(was)
	}
	back := r.dial()
	back.start()
	back.say(wire.CmdConnect, wire.Connect{Token: berg, Role: "PractitionerRole/psy-berg", Fresh: true})
	if code, _ := back.closed(); code != bridge.CloseAccountDisabled {
		t.Fatalf("came back, closed with %d", code)
	}
}

// TestWhoSignsOutStillSaysWhatBecameOfWhatItWasGiven: the one connection
// that stays until it is answered takes what its client says, and that ends the
// waiting.
func TestWhoSignsOutStillSaysWhatBecameOfWhatItWasGiven(t *testing.T) {
	r := newRegion(t)
	doctor, worker := r.login(berg), r.login(omar)
	conv := talk(t, doctor)
	worker.say("", nil)
	doctor.ask(wire.CmdSend, note(conv, "message-1", "He sleeps again."))
	got, n := worker.message()
	id := worker.say(wire.CmdSignOut, wire.SignOut{})
	worker.say(wire.CmdAck, wire.Ack{N: n, Shown: []bridge.DisclosureID{got.Disclosure}})
	code, rest := worker.closed()
	answered := false
	for _, s := range rest {
		answered = answered || s.ID == id && s.Err == nil
	}
	if code != bridge.CloseKicked || !answered {
		t.Fatalf("closed with %d, answered: %v", code, answered)
	}
	receipt := doctor.until(func(s wire.Server) bool { return s.Type == wire.PushReceipt })
	var e wire.ReceiptEvent
	if err := receipt.Event.Into(&e); err != nil || e.Kind != bridge.ReceiptDelivered {
		t.Errorf("receipt %+v, %v", e, err)
	}
}

// TestWhoSignsOutIsGivenNothingMore while that is waited for, and goes on when it
// did not work.
func TestWhoSignsOutIsGivenNothingMore(t *testing.T) {
	within(t, func(_ *hub.Config, w *world) { w.block = make(chan struct{}) }, func(t *testing.T, h *house) {
		bob, _ := h.login("b", nil)
		synctest.Wait()
		h.world.fail = &bridge.Error{Code: bridge.CodeTokenExpired} // of whoever reads
		id := bob.say(wire.CmdSignOut, wire.SignOut{})
		synctest.Wait()
		h.world.post(b, "one")
		settle()
		if len(bob.in) != 0 || h.world.count(bridge.DisclosureOpen) != 0 {
			t.Errorf("%d frames came, %d claims are open", len(bob.in), h.world.count(bridge.DisclosureOpen))
		}
		h.world.mu.Lock()
		h.world.fail = nil
		h.world.mu.Unlock()
		h.world.block <- struct{}{}
		if got := bob.next(); got.ID != id || got.Err == nil || got.Err.Code != bridge.CodeBusy {
			t.Fatalf("got %+v", got)
		}
		bob.say("", nil)
		h.world.post(b, "two")
		if got := bob.until(func(s wire.Server) bool { return s.Type == wire.PushMessage }); got.N != 1 {
			t.Fatalf("got n %d", got.N)
		}
		close(h.world.block)
		bob.say(wire.CmdSignOut, wire.SignOut{})
		if code, _ := bob.closed(); code != bridge.CloseKicked {
			t.Errorf("closed with %d", code)
		}
	})
}
