// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// NewConversation is what opens a conversation.
type NewConversation struct {
	MID     string    `json:"mid"`
	Patient PatientID `json:"patient"`
	Purpose Purpose   `json:"purpose"`
	Case    string    `json:"case,omitempty"`
	Subject string    `json:"subject,omitempty"` // practical words only; at most 120 characters
	Members []Party   `json:"members"`           // besides the caller
}

func (n NewConversation) validate() error {
	if err := checkMID(n.MID); err != nil {
		return err
	}
	switch {
	case ValidateID(string(n.Patient)) != nil:
		return BadRequest("patient is not an id")
	case len(n.Members) == 0 || len(n.Members) > MaxMembers:
		return BadRequest("a conversation has 1 to 50 members besides its opener")
	case len([]rune(n.Subject)) > 120:
		return BadRequest("subject of more than 120 characters")
	case len(n.Case) > 64:
		return BadRequest("case of more than 64 bytes")
	}
	for _, m := range n.Members {
		if err := m.validate(); err != nil {
			return err
		}
	}
	return nil
}

// Open opens a conversation, or returns the one that the caller opened before
// with this MID. It needs that the caller may know of at least one member; each
// message is decided on its own. Lists have it from its first message on that was
// accepted or held. A member whom the caller may not write to yet is
// no hindrance, since the patient may be asked with a message in hand.
func (b *Bridge) Open(ctx context.Context, c Caller, n NewConversation) (Conversation, error) {
	if err := n.validate(); err != nil {
		return Conversation{}, err
	}
	if old, err := b.opened(ctx, c, n); err == nil || !errors.Is(err, ErrNotFound) {
		return old, err
	}
	conv := Conversation{
		ID: ConversationID(newID(b.now())), MID: n.MID, Patient: n.Patient, Purpose: n.Purpose,
		Case: n.Case, Subject: n.Subject, OpenedBy: c.Party,
		Members: append([]Party{{Ref: c.Party}}, n.Members...),
	}
	_, err := b.pass(ctx, c, n.Patient, func(tx Tx, _ *Snapshot) ([]Question, error) {
		self, err := b.self(tx, c)
		return []Question{{Action: ActionSee, From: self, To: self, Purpose: n.Purpose, Case: n.Case}}, err
	}, func(g *passage) error {
		if old, err := g.tx.Conversations().ByMID(c.Party, n.MID); err == nil { // on another connection meanwhile
			conv, err = openedAs(old, n)
			if err != nil {
				return err
			}
			return g.record(ledger.KindOpened, g.answers[0], func(e *ledger.Entry) { e.Conversation = string(conv.ID) })
		} else if !errors.Is(err, ErrNotFound) {
			return err
		}
		if err := known(g.tx, n.Patient, n.Members); err != nil {
			return err
		}
		at := g.answers[0].Now
		conv.OpenedAt, conv.ChangedAt = at, at
		conv.Participants = []Ref{c.Party}
		if err := g.tx.Conversations().Put(conv); err != nil {
			return err
		}
		return g.record(ledger.KindOpened, g.answers[0], func(e *ledger.Entry) { e.Conversation = string(conv.ID) })
	})
	if err != nil {
		return Conversation{}, err
	}
	return conv, nil
}

// begun reports whether something was ever accepted or held in a conversation.
// Until then nobody has it in a list, not its opener: what was refused leaves
// nothing behind.
func begun(tx Tx, c Conversation) (bool, error) {
	if c.LastSeq > 0 {
		return true, nil
	}
	for _, s := range []MessageState{MessageHeld, MessageReturned} {
		some, err := tx.Messages().Find(MessageQuery{Conversation: c.ID, State: s, Limit: 1})
		if err != nil || len(some) > 0 {
			return err == nil, err
		}
	}
	return false, nil
}

// begin tells the opener of what has just begun with the opener's first message.
func (g *passage) begin(c Conversation, at time.Time, told *pokes) error {
	was, err := begun(g.tx, c)
	if err != nil || was {
		return err
	}
	return told.append(g.tx, Event{Party: c.OpenedBy, Kind: EventConvAdded, At: at, Patient: c.Patient, Conversation: c.ID, By: c.OpenedBy})
}

