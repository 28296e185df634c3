// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// Client is one connection. It keeps the rules of a client, the freshness rule
// too, and looks at no more of a frame than it has to, since it shares the
// machine with what it measures.
type Client struct {
	ws    *websocket.Conn
	relay bool // it speaks to a Relay: nothing is claimed there

	onAnswer atomic.Pointer[func(id uint32, err error)]
	onShown  atomic.Pointer[func(sent int64)]
	onLine   atomic.Pointer[func(frame []byte)] // of a ring

	mu      sync.Mutex // guards the following fields, and writing
	frame   []byte     // reused
	id      uint32
	beat    uint64
	beatAt  [256]int64
	asked   map[uint32]chan wire.Server
	ack     wire.Ack
	due     bool // there is something to acknowledge
	armed   bool // the timer will do it
	timer   *time.Timer
	stale   int
	refused int
	err     error

	done chan struct{}
}

// dialer opens connections to this machine.
var dialer = websocket.Dialer{
	Subprotocols: []string{wire.Subprotocol}, HandshakeTimeout: 10 * time.Second,
	ReadBufferSize: 1 << 10, WriteBufferSize: 1 << 10, WriteBufferPool: &sync.Pool{},
}

func dial(ctx context.Context, address string, relay bool) (*Client, error) {
	ws, res, err := dialer.DialContext(ctx, "ws://"+address+"/ws", nil)
	if err != nil {
		if res != nil {
			err = fmt.Errorf("%w (HTTP %d)", err, res.StatusCode)
		}
		return nil, fmt.Errorf("connecting: %w", err)
	}
	c := &Client{ws: ws, relay: relay, asked: map[uint32]chan wire.Server{}, done: make(chan struct{})}
	c.timer = time.AfterFunc(time.Hour, c.fire)
	c.timer.Stop()
	go c.read()
	return c, nil
}

// Dial connects to a bridge as whoever the token is for.
func Dial(ctx context.Context, address, token string) (*Client, error) {
	c, err := dial(ctx, address, false)
	if err != nil {
		return nil, err
	}
	if err := c.call(ctx, wire.CmdConnect, wire.Connect{Token: token, App: "load/1", Fresh: true}, &wire.Connected{}); err != nil {
		c.Close()
		return nil, fmt.Errorf("signing in: %w", err)
	}
	return c, nil
}

// Close ends the connection.
func (c *Client) Close() {
	c.timer.Stop()
	_ = c.ws.Close()
	<-c.done
}

// Done is closed when the connection has ended.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err is why the connection ended, nil while it is open.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// call asks and waits for the answer.
func (c *Client) call(ctx context.Context, t wire.CommandType, data, into any) error {
	ch := make(chan wire.Server, 1)
	c.mu.Lock()
	c.id++
	c.asked[c.id] = ch
	c.beat++
	c.beatAt[c.beat%256] = stamp()
	frame, err := wire.EncodeCommand(wire.Command{ID: c.id, Type: t, Beat: c.beat, Data: data})
	if err == nil {
		err = c.ws.WriteMessage(websocket.TextMessage, frame)
	}
	c.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case s := <-ch:
		return s.Into(into)
	case <-c.done:
		return c.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// write writes one frame, which fill makes for the next beat.
func (c *Client) writeLocked(fill func(dst []byte, beat uint64) []byte) error {
	c.beat++
	c.beatAt[c.beat%256] = stamp()
	c.frame = fill(c.frame[:0], c.beat)
	return c.ws.WriteMessage(websocket.TextMessage, c.frame)
}

// Open opens the conversation that messages are sent in.
func (c *Client) Open(ctx context.Context, n bridge.NewConversation) (bridge.ConversationID, error) {
	var opened wire.ConvOpened
	if err := c.call(ctx, wire.CmdConvOpen, n, &opened); err != nil {
		return "", fmt.Errorf("opening a conversation: %w", err)
	}
	return opened.Conversation.ID, nil
}

// Of the usual length of a line.
const line = "The blood tests are back and the dose stays as it is; please look at them before the visit on Thursday."

// send sends a message that carries sent, and returns its id.
func (c *Client) send(conv bridge.ConversationID, topic bridge.Topic, mid string, sent int64) (uint32, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return 0, c.err
	}
	c.id++
	return c.id, c.writeLocked(func(f []byte, beat uint64) []byte {
		f = append(f, `{"id":`...)
		f = strconv.AppendUint(f, uint64(c.id), 10)
		f = append(f, `,"t":"send","b":`...)
		f = strconv.AppendUint(f, beat, 10)
		f = append(append(f, `,"d":{"conv":"`...), conv...)
		f = append(append(f, `","mid":"`...), mid...)
		f = append(append(f, `","parts":[{"topics":["`...), topic...)
		f = append(append(f, `"],"text":"`+line+" @"...), strconv.FormatInt(sent, 10)...)
		return append(f, `@"}]}}`...)
	})
}

func (c *Client) read() {
	defer close(c.done)
	for {
		_, message, err := c.ws.ReadMessage()
		if err != nil {
			c.mu.Lock()
			c.err = fmt.Errorf("reading: %w", err)
			c.mu.Unlock()
			return
		}
		for frame := range bytes.SplitSeq(message, []byte{'\n'}) {
			c.take(frame)
		}
	}
}

var (
	answerHead  = []byte(`{"id":`)
	messageHead = []byte(`{"t":"message"`)
	lineHead    = []byte(`{"t":"line.`)
)

