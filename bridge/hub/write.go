// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"errors"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// outgoing is one frame on its way.
type outgoing struct {
	data   []byte
	id     uint32    // of the command that it answers
	n      uint64    // of the event that it is
	claims []claim   // that its content rests on
	at     time.Time // when the beat behind its content was read
}

type claim struct {
	id      bridge.DisclosureID
	patient bridge.PatientID
}

// kind says what may happen to a frame.
type kind int

const (
	lasting   kind = iota
	ephemeral      // dropped when the queue is half full
	answering      // the worker of the commands queues it, or has it queued, and goes on to written
)

// staleAfter is how long after its beat was read content may still be written.
// The client decides whether to show it; this only saves it the trouble.
const staleAfter = wire.Fresh * 2 / 3

// enqueue queues a frame and sees that it is written. What is not queued, since
// the session ends, was never sent.
func (s *session) enqueue(o outgoing, k kind) {
	s.mu.Lock()
	queued, full := s.enqueueLocked(o, k)
	s.mu.Unlock()
	if !queued {
		s.unsent([]outgoing{o})
	}
	if full {
		s.cut(bridge.CloseSlow)
	}
}

func (s *session) enqueueLocked(o outgoing, k kind) (queued, full bool) {
	if s.gone || s.ending != 0 || s.leaving && o.id == 0 {
		return false, false
	}
	if k == ephemeral && s.halfFullLocked() {
		s.hub.Meter.Dropped()
		return false, false
	}
	if len(s.queue) >= wire.MaxQueue || len(s.queue) > 0 && s.bytes+len(o.data) > wire.MaxQueueBytes {
		return false, true
	}
	s.queue = append(s.queue, o)
	s.bytes += len(o.data)
	s.hub.Meter.Queue(len(s.queue))
	if !s.writing {
		s.writing = true
		if s.mine = k == answering && len(o.data) <= oneGo; !s.mine {
			s.hub.workers.run(s.write)
		}
	}
	return true, false
}

// oneGo is how long a message may be that the worker of the commands writes
// itself: as a rule the socket takes it at once.
const oneGo = 4 << 10

// written writes what the worker of the commands has left for itself: an answer,
// and what came with it, in one message. If there is more another writes it.
func (s *session) written() {
	s.mu.Lock()
	mine := s.mine
	s.mine, s.sending = false, ""
	left := len(s.queue) > batchFrames || s.bytes > 2*oneGo || s.ending != 0
	s.mu.Unlock()
	switch {
	case !mine:
	case left:
		s.hub.workers.run(s.write)
	default:
		s.write()
	}
}

func (s *session) halfFullLocked() bool {
	return len(s.queue) >= wire.MaxQueue/2 || s.bytes >= wire.MaxQueueBytes/2
}

// write writes what is queued, and goes when there is no more.
func (s *session) write() {
	for {
		batch, stale, code := s.take()
		if code != 0 {
			s.goodbye(code)
			return
		}
		if stale {
			s.takeBack(func(o outgoing) bool { return len(o.claims) > 0 && o.n > 0 })
			continue
		}
		if batch == nil {
			s.wake() // room in the queue may be what it waited for
			return
		}
		if err := s.put(batch); err != nil {
			s.broken(err)
			return
		}
		s.wrote.done(s)
	}
}

const (
	batchFrames = 16
	batchBytes  = 32 << 10
)

var batches = sync.Pool{New: func() any { b := make([]byte, 0, batchBytes); return &b }}

