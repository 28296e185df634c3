// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/hub"
	"github.com/brobygger/brobygger/bridge/wire"
)

const candidate = "candidate:1 1 udp 2130706431 192.0.2.17 51402 typ host"

// talking is two people who talk, each on one of two devices.
func talking(t *testing.T, h *house, o *office) (ann, annElse, bob, bobElse *client) {
	t.Helper()
	var at [4]wire.Connected
	var c [4]*client
	for i, name := range []string{"a", "a", "b", "b"} {
		c[i], at[i] = h.login(name, nil)
	}
	o.set(0, func(o *office) {
		o.peers = map[string]bridge.Peer{
			at[0].Session: {Party: b, Session: at[2].Session},
			at[2].Session: {Party: a, Session: at[0].Session},
		}
	})
	return c[0], c[1], c[2], c[3]
}

func TestSignalsGoBetweenTheTwoDevicesOnly(t *testing.T) {
	o := &office{}
	within(t, func(c *hub.Config, _ *world) { c.Gate.Reach = o.reach() }, func(t *testing.T, h *house) {
		ann, annElse, bob, bobElse := talking(t, h, o)
		want := wire.LineSignal{Ring: "r-1", Kind: wire.SignalCandidate, Candidate: candidate, Mid: "0"}
		if err := ann.ask(wire.CmdLineSignal, want).Into(&wire.Empty{}); err != nil {
			t.Fatal(err)
		}
		var got wire.LineSignal
		if p := bob.next(); p.Type != wire.PushLineSignal || p.N != 0 || p.Event.Into(&got) != nil || got != want {
			t.Fatalf("%+v", p)
		}
		if err := bob.ask(wire.CmdLineSignal, wire.LineSignal{Ring: "r-1", Kind: wire.SignalBye}).Into(&wire.Empty{}); err != nil {
			t.Fatal(err)
		}
		if p := ann.next(); p.Type != wire.PushLineSignal {
			t.Fatalf("%+v", p)
		}
		if err := annElse.ask(wire.CmdLineSignal, want).Into(&wire.Empty{}); bridge.CodeOf(err) != bridge.CodeForbidden {
			t.Errorf("from another device: %v", err)
		}
		// Nothing of what is no signal gets that far.
		if err := ann.ask(wire.CmdLineSignal, wire.LineSignal{Ring: "r-1", Kind: wire.SignalOffer, SDP: "v=0\r\n"}).Into(&wire.Empty{}); bridge.CodeOf(err) != bridge.CodeBadRequest {
			t.Errorf("no description: %v", err)
		}
		o.set(0, func(o *office) { o.denied = &bridge.Error{Code: bridge.CodeForbidden} })
		if err := ann.ask(wire.CmdLineSignal, want).Into(&wire.Empty{}); bridge.CodeOf(err) != bridge.CodeForbidden {
			t.Errorf("after the gate has closed: %v", err)
		}
		o.set(0, func(o *office) { o.denied = nil })
		bob.conn.Close()
		synctest.Wait()
		if err := ann.ask(wire.CmdLineSignal, want).Into(&wire.Empty{}); bridge.CodeOf(err) != bridge.CodeLineUnavailable {
			t.Errorf("to one who has gone: %v", err)
		}
		if len(annElse.in)+len(bobElse.in)+len(bob.in) != 0 {
			t.Error("somebody else heard it")
		}
	})
}

