// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"encoding/json"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// sync answers with what lies behind the client's place, and goes on from there.
func (s *session) sync(id uint32, d *wire.Sync) error {
	s.delivering.Lock()
	defer s.delivering.Unlock()
	caller := s.who()
	head, oldest, err := s.hub.Gate.Content.Head(s.ctx, caller)
	if err != nil {
		return err
	}
	if why := misplaced(d.Since, head, oldest); why != "" {
		return &bridge.Error{Code: bridge.CodeResync, Message: "place means nothing any more: " + string(why)}
	}
	s.takeBack(func(outgoing) bool { return true }) // it would come twice
	s.mu.Lock()
	s.cursor, s.head, s.poked = d.Since.N, max(s.head, head.N), 0
	s.mu.Unlock()

	left := d.Limit
	if left == 0 {
		left = 100
	}
	found, err := s.fetch(caller, d.Since.N, left)
	if err != nil {
		return err
	}
	ok, err := wire.Data(wire.Synced{Events: found.events, N: found.n, More: found.more})
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.cursor = found.n
	s.head, s.given = max(s.head, found.n), max(s.given, found.n)
	s.mu.Unlock()
	s.answer(id, ok, found.claims, found.beat, found.at)
	return nil
}

// fetched is content on its way to an answer. Beat is that of the first claim:
// the oldest is what freshness counts from.
type fetched struct {
	events []wire.Event
	claims []claim
	n      uint64
	more   bool
	beat   uint64
	at     time.Time
}

// fetch claims at most left events behind n, and stops when the answer is long.
func (s *session) fetch(caller bridge.Caller, n uint64, left int) (fetched, error) {
	s.mu.Lock()
	found := fetched{n: n, more: true, beat: s.beat, at: s.beatAt} // captured before the first claim (I4)
	s.mu.Unlock()
	who := bridge.Claimant{Session: s.id, Beat: found.beat, Fresh: s.fresh}
	for size := 0; found.more && left > 0 && size < wire.MaxReply/2; {
		events, more, err := s.hub.Gate.Content.Deliver(s.ctx, caller, who, found.n, min(left, pullLimit))
		if err != nil {
			s.unsent([]outgoing{{claims: found.claims}})
			return fetched{}, err
		}
		for i, e := range events {
			t, d := pushOf(e)
			data, err := wire.Data(d)
			if err != nil {
				s.unsentEvents(events[i:])
				s.unsent([]outgoing{{claims: found.claims}})
				return fetched{}, err
			}
			found.events = append(found.events, wire.Event{Type: t, N: e.Event.N, Data: data})
			if e.Disclosure != "" {
				found.claims = append(found.claims, claim{e.Disclosure, e.Event.Patient})
			}
			found.n = e.Event.N
			size += len(data)
			s.noticed(e.Event)
		}
		left -= len(events)
		found.more = more && len(events) > 0
	}
	pause()
	found.beat, found.at = s.late(found.beat, found.at)
	return found, nil
}

// answer queues an answer with content.
func (s *session) answer(id uint32, ok json.RawMessage, claims []claim, beat uint64, at time.Time) {
	if len(claims) == 0 {
		beat = 0
	}
	s.enqueue(outgoing{data: wire.AppendReply(nil, id, beat, ok), id: id, claims: claims, at: at}, lasting)
}

// history answers with messages of a conversation; each is a disclosure.
func (s *session) history(id uint32, q *bridge.HistoryQuery) error {
	if q.Limit < 0 || q.Limit > wire.MaxHistory {
		return bridge.BadRequest("limit is not from 0 to 200")
	}
	s.mu.Lock()
	caller := s.caller
	beat, at := s.beat, s.beatAt // captured before the claim (I4)
	who := bridge.Claimant{Session: s.id, Beat: beat, Fresh: s.fresh}
	s.mu.Unlock()
	items, complete, err := s.hub.Gate.Content.History(s.ctx, caller, who, *q)
	if err != nil {
		return err
	}
	kept, rest, err := fit(items, q.After != 0)
	if err != nil {
		s.unsent([]outgoing{{claims: claimsOf(items)}})
		return err
	}
	s.unsent([]outgoing{{claims: claimsOf(rest)}})
	ok, err := wire.Data(wire.HistoryRead{Items: kept, Complete: complete && len(rest) == 0})
	if err != nil {
		return err
	}
	s.answer(id, ok, claimsOf(kept), beat, at)
	return nil
}

// fit keeps as many items as one answer holds: the first ones when the reader
// goes forward, else the last. The rest is asked for again.
func fit(items []bridge.HistoryItem, forward bool) (kept, rest []bridge.HistoryItem, err error) {
	size := 0
	for i := range items {
		at := i
		if !forward {
			at = len(items) - 1 - i
		}
		data, err := json.Marshal(items[at])
		if err != nil {
			return nil, nil, err
		}
		if size += len(data); size > wire.MaxReply && i > 0 {
			if forward {
				return items[:at], items[at:], nil
			}
			return items[at+1:], items[:at+1], nil
		}
	}
	return items, nil, nil
}

func claimsOf(items []bridge.HistoryItem) []claim {
	var all []claim
	for _, i := range items {
		if i.Disclosure != "" {
			all = append(all, claim{i.Disclosure, i.Message.Patient})
		}
	}
	return all
}

// misplaced says why a client's place means nothing in this log, or "".
func misplaced(p, head bridge.Position, oldest uint64) wire.ResyncReason {
	switch {
	case p.Log != head.Log:
		return wire.ResyncLog
	case p.N > head.N:
		return wire.ResyncAhead
	case p.N+1 < oldest:
		return wire.ResyncTooOld
	}
	return ""
}
