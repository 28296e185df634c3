// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// Amendment edits or retracts one's own message. The earlier text is kept as a
// version; an edit may not add a topic, since it was decided without it.
type Amendment struct {
	Message MessageID `json:"message"`
	Retract bool      `json:"retract,omitempty"`
	Parts   []Part    `json:"parts,omitempty"` // of an edit
	Reason  string    `json:"reason"`          // 1 to 200 characters
}

// Amend edits or retracts, and tells those who were given the message. Amending
// to the text that is there changes nothing.
func (b *Bridge) Amend(ctx context.Context, c Caller, x Amendment) (Message, error) {
	if l := len([]rune(x.Reason)); l < 1 || l > 200 {
		return Message{}, BadRequest("a reason has 1 to 200 characters")
	}
	if x.Retract != (len(x.Parts) == 0) {
		return Message{}, BadRequest("an edit has parts, a retraction has none")
	}
	if err := validParts(x.Parts); err != nil {
		return Message{}, err
	}
	var m Message
	err := b.store.View(ctx, func(tx Tx) (err error) {
		m, err = tx.Messages().Message(x.Message)
		if errors.Is(err, ErrNotFound) || err == nil && m.Sender != c.Party {
			return &Error{Code: CodeForbidden, Message: "no such message of yours"}
		}
		return err
	})
	if err != nil {
		return Message{}, b.told(err)
	}
	var told pokes
	_, err = b.pass(ctx, c, m.Patient, func(tx Tx, _ *Snapshot) ([]Question, error) {
		self, err := b.self(tx, c)
		return []Question{{Action: ActionRead, From: self, To: self, Purpose: m.Purpose, Topics: m.Topics(), Case: m.Case}}, err
	}, func(g *passage) error {
		told = nil
		return g.amend(c, x, &m, &told)
	})
	if err != nil {
		return Message{}, err
	}
	b.poke(told)
	return m, nil
}

func (g *passage) amend(c Caller, x Amendment, m *Message, told *pokes) error {
	a := g.answers[0]
	old, err := g.tx.Messages().Message(x.Message)
	if err != nil {
		return err
	}
	*m = old
	switch {
	case old.Erased:
		return ErrErased
	case old.State != MessageAccepted:
		return &Error{Code: CodeConflict, Message: "only a message that was sent can be amended"}
	case old.Retracted && !x.Retract:
		return &Error{Code: CodeConflict, Message: "the message was retracted"}
	case old.Retracted, !x.Retract && sameText(old, Message{Parts: x.Parts, Attachments: old.Attachments}):
		return g.record(ledger.KindAmended, a, messageWords(old))
	}
	m.Parts, m.Version, m.Edited = x.Parts, old.Version+1, !x.Retract
	if x.Retract {
		m.Retracted, m.Attachments = true, nil
	}
	if extra := without(m.Topics(), old.Topics()); len(extra) > 0 {
		return BadRequest("an edit can't add a topic; send a new message")
	}
	v := Version{Message: old.ID, Number: old.Version, Parts: old.Parts, By: c.Party, At: a.Now, Reason: x.Reason, Retracted: x.Retract}
	if err := g.tx.Messages().Amend(v, *m); err != nil {
		return err
	}
	all, err := g.tx.Disclosures().Deliveries(DeliveryQuery{Message: m.ID})
	if err != nil {
		return err
	}
	to := []Ref{c.Party}
	for _, d := range all {
		if d.State != DeliveryWithheld {
			to = append(to, d.Recipient)
		}
	}
	for _, r := range to {
		e := Event{Party: r, Kind: EventAmended, At: a.Now, Patient: m.Patient, Conversation: m.Conversation, Message: m.ID, By: c.Party}
		if err := told.append(g.tx, e); err != nil {
			return err
		}
	}
	return g.record(ledger.KindAmended, a, messageWords(*m))
}

// Versions lists the earlier texts of one's own message, oldest first.
func (b *Bridge) Versions(ctx context.Context, c Caller, id MessageID) ([]Version, error) {
	var out []Version
	err := b.store.View(ctx, func(tx Tx) error {
		m, err := tx.Messages().Message(id)
		if errors.Is(err, ErrNotFound) || err == nil && m.Sender != c.Party {
			return &Error{Code: CodeForbidden, Message: "no such message of yours"}
		}
		if err != nil {
			return err
		}
		out, err = tx.Messages().Versions(id)
		return err
	})
	if err != nil {
		return nil, b.told(err)
	}
	return out, nil
}
