// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"slices"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// BreakGlass asks for emergency access to one patient, with a written reason of
// 10 to 1000 characters (Sundhedsloven s. 41(2) no. 4). Nothing opens before
// ConfirmGlass. For who may not, a patient who does not exist is the same no.
func (b *Bridge) BreakGlass(ctx context.Context, c Caller, p PatientID, reason string) (Emergency, error) {
	if l := len([]rune(reason)); l < 10 || l > 1000 {
		return Emergency{}, BadRequest("a reason has 10 to 1000 characters")
	}
	var e Emergency
	err := b.glass(ctx, c, p, func(g *passage, a answer, told *pokes) error {
		e = Emergency{ID: newID(a.Now), Patient: p, By: c.Party, Reason: reason, AskedAt: a.Now}
		return g.putEmergency(e, "asked", a, told)
	})
	return e, err
}

// ConfirmGlass is the second confirmation, within EmergencyConfirm. It opens
// access for EmergencyLifetime, and the patient is told at once.
func (b *Bridge) ConfirmGlass(ctx context.Context, c Caller, p PatientID, id string) (Emergency, error) {
	var e Emergency
	err := b.glass(ctx, c, p, func(g *passage, a answer, told *pokes) error {
		i := slices.IndexFunc(g.snapshot.Emergencies, func(x Emergency) bool { return x.ID == id && x.By == c.Party })
		if i < 0 {
			return noGlass()
		}
		if e = g.snapshot.Emergencies[i]; !e.ConfirmedAt.IsZero() {
			return g.record(ledger.KindEmergency, a, emergencyWords(e))
		}
		if a.Now.Sub(e.AskedAt) > EmergencyConfirm {
			return &Error{Code: CodeConflict, Message: "the confirmation came too late; ask again"}
		}
		e.ConfirmedAt, e.ExpiresAt = a.Now, a.Now.Add(EmergencyLifetime)
		return g.putEmergency(e, "confirmed", a, told)
	})
	return e, err
}

// glass is the gate for emergency access: whether this role may at all, then act
// and record.
func (b *Bridge) glass(ctx context.Context, c Caller, p PatientID, act func(*passage, answer, *pokes) error) error {
	s, err := b.snapshot(ctx, p)
	if err != nil {
		return b.told(err)
	}
	var self Actor
	if err := b.store.View(ctx, func(tx Tx) (err error) {
		self, err = b.self(tx, c)
		return err
	}); err != nil {
		return b.told(err)
	}
	now := b.now()
	d, err := b.decider.MayBreakGlass(ctx, self, s, now)
	if err != nil {
		return &Error{Code: CodePolicyUnavailable, Err: err}
	}
	if s == nil && d.Allow {
		return noGlass()
	}
	if s == nil {
		return &Error{Code: CodeForbidden, Decision: &d}
	}
	a := answer{Question{Now: now, From: self, Purpose: PurposeEmergency}, d}
	var told pokes
	err = b.store.Update(ctx, p, func(tx Tx) error {
		told = nil
		if err := sameAccount(tx, c); err != nil {
			return err
		}
		fresh, err := tx.Patients().Snapshot(p)
		if err != nil {
			return err
		}
		g := &passage{tx: tx, snapshot: fresh}
		if !d.Allow {
			return g.record(ledger.KindDenied, a, nil)
		}
		return act(g, a, &told)
	})
	b.dropSnapshot(p)
	switch {
	case err != nil:
		return b.told(err)
	case !d.Allow:
		return &Error{Code: CodeForbidden, Decision: &d}
	}
	b.poke(told)
	return nil
}

// noGlass is the answer where there is nothing to open: no such patient, no such
// access of the caller's.
func noGlass() error {
	return &Error{Code: CodeForbidden, Message: "no such emergency access of yours"}
}

// putEmergency keeps the access, bumps the epoch (I1) and tells the patient.
func (g *passage) putEmergency(e Emergency, state string, a answer, told *pokes) error {
	if _, err := g.tx.Patients().Bump(e.Patient); err != nil {
		return err
	}
	if err := g.tx.Consents().Put(e); err != nil {
		return err
	}
	ev := Event{Kind: EventConsent, At: a.Now, Patient: e.Patient, By: e.By, State: "emergency-" + state}
	if err := g.tellPatient(ev, told); err != nil {
		return err
	}
	return g.record(ledger.KindEmergency, a, emergencyWords(e))
}

func emergencyWords(x Emergency) func(*ledger.Entry) {
	return func(e *ledger.Entry) {
		e.Emergency, e.Action = x.ID, "asked"
		if !x.ConfirmedAt.IsZero() {
			e.Action = "confirmed"
		}
	}
}
