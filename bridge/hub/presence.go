// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// watch is whom a session follows in one patient's matter.
type watch struct {
	members []bridge.Party
	stops   []func()
}

func (w *watch) stop() {
	for _, f := range w.stops {
		f()
	}
}

// maxWatches is in how many patients' matters, and on how many lines, a session may
// follow people.
const maxWatches = 16

// presenceTimeout is how long live state may take: it is a hint only.
const presenceTimeout = time.Second

func (s *session) subscribe(c bridge.Caller, d *wire.PresenceSub) (any, error) {
	if d.Line != "" {
		return s.followLine(c, d.Line)
	}
	seen, err := s.follow(c, d.Patient, d.Members)
	if err != nil {
		return nil, err
	}
	return wire.PresenceSeen{Presence: seen}, nil
}

// follow asks the gate whom the caller may see, and follows those.
func (s *session) follow(c bridge.Caller, patient bridge.PatientID, members []bridge.Party) ([]bridge.Presence, error) {
	s.unfollow(patient)
	seen, err := s.hub.Gate.People.Presence(s.ctx, c, patient, members)
	if err != nil {
		return nil, err
	}
	if s.hub.Live == nil {
		return seen, nil
	}
	w := &watch{members: members}
	s.mu.Lock()
	full := len(s.watches)+len(s.lines) >= maxWatches
	over := s.gone || s.ending != 0
	if !full && !over {
		if s.watches == nil {
			s.watches = map[bridge.PatientID]*watch{}
		}
		s.watches[patient] = w
	}
	s.mu.Unlock()
	if full {
		return nil, &bridge.Error{Code: bridge.CodeRateLimited, Message: "follows people in too many matters"}
	}
	if over {
		return nil, &bridge.Error{Code: bridge.CodeBusy}
	}
	var stops []func()
	for _, p := range seen {
		stops = append(stops, s.hub.Live.Watch(p.Party, func(p bridge.Presence) {
			s.tell(wire.PushPresence, p, ephemeral)
		}))
	}
	s.mu.Lock()
	kept := s.watches[patient] == w
	if kept {
		w.stops = stops
	}
	s.mu.Unlock()
	if !kept { // ended, or asked again, meanwhile
		(&watch{stops: stops}).stop()
	}
	return seen, nil
}

func (s *session) unfollow(patient bridge.PatientID) (members []bridge.Party) {
	s.mu.Lock()
	w := s.watches[patient]
	delete(s.watches, patient)
	s.mu.Unlock()
	if w == nil {
		return nil
	}
	w.stop()
	return w.members
}

// recheck asks the gate again, since a consent or an objection of the patient's
// changed. Until it has answered, nothing is told.
func (s *session) recheck(patient bridge.PatientID) {
	members := s.unfollow(patient)
	if members == nil {
		return
	}
	s.mu.Lock()
	s.beginLocked()
	s.mu.Unlock()
	s.hub.workers.run(func() {
		defer func() {
			s.mu.Lock()
			s.endLocked()
			s.mu.Unlock()
		}()
		caller := s.who()
		seen, err := s.follow(caller, patient, members)
		if err != nil {
			return // denied, or gone: nobody is followed
		}
		for _, p := range seen {
			s.tell(wire.PushPresence, p, ephemeral)
		}
	})
}

func (s *session) setMode(c bridge.Caller, d *wire.PresenceSet) (any, error) {
	until := time.Time{}
	if d.Mode == wire.ModeDND {
		until = d.Until
	}
	if d.Mode != wire.ModeAway {
		if err := s.hub.Gate.People.SetDND(s.ctx, c, until); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	s.away = d.Mode == wire.ModeAway
	s.mu.Unlock()
	s.touchPresence()
	return *d, nil
}

// connectionLocked is the session as live state knows it.
func (s *session) connectionLocked() bridge.Connection {
	return bridge.Connection{Party: s.caller.Party, ID: s.id, Away: s.away}
}

func (s *session) touchPresence() {
	if s.hub.Live == nil {
		return
	}
	s.hub.arrivals.add(s)
}

// arrivals are the sessions whose presence is to be told, as it is then. Those who
// come while live state is being told wait for each other, and are told of at
// once: a script for each costs an embedded live state more than all else about a
// connection.
type arrivals struct {
	mu sync.Mutex // guards the following fields

	waiting []*session
	telling bool
}

func (a *arrivals) add(s *session) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting = append(a.waiting, s)
	if !a.telling {
		a.telling = true
		s.hub.workers.run(s.hub.tellArrivals)
	}
}

func (h *Hub) tellArrivals() {
	for {
		h.arrivals.mu.Lock()
		some := h.arrivals.waiting
		h.arrivals.waiting = nil
		h.arrivals.telling = len(some) > 0
		h.arrivals.mu.Unlock()
		if len(some) == 0 {
			return
		}
		for batch := range slices.Chunk(some, touchBatch) {
			h.touch(present(batch))
		}
	}
}

// present is the sessions as live state knows them, without those that have left.
func present(some []*session) []bridge.Connection {
	conns := make([]bridge.Connection, 0, len(some))
	for _, s := range some {
		s.mu.Lock()
		if s.ready && !s.gone && s.ending == 0 {
			conns = append(conns, s.connectionLocked())
		}
		s.mu.Unlock()
	}
	return conns
}

func (h *Hub) touch(conns []bridge.Connection) {
	if len(conns) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(h.ctx), presenceTimeout)
	defer cancel()
	if err := h.Live.Touch(ctx, conns); err != nil {
		h.Log.DebugContext(ctx, "presence not told", attrError(err))
	}
	h.signOn(ctx, conns)
}

func (s *session) dropPresence(party bridge.Ref) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.hub.ctx), presenceTimeout)
	defer cancel()
	if err := s.hub.Live.Drop(ctx, party, s.id); err != nil {
		s.hub.Log.DebugContext(ctx, "presence not told", attrError(err))
	}
	s.hub.signOff(ctx, party)
}
