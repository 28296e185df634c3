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

// Object makes an objection, for the patient. ID is the caller's mid: objecting
// again with it changes nothing. It takes effect at its commit, and is answered
// when what was claimed about the patient before can't be shown any more.
func (b *Bridge) Object(ctx context.Context, c Caller, o Objection) (Objection, error) {
	if err := o.validate(); err != nil {
		return Objection{}, err
	}
	ctx = context.WithoutCancel(ctx) // a no that was spoken counts
	var told pokes
	err := b.closing(ctx, c, o.Patient, func(g *passage, a answer) error {
		told = nil
		if i := slices.IndexFunc(g.snapshot.Objections, func(x Objection) bool { return x.ID == o.ID }); i >= 0 {
			o = g.snapshot.Objections[i]
			return g.record(ledger.KindObjected, a, objectionWords(o))
		}
		if _, err := b.parties(g.tx, g.snapshot, o.Parties, a.Now); err != nil {
			return err
		}
		o.MadeBy, o.CreatedAt = c.Party, a.Now
		return b.putObjection(g, o, ledger.KindObjected, a, &told)
	})
	if err != nil {
		return Objection{}, err
	}
	since := time.Now()
	b.tell(func(l Listener) { l.Draining(o.Patient) })
	b.poke(told)
	ended := b.redecide(ctx, o.Patient)
	return o, errors.Join(b.drain(ctx, since, DisclosureQuery{Patient: o.Patient}), ended)
}

// Lift lifts an objection, for the patient. Lifting it again changes nothing.
func (b *Bridge) Lift(ctx context.Context, c Caller, p PatientID, id ObjectionID) error {
	var told pokes
	err := b.ruling(ctx, c, p, func(g *passage, a answer) error {
		told = nil
		_, all, err := g.tx.Consents().All(p)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(x Objection) bool { return x.ID == id })
		if i < 0 {
			return &Error{Code: CodeNotFound, Message: "no such objection"}
		}
		o := all[i]
		if !o.LiftedAt.IsZero() {
			return g.record(ledger.KindLifted, a, objectionWords(o))
		}
		o.LiftedAt = a.Now
		return b.putObjection(g, o, ledger.KindLifted, a, &told)
	})
	if err == nil {
		b.poke(told)
		b.anewNow(ctx, p)
	}
	return err
}

func (o Objection) validate() error {
	if err := checkMID(string(o.ID)); err != nil {
		return err
	}
	if len(o.Parties) == 0 || len(o.Parties) > MaxMembers {
		return BadRequest("an objection names 1 to 50 parties")
	}
	for _, p := range o.Parties {
		if err := p.validate(); err != nil {
			return err
		}
	}
	for _, t := range o.Topics {
		if !slices.Contains(Topics, t) {
			return BadRequest("a topic that does not exist")
		}
	}
	for _, p := range o.Purposes {
		if !slices.Contains(Purposes, p) {
			return BadRequest("a purpose that does not exist")
		}
	}
	return nil
}

// putObjection keeps the objection, bumps the epoch (I1) and tells the patient
// and those it names.
func (b *Bridge) putObjection(g *passage, o Objection, k ledger.Kind, a answer, told *pokes) error {
	if _, err := g.tx.Patients().Bump(o.Patient); err != nil {
		return err
	}
	if err := g.tx.Consents().Put(o); err != nil {
		return err
	}
	parties, err := b.concerned(g, Scope{From: o.Parties}, a.Now)
	if err != nil {
		return err
	}
	e := Event{Kind: EventConsent, At: a.Now, Patient: o.Patient, Objection: o.ID, By: a.From.Ref, State: string(k)}
	if err := g.tellPatient(e, told, parties...); err != nil {
		return err
	}
	return g.record(k, a, objectionWords(o))
}

func objectionWords(o Objection) func(*ledger.Entry) {
	return func(e *ledger.Entry) { e.Objection, e.Topics = string(o.ID), words(o.Topics) }
}
