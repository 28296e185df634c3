// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"log/slog"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// Decline says no to a request, for the patient; held messages return.
func (b *Bridge) Decline(ctx context.Context, c Caller, p PatientID, id RequestID) error {
	var told pokes
	err := b.ruling(ctx, c, p, func(g *passage, a answer) error {
		told = nil
		r, err := g.tx.Consents().Request(id)
		if errors.Is(err, ErrNotFound) || err == nil && r.Patient != p {
			return &Error{Code: CodeNotFound, Message: "no such request"}
		}
		if err != nil {
			return err
		}
		if r.State != RequestPending {
			return &Error{Code: CodeConflict, Message: "the request has been answered"}
		}
		return g.refuse(r, RequestDeclined, a, &told)
	})
	if err == nil {
		b.poke(told)
	}
	return err
}

// refuse ends a request without a consent, and returns what waited for it.
func (g *passage) refuse(r ConsentRequest, state RequestState, a answer, told *pokes) error {
	r.State, r.AnsweredAt = state, a.Now
	if err := g.tx.Consents().PutRequest(r); err != nil {
		return err
	}
	e := Event{Kind: EventConsent, At: a.Now, Patient: r.Patient, Request: r.ID, By: a.From.Ref, State: string(state)}
	if err := g.tellPatient(e, told, r.By); err != nil {
		return err
	}
	kind := ledger.KindDeclined
	if state == RequestExpired {
		kind = ledger.KindExpired
	}
	if err := g.record(kind, a, requestWords(r)); err != nil {
		return err
	}
	held, err := g.tx.Messages().Find(MessageQuery{Patient: r.Patient, State: MessageHeld, Request: r.ID})
	if err != nil {
		return err
	}
	for _, m := range held {
		if err := g.giveBack(m, a, string(state), told); err != nil {
			return err
		}
	}
	return nil
}

// giveBack returns a held message to its sender. Its text is wiped: what the
// patient did not agree to is not kept.
func (g *passage) giveBack(m Message, a answer, state string, told *pokes) error {
	m.State, m.Parts = MessageReturned, nil
	if err := g.tx.Messages().Put(m); err != nil {
		return err
	}
	for _, f := range m.Attachments {
		if err := g.tx.Messages().PutAttachment(f, []byte{}); err != nil {
			return err
		}
	}
	e := Event{Party: m.Sender, Kind: EventReturned, At: a.Now, Patient: m.Patient, Conversation: m.Conversation, Message: m.ID, Request: m.Request, State: state}
	if err := told.append(g.tx, e); err != nil {
		return err
	}
	return g.record(ledger.KindReturned, a, messageWords(m))
}

// release lets held messages of a granted request go: through the gate, as if
// their senders sent them now. What the gate still refuses returns. A crash in
// between is made good by Sweep.
func (b *Bridge) release(ctx context.Context, p PatientID, id RequestID) {
	if id == "" {
		return
	}
	var held []Message
	err := b.store.View(ctx, func(tx Tx) (err error) {
		held, err = tx.Messages().Find(MessageQuery{Patient: p, State: MessageHeld, Request: id})
		return err
	})
	for _, m := range held {
		err = errors.Join(err, b.releaseOne(ctx, m))
	}
	if err != nil {
		b.log.LogAttrs(ctx, slog.LevelError, "a held message did not go yet", slog.Any("error", err))
	}
}

func (b *Bridge) releaseOne(ctx context.Context, m Message) error {
	o := &outgoing{message: m, held: true}
	err := b.store.View(ctx, func(tx Tx) (err error) {
		o.conv, err = tx.Conversations().Conversation(m.Conversation)
		return err
	})
	if err != nil {
		return err
	}
	// The sender was identified well enough when the message was taken in to be
	// held; that the account is still open the directory says.
	sender := Caller{Party: m.Sender, Assurance: AssuranceSubstantial}
	_, err = b.accept(ctx, sender, o)
	state := "refused"
	switch {
	case isDenial(err):
	case CodeOf(err) == CodeNotFound && b.now().Sub(m.SentAt) > RequestLifetime:
		state = string(RequestExpired) // there was nobody to get it for a week
	default:
		return err
	}
	var told pokes
	err = b.store.Update(ctx, m.Patient, func(tx Tx) error {
		told = nil
		now, err := tx.Messages().Message(m.ID)
		if err != nil || now.State != MessageHeld {
			return err // it went, or returned, by somebody else's hand
		}
		s, err := tx.Patients().Snapshot(m.Patient)
		if err != nil {
			return err
		}
		g := &passage{tx: tx, snapshot: s}
		return g.giveBack(now, answer{Question: Question{Now: b.now(), From: Actor{Ref: m.Sender}}}, state, &told)
	})
	if err == nil {
		b.poke(told)
	}
	return err
}
