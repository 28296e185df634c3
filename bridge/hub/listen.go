// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// Ready implements bridge.Listener.
func (h *Hub) Ready(party bridge.Ref) []bridge.Ready {
	var all []bridge.Ready
	for _, s := range under(&h.parties, party) {
		s.mu.Lock()
		if s.idleLocked() && s.fresh && s.recentLocked() {
			all = append(all, bridge.Ready{
				Caller:   s.caller,
				Claimant: bridge.Claimant{Session: s.id, Beat: s.beat, Fresh: true},
				N:        s.cursor,
			})
		}
		s.mu.Unlock()
	}
	return all
}

// Hand implements bridge.Listener.
func (h *Hub) Hand(to bridge.Claimant, d bridge.Delivered) bool {
	for _, s := range under(&h.parties, d.Event.Party) {
		if s.id == to.Session {
			s.handed(to.Beat, d)
			return true
		}
	}
	return false
}

// idleLocked reports whether nothing is on its way to the session, nor about to
// be.
func (s *session) idleLocked() bool {
	return s.ready && s.ending == 0 && !s.gone && s.cursor >= s.head && !s.pulling && s.syncs == 0 && !s.halfFullLocked()
}

// handed queues what was claimed for the session by the one who sent it, if it
// is still what comes next.
func (s *session) handed(beat uint64, d bridge.Delivered) {
	pause()
	beat, _ = s.late(beat, time.Time{})
	s.mu.Lock()
	at := s.beatAt
	if s.beat != beat { // a newer one came: of the older we know that it was recent
		at = time.Now().Add(-wire.PushWithin)
	}
	o, err := frameOf(d, beat, at)
	queued, full := false, false
	if err == nil && s.ready && d.Event.N == s.cursor+1 && s.syncs == 0 {
		if queued, full = s.enqueueLocked(o, lasting); queued {
			s.cursor = d.Event.N
			s.head, s.given = max(s.head, s.cursor), max(s.given, s.cursor)
		}
	}
	s.mu.Unlock()
	if !queued {
		s.unsent([]outgoing{o})
	}
	if full {
		s.cut(bridge.CloseSlow)
	}
}

// Tell implements bridge.Listener.
func (h *Hub) Tell(d bridge.Delivered) {
	var o outgoing
	for _, s := range under(&h.parties, d.Event.Party) {
		if o.data == nil {
			var err error
			if o, err = frameOf(d, 0, time.Time{}); err != nil {
				o = outgoing{}
			}
		}
		s.told(d, o)
	}
}

// told queues an event that needs no claim, if it is what comes next and the
// session would get content now; else the session fetches it.
func (s *session) told(d bridge.Delivered, o outgoing) {
	e, k := d.Event, lasting
	s.mu.Lock()
	if d.Message != nil && s.sending != "" && d.Message.MID == s.sending {
		k = answering // it goes out with the answer, which comes now
	}
	queued := false
	if o.data != nil && e.N == s.cursor+1 && s.ready && !s.pulling && s.syncs == 0 && s.recentLocked() && !s.halfFullLocked() {
		queued, _ = s.enqueueLocked(o, k)
	}
	s.head = max(s.head, e.N)
	if queued {
		s.cursor, s.given = e.N, max(s.given, e.N)
	}
	s.mu.Unlock()
	if queued {
		s.noticed(e)
		return
	}
	s.wake()
}

// Poke implements bridge.Listener.
func (h *Hub) Poke(party bridge.Ref, n uint64) {
	for _, s := range under(&h.parties, party) {
		s.mu.Lock()
		s.head = max(s.head, n)
		s.mu.Unlock()
		s.wake()
	}
}

// Typing implements bridge.Listener.
func (h *Hub) Typing(to bridge.Ref, conversation bridge.ConversationID, by bridge.Ref, on bool) {
	for _, s := range under(&h.parties, to) {
		s.tell(wire.PushTyping, wire.TypingSeen{
			Conversation: conversation, By: by, On: on, LeftMS: wire.TypingLifetime.Milliseconds(),
		}, ephemeral)
	}
}

// Kick implements bridge.Listener.
func (h *Hub) Kick(person bridge.Ref, reason bridge.Code) {
	code := bridge.CloseKicked
	if reason == bridge.CodeAccountDisabled || reason == bridge.CodeTokenExpired {
		code = bridge.Outcomes[reason].Close
	}
	for _, s := range under(&h.persons, person) {
		if reason == bridge.CodeUnauthenticated && s.signsOut() {
			continue // who asked for it is answered first
		}
		s.cut(code)
	}
}

// Draining implements bridge.Listener: what is queued about the patient and not
// yet written is taken back, so that nobody waits for a slow reader.
func (h *Hub) Draining(patient bridge.PatientID) {
	h.workers.run(func() {
		h.each(func(s *session) {
			s.takeBackAbout(patient)
			s.recheck(patient)
		})
		h.closeAtOnce()
	})
	h.closeAtOnce()
}

// takeBackAbout takes back what rests on claims about the patient: events are
// fetched again, and an answer becomes a refusal after which the client repeats.
func (s *session) takeBackAbout(patient bridge.PatientID) {
	about := func(o outgoing) bool {
		for _, c := range o.claims {
			if c.patient == patient {
				return true
			}
		}
		return false
	}
	s.takeBack(about)
	var dropped []outgoing
	s.mu.Lock()
	for i, o := range s.queue {
		if o.id != 0 && about(o) {
			dropped = append(dropped, o)
			refusal := wire.AppendError(nil, o.id, wire.ErrorOf(&bridge.Error{Code: bridge.CodeBusy}))
			s.bytes += len(refusal) - len(o.data)
			s.queue[i] = outgoing{data: refusal, id: o.id}
		}
	}
	s.mu.Unlock()
	s.unsent(dropped)
}

// noticed is told of each event that a session gets.
func (s *session) noticed(e bridge.Event) {
	if e.Kind == bridge.EventConsent || e.Kind == bridge.EventConvLocked {
		s.recheck(e.Patient)
	}
}
