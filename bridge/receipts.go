// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"time"
)

// Read moves the caller's marker up to seq, which never goes back, and tells the
// senders of what the caller was shown. It returns where the marker is.
func (b *Bridge) Read(ctx context.Context, c Caller, id ConversationID, seq uint64) (uint64, error) {
	var told pokes
	at := b.now()
	err := b.inConversation(ctx, c, id, func(tx Tx, conv Conversation) error {
		told = nil
		seq = min(seq, conv.LastSeq)
		marks, err := tx.Conversations().Marks(id)
		if err != nil {
			return err
		}
		var from uint64
		for _, m := range marks {
			if m.Party == c.Party {
				from = m.Seq
			}
		}
		if seq <= from {
			seq = from
			return nil
		}
		if err := tx.Conversations().SetMark(id, Mark{Party: c.Party, Seq: seq}); err != nil {
			return err
		}
		if err := readUpTo(tx, c, id, from, seq, at, &told); err != nil {
			return err
		}
		return told.append(tx, Event{Party: c.Party, Kind: EventConvUpdated, At: at, Patient: conv.Patient, Conversation: id, State: "read"})
	})
	if err != nil {
		return 0, b.told(err)
	}
	b.poke(told)
	return seq, nil
}

// inConversation runs fn on the row of the conversation's patient.
func (b *Bridge) inConversation(ctx context.Context, c Caller, id ConversationID, fn func(Tx, Conversation) error) error {
	var p PatientID
	err := b.store.View(ctx, func(tx Tx) error {
		conv, err := b.conversation(tx, c, id)
		p = conv.Patient
		return err
	})
	if err != nil {
		return err
	}
	return b.store.Update(ctx, p, func(tx Tx) error {
		if err := sameAccount(tx, c); err != nil {
			return err
		}
		conv, err := b.conversation(tx, c, id)
		if err != nil {
			return err
		}
		return fn(tx, conv)
	})
}

// readUpTo marks what was shown in (from, to] as read.
func readUpTo(tx Tx, c Caller, id ConversationID, from, to uint64, at time.Time, told *pokes) error {
	for from < to {
		messages, err := tx.Messages().Find(MessageQuery{Conversation: id, After: from, Limit: 200})
		if err != nil || len(messages) == 0 {
			return err
		}
		for _, m := range messages {
			if from = m.Seq; m.Seq > to {
				return nil
			}
			d, err := tx.Disclosures().Delivery(m.ID, c.Party)
			if errors.Is(err, ErrNotFound) || err == nil && (d.ShownAt.IsZero() || !d.ReadAt.IsZero()) {
				continue
			}
			if err != nil {
				return err
			}
			d.ReadAt = at
			if err := tx.Disclosures().PutDelivery(d); err != nil {
				return err
			}
			if err := told.append(tx, receipt(m, c.Party, ReceiptRead, at)); err != nil {
				return err
			}
		}
	}
	return nil
}

// Acknowledge answers a message that was shown to the caller, "I have this".
// Doing it again changes nothing. It carries no words: words are a message, and
// pass the gate as one.
func (b *Bridge) Acknowledge(ctx context.Context, c Caller, id MessageID) (time.Time, error) {
	var m Message
	err := b.store.View(ctx, func(tx Tx) (err error) {
		if m, err = tx.Messages().Message(id); errors.Is(err, ErrNotFound) {
			return unknownConversation()
		}
		return err
	})
	if err != nil {
		return time.Time{}, b.told(err)
	}
	at := b.now()
	var told pokes
	err = b.inConversation(ctx, c, m.Conversation, func(tx Tx, _ Conversation) error {
		told = nil
		d, err := tx.Disclosures().Delivery(id, c.Party)
		if errors.Is(err, ErrNotFound) || err == nil && d.ShownAt.IsZero() {
			return &Error{Code: CodeConflict, Message: "the message was not shown to you"}
		}
		if err != nil {
			return err
		}
		if !d.AckedAt.IsZero() {
			at = d.AckedAt
			return nil
		}
		d.AckedAt = at
		if d.ReadAt.IsZero() {
			d.ReadAt = at
		}
		if err := tx.Disclosures().PutDelivery(d); err != nil {
			return err
		}
		return told.append(tx, receipt(m, c.Party, ReceiptAcked, at))
	})
	if err != nil {
		return time.Time{}, b.told(err)
	}
	b.poke(told)
	return at, nil
}

// Typing tells the members who may know of the caller. It is of the moment: what
// it tells, that the caller takes part, was recorded when they were brought in.
func (b *Bridge) Typing(ctx context.Context, c Caller, id ConversationID, on bool) error {
	var conv Conversation
	err := b.store.View(ctx, func(tx Tx) (err error) {
		conv, err = b.conversation(tx, c, id)
		return err
	})
	if err != nil {
		return b.told(err)
	}
	_, answers, err := b.decide(ctx, conv.Patient, func(tx Tx, _ *Snapshot) ([]Question, error) {
		self, err := b.self(tx, c)
		if err != nil {
			return nil, err
		}
		var qs []Question
		for _, r := range conv.Participants {
			to, err := b.actor(tx, r)
			if err != nil {
				return nil, err
			}
			// Whoever is asked after is taken to be signed in as they must be; a
			// session that is not gets nothing.
			to.Assurance = AssuranceSubstantial
			qs = append(qs, Question{Action: ActionSee, From: self, To: to, Purpose: conv.Purpose, Case: conv.Case})
		}
		return qs, nil
	})
	if err != nil {
		return err
	}
	for _, a := range answers {
		if a.Allow && a.To.Ref != c.Party {
			b.tell(func(l Listener) { l.Typing(a.To.Ref, id, c.Party, on) })
		}
	}
	return nil
}
