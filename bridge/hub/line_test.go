// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/hub"
	"github.com/brobygger/brobygger/bridge/wire"
)

// gather is a connection whose writes go out together when it is told so.
type gather struct {
	net.Conn
	held bytes.Buffer
	hold bool
}

func (g *gather) Write(p []byte) (int, error) {
	if g.hold {
		return g.held.Write(p)
	}
	return g.Conn.Write(p)
}

// onLoopback is a hub behind a real socket, and a client of it.
func onLoopback(t *testing.T) (*world, *client, *gather) {
	t.Helper()
	w := newWorld()
	h := hub.New(hub.Config{Gate: w.gate(), Verifier: w, Log: slog.New(slog.DiscardHandler), Programs: true})
	w.hub = h
	server := httptest.NewServer(h)
	g := &gather{}
	d := websocket.Dialer{Subprotocols: []string{wire.Subprotocol}, NetDialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		var err error
		g.Conn, err = (&net.Dialer{}).DialContext(ctx, network, address)
		return g, err
	}}
	conn, _, err := d.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	c := &client{t: t, conn: conn, in: make(chan wire.Server, 64), end: make(chan error, 1)}
	c.start()
	c.next() // the welcome
	if got := c.ask(wire.CmdConnect, wire.Connect{Token: "a", Fresh: true}); got.OK == nil {
		t.Fatalf("got %+v", got)
	}
	return w, c, g
}

func TestMessagesThatArriveTogetherAreAllRead(t *testing.T) {
	_, c, g := onLoopback(t)
	g.hold = true
	var last uint32
	for range 40 { // in one segment, many of them across the ends of buffers
		last = c.say(wire.CmdRead, wire.Read{Conversation: bridge.ConversationID("c-" + strings.Repeat("7", 90)), Seq: 1})
	}
	g.hold = false
	if _, err := g.Conn.Write(g.held.Bytes()); err != nil {
		t.Fatal(err)
	}
	c.until(func(s wire.Server) bool { return s.ID == last })
}

func TestALongMessageIsReadWhole(t *testing.T) {
	_, c, _ := onLoopback(t)
	for _, size := range []int{200, 4 << 10, 15 << 10, 60 << 10} {
		// Behind a pong, which is read with nothing else to read.
		if err := c.conn.WriteControl(websocket.PongMessage, []byte("here"), time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		id := c.say(wire.CmdRead, wire.Read{Conversation: bridge.ConversationID(strings.Repeat("c", size)), Seq: 1})
		c.until(func(s wire.Server) bool { return s.ID == id })
	}
}
