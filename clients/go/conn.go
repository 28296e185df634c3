// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package brobygger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// conn is one connection. Its reader never waits for the program: answers go to
// who waits for them, pushes to the inbox.
type conn struct {
	ws    *websocket.Conn
	beats *beats
	acks  acks
	push  func(*conn, wire.Event)
	ready chan struct{} // closed when connect was answered and the place is known
	done  chan struct{} // closed when the connection has ended; err says how

	idle time.Duration // longest silence of the bridge; set before ready
	hint wire.GoingAway

	writing sync.Mutex // one frame at a time, in order of beats and ids

	mu      sync.Mutex // guards the following fields
	id      uint32
	waiting map[uint32]chan answer
	err     error
}

// answer is the bridge's answer to one command, with the beat its content has.
type answer struct {
	frame wire.Server
	err   error
}

func dialConn(ctx context.Context, o Options, push func(*conn, wire.Event)) (*conn, error) {
	d := websocket.Dialer{
		Proxy: http.ProxyFromEnvironment, HandshakeTimeout: wire.CommandTimeout,
		Subprotocols: []string{wire.Subprotocol},
	}
	ws, res, err := d.DialContext(ctx, o.URL, nil)
	if res != nil && err != nil {
		return nil, fmt.Errorf("opening the socket: %w (HTTP %d)", err, res.StatusCode)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the socket: %w", err)
	}
	if ws.Subprotocol() != wire.Subprotocol {
		_ = ws.Close()
		return nil, &CloseError{Code: bridge.CloseVersion, Reason: string(bridge.CodeVersion)}
	}
	ws.SetReadLimit(wire.MaxQueueBytes)
	k := &conn{
		ws: ws, beats: newBeats(o.clock), push: push, idle: wire.AuthTimeout,
		ready: make(chan struct{}), done: make(chan struct{}), waiting: map[uint32]chan answer{},
	}
	k.acks.init(k)
	return k, nil
}

// read carries frames until the connection ends, and then says so to everybody.
func (k *conn) read(log *slog.Logger) {
	var err error
	for err == nil {
		err = k.readMessage(log)
	}
	var closed *websocket.CloseError
	if errors.As(err, &closed) {
		err = &CloseError{Code: closed.Code, Reason: closed.Text}
	}
	k.end(err)
	k.acks.stop()
	_ = k.ws.Close()
	k.mu.Lock()
	waiting := k.waiting
	k.waiting = nil
	k.mu.Unlock()
	for _, ch := range waiting {
		ch <- answer{err: errLost}
	}
	close(k.done)
}

// end notes why the connection ends; the first word counts.
func (k *conn) end(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err == nil {
		k.err = err
	}
}

// over reports whether the connection has ended.
func (k *conn) over() bool {
	select {
	case <-k.done:
		return true
	default:
		return false
	}
}

func (k *conn) why() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.err
}

func (k *conn) readMessage(log *slog.Logger) error {
	k.mu.Lock()
	idle := k.idle
	k.mu.Unlock()
	// Every message shows that the bridge is there.
	if err := k.ws.SetReadDeadline(time.Now().Add(idle + wire.PongTimeout)); err != nil {
		return err
	}
	_, message, err := k.ws.ReadMessage()
	if err != nil {
		return err
	}
	for data := range wire.Frames(message) {
		frame, err := wire.DecodeServer(data)
		if err != nil {
			log.Warn("frame that can't be read") // err may quote it
			return &CloseError{Code: bridge.CloseProtocol, Reason: "frame that can't be read"}
		}
		if err := k.take(frame); err != nil {
			return err
		}
	}
	return nil
}

func (k *conn) take(frame wire.Server) error {
	switch {
	case frame.Ping():
		return k.write(wire.Command{})
	case frame.ID != 0:
		k.mu.Lock()
		ch := k.waiting[frame.ID]
		delete(k.waiting, frame.ID)
		k.mu.Unlock()
		if ch != nil {
			ch <- answer{frame: frame}
		}
	case frame.Type == wire.PushGoingAway:
		var hint wire.GoingAway
		if frame.Into(&hint) == nil {
			k.mu.Lock()
			k.hint = hint
			k.mu.Unlock()
		}
	case frame.Type == wire.PushDisconnect:
		var d wire.Disconnect
		if frame.Into(&d) == nil && d.Code != 0 {
			k.end(&CloseError{Code: d.Code, Reason: string(d.Reason)})
		}
	default:
		k.push(k, frame.Event)
	}
	return nil
}

// call sends a command and waits for its answer. The beat is that of the content
// in the answer.
func (k *conn) call(ctx context.Context, t wire.CommandType, data, into any) (beat uint64, err error) {
	ch := make(chan answer, 1)
	id, err := k.ask(wire.Command{Type: t, Data: data}, ch)
	if err != nil {
		return 0, err
	}
	defer func() {
		k.mu.Lock()
		delete(k.waiting, id)
		k.mu.Unlock()
	}()
	timeout := time.NewTimer(wire.CommandTimeout)
	defer timeout.Stop()
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-timeout.C:
		return 0, errTimeout
	case a := <-ch:
		if a.err != nil {
			return 0, a.err
		}
		return a.frame.Beat, a.frame.Into(into)
	}
}

// ask writes a command with the next id; its answer goes to ch. Ids grow on the
// wire as beats do, so both are taken by who writes.
func (k *conn) ask(c wire.Command, ch chan answer) (uint32, error) {
	k.writing.Lock()
	defer k.writing.Unlock()
	k.mu.Lock()
	if k.waiting == nil {
		k.mu.Unlock()
		return 0, errLost
	}
	k.id++
	c.ID = k.id
	k.waiting[c.ID] = ch
	k.mu.Unlock()
	return c.ID, k.writeLocked(c)
}

// write writes a frame that is not answered.
func (k *conn) write(c wire.Command) error {
	k.writing.Lock()
	defer k.writing.Unlock()
	return k.writeLocked(c)
}

// writeLocked writes one frame, with the next beat. A connection that can't be
// written to ends.
func (k *conn) writeLocked(c wire.Command) error {
	c.Beat = k.beats.next()
	frame, err := wire.EncodeCommand(c)
	if err != nil {
		return err
	}
	if len(frame) > wire.MaxMessage {
		return &bridge.Error{Code: bridge.CodeTooLarge}
	}
	err = k.ws.SetWriteDeadline(time.Now().Add(wire.WriteTimeout))
	if err == nil {
		err = k.ws.WriteMessage(websocket.TextMessage, frame)
	}
	if err != nil {
		k.end(fmt.Errorf("writing: %w", err))
		_ = k.ws.Close() // wakes the reader, who tells everybody
		return errLost
	}
	return nil
}

// leave says goodbye and ends the connection.
func (k *conn) leave() {
	k.acks.flush()
	_ = k.write(wire.Command{Type: wire.CmdBye, Data: wire.Bye{}})
	_ = k.ws.Close()
	<-k.done
}
