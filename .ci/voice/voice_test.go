// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package voice_test

import (
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
	"github.com/brobygger/brobygger/bridge/hub"
	"github.com/brobygger/brobygger/bridge/wire"
)

// patience is what a slow machine may need; nothing waits it out but a failure.
const patience = time.Minute

// people takes a token for the name of somebody of the region.
type people struct{ w *bridgetest.World }

func (p people) Verify(token string) (bridge.Identity, error) {
	id := bridgetest.Identity(token)
	id.Issued = p.w.Clock.Now()
	return id, nil
}

// device is one end: a connection to the hub, and one to the other end.
type device struct {
	t       *testing.T
	conn    *websocket.Conn
	session string
	ring    bridge.RingID
	relay   bool

	write   sync.Mutex // held while a command is written
	id      uint32
	beat    uint64
	answers sync.Map // of channels, by id

	pc      *webrtc.PeerConnection
	told    chan struct{} // closed when this end has described itself
	heard   chan struct{} // closed when there was sound
	once    sync.Once
	over    chan struct{} // closed when this end has hung up
	reading sync.WaitGroup
}

func connect(t *testing.T, url, name string) *device {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{wire.Subprotocol}}
	conn, _, err := dialer.Dial(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	d := &device{t: t, conn: conn, told: make(chan struct{}), heard: make(chan struct{}), over: make(chan struct{})}
	d.reading.Go(d.read)
	t.Cleanup(func() { _ = conn.Close(); d.reading.Wait() })
	var ok wire.Connected
	if err := d.ask(wire.CmdConnect, wire.Connect{Token: name, Fresh: true}, &ok); err != nil {
		t.Fatal(err)
	}
	d.session = ok.Session
	return d
}

// ask sends a command and waits for its answer.
func (d *device) ask(c wire.CommandType, data, ok any) error {
	answer := make(chan wire.Server, 1)
	d.write.Lock()
	d.id++
	d.beat++
	id := d.id
	d.answers.Store(id, answer)
	frame, err := wire.EncodeCommand(wire.Command{ID: id, Type: c, Beat: d.beat, Data: data})
	if err == nil {
		err = d.conn.WriteMessage(websocket.TextMessage, frame)
	}
	d.write.Unlock()
	if err != nil {
		return err
	}
	select {
	case s := <-answer:
		return s.Into(ok)
	case <-time.After(patience):
		return fmt.Errorf("%s is not answered", c)
	}
}

func (d *device) read() {
	signals := make(chan wire.LineSignal, 128)
	var working sync.WaitGroup
	working.Go(func() {
		for s := range signals {
			d.take(s)
		}
	})
	defer working.Wait()
	defer close(signals)
	for {
		_, message, err := d.conn.ReadMessage()
		if err != nil {
			return
		}
		for frame := range wire.Frames(message) {
			s, err := wire.DecodeServer(frame)
			if err != nil {
				d.t.Error(err)
				return
			}
			var signal wire.LineSignal
			switch {
			case s.ID != 0:
				if c, ok := d.answers.LoadAndDelete(s.ID); ok {
					c.(chan wire.Server) <- s
				}
			case s.Type == wire.PushLineSignal && s.Event.Into(&signal) == nil:
				signals <- signal
			case string(s.Type) == string(bridge.EventLineState):
				signals <- wire.LineSignal{} // look whether the talk may go on
			}
		}
	}
}

func (d *device) signal(s wire.LineSignal) error {
	s.Ring = d.ring
	return d.ask(wire.CmdLineSignal, s, &wire.Empty{})
}