func (c *Client) take(frame []byte) {
	switch {
	case bytes.Equal(frame, wire.Ping):
		c.mu.Lock()
		_ = c.writeLocked(func(f []byte, beat uint64) []byte {
			return append(strconv.AppendUint(append(f, `{"b":`...), beat, 10), '}')
		})
		c.mu.Unlock()
	case bytes.HasPrefix(frame, answerHead):
		c.answered(frame)
	case bytes.HasPrefix(frame, messageHead):
		c.shown(frame)
	case bytes.HasPrefix(frame, lineHead):
		if told := c.onLine.Load(); told != nil {
			(*told)(frame)
		}
		c.received(number(frame, `"n":`))
	case bytes.HasPrefix(frame, []byte(`{"t":"poke"`)):
		c.fetch()
	}
}

// answered tells of an answer: to a call, or to a message.
func (c *Client) answered(frame []byte) {
	id := uint32(number(frame, `"id":`))
	c.mu.Lock()
	ch := c.asked[id]
	delete(c.asked, id)
	c.mu.Unlock()
	if ch != nil {
		s, err := wire.DecodeServer(bytes.Clone(frame))
		if err != nil {
			s = wire.Server{Err: &wire.Error{Code: bridge.CodeInternal}}
		}
		ch <- s
		return
	}
	var err error
	if bytes.Contains(frame[:min(len(frame), 32)], []byte(`"err":`)) {
		err = errors.New(string(frame))
	}
	if told := c.onAnswer.Load(); told != nil {
		(*told)(id, err)
	}
}

// shown shows a message of somebody else's, if it is fresh, and acknowledges it.
func (c *Client) shown(frame []byte) {
	id := text(frame, `"disclosure":"`)
	if id == "" && !c.relay { // one's own, or withheld
		if bytes.Contains(frame, []byte(`"withheld"`)) {
			c.mu.Lock()
			c.refused++
			c.mu.Unlock()
		}
		return
	}
	fresh := true
	if !c.relay {
		fresh = c.acknowledge(bridge.DisclosureID(id), number(frame, `"n":`), number(frame, `"b":`))
	}
	told := c.onShown.Load()
	if at := bytes.LastIndex(frame, []byte(" @")); fresh && told != nil && at >= 0 {
		(*told)(int64(number(frame[at:], " @")))
	}
}

// ackEvery is the least time between two acks, as in the clients.
const ackEvery = 100 * time.Millisecond

func (c *Client) acknowledge(id bridge.DisclosureID, n, beat uint64) (fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fresh = beat <= c.beat && c.beat-beat < 256 && stamp()-c.beatAt[beat%256] <= int64(wire.Fresh)
	if fresh {
		c.ack.Shown = append(c.ack.Shown, id)
	} else {
		c.ack.Stale = append(c.ack.Stale, id)
		c.stale++
	}
	c.receivedLocked(n)
	return fresh
}

// received acknowledges an event that carries no claim.
func (c *Client) received(n uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.receivedLocked(n)
}

func (c *Client) receivedLocked(n uint64) {
	c.ack.N, c.due = max(c.ack.N, n), true
	if !c.armed {
		c.armed = true
		c.timer.Reset(ackEvery)
		c.flushLocked()
	}
}

// fire is the timer's.
func (c *Client) fire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.armed = c.due; c.armed {
		c.timer.Reset(ackEvery)
	}
	c.flushLocked()
}

func (c *Client) flushLocked() {
	if !c.due {
		return
	}
	c.due = false
	_ = c.writeLocked(func(f []byte, beat uint64) []byte {
		f = append(strconv.AppendUint(append(f, `{"t":"ack","b":`...), beat, 10), `,"d":{"n":`...)
		f = strconv.AppendUint(f, c.ack.N, 10)
		f = list(f, `,"shown":["`, c.ack.Shown)
		f = list(f, `,"stale":["`, c.ack.Stale)
		return append(f, "}}"...)
	})
	c.ack.Shown, c.ack.Stale = c.ack.Shown[:0], c.ack.Stale[:0]
}

func list(f []byte, head string, ids []bridge.DisclosureID) []byte {
	if len(ids) == 0 {
		return f
	}
	f = append(f, head...)
	for i, id := range ids {
		if i > 0 {
			f = append(f, `","`...)
		}
		f = append(f, id...)
	}
	return append(f, `"]`...)
}

// fetch answers a poke: the frame is the fresh beat, on which the bridge pushes.
func (c *Client) fetch() {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.writeLocked(func(f []byte, beat uint64) []byte {
		return append(strconv.AppendUint(append(f, `{"b":`...), beat, 10), '}')
	})
}

// number reads the number behind the first name in the frame, 0 without one.
func number(frame []byte, name string) uint64 {
	i := bytes.Index(frame, []byte(name))
	if i < 0 {
		return 0
	}
	var n uint64
	for _, d := range frame[i+len(name):] {
		if d < '0' || d > '9' {
			break
		}
		n = n*10 + uint64(d-'0')
	}
	return n
}

// text reads what stands behind the first name, up to the quote.
func text(frame []byte, name string) string {
	_, rest, ok := bytes.Cut(frame, []byte(name))
	if !ok {
		return ""
	}
	id, _, _ := bytes.Cut(rest, []byte{'"'})
	return strings.Clone(string(id))
}
