// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/hub"
)

// world stands in for the bridge where a test is about the transport: parties
// with gap-free logs of messages, and claims. A token is the name of its subject.
type world struct {
	mu sync.Mutex

	hub      bridge.Listener
	log      string
	oldest   uint64
	logs     map[bridge.Ref][]bridge.Delivered
	claims   map[bridge.DisclosureID]bridge.DisclosureState
	beats    map[bridge.DisclosureID]uint64
	typing   int
	lifetime time.Duration
	block    chan struct{} // Acknowledge waits for it
	bulk     string        // the note of every entry's reason
	fail     error         // of Deliver
	unclosed int           // how many calls of Close still fail
	seen     []bridge.Presence
	early    int    // claims made while a message was accepted
	between  func() // called between such a claim and its handing over
}

func newWorld() *world {
	return &world{
		log: "log-1", oldest: 1, logs: map[bridge.Ref][]bridge.Delivered{}, lifetime: time.Hour,
		claims: map[bridge.DisclosureID]bridge.DisclosureState{}, beats: map[bridge.DisclosureID]uint64{},
	}
}

func (w *world) gate() hub.Gate {
	return hub.Gate{People: worldPeople{world: w}, Talk: worldTalk{world: w}, Content: w, Rings: worldRings{}}
}

// post appends a message to the party's log, and pokes.
func (w *world) post(to bridge.Ref, text string) uint64 {
	w.mu.Lock()
	n := uint64(len(w.logs[to])) + 1
	w.logs[to] = append(w.logs[to], bridge.Delivered{
		Event:   bridge.Event{Party: to, N: n, Kind: bridge.EventMessage, Patient: "p-1", Conversation: "c-1", Message: bridge.MessageID(fmt.Sprint("m-", n))},
		Message: &bridge.Message{ID: bridge.MessageID(fmt.Sprint("m-", n)), Patient: "p-1", Parts: []bridge.Part{{Text: text}}},
	})
	d := w.logs[to][n-1]
	w.mu.Unlock()
	for _, r := range w.hub.Ready(to) {
		if r.N+1 != n {
			continue
		}
		early := d
		w.mu.Lock()
		early.Disclosure = bridge.DisclosureID(fmt.Sprintf("d-%d", len(w.claims)+1))
		w.claims[early.Disclosure], w.beats[early.Disclosure] = bridge.DisclosureOpen, r.Claimant.Beat
		w.early++
		w.mu.Unlock()
		if w.between != nil {
			w.between()
		}
		w.hub.Hand(r.Claimant, early)
	}
	w.hub.Poke(to, n)
	return n
}

func (w *world) Deliver(ctx context.Context, c bridge.Caller, s bridge.Claimant, n uint64, limit int) ([]bridge.Delivered, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail != nil {
		return nil, false, w.fail
	}
	all := w.logs[c.Party]
	found := append([]bridge.Delivered(nil), all[min(n, uint64(len(all))):min(n+uint64(limit), uint64(len(all)))]...)
	for i := range found {
		if !s.Fresh {
			found[i].Message, found[i].Withheld = nil, []bridge.Code{"client_not_fresh"}
			continue
		}
		found[i].Disclosure = bridge.DisclosureID(fmt.Sprintf("d-%d", len(w.claims)+1))
		w.claims[found[i].Disclosure] = bridge.DisclosureOpen
		w.beats[found[i].Disclosure] = s.Beat
	}
	return found, n+uint64(limit) < uint64(len(all)), nil
}

func (w *world) Head(_ context.Context, c bridge.Caller) (bridge.Position, uint64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bridge.Position{Log: w.log, N: uint64(len(w.logs[c.Party]))}, w.oldest, nil
}

func (w *world) Close(_ context.Context, _ bridge.Caller, claims []bridge.DisclosureID, s bridge.DisclosureState) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.unclosed > 0 {
		w.unclosed--
		return &bridge.Error{Code: bridge.CodeBusy}
	}
	for _, id := range claims {
		if w.claims[id] == bridge.DisclosureOpen {
			w.claims[id] = s
		}
	}
	return nil
}

