// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// session is one connection's life.
type session struct {
	hub  *Hub
	id   string
	conn *websocket.Conn
	line line // under conn

	// ctx is that of what a worker does for the session, while one does.
	ctx context.Context

	// delivering is held by whoever claims events and moves the cursor: a pull,
	// or a sync. Nobody else may, so that there is one order.
	delivering sync.Mutex

	// closes is held by whoever closes claims by the client's word.
	closes sync.Mutex

	mu sync.Mutex // guards the following fields

	cancel context.CancelFunc // ends ctx
	users  int                // of ctx

	caller   bridge.Caller // set once connected
	language string
	ready    bool  // the answer to connect is queued: pushes may follow
	fresh    bool  // the client keeps the freshness rule
	warned   bool  // of the token's end
	page     bool  // it came from a page: there was an Origin; set with caller
	door     *door // nil once connected

	// What was read.
	lastID     uint32
	beat       uint64    // the newest
	beatAt     time.Time // when it was read
	heard      time.Time // the last frame
	begun      time.Time // when the message that is being read began
	asked      time.Time // when a ping was sent that has not been answered
	rate       bucket
	control    *bucket // of control frames, if there were any
	connecting bool
	debt       int // frames beyond the rate, in a row
	inbox      []wire.Command
	syncs      int // of these
	working    bool
	sending    string // the mid of the message that is being sent
	typed      map[bridge.ConversationID]time.Time

	// What is to be written.
	queue   []outgoing
	bytes   int
	writing bool
	mine    bool // the worker of the commands writes what is queued, when it has answered
	wrote   wrote
	sent    time.Time // the last frame
	putting time.Time // since when a message is being written

	// How far the client is.
	head     uint64 // the newest n we know of
	cursor   uint64 // the last n that was queued or left out
	poked    uint64 // the last head that a poke told
	given    uint64 // the highest n that the client can know of
	pulling  bool
	resting  bool // a pull failed: the sweeper tries again
	closing  map[bridge.DisclosureState][]bridge.DisclosureID
	flushing bool

	away    bool
	leaving bool // it signs out: nothing but answers goes out any more
	watches map[bridge.PatientID]*watch
	lines   map[bridge.LineID]*lineWatch
	signals bucket // of line.signal

	ending int     // the close code that we end it with, 0 while we don't
	end    *ending // made with it
	gone   bool    // the reader has left; nothing is written any more
}

// door is what is known of a session before it is known who calls.
type door struct {
	ip    string
	page  bool // it came from a page: there was an Origin
	since time.Time
}

// ending is how a session ends.
type ending struct {
	at   time.Time
	last []byte        // answers that go out before the end
	said chan struct{} // closed when the end has been told, or can't be
}

func newID() string { return "s-" + rand.Text() }

// beginLocked makes ctx for one who is about to use it, until it calls end. A
// session at rest has none.
func (s *session) beginLocked() {
	if s.users++; s.users > 1 {
		return
	}
	s.ctx, s.cancel = context.WithCancel(s.hub.ctx)
	if s.ending != 0 || s.gone {
		s.cancel()
	}
}

func (s *session) endLocked() {
	if s.users--; s.users == 0 {
		s.cancel()
		s.ctx, s.cancel = nil, nil
	}
}

// stopLocked has what is being carried out given up.
func (s *session) stopLocked() {
	if s.cancel != nil {
		s.cancel()
	}
}

// who returns the caller.
func (s *session) who() bridge.Caller {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.caller
}

// reply queues the answer to a command.
func (s *session) reply(id uint32, ok any) {
	data, err := wire.Reply(id, 0, ok)
	if err != nil {
		s.fail(id, err)
		return
	}
	s.enqueue(outgoing{data: data, id: id}, answering)
}

// refuse queues the refusal of a command that is not carried out.
func (s *session) refuse(id uint32, err error) {
	s.enqueue(outgoing{data: wire.AppendError(nil, id, wire.ErrorOf(err)), id: id}, lasting)
}

// fail queues the refusal of a command that was tried.
func (s *session) fail(id uint32, err error) {
	if bridge.CodeOf(err) == bridge.CodeInternal {
		s.hub.Log.LogAttrs(s.ctx, levelOf(s.ctx, err), "command failed", attrError(err), attrSession(s))
	}
	s.enqueue(outgoing{data: wire.AppendError(nil, id, wire.ErrorOf(err)), id: id}, answering)
}

// tell queues a push that is not an event.
func (s *session) tell(t wire.PushType, d any, k kind) {
	if data, err := wire.Push(t, 0, 0, d); err == nil {
		s.enqueue(outgoing{data: data}, k)
	}
}

// cut ends the session with a close code. What is being carried out is cancelled.
// Of what is queued only answers without content still go out; the rest is
// dropped, and its claims closed as unsent.
func (s *session) cut(code int) {
	s.mu.Lock()
	if s.ending != 0 || s.gone {
		s.mu.Unlock()
		return
	}
	s.ending, s.end = code, &ending{at: time.Now(), said: make(chan struct{})}
	dropped := s.queue
	for _, o := range dropped {
		if o.id != 0 && len(o.claims) == 0 && code != bridge.CloseSlow {
			s.end.last = append(append(s.end.last, o.data...), '\n')
		}
	}
	s.queue, s.bytes, s.inbox, s.syncs = nil, 0, nil, 0
	start := !s.writing
	s.writing = true
	// A write that is stuck is let go, and a read that waits.
	now := time.Now()
	if !start {
		s.line.hurry(now.Add(lastWords))
	}
	_ = s.conn.SetReadDeadline(now.Add(2 * lastWords))
	s.stopLocked()
	s.mu.Unlock()
	s.unsent(dropped)
	if start {
		s.hub.workers.run(s.write)
	}
}

// lastWords is how long an end may take to be told.
const lastWords = 500 * time.Millisecond

// left takes the session out of everything; called once, by who reads last.
func (s *session) left() {
	h := s.hub
	s.mu.Lock()
	s.gone = true
	dropped := s.queue
	s.queue, s.bytes, s.inbox = nil, 0, nil
	caller, code, d := s.caller, s.ending, s.door
	watches := s.watches
	s.watches = nil
	lines := s.lines
	s.lines = nil
	s.stopLocked()
	s.mu.Unlock()
	_ = s.conn.Close()
	s.line.release()
	s.unsent(dropped)
	for _, w := range watches {
		w.stop()
	}
	for _, w := range lines {
		if w.stop != nil {
			w.stop()
		}
	}
	h.all.drop(s)
	if caller.Party == "" {
		h.ips.leave(d.ip)
	} else {
		leave(&h.parties, caller.Party, s)
		leave(&h.persons, caller.Person, s)
		h.Meter.Sessions(-1)
		// While draining, the client is on its way to another node: it stays.
		if h.Live != nil && !h.draining.Load() {
			h.workers.run(func() { s.dropPresence(caller.Party) })
		}
	}
	h.Meter.Ended(code)
	h.open.Done()
}
