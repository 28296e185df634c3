// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// claim is one message that the caller would be shown.
type claim struct {
	place    int // in the caller's own list
	message  Message
	delivery Delivery
	subject  string // of the conversation
	own      bool   // sent by the caller, for whom it is no disclosure
}

// claimed is what became of a claim.
type claimed struct {
	message    *Message
	disclosure DisclosureID
	open       Disclosure // of that id
	withheld   []Code
	ended      bool // a consent that it was accepted on has
}

func (b *Bridge) readClaim(tx Tx, c Caller, id MessageID) (claim, error) {
	m, err := tx.Messages().Message(id)
	if err != nil {
		return claim{}, err
	}
	w := claim{message: m, own: m.Sender == c.Party}
	if w.own {
		return w, nil
	}
	if w.subject, err = b.subject(tx, m.Conversation); err != nil {
		return w, err
	}
	w.delivery, err = tx.Disclosures().Delivery(id, c.Party)
	if errors.Is(err, ErrNotFound) {
		// Somebody who was not a recipient, and reads as a member of the
		// conversation who came later. The gate decides on them as on anybody.
		w.delivery, err = Delivery{Message: id, Recipient: c.Party}, nil
	}
	return w, err
}

// subject is what a conversation is called, which never changes.
func (b *Bridge) subject(tx Tx, id ConversationID) (string, error) {
	conv, ok := b.talks.get(id)
	if !ok {
		var err error
		if conv, err = tx.Conversations().Conversation(id); err != nil {
			return "", err
		}
		b.talks.put(id, conv)
	}
	return conv.Subject, nil
}

// settled answers a claim that needs no question.
func (w claim) settled(s Claimant) (claimed, bool) {
	switch {
	case w.message.Erased:
		return claimed{withheld: []Code{ReasonErased}}, true
	case w.own:
		m := w.message
		return claimed{message: &m}, true
	case w.message.State != MessageAccepted:
		return claimed{withheld: []Code{ReasonReturned}}, true
	case w.message.Retracted && w.delivery.State == DeliveryDelivered:
		m := w.message // that it is gone, to somebody who was shown it: no content
		return claimed{message: &m}, true
	case w.message.Retracted:
		return claimed{withheld: []Code{ReasonRetracted}}, true
	case w.delivery.State == DeliveryWithheld:
		return claimed{withheld: w.delivery.refused()}, true
	case !s.Fresh:
		return claimed{withheld: []Code{ReasonNotFresh}}, true
	}
	return claimed{}, false
}

// claim takes messages about one patient through the gate, for showing them to
// the caller. The result stands at the place of its claim.
func (b *Bridge) claim(ctx context.Context, c Caller, s Claimant, p PatientID, claims []claim) ([]claimed, error) {
	out := make([]claimed, len(claims))
	var asked []int // place in claims of each question
	for i, w := range claims {
		done, ok := w.settled(s)
		if out[i] = done; !ok {
			asked = append(asked, i)
		}
	}
	if len(asked) == 0 {
		return out, nil
	}
	gone := make([]bool, len(asked))
	answers, err := b.pass(Reading(ctx), c, p, func(tx Tx, s *Snapshot) ([]Question, error) {
		self, err := b.self(tx, c)
		if err != nil {
			return nil, err
		}
		qs := make([]Question, len(asked))
		for i, at := range asked {
			m := claims[at].message
			if _, gone[i], err = s.stand(tx, claims[at].delivery.Consents); err != nil {
				return nil, err
			}
			from, err := b.actor(tx, m.Sender)
			if err != nil {
				return nil, err
			}
			qs[i] = Question{Action: ActionRead, From: from, To: self, Purpose: m.Purpose, Topics: m.Topics(), Case: m.Case}
		}
		return qs, nil
	}, func(g *passage) error {
		for i, a := range g.answers {
			w := claims[asked[i]]
			if !a.Allow {
				continue
			}
			done, err := g.claim(c, s, w, a)
			if err != nil {
				return err
			}
			out[asked[i]] = done
		}
		return nil
	})
	if err != nil && !isDenial(err) {
		return nil, err
	}
	for _, done := range out {
		if done.disclosure != "" {
			b.keep(done.open, *done.message)
		}
	}
	for i, a := range answers {
		if !a.Allow && gone[i] {
			a.Reasons = union([]Code{CodeConsentWithdrawn}, a.Reasons)
		}
		if !a.Allow {
			out[asked[i]] = claimed{withheld: a.Reasons, ended: gone[i]}
		}
	}
	if err := b.withhold(ctx, p, claims, out); err != nil {
		b.unsent(ctx, c, delivered(out)...)
		return nil, err
	}
	return out, nil
}