// call makes ready to talk.
func (d *device) call(ring bridge.RingID, relay bool) {
	d.t.Helper()
	d.ring = ring
	var c webrtc.Configuration
	if relay {
		var given wire.TurnGiven
		if err := d.ask(wire.CmdLineTurn, wire.LineTurn{Ring: ring}, &given); err != nil {
			d.t.Fatal(err)
		}
		c.ICEServers = []webrtc.ICEServer{{URLs: given.URLs, Username: given.Username, Credential: given.Credential}}
		c.ICETransportPolicy = webrtc.ICETransportPolicyRelay
	}
	var engine webrtc.SettingEngine
	engine.SetIncludeLoopbackCandidate(true)
	engine.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	var codecs webrtc.MediaEngine
	if err := codecs.RegisterDefaultCodecs(); err != nil {
		d.t.Fatal(err)
	}
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(engine), webrtc.WithMediaEngine(&codecs)).NewPeerConnection(c)
	if err != nil {
		d.t.Fatal(err)
	}
	d.pc = pc
	d.t.Cleanup(func() { _ = pc.Close() })
	track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "voice", "voice")
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := pc.AddTrack(track); err != nil {
		d.t.Fatal(err)
	}
	pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		s := wire.LineSignal{Kind: wire.SignalCandidate}
		if c != nil {
			s.Candidate, s.Mid = c.ToJSON().Candidate, *c.ToJSON().SDPMid
		}
		<-d.told
		if err := d.signal(s); err != nil {
			d.t.Errorf("passing a candidate: %v", err)
		}
	})
	pc.OnTrack(func(r *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		if _, _, err := r.ReadRTP(); err == nil {
			d.once.Do(func() { close(d.heard) })
		}
	})
	d.speak(track)
}

// speak says silence in Opus every 20 ms, until this end hangs up.
func (d *device) speak(track *webrtc.TrackLocalStaticSample) {
	done := make(chan struct{})
	var speaking sync.WaitGroup
	speaking.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				_ = track.WriteSample(media.Sample{Data: []byte{0xf8, 0xff, 0xfe}, Duration: 20 * time.Millisecond})
			case <-done:
				return
			}
		}
	})
	d.t.Cleanup(func() { close(done); speaking.Wait() })
}

// describe tells the other end how to hear this one.
func (d *device) describe(kind wire.SignalKind, description webrtc.SessionDescription, err error) {
	if err == nil {
		err = d.pc.SetLocalDescription(description)
	}
	if err == nil {
		err = d.signal(wire.LineSignal{Kind: kind, SDP: description.SDP})
	}
	if err != nil {
		d.t.Errorf("describing this end: %v", err)
	}
	close(d.told)
}

// take does what the other end's signal asks for, as a client should.
func (d *device) take(s wire.LineSignal) {
	var err error
	switch s.Kind {
	case wire.SignalOffer:
		if err = d.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: s.SDP}); err == nil {
			answer, err := d.pc.CreateAnswer(nil)
			d.describe(wire.SignalAnswer, answer, err)
		}
	case wire.SignalAnswer:
		err = d.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: s.SDP})
	case wire.SignalCandidate:
		err = d.pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: s.Candidate, SDPMid: &s.Mid})
	case "":
		if d.pc != nil && d.signal(wire.LineSignal{Kind: wire.SignalBye}) != nil {
			err = d.pc.Close()
			close(d.over)
		}
	}
	if err != nil {
		d.t.Errorf("taking %q: %v", s.Kind, err)
	}
}

func wait(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatalf("not within %v: %s", patience, what)
	}
}

const secret = "a secret of this test's own"

