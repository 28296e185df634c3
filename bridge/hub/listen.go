// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

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
	if reason == bridge.CodeAccountDisabled {
		code = bridge.CloseAccountDisabled
	}
	for _, s := range under(&h.persons, person) {
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
	})
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