// unsent closes claims whose content is not returned after all: no byte of it is
// written (I10), so nobody is to wait for them. Where that can't be kept they
// stay open, the safe side.
func (b *Bridge) unsent(ctx context.Context, c Caller, of ...Delivered) {
	var ids []DisclosureID
	for _, d := range of {
		if d.Disclosure != "" {
			ids = append(ids, d.Disclosure)
		}
	}
	if len(ids) == 0 {
		return
	}
	if err := b.Close(context.WithoutCancel(ctx), c, ids, DisclosureUnsent); err != nil {
		b.log.LogAttrs(ctx, slog.LevelWarn, "claims stay open", slog.Int("claims", len(ids)), slog.Any("error", err))
	}
}

func delivered(all []claimed) []Delivered {
	out := make([]Delivered, len(all))
	for i, d := range all {
		out[i].Disclosure = d.disclosure
	}
	return out
}

// claim writes the disclosure of one message (I3, I9). Every consent that the message was
// accepted on for this recipient must still be active: a new consent does not
// revive what was sent under an old one (I6).
func (g *passage) claim(c Caller, s Claimant, w claim, a answer) (claimed, error) {
	consents, ended, err := g.snapshot.stand(g.tx, w.delivery.Consents)
	if err != nil {
		return claimed{}, err
	}
	if ended {
		a.Allow, a.Reasons = false, []Code{CodeConsentWithdrawn}
		return claimed{withheld: a.Reasons, ended: true}, g.record(ledger.KindDenied, a, messageWords(w.message))
	}
	d := Disclosure{
		ID: DisclosureID(newID(a.Now)), Patient: w.message.Patient, Message: w.message.ID, Recipient: c.Party,
		Session: s.Session, Beat: s.Beat, Epoch: g.snapshot.Epoch, State: DisclosureOpen, ClaimedAt: a.Now,
		Consents: union(consents, a.Consents),
	}
	a.Redact = union(w.delivery.Redact, a.Redact)
	a.Consents = d.Consents
	leaf, err := g.recordLeaf(ledger.KindDisclosed, a, func(e *ledger.Entry) {
		messageWords(w.message)(e)
		e.Disclosure = string(d.ID)
	})
	if err != nil {
		return claimed{}, err
	}
	d.Seq = leaf.Entry.Seq
	if err := g.tx.Disclosures().Claim(d); err != nil {
		return claimed{}, fmt.Errorf("claiming: %w", err)
	}
	m := redact(w.message, a.Redact)
	m.Subject = w.subject
	m.Basis, m.Consents = a.Basis, d.Consents // the reader's own: of other recipients nothing is told
	return claimed{message: &m, disclosure: d.ID, open: d}, nil
}

func messageWords(m Message) func(*ledger.Entry) {
	return func(e *ledger.Entry) { e.Message, e.Conversation = string(m.ID), string(m.Conversation) }
}

func union[T comparable](x, y []T) []T {
	out := slices.Clone(x)
	for _, v := range y {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// withhold closes the account of pending deliveries that will not be shown (I8),
// and tells their senders.
func (b *Bridge) withhold(ctx context.Context, p PatientID, claims []claim, done []claimed) error {
	var closing []claim
	for i, w := range claims {
		if w.own || w.delivery.State != DeliveryPending || done[i].message != nil {
			continue
		}
		d := &w.delivery
		d.Refused = done[i].withheld
		switch {
		case slices.Equal(d.Refused, []Code{ReasonNotFresh}), onlyAssurance(d.Refused):
			continue // another client or session of theirs may show it
		case slices.Equal(d.Refused, []Code{ReasonRetracted}):
			d.State, d.Reasons = DeliveryExpired, d.Refused
		default:
			d.State, d.Reasons = DeliveryWithheld, b.reasonsFor(ctx, p, w, done[i])
			if !done[i].ended {
				d.AskedAt = b.now()
			}
			b.meter.Withheld(d.Refused[0])
		}
		closing = append(closing, w)
	}
	if len(closing) == 0 {
		return nil
	}
	var told pokes
	err := b.store.Update(Essential(ctx), p, func(tx Tx) error {
		told = nil
		at := b.now()
		for _, w := range closing {
			now, err := tx.Disclosures().Delivery(w.message.ID, w.delivery.Recipient)
			if err != nil {
				return err
			}
			if now.State != DeliveryPending {
				continue // another device showed it meanwhile
			}
			if err := tx.Disclosures().PutDelivery(w.delivery); err != nil {
				return err
			}
			if w.delivery.State != DeliveryWithheld {
				continue
			}
			if err := told.tellWithheld(tx, w.message, w.delivery, ReceiptWithheld, at); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return b.told(err)
	}
	b.poke(told)
	return nil
}