// startRelay starts coturn on a free port.
func startRelay(t *testing.T) (url string) {
	t.Helper()
	free, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(free.LocalAddr().String())
	if err != nil || free.Close() != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	command := exec.Command("turnserver", "-n", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", "--listening-port="+port,
		"--no-tls", "--no-dtls", "--no-cli", "--use-auth-secret", "--static-auth-secret="+secret, "--realm=relay.test",
		"--allow-loopback-peers", "--log-file=stdout", "--pidfile="+dir+"/pid", "--userdb="+dir+"/db", "--relay-threads=1")
	if err := command.Start(); err != nil {
		t.Fatalf("the tests need Debian's coturn: %v", err)
	}
	t.Cleanup(func() { _ = command.Process.Kill(); _ = command.Wait() })
	conn, err := net.Dial("udp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// What coturn prints waits in its buffer; that it answers a question (a Binding
	// request, RFC 8489) says that it is there.
	question := append([]byte{0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42}, "are you here"...)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); time.Since(began) < patience; <-tick.C {
		_, _ = conn.Write(question)
		if err := conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if n, err := conn.Read(make([]byte, 1500)); err == nil && n >= len(question) {
			return "turn:127.0.0.1:" + port + "?transport=udp"
		}
	}
	t.Fatal("coturn did not start")
	return ""
}

// A social worker rings the psychiatrist by the patient's consent; they hear each
// other, until the patient takes it back.
func TestTwoPeopleHearEachOtherUntilThePatientSaysNo(t *testing.T) {
	for _, relay := range []bool{false, true} {
		t.Run(map[bool]string{false: "straight", true: "by a relay"}[relay], func(t *testing.T) {
			w := bridgetest.New(t)
			c := hub.Config{Gate: hub.GateOf(w.Bridge), Verifier: people{w}, Live: w.Live(), Log: slog.New(slog.DiscardHandler), Programs: true}
			if relay {
				c.Turn = &hub.Turn{URLs: []string{startRelay(t)}, Secret: []byte(secret)}
			}
			h := hub.New(c)
			w.Listen(h)
			server := httptest.NewServer(h)
			t.Cleanup(func() {
				if err := h.Close(); err != nil {
					t.Error(err)
				}
				server.Close()
			})
			url := "ws" + strings.TrimPrefix(server.URL, "http")
			sw, psy := connect(t, url, "sw"), connect(t, url, "psy")

			ctx := t.Context()
			consent := w.Consent("jens", "jens", bridgetest.Scope("sw", "psy", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication))
			rung, err := w.Ring(ctx, w.As("sw"), bridge.NewRing{
				MID: bridgetest.MID(), Patient: "jens", Wanted: bridgetest.Party("psy"), Purpose: bridge.PurposeSocialCasework, Case: "c-1",
				Topics: []bridge.Topic{bridge.TopicMedication}, Voice: true, Session: sw.session,
			})
			if err != nil {
				t.Fatal(err)
			}
			sw.ring = rung.ID
			if err := sw.signal(wire.LineSignal{Kind: wire.SignalBye}); err == nil {
				t.Fatal("a signal passed before anybody answered")
			}
			if _, err := w.AcceptRing(ctx, w.As("psy"), psy.session, rung.ID); err != nil {
				t.Fatal(err)
			}
			psy.call(rung.ID, relay)
			sw.call(rung.ID, relay)
			offer, err := sw.pc.CreateOffer(nil)
			sw.describe(wire.SignalOffer, offer, err)
			wait(t, "the social worker hears the psychiatrist", sw.heard)
			wait(t, "the psychiatrist hears the social worker", psy.heard)

			if _, err := w.Withdraw(ctx, w.As("jens"), "jens", consent.ID); err != nil {
				t.Fatal(err)
			}
			for _, d := range []*device{sw, psy} {
				if err := d.signal(wire.LineSignal{Kind: wire.SignalOffer, SDP: offer.SDP}); err == nil {
					t.Error("a signal passed after the withdrawal was answered")
				}
				if err := d.ask(wire.CmdLineTurn, wire.LineTurn{Ring: rung.ID}, &wire.TurnGiven{}); err == nil {
					t.Error("a relay was given after the withdrawal was answered")
				}
				wait(t, "this end has hung up", d.over)
				// The state of the connection is told later, and in no order.
				if got := d.pc.SignalingState(); got != webrtc.SignalingStateClosed {
					t.Errorf("the connection is %s", got)
				}
			}
		})
	}
}