// known checks that the members can be somebody: of the directory, or this patient
// and who acts for them. Of other patients nothing is told, not that they are there.
func known(tx Tx, p PatientID, members []Party) error {
	for _, m := range members {
		if m.Function != "" || m.Ref == p.Ref() {
			continue
		}
		var err error
		switch m.Ref.Type() {
		case TypeOrganization:
			_, err = tx.Directory().Organization(m.Ref.ID())
		case TypePractitionerRole:
			_, err = tx.Directory().Role(m.Ref.ID())
		case TypeRelatedPerson:
			var x RelatedPerson
			if x, err = tx.Directory().RelatedPerson(m.Ref.ID()); err == nil && x.Patient != p {
				err = ErrNotFound
			}
		default:
			err = ErrNotFound
		}
		if errors.Is(err, ErrNotFound) {
			return BadRequest("a member who is not in the directory")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// opened finds the conversation that the caller opened with this MID.
func (b *Bridge) opened(ctx context.Context, c Caller, n NewConversation) (old Conversation, err error) {
	err = b.store.View(ctx, func(tx Tx) error {
		old, err = tx.Conversations().ByMID(c.Party, n.MID)
		return err
	})
	if err != nil {
		return old, err
	}
	return openedAs(old, n)
}

// openedAs answers a repeated opening as the first one was. Who has been brought
// in since is told by the list, as far as the gate allows.
func openedAs(old Conversation, n NewConversation) (Conversation, error) {
	if old.Patient != n.Patient || old.Purpose != n.Purpose {
		return Conversation{}, &Error{Code: CodeConflict, Message: "this mid opened another conversation"}
	}
	old.Participants = []Ref{old.OpenedBy}
	return old, nil
}

// ConversationView is a conversation as one participant sees it in a list.
type ConversationView struct {
	Conversation
	ReadSeq uint64 `json:"read_seq"`
	Unread  int    `json:"unread"`
	Urgent  bool   `json:"urgent"` // an unread message is urgent
	// Locked: none of the others may tell the caller anything now. Subject,
	// members and counts are then left out; Reasons say why.
	Locked  bool   `json:"locked"`
	Reasons []Code `json:"reasons,omitempty"`
}

// Conversations lists the conversations that the caller takes part in, newest
// change first. Each is shown as far as the gate allows now, and holds no content:
// the subject is left out but for who wrote it.
func (b *Bridge) Conversations(ctx context.Context, c Caller, q ConversationQuery) ([]ConversationView, error) {
	q.Participant = c.Party
	if q.Limit <= 0 || q.Limit > 200 {
		q.Limit = 50
	}
	var convs []Conversation
	err := b.store.View(ctx, func(tx Tx) (err error) {
		convs, err = listing(tx, q)
		return err
	})
	if err != nil {
		return nil, b.told(err)
	}
	views := make([]ConversationView, len(convs))
	byPatient := map[PatientID][]int{}
	var order []PatientID
	for i, v := range convs {
		views[i].Conversation = v
		if byPatient[v.Patient] == nil {
			order = append(order, v.Patient)
		}
		byPatient[v.Patient] = append(byPatient[v.Patient], i)
	}
	for _, p := range order {
		if err := b.listPatient(ctx, c, p, views, byPatient[p]); err != nil {
			return nil, err
		}
	}
	return views, nil
}

// listing lists the conversations that have begun.
func listing(tx Tx, q ConversationQuery) (all []Conversation, err error) {
	for most := q.Limit; ; {
		some, err := tx.Conversations().Find(q)
		if err != nil {
			return nil, err
		}
		for _, c := range some {
			ok, err := begun(tx, c)
			if err != nil {
				return nil, err
			}
			if ok {
				all = append(all, c)
			}
			if len(all) == most {
				return all, nil
			}
		}
		if len(some) < q.Limit {
			return all, nil
		}
		q.Before, q.Limit = some[len(some)-1].ChangedAt, 200
	}
}

// listPatient shows the conversations at the places in views, all about p.
func (b *Bridge) listPatient(ctx context.Context, c Caller, p PatientID, views []ConversationView, places []int) error {
	var of []int // place of each question
	answers, err := b.pass(Reading(ctx), c, p, func(tx Tx, s *Snapshot) ([]Question, error) {
		of = nil
		self, err := b.self(tx, c)
		if err != nil {
			return nil, err
		}
		var qs []Question
		for _, i := range places {
			v := views[i]
			others, err := b.resolve(tx, s, v.Members, b.now())
			if err != nil {
				return nil, err
			}
			// One's own conversation with nobody else in it can be seen by oneself.
			from := []recipient{{Actor: self}}
			if o := slices.DeleteFunc(others, func(r recipient) bool { return r.Ref == c.Party || r.Ref == "" }); len(o) > 0 {
				from = o
			}
			for _, f := range from {
				qs = append(qs, Question{Action: ActionSee, From: f.Actor, To: self, Purpose: v.Purpose, Case: v.Case})
				of = append(of, i)
			}
		}
		return qs, nil
	}, func(g *passage) error {
		if err := g.record(ledger.KindSeen, firstAllowed(g.answers), as("list")); err != nil {
			return err
		}
		return unread(g.tx, c, views, places)
	})
	if err != nil && !isDenial(err) {
		return err
	}
	for _, i := range places {
		if views[i].OpenedBy != c.Party {
			views[i].Subject = "" // which is content, and comes with messages
		}
	}
	open := map[int]bool{}
	for n, a := range answers {
		if a.Allow {
			open[of[n]] = true
		}
	}
	for n, a := range answers {
		if i := of[n]; !open[i] {
			v := views[i].Conversation
			views[i] = ConversationView{Locked: true, Reasons: a.Reasons, Conversation: Conversation{
				ID: v.ID, Patient: v.Patient, Purpose: v.Purpose, OpenedAt: v.OpenedAt, ChangedAt: v.ChangedAt,
			}}
		}
	}
	return nil
}

// unread fills in markers and counts.
func unread(tx Tx, c Caller, views []ConversationView, places []int) error {
	for _, i := range places {
		marks, err := tx.Conversations().Marks(views[i].ID)
		if err != nil {
			return err
		}
		mine := Mark{Party: c.Party}
		for _, m := range marks {
			if m.Party == c.Party {
				mine = m
			}
		}
		views[i].ReadSeq = mine.Seq
		if views[i].Unread, views[i].Urgent, err = tx.Conversations().Unread(views[i].ID, mine); err != nil {
			return err
		}
	}
	return nil
}

func firstAllowed(answers []answer) answer {
	for _, a := range answers {
		if a.Allow {
			return a
		}
	}
	return answer{}
}

// conversation reads a conversation for one of its participants. For anybody
// else there is none, in the words for a patient who does not exist.
func (b *Bridge) conversation(tx Tx, c Caller, id ConversationID) (Conversation, error) {
	conv, err := tx.Conversations().Conversation(id)
	if errors.Is(err, ErrNotFound) || err == nil && !conv.has(c.Party) {
		return Conversation{}, unknownConversation()
	}
	return conv, err
}

func unknownConversation() error {
	return &Error{Code: CodeForbidden, Message: "no such conversation for you"}
}
