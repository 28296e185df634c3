// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"slices"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// NewRequest asks the patient. With Hold, the draft waits for the answer: it goes
// by itself when the patient says yes, and returns when they say no or a week
// has passed.
type NewRequest struct {
	MID     string    `json:"mid"` // the request's id: asking again with it returns the same request
	Patient PatientID `json:"patient"`
	Scope   Scope     `json:"scope"`
	Reason  string    `json:"reason"` // 1 to 1000 characters, shown to the patient
	Hold    *Draft    `json:"hold,omitempty"`
}

func (n NewRequest) validate() error {
	if err := checkMID(n.MID); err != nil {
		return err
	}
	if l := len([]rune(n.Reason)); l < 1 || l > 1000 {
		return BadRequest("a reason has 1 to 1000 characters")
	}
	if n.Hold != nil {
		if err := n.Hold.validate(); err != nil {
			return err
		}
	}
	return n.Scope.validate()
}

// RequestConsent asks the patient for a consent that has the caller on one of its
// sides. The caller must be involved with the patient.
func (b *Bridge) RequestConsent(ctx context.Context, c Caller, n NewRequest) (ConsentRequest, error) {
	if err := n.validate(); err != nil {
		return ConsentRequest{}, err
	}
	r := ConsentRequest{
		ID: RequestID(n.MID), Patient: n.Patient, By: c.Party, Scope: n.Scope, Reason: n.Reason, State: RequestPending,
	}
	old, err := b.requested(ctx, r)
	if err == nil || !errors.Is(err, ErrNotFound) {
		return old, err
	}
	var fresh bool
	var held *outgoing
	if n.Hold != nil {
		if held, err = b.prepareHeld(ctx, c, n); err != nil {
			return ConsentRequest{}, err
		}
	}
	var told pokes
	_, err = b.pass(ctx, c, n.Patient, func(tx Tx, s *Snapshot) ([]Question, error) {
		self, err := b.self(tx, c)
		if err != nil {
			return nil, err
		}
		q := Question{Action: ActionSee, From: self, To: self, Purpose: n.Scope.Purposes[0], Case: n.Scope.Case}
		return []Question{q}, nil
	}, func(g *passage) error {
		told, fresh = nil, false
		old, err := g.tx.Consents().Request(r.ID)
		if err == nil { // by another connection meanwhile, or by somebody else
			if !sameRequest(old, r) {
				return &Error{Code: CodeConflict, Message: "this mid was another request"}
			}
			r = old
			return g.record(ledger.KindRequested, g.answers[0], requestWords(old))
		}
		if !errors.Is(err, ErrNotFound) {
			return err
		}
		fresh = true
		return b.ask(g, c, &r, held, &told)
	})
	if err != nil {
		return ConsentRequest{}, err
	}
	b.poke(told)
	if held != nil && fresh {
		b.meter.Sent(MessageHeld)
	}
	return r, nil
}

// requested finds the caller's request that was made before with this id. That
// somebody else's has the id is told behind the gate only.
func (b *Bridge) requested(ctx context.Context, r ConsentRequest) (old ConsentRequest, err error) {
	err = b.store.View(ctx, func(tx Tx) error {
		old, err = tx.Consents().Request(r.ID)
		return err
	})
	switch {
	case errors.Is(err, ErrNotFound), err == nil && old.By != r.By:
		return ConsentRequest{}, ErrNotFound
	case err != nil:
		return old, b.told(err)
	case !sameRequest(old, r):
		return ConsentRequest{}, &Error{Code: CodeConflict, Message: "this mid was another request"}
	}
	return old, nil
}

func sameRequest(x, y ConsentRequest) bool {
	return x.By == y.By && x.Patient == y.Patient && sameScope(x.Scope, y.Scope)
}

func (b *Bridge) prepareHeld(ctx context.Context, c Caller, n NewRequest) (*outgoing, error) {
	o, err := b.prepare(ctx, c, *n.Hold)
	if err != nil {
		return nil, err
	}
	old, found := b.taken(ctx, c, o)
	switch {
	case found && old.Request != RequestID(n.MID):
		return nil, &Error{Code: CodeConflict, Message: "the message to hold was sent before"}
	case o.conv.Patient != n.Patient:
		return nil, BadRequest("the message to hold is about another patient")
	}
	return o, nil
}

// ask writes the request, and the message that waits for it.
func (b *Bridge) ask(g *passage, c Caller, r *ConsentRequest, held *outgoing, told *pokes) error {
	a := g.answers[0]
	if !slices.ContainsFunc(slices.Concat(r.Scope.From, r.Scope.To), func(p Party) bool { return p.names(g.snapshot, a.From, a.Now) }) {
		return BadRequest("the request has nothing to do with you")
	}
	rule, err := b.rule(g.tx, g.snapshot, &r.Scope, a.Now)
	if err != nil {
		return err
	}
	if r.Scope, err = r.Scope.settle(rule, a.Now); err != nil {
		return err
	}
	r.CreatedAt, r.ExpiresAt = a.Now, a.Now.Add(RequestLifetime)
	if err := g.tx.Consents().PutRequest(*r); err != nil {
		return err
	}
	e := Event{Kind: EventConsent, At: a.Now, Patient: r.Patient, Request: r.ID, By: c.Party, State: string(r.State)}
	if err := g.tellPatient(e, told, c.Party); err != nil {
		return err
	}
	if err := g.record(ledger.KindRequested, a, requestWords(*r)); err != nil {
		return err
	}
	if held == nil {
		return nil
	}
	m := held.message
	m.State, m.Request, m.SentAt = MessageHeld, r.ID, a.Now
	conv, err := g.tx.Conversations().Conversation(m.Conversation)
	if err != nil {
		return err
	}
	if err := g.begin(conv, a.Now, told); err != nil {
		return err
	}
	if err := g.tx.Messages().Put(m); err != nil {
		return err
	}
	if err := g.claimAttachments(&m); err != nil {
		return err
	}
	return g.record(ledger.KindHeld, a, func(e *ledger.Entry) {
		requestWords(*r)(e)
		messageWords(m)(e)
	})
}

func requestWords(r ConsentRequest) func(*ledger.Entry) {
	return func(e *ledger.Entry) {
		e.Request, e.Topics, e.Purpose = string(r.ID), words(r.Scope.Topics), string(r.Scope.Purposes[0])
	}
}

// tellPatient gives the event to the patient, to who may act for them, and to
// others.
func (g *passage) tellPatient(e Event, told *pokes, others ...Ref) error {
	to := []Ref{g.snapshot.Patient.ID.Ref()}
	for _, r := range g.snapshot.Representatives {
		if r.Active && r.Period.Contains(e.At) {
			to = append(to, r.Reference())
		}
	}
	for _, r := range union(to, others) {
		e.Party = r
		if err := told.append(g.tx, e); err != nil {
			return err
		}
	}
	return nil
}

// Requests lists requests, oldest first: the patient's and who acts for them all,
// a professional's their own.
func (b *Bridge) Requests(ctx context.Context, c Caller, q RequestQuery) ([]ConsentRequest, error) {
	if c.Party.Type() == TypePractitionerRole {
		q.By = c.Party
	} else if _, err := b.mayConsent(ctx, c, q.Patient); err != nil {
		return nil, err
	}
	var out []ConsentRequest
	err := b.store.View(ctx, func(tx Tx) (err error) {
		out, err = tx.Consents().Requests(q)
		return err
	})
	if err != nil {
		return nil, b.told(err)
	}
	return out, nil
}
