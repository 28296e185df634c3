// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package brobygger_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
	brobygger "github.com/brobygger/brobygger/clients/go"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what has to come.
const patience = 20 * time.Second

// server is a bridge that a test plays by hand, frame by frame.
type server struct {
	t     *testing.T
	url   string
	peers chan *peer
}

// peer is the server's end of one connection. Commands are decoded as strictly
// as the bridge does.
type peer struct {
	t        *testing.T
	ws       *websocket.Conn
	commands chan wire.Command
	gone     chan error
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, peers: make(chan *peer, 8)}
	up := websocket.Upgrader{Subprotocols: []string{wire.Subprotocol}}
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		p := &peer{t: t, ws: ws, commands: make(chan wire.Command, 1024), gone: make(chan error, 1)}
		s.peers <- p
		p.read()
	}))
	t.Cleanup(h.Close)
	s.url = h.URL
	return s
}

func (p *peer) read() {
	var id uint32
	var beat uint64
	for {
		_, message, err := p.ws.ReadMessage()
		if err != nil {
			p.gone <- err
			return
		}
		for frame := range wire.Frames(message) {
			c, err := wire.DecodeCommand(frame)
			if err != nil {
				p.t.Errorf("the client sent a frame that the bridge refuses: %v\n%s", err, frame)
			}
			if c.Beat <= beat || c.ID != 0 && c.ID <= id {
				p.t.Errorf("beat %d and id %d came behind %d and %d", c.Beat, c.ID, beat, id)
			}
			beat, id = c.Beat, max(id, c.ID)
			p.commands <- c
		}
	}
}

// accept waits for a connection, without answering connect.
func (s *server) accept() *peer {
	s.t.Helper()
	select {
	case p := <-s.peers:
		p.write(wire.AppendPush(nil, wire.PushWelcome, 0, 0, data(s.t, wire.Welcome{Protocol: wire.Subprotocol, AuthMS: 10_000})))
		return p
	case <-time.After(patience):
		s.t.Fatal("nobody connected")
		return nil
	}
}

// admit waits for a connection and answers connect with this place.
func (s *server) admit(log string, n uint64, resumed bool) (*peer, wire.Connect) {
	s.t.Helper()
	p := s.accept()
	c := p.want(wire.CmdConnect)
	p.reply(c, wire.Connected{
		Session: "s1", Party: "PractitionerRole/holm", Person: "Practitioner/holm", TTLMS: 600_000, PingMS: 25_000,
		Log: log, N: n, Resumed: resumed,
	})
	return p, *c.Data.(*wire.Connect)
}

// want waits for the next command of this type, passing over acks and signs of life.
func (p *peer) want(t wire.CommandType) wire.Command {
	p.t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case c := <-p.commands:
			switch {
			case c.Type == t:
				return c
			case c.Type == "" || c.Type == wire.CmdAck:
			default:
				p.t.Fatalf("got command %q, want %q", c.Type, t)
			}
		case <-timeout:
			p.t.Fatalf("no command %q came", t)
		}
	}
}

func (p *peer) write(frame []byte) {
	p.t.Helper()
	if err := p.ws.WriteMessage(websocket.TextMessage, frame); err != nil {
		p.t.Errorf("writing to the client: %v", err)
	}
}

func (p *peer) reply(c wire.Command, ok any) { p.replyBehind(c, 0, ok) }

func (p *peer) replyBehind(c wire.Command, beat uint64, ok any) {
	p.t.Helper()
	p.write(wire.AppendReply(nil, c.ID, beat, data(p.t, ok)))
}

func (p *peer) refuse(c wire.Command, e wire.Error) {
	p.t.Helper()
	p.write(wire.AppendError(nil, c.ID, e))
}

// message pushes a message with content that was claimed behind this beat.
func (p *peer) message(n, beat uint64, text string) {
	p.t.Helper()
	p.write(wire.AppendPush(nil, wire.PushMessage, n, beat, data(p.t, content(n, text))))
}

func content(n uint64, text string) wire.MessageEvent {
	return wire.MessageEvent{
		Patient: "jens", Conversation: "c1", ID: bridge.MessageID(text), Disclosure: bridge.DisclosureID("d-" + text),
		Message: &bridge.Message{ID: bridge.MessageID(text), Seq: n, Parts: []bridge.Part{{Topics: []bridge.Topic{bridge.TopicMedication}, Text: text}}},
	}
}

func (p *peer) close(code int) {
	_ = p.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(time.Second))
	_ = p.ws.Close()
}

// acked gathers acks until the claim is named, and says as what.
func (p *peer) acked(id bridge.DisclosureID) string {
	p.t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case c := <-p.commands:
			ack, ok := c.Data.(*wire.Ack)
			if !ok {
				continue
			}
			for _, d := range ack.Shown {
				if d == id {
					return "shown"
				}
			}
			for _, d := range ack.Stale {
				if d == id {
					return "stale"
				}
			}
		case <-timeout:
			p.t.Fatalf("claim %s was not closed", id)
		}
	}
}

func data(t *testing.T, v any) json.RawMessage {
	t.Helper()
	d, err := wire.Data(v)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// dial starts a client of the server that has short pauses.
func (s *server) dial(change func(*brobygger.Options)) *brobygger.Client {
	s.t.Helper()
	o := brobygger.Options{
		URL: s.url, Token: func(context.Context) (string, error) { return "token", nil },
		FirstDelay: time.Millisecond, LongestDelay: 10 * time.Millisecond,
	}
	if change != nil {
		change(&o)
	}
	c, err := brobygger.New(o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

func wait[T any](t *testing.T, ch <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatalf("%s did not come", what)
		panic("not reached")
	}
}
