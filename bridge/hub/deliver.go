// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// pullLimit is how many events are claimed at once.
const pullLimit = 32

// wake sees that the session gets what its log has grown by: pushed, when the
// client has been heard from; else by a poke, on which it asks itself.
func (s *session) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.dueLocked() || s.pulling || s.resting || s.syncs > 0 {
		return
	}
	if !s.recentLocked() {
		if s.poked < s.head {
			if queued, _ := s.enqueueLocked(outgoing{data: wire.AppendPush(make([]byte, 0, 48), wire.PushPoke, s.head, 0, nil)}, lasting); queued {
				s.poked = s.head
			}
		}
		return
	}
	s.pulling = true
	s.beginLocked()
	s.hub.workers.run(s.pull)
}

// dueLocked reports whether there is something to fetch, and room for it.
func (s *session) dueLocked() bool {
	return s.ready && s.ending == 0 && !s.gone && !s.leaving && s.cursor < s.head && !s.halfFullLocked()
}

// recentLocked reports whether content would still be fresh when it arrives. Who
// gets no content needs no beat.
func (s *session) recentLocked() bool {
	return !s.fresh || time.Since(s.beatAt) <= wire.PushWithin
}

// pull fetches and queues until there is no more, or no room, or no fresh beat.
func (s *session) pull() {
	s.delivering.Lock()
	for s.pullSome() {
	}
	s.delivering.Unlock()
	s.mu.Lock()
	s.pulling = false
	s.endLocked()
	s.mu.Unlock()
	s.wake() // for what came in between
}

// pullSome claims a few events and queues them. It reports whether to go on.
func (s *session) pullSome() bool {
	s.mu.Lock()
	if !s.dueLocked() || !s.recentLocked() || s.syncs > 0 {
		s.mu.Unlock()
		return false
	}
	from, head, caller := s.cursor, s.head, s.caller
	beat, at := s.beat, s.beatAt // captured before the claim (I4)
	who := bridge.Claimant{Session: s.id, Beat: beat, Fresh: s.fresh}
	s.mu.Unlock()

	events, more, err := s.hub.Gate.Content.Deliver(s.ctx, caller, who, from, pullLimit)
	if err != nil {
		s.pullFailed(err)
		return false
	}
	pause()
	beat, at = s.late(beat, at)
	if len(events) == 0 {
		s.mu.Lock()
		if !more && s.head == head {
			s.head = s.cursor // the poke spoke of what is not there
		}
		s.mu.Unlock()
		return false
	}
	return s.queueEvents(events, from, beat, at)
}

func (s *session) pullFailed(err error) {
	s.mu.Lock()
	leaving := s.leaving
	s.mu.Unlock()
	if s.ctx.Err() != nil || leaving {
		return
	}
	if code := fatal(err); code != 0 {
		s.cut(code)
		return
	}
	if bridge.CodeOf(err) == bridge.CodeResync {
		s.resync(wire.ResyncTooOld)
		return
	}
	s.hub.Log.WarnContext(s.ctx, "events not fetched", attrCode(err), attrSession(s))
	s.mu.Lock()
	s.resting = true
	s.mu.Unlock()
}

// resync tells the client to start afresh, at the newest event.
func (s *session) resync(why wire.ResyncReason) {
	caller := s.who()
	head, _, err := s.hub.Gate.Content.Head(s.ctx, caller)
	if err != nil {
		s.cut(bridge.CloseGap)
		return
	}
	s.mu.Lock()
	s.cursor, s.head, s.given = head.N, max(s.head, head.N), max(s.given, head.N)
	s.mu.Unlock()
	s.tell(wire.PushResync, wire.Resync{Reason: why, At: head}, lasting)
}

// queueEvents queues what was claimed, in order. What can't be queued was never
// sent: its claims are closed as that. It reports whether all were queued.
func (s *session) queueEvents(events []bridge.Delivered, from, beat uint64, at time.Time) bool {
	for i, e := range events {
		o, err := frameOf(e, beat, at)
		if err != nil || e.Event.N != from+1 {
			s.unsentEvents(events[i:])
			s.cut(bridge.CloseGap)
			return false
		}
		from++
		s.mu.Lock()
		if s.cursor != e.Event.N-1 { // something was taken back meanwhile
			s.mu.Unlock()
			s.unsentEvents(events[i:])
			return true
		}
		queued, full := s.enqueueLocked(o, lasting)
		if queued {
			s.cursor = e.Event.N
			s.head, s.given = max(s.head, s.cursor), max(s.given, s.cursor)
		}
		s.mu.Unlock()
		if !queued {
			s.unsentEvents(events[i:])
			if full {
				s.cut(bridge.CloseSlow)
			}
			return false
		}
		s.noticed(e.Event)
	}
	return true
}

func (s *session) unsentEvents(events []bridge.Delivered) {
	var ids []bridge.DisclosureID
	for _, e := range events {
		if e.Disclosure != "" {
			ids = append(ids, e.Disclosure)
		}
	}
	s.closeSoon(bridge.DisclosureUnsent, ids)
}

// frameOf makes the push of an event. Only one with a claim carries a beat.
func frameOf(e bridge.Delivered, beat uint64, at time.Time) (outgoing, error) {
	o := outgoing{n: e.Event.N, at: at}
	if e.Disclosure == "" {
		beat = 0
	} else {
		o.claims = []claim{{e.Disclosure, e.Event.Patient}}
	}
	t, d := pushOf(e)
	var err error
	if o.data, err = wire.Push(t, e.Event.N, beat, d); err != nil {
		return outgoing{}, err
	}
	return o, nil
}

// pushOf puts an event in the words of the wire.
func pushOf(e bridge.Delivered) (wire.PushType, any) {
	v := e.Event
	t := wire.PushType(v.Kind)
	switch v.Kind {
	case bridge.EventMessage, bridge.EventAmended:
		return t, &wire.MessageEvent{
			At: v.At, Patient: v.Patient, Conversation: v.Conversation, ID: v.Message,
			By: v.By, Message: e.Message, Disclosure: e.Disclosure, Withheld: e.Withheld,
		}
	case bridge.EventReturned:
		return t, wire.ReturnedEvent{
			At: v.At, Patient: v.Patient, Conversation: v.Conversation, ID: v.Message,
			Request: v.Request, State: v.State, Withheld: e.Withheld,
		}
	case bridge.EventReceipt:
		return t, &wire.ReceiptEvent{
			At: v.At, Patient: v.Patient, Conversation: v.Conversation, ID: v.Message,
			By: v.By, Kind: bridge.ReceiptKind(v.State), Reasons: v.Reasons, Withheld: e.Withheld,
		}
	case bridge.EventConsent:
		return t, wire.ConsentEvent{
			At: v.At, Patient: v.Patient, Consent: v.Consent, Request: v.Request,
			Objection: v.Objection, Emergency: v.Emergency, By: v.By, State: v.State, Withheld: e.Withheld,
		}
	}
	if e.Event.Ring != "" || e.Event.Line != "" {
		return t, lineEvent(e)
	}
	return t, wire.ConvEvent{At: v.At, Patient: v.Patient, Conversation: v.Conversation, By: v.By, State: v.State, Withheld: e.Withheld}
}
