// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"bytes"
	"io"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

var messages = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// read reads until there is a message that takes a deep stack, which a worker
// reads and then has reading go on in a fresh goroutine: so the stack of one that
// waits for a silent client is small.
func (s *session) read() {
	for {
		message, err := s.readMessage()
		switch {
		case err != nil:
			s.readNoMore(err)
			return
		case message != nil && s.received(message.Bytes()):
			messages.Put(message)
		case message != nil:
			s.hub.workers.run(func() {
				s.receive(message.Bytes())
				messages.Put(message)
				go s.read()
			})
			return
		}
	}
}

// readNoMore waits until it was told why, if the end was ours, and leaves.
func (s *session) readNoMore(err error) {
	if timeout(err) { // no sign of life, or a message that trickles
		s.cut(bridge.CloseNoPong)
	}
	s.mu.Lock()
	end := s.end
	s.mu.Unlock()
	if end != nil {
		<-end.said
	}
	s.left()
}

// readMessage reads one message; it returns none when there is nothing more to
// be done about it. The sweeper ends a session whose message takes too long, the
// whole of it: neither a pong nor another byte gives it more time.
func (s *session) readMessage() (*bytes.Buffer, error) {
	if err := s.line.await(); err != nil {
		return nil, err
	}
	kind, r, err := s.conn.NextReader()
	if err != nil {
		return nil, err
	}
	limit := int64(wire.MaxBeforeAuth)
	s.mu.Lock()
	s.begun = time.Now()
	if s.caller.Party != "" {
		limit = wire.MaxMessage
	}
	s.mu.Unlock()
	b := messages.Get().(*bytes.Buffer)
	b.Reset()
	n, err := b.ReadFrom(io.LimitReader(r, limit+1))
	if err == nil && n <= limit && kind == websocket.TextMessage {
		beat, ok := wire.SignOfLife(b.Bytes())
		if !ok {
			return b, nil
		}
		if code := s.frame(wire.Command{Beat: beat}, nil); code != 0 {
			s.cut(code)
		}
		s.wake()
	} else if err == nil {
		// What is left of it is thrown away, and must not be told twice.
		s.conn.SetReadLimit(0)
		s.cut(bridge.CloseProtocol)
	}
	messages.Put(b)
	return nil, err
}

// pinged answers a WebSocket ping, as often as a client has reason to ask.
func (s *session) pinged(data string) error {
	s.mu.Lock()
	if s.control == nil {
		s.control = new(bucket)
	}
	_, ok := s.control.take(time.Now(), 1, 10)
	s.mu.Unlock()
	if !ok {
		s.cut(bridge.CloseRateLimited)
		return nil
	}
	_ = s.conn.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(time.Second))
	return nil
}

// received takes a message that is one frame of the plain kind, and reports
// whether it was.
func (s *session) received(message []byte) bool {
	c, plain, err := wire.DecodePlain(message)
	if !plain {
		return false
	}
	if code := s.frame(c, err); code != 0 {
		s.cut(code)
	} else {
		s.wake()
	}
	return true
}

func (s *session) receive(message []byte) {
	frames := 0
	for frame := range wire.Frames(message) {
		if frames++; frames > wire.MaxFrames {
			s.cut(bridge.CloseProtocol)
			return
		}
		c, err := wire.DecodeCommand(frame)
		if code := s.frame(c, err); code != 0 {
			s.cut(code)
			return
		}
	}
	if frames == 0 {
		s.mu.Lock()
		s.begun = time.Time{}
		s.mu.Unlock()
	}
	s.wake()
}