func TestSignalsHaveARateOfTheirOwn(t *testing.T) {
	o := &office{}
	within(t, func(c *hub.Config, _ *world) { c.Gate.Reach, c.Rate = o.reach(), -1 }, func(t *testing.T, h *house) {
		ann, _, bob, _ := talking(t, h, o)
		passed := 0
		for range 100 {
			err := ann.ask(wire.CmdLineSignal, wire.LineSignal{Ring: "r-1", Kind: wire.SignalBye}).Into(&wire.Empty{})
			if err == nil {
				passed++
			} else if bridge.CodeOf(err) != bridge.CodeRateLimited {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if passed != wire.SignalBurst || len(bob.in) != passed {
			t.Errorf("%d of 100 passed, %d came", passed, len(bob.in))
		}
		pass(time.Second)
		if err := ann.ask(wire.CmdLineSignal, wire.LineSignal{Ring: "r-1", Kind: wire.SignalBye}).Into(&wire.Empty{}); err != nil {
			t.Errorf("after a second: %v", err)
		}
	})
}

// Who does not read holds up nobody, and is not cut off for what others send: it
// is the sender who is told.
func TestASignalToOneWhoDoesNotRead(t *testing.T) {
	o := &office{}
	within(t, func(c *hub.Config, _ *world) { c.Gate.Reach, c.Rate = o.reach(), -1 }, func(t *testing.T, h *house) {
		ann, at := h.login("a", nil)
		deaf, _, err := h.dial(nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _, _ = deaf.conn.ReadMessage() // welcome
		deaf.say(wire.CmdConnect, wire.Connect{Token: "b", Fresh: true})
		_, frame, err := deaf.conn.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		s, err := wire.DecodeServer(frame)
		var connected wire.Connected
		if err != nil || s.Into(&connected) != nil {
			t.Fatalf("%s: %v", frame, err)
		}
		defer deaf.conn.Close()
		o.set(0, func(o *office) { o.peers = map[string]bridge.Peer{at.Session: {Party: b, Session: connected.Session}} })
		sdp := "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ice-ufrag:x\r\na=ice-pwd:y\r\na=fingerprint:sha-256 00\r\n"
		sdp += strings.Repeat("a=mid:0\r\n", (wire.MaxSDP-len(sdp))/9)
		for range wire.SignalBurst {
			err = ann.ask(wire.CmdLineSignal, wire.LineSignal{Ring: "r-1", Kind: wire.SignalOffer, SDP: sdp}).Into(&wire.Empty{})
			if err != nil {
				break
			}
		}
		if bridge.CodeOf(err) != bridge.CodeBusy {
			t.Errorf("in the end: %v", err)
		}
	})
}

func TestARelayIsGivenToWhoTalks(t *testing.T) {
	o := &office{}
	var log bytes.Buffer
	secret := []byte("the relay's own secret word")
	within(t, func(c *hub.Config, _ *world) {
		c.Gate.Reach, c.Log = o.reach(), slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c.Turn = &hub.Turn{URLs: []string{"turns:relay.example.org:5349"}, Secret: secret, Lifetime: 2 * time.Minute}
	}, func(t *testing.T, h *house) {
		ann, annElse, _, _ := talking(t, h, o)
		var got, again wire.TurnGiven
		for _, to := range []*wire.TurnGiven{&got, &again} {
			if err := ann.ask(wire.CmdLineTurn, wire.LineTurn{Ring: "r-1"}).Into(to); err != nil {
				t.Fatal(err)
			}
		}
		expires, name, ok := strings.Cut(got.Username, ":")
		at, err := strconv.ParseInt(expires, 10, 64)
		if left := time.Until(time.Unix(at, 0)); !ok || err != nil || left > 2*time.Minute || left < 2*time.Minute-2*time.Second || got.TTLMS != 120_000 {
			t.Errorf("%+v holds for %v", got, left)
		}
		if name == "" || got.Username == again.Username || strings.Contains(got.Username, "a") && strings.Contains(got.Username, "Practitioner") {
			t.Errorf("%q, then %q", got.Username, again.Username)
		}
		mac := hmac.New(sha1.New, secret)
		mac.Write([]byte(got.Username))
		if want := base64.StdEncoding.EncodeToString(mac.Sum(nil)); got.Credential != want || len(got.URLs) != 1 {
			t.Errorf("%+v", got)
		}
		if err := annElse.ask(wire.CmdLineTurn, wire.LineTurn{Ring: "r-1"}).Into(&got); bridge.CodeOf(err) != bridge.CodeForbidden {
			t.Errorf("for another device: %v", err)
		}
		for _, word := range []string{string(secret), got.Credential, again.Credential, name} {
			if strings.Contains(log.String(), word) {
				t.Error("the log has what only the two may know")
			}
		}
	})
}

func TestWithoutARelayThereIsNone(t *testing.T) {
	o := &office{}
	within(t, func(c *hub.Config, _ *world) { c.Gate.Reach = o.reach() }, func(t *testing.T, h *house) {
		ann, _, _, _ := talking(t, h, o)
		if err := ann.ask(wire.CmdLineTurn, wire.LineTurn{Ring: "r-1"}).Into(&wire.TurnGiven{}); bridge.CodeOf(err) != bridge.CodeNotFound {
			t.Errorf("%v", err)
		}
	})
}
