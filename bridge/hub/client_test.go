// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/hub"
	"github.com/brobygger/brobygger/bridge/wire"
)

// pipes is a listener of connections in memory, whose time is a test's.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

// house is a hub behind an HTTP server.
type house struct {
	t     *testing.T
	hub   *hub.Hub
	world *world
	pipes *pipes
}

// within runs a story in a bubble, where time passes when nothing else does, and
// checks at its end that nobody is left running.
func within(t *testing.T, change func(*hub.Config, *world), story func(t *testing.T, h *house)) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		c := hub.Config{Gate: w.gate(), Verifier: w, Tickets: w, Log: slog.New(slog.DiscardHandler), Programs: true, Origins: []string{"https://here"}}
		if change != nil {
			change(&c, w)
		}
		h := &house{t: t, hub: hub.New(c), world: w, pipes: &pipes{conns: make(chan net.Conn), done: make(chan struct{})}}
		w.hub = h.hub
		server := &http.Server{Handler: h.hub}
		over := make(chan error, 1)
		go func() { over <- server.Serve(h.pipes) }()
		defer func() {
			if err := h.hub.Close(); err != nil {
				t.Error(err)
			}
			server.Close()
			<-over
		}()
		story(t, h)
	})
}

// client speaks the protocol, with no courtesies of its own.
type client struct {
	t    *testing.T
	conn *websocket.Conn
	id   uint32
	beat uint64

	in   chan wire.Server
	end  chan error // the error that ended reading
	skip bool       // ask skips pushes
}

// dial connects, and answers no ping: what is not read stays unread.
func (h *house) dial(header http.Header) (*client, *http.Response, error) {
	d := websocket.Dialer{NetDialContext: h.pipes.dial, Subprotocols: []string{wire.Subprotocol}}
	conn, resp, err := d.Dial("ws://bridge/", header)
	if err != nil {
		return nil, resp, err
	}
	return &client{t: h.t, conn: conn, in: make(chan wire.Server, 4096), end: make(chan error, 1)}, resp, nil
}

// open dials, and reads from then on.
func (h *house) open() *client {
	h.t.Helper()
	c, _, err := h.dial(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	c.start()
	h.t.Cleanup(func() { c.conn.Close() })
	if got := c.next(); got.Type != wire.PushWelcome {
		h.t.Fatalf("first frame is %+v", got)
	}
	return c
}

func (c *client) start() {
	go func() {
		defer close(c.in)
		for {
			_, message, err := c.conn.ReadMessage()
			if err != nil {
				c.end <- err
				c.conn.Close()
				return
			}
			for frame := range wire.Frames(message) {
				s, err := wire.DecodeServer(frame)
				if err != nil {
					c.t.Errorf("frame %s: %v", frame, err)
				}
				c.in <- s
			}
		}
	}()
}

// login connects as a subject; the answer is returned.
func (h *house) login(name string, resume *bridge.Position) (*client, wire.Connected) {
	h.t.Helper()
	c := h.open()
	var ok wire.Connected
	if err := c.ask(wire.CmdConnect, wire.Connect{Token: name, Fresh: true, Resume: resume}).Into(&ok); err != nil {
		h.t.Fatal(err)
	}
	return c, ok
}

// say sends one frame, and returns its id.
func (c *client) say(t wire.CommandType, d any) uint32 {
	c.t.Helper()
	c.beat++
	cmd := wire.Command{Type: t, Beat: c.beat, Data: d}
	if t != wire.CmdAck && t != wire.CmdTyping && t != wire.CmdBye && t != "" {
		c.id++
		cmd.ID = c.id
	}
	frame, err := wire.EncodeCommand(cmd)
	if err != nil {
		c.t.Fatal(err)
	}
	c.raw(string(frame))
	return cmd.ID
}

func (c *client) raw(message string) {
	c.t.Helper()
	if err := c.conn.WriteMessage(websocket.TextMessage, []byte(message)); err != nil && !errors.Is(err, io.ErrClosedPipe) {
		c.t.Logf("writing: %v", err)
	}
}

// ask sends a command and returns its answer; what comes before it must be
// nothing but pings.
func (c *client) ask(t wire.CommandType, d any) wire.Server {
	c.t.Helper()
	id := c.say(t, d)
	for {
		if got := c.next(); got.ID == id {
			return got
		} else if !got.Ping() && !c.skip {
			c.t.Fatalf("%s: %+v came before the answer", t, got)
		}
	}
}

// next is the next frame.
func (c *client) next() wire.Server {
	c.t.Helper()
	got, ok := <-c.in
	if !ok {
		c.t.Fatalf("connection ended: %v", <-c.end)
	}
	return got
}

// closed reads until the end, and returns its close code and the frames before.
func (c *client) closed() (int, []wire.Server) {
	c.t.Helper()
	var rest []wire.Server
	for s := range c.in {
		rest = append(rest, s)
	}
	err := <-c.end
	var e *websocket.CloseError
	if !errors.As(err, &e) {
		c.t.Fatalf("ended without a close frame: %v", err)
	}
	return e.Code, rest
}

// told decodes a message push.
func told(t *testing.T, s wire.Server) wire.MessageEvent {
	t.Helper()
	var e wire.MessageEvent
	if s.Type != wire.PushMessage {
		t.Fatalf("got %+v, want a message", s)
	}
	if err := s.Event.Into(&e); err != nil {
		t.Fatal(err)
	}
	return e
}

// pass lets time pass, in a bubble.
func pass(d time.Duration) { <-time.After(d) }

// settle lets claims be closed, which waits for others for a moment.
func settle() {
	pass(100 * time.Millisecond)
	synctest.Wait()
}