func (w *world) History(_ context.Context, c bridge.Caller, s bridge.Claimant, q bridge.HistoryQuery) ([]bridge.HistoryItem, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var items []bridge.HistoryItem
	for _, d := range w.logs[c.Party] {
		id := bridge.DisclosureID(fmt.Sprintf("d-%d", len(w.claims)+1))
		w.claims[id], w.beats[id] = bridge.DisclosureOpen, s.Beat
		items = append(items, bridge.HistoryItem{Message: *d.Message, Disclosure: id})
	}
	return items, true, nil
}

// count says how many claims are in a state.
func (w *world) count(s bridge.DisclosureState) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, state := range w.claims {
		if state == s {
			n++
		}
	}
	return n
}

type worldPeople struct {
	hub.People
	*world
}

func (w worldPeople) Caller(_ context.Context, id bridge.Identity, role bridge.Ref) (bridge.Caller, error) {
	person := bridge.Ref("Practitioner/" + id.Subject.Name)
	if role == "" {
		role = bridge.Ref("PractitionerRole/" + id.Subject.Name)
	}
	return bridge.Caller{Party: role, Person: person, Subject: id.Subject, Expires: id.Expires}, nil
}

func (w worldPeople) Presence(context.Context, bridge.Caller, bridge.PatientID, []bridge.Party) ([]bridge.Presence, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen, nil
}

// SignOut waits for block: sent on, it does not work; closed, it does.
func (w worldPeople) SignOut(_ context.Context, c bridge.Caller, _ bridge.Subject) error {
	if _, ok := <-w.block; ok {
		return &bridge.Error{Code: bridge.CodeBusy}
	}
	w.hub.Kick(c.Person, bridge.CodeUnauthenticated)
	return nil
}

func (w worldPeople) Entries(context.Context, bridge.Caller, bridge.PatientID, uint64, int, string) ([]bridge.EntryView, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return []bridge.EntryView{{Why: []string{w.bulk}}}, nil
}

type worldTalk struct {
	hub.Talk
	*world
}

func (w worldTalk) Send(ctx context.Context, c bridge.Caller, d bridge.Draft) (bridge.Sent, error) {
	if d.Conversation == "c-nobody" {
		return bridge.Sent{}, &bridge.Error{Code: bridge.CodeConsentRequired, Decision: &bridge.Decision{Reasons: []bridge.Code{bridge.CodeConsentRequired}}}
	}
	n := w.post(bridge.Ref(d.ReplyTo), d.Parts[0].Text)
	return bridge.Sent{Message: bridge.MessageID(fmt.Sprint("m-", n)), Seq: n, State: bridge.MessageAccepted}, nil
}

func (w worldTalk) Acknowledge(ctx context.Context, _ bridge.Caller, _ bridge.MessageID) (time.Time, error) {
	select {
	case <-w.block:
		return time.Time{}, nil
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	}
}

func (w worldTalk) Read(_ context.Context, _ bridge.Caller, _ bridge.ConversationID, seq uint64) (uint64, error) {
	return seq, nil
}

func (w worldTalk) Typing(_ context.Context, c bridge.Caller, conv bridge.ConversationID, on bool) error {
	w.mu.Lock()
	w.typing++
	w.mu.Unlock()
	w.hub.Typing("PractitionerRole/b", conv, c.Party, on)
	return nil
}

func (w *world) Verify(token string) (bridge.Identity, error) {
	switch token {
	case "bad":
		return bridge.Identity{}, &bridge.Error{Code: bridge.CodeUnauthenticated}
	case "old":
		return bridge.Identity{}, &bridge.Error{Code: bridge.CodeTokenExpired}
	case "new":
		return bridge.Identity{}, &bridge.Error{Code: bridge.CodeKeyUnknown}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return bridge.Identity{Subject: bridge.Subject{Issuer: "test", Name: token}, Expires: time.Now().Add(w.lifetime)}, nil
}

func (w *world) Redeem(ticket string) (bridge.Identity, error) { return w.Verify(ticket) }

// worldRings is a world in which nobody rings.
type worldRings struct{ noRings }

type noRings interface{ hub.Rings }

func (worldRings) Rings(context.Context, bridge.Caller) ([]bridge.RingView, error) { return nil, nil }