// take takes the frames of the next message off the queue; from then on they
// count as written. It says instead that the first is too old, that the session
// ends, or, by nil, that there is nothing.
func (s *session) take() (batch []byte, stale bool, code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending != 0 {
		return nil, false, s.ending
	}
	s.putting = time.Time{}
	if len(s.queue) == 0 || s.gone {
		s.writing = false
		s.queue = nil // an idle session keeps no room for it
		return nil, false, 0
	}
	now := time.Now()
	s.sent = now
	first := s.queue[0]
	if s.tooOld(first, now) {
		return nil, true, 0
	}
	s.queue = s.queue[1:]
	s.bytes -= len(first.data)
	s.putting = now
	s.wrote.took(first)
	if len(s.queue) == 0 || len(first.data)+len(s.queue[0].data) > batchBytes {
		return first.data, false, 0
	}
	batch = append((*batches.Get().(*[]byte))[:0], first.data...)
	for i := 1; i < batchFrames && len(s.queue) > 0; i++ {
		next := s.queue[0]
		if len(batch)+len(next.data) > batchBytes || s.tooOld(next, now) {
			break
		}
		batch = append(append(batch, '\n'), next.data...)
		s.wrote.took(next)
		s.queue = s.queue[1:]
		s.bytes -= len(next.data)
	}
	return batch, false, 0
}

func (s *session) tooOld(o outgoing, now time.Time) bool {
	return s.fresh && o.n > 0 && len(o.claims) > 0 && now.Sub(o.at) > staleAfter
}

func (s *session) put(batch []byte) error {
	err := s.conn.WriteMessage(websocket.TextMessage, batch)
	if cap(batch) == batchBytes {
		batches.Put(&batch)
	}
	return err
}

// broken ends a session that can't be written to. Claims of what was on its way
// stay open: a TCP error closes nothing (I10).
func (s *session) broken(err error) {
	var n net.Error
	s.mu.Lock()
	if s.ending == 0 && errors.As(err, &n) && n.Timeout() {
		s.ending = bridge.CloseSlow
	}
	s.writing = false
	end := s.end
	s.stopLocked()
	s.mu.Unlock()
	_ = s.conn.Close() // which ends the reader
	if end != nil {
		close(end.said)
	}
}

// goodbye tells why the session ends, then closes. The reader waits for the
// client's own close frame for a moment, then drops the connection.
func (s *session) goodbye(code int) {
	s.mu.Lock()
	words := s.end.last
	s.end.last = nil
	s.mu.Unlock()
	reason := wire.CloseOf(code).Reason
	if code == websocket.CloseNormalClosure {
		reason = ""
	} else if data, err := wire.Data(wire.Disconnect{Code: code, Reason: reason}); err == nil {
		words = wire.AppendPush(words, wire.PushDisconnect, 0, 0, data)
	}
	_ = s.conn.SetWriteDeadline(time.Now().Add(lastWords))
	err := s.conn.WriteMessage(websocket.TextMessage, words)
	if err == nil {
		err = s.conn.WriteControl(websocket.CloseMessage,
			websocket.FormatCloseMessage(code, string(reason)), time.Now().Add(lastWords))
	}
	if err != nil {
		_ = s.conn.Close()
	}
	s.mu.Lock()
	s.writing = false
	s.mu.Unlock()
	close(s.end.said)
}

// takeBack takes unwritten events off the queue, from the first that which
// matches on, and closes their claims as unsent. They will be fetched again.
func (s *session) takeBack(which func(outgoing) bool) {
	var dropped []outgoing
	s.mu.Lock()
	kept := s.queue[:0:0]
	for _, o := range s.queue {
		if o.n > 0 && (len(dropped) > 0 || which(o)) {
			if len(dropped) == 0 {
				s.cursor = min(s.cursor, o.n-1)
				s.poked = 0
			}
			dropped = append(dropped, o)
			s.bytes -= len(o.data)
			continue
		}
		kept = append(kept, o)
	}
	s.queue = kept
	s.mu.Unlock()
	if len(dropped) == 0 {
		return
	}
	s.unsent(dropped)
	s.wake()
}

// unsent closes the claims of frames of which no byte was written (I10).
func (s *session) unsent(dropped []outgoing) {
	var ids []bridge.DisclosureID
	for _, o := range dropped {
		for _, c := range o.claims {
			ids = append(ids, c.id)
		}
	}
	s.closeSoon(bridge.DisclosureUnsent, ids)
}