// frame takes one frame: its beat, its rate, and where it goes. It returns the
// code to end the session with, or 0.
func (s *session) frame(c wire.Command, err error) int {
	now := time.Now()
	s.mu.Lock()
	if s.ending != 0 {
		s.mu.Unlock()
		return 0
	}
	s.heard, s.asked, s.begun = now, time.Time{}, time.Time{}
	if c.Beat <= s.beat || c.ID != 0 && c.ID <= s.lastID || err != nil && c.ID == 0 {
		s.mu.Unlock()
		return bridge.CloseProtocol
	}
	s.beat, s.beatAt = c.Beat, now
	s.lastID = max(s.lastID, c.ID)
	wait, inRate := s.inRateLocked(now)
	if s.hub.Rate > 0 && s.debt > 2*burst(s.hub.Rate) {
		s.mu.Unlock()
		return bridge.CloseRateLimited
	}
	known := s.caller.Party != ""
	if known && c.Type == wire.CmdAck && err == nil { // never refused, and never behind another command
		defer s.mu.Unlock()
		return s.ackLocked(c.Data.(*wire.Ack))
	}
	if err == nil && inRate {
		wait, inRate = s.inShareLocked(c.Type, now)
	}
	if err == nil && inRate && s.passLocked(c, known, now) {
		s.mu.Unlock()
		return 0
	}
	full := len(s.inbox) >= maxInbox
	s.mu.Unlock()

	switch {
	case c.Type == "":
		return 0
	case err != nil:
		s.refuse(c.ID, err)
		return closeBefore(known, bridge.CloseProtocol)
	case !known && c.Type != wire.CmdConnect && c.Type != wire.CmdBye:
		return s.refuseUnknown(c)
	case c.Type == wire.CmdBye:
		return websocket.CloseNormalClosure
	case c.Type == wire.CmdTyping: // throttled, or too many: nobody misses it
		return 0
	case !inRate:
		s.refuse(c.ID, &bridge.Error{Code: bridge.CodeRateLimited, After: wait})
	case full:
		s.refuse(c.ID, &bridge.Error{Code: bridge.CodeBusy, After: time.Second})
	default: // a second connect
		s.refuse(c.ID, &bridge.Error{Code: bridge.CodeConflict, Message: "connected, or about to be"})
	}
	return 0
}

// inRateLocked takes one frame off the session's allowance. Those beyond it are a
// debt, which shrinks with each frame within.
func (s *session) inRateLocked(now time.Time) (wait time.Duration, ok bool) {
	if s.hub.Rate < 0 {
		return 0, true
	}
	wait, ok = s.rate.take(now, float64(s.hub.Rate), float64(burst(s.hub.Rate)))
	if ok {
		s.debt = max(0, s.debt-1)
	} else {
		s.debt++
	}
	return wait, ok
}

func burst(rate int) int { return rate * wire.MaxBurst / wire.MaxRate }

// maxInbox is how many commands may wait behind a slow one.
const maxInbox = 128

func closeBefore(known bool, code int) int {
	if known {
		return 0
	}
	return code
}

func (s *session) refuseUnknown(c wire.Command) int {
	if c.ID != 0 {
		s.refuse(c.ID, &bridge.Error{Code: bridge.CodeUnauthenticated, Message: "connect comes first"})
	}
	return bridge.CloseBadToken
}

// passLocked puts a command behind those that wait, and reports whether it did.
func (s *session) passLocked(c wire.Command, known bool, now time.Time) bool {
	switch {
	case c.Type == "" || c.Type == wire.CmdBye || len(s.inbox) >= maxInbox:
		return false
	case c.Type == wire.CmdConnect:
		if known || s.connecting {
			return false
		}
		s.connecting = true
	case !known:
		return false
	case c.Type == wire.CmdTyping:
		if !s.mayTypeLocked(c.Data.(*wire.Typing), now) {
			return false
		}
	case c.Type == wire.CmdSync:
		s.syncs++
	}
	s.inbox = append(s.inbox, c)
	if !s.working {
		s.working = true
		s.beginLocked()
		s.hub.workers.run(s.work)
	}
	return true
}

// mayTypeLocked lets one typing through in TypingEvery for each conversation,
// and the end of each.
func (s *session) mayTypeLocked(t *wire.Typing, now time.Time) bool {
	last, on := s.typed[t.Conversation]
	if !t.On {
		delete(s.typed, t.Conversation)
		return on
	}
	if now.Sub(last) < wire.TypingEvery || len(s.typed) >= 16 && !on {
		return false
	}
	if s.typed == nil {
		s.typed = map[bridge.ConversationID]time.Time{}
	}
	s.typed[t.Conversation] = now
	return true
}

// ackLocked has what became of content told to the bridge. Who says to have come
// further than anything that was given out is on another log than we are.
func (s *session) ackLocked(a *wire.Ack) int {
	if a.N > s.given {
		return bridge.CloseGap
	}
	s.closeSoonLocked(bridge.DisclosureShown, a.Shown)
	s.closeSoonLocked(bridge.DisclosureStale, a.Stale)
	return 0
}
