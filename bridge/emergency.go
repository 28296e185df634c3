// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"slices"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// NewEmergency asks for emergency access. MID is the caller's id for it: asking
// again with it returns the same access, however far it has come.
type NewEmergency struct {
	MID     string    `json:"mid"`
	Patient PatientID `json:"patient"`
	Reason  string    `json:"reason"` // 10 to 1000 characters; the patient reads it
}

// BreakGlass asks for emergency access to one patient, with a written reason
// (Sundhedsloven s. 41(2) no. 4). Nothing opens before ConfirmGlass. For who may
// not, a patient who does not exist is the same no; who may, and asks for one, is
// on record with it.
func (b *Bridge) BreakGlass(ctx context.Context, c Caller, n NewEmergency) (Emergency, error) {
	if err := checkMID(n.MID); err != nil {
		return Emergency{}, err
	}
	if l := len([]rune(n.Reason)); l < 10 || l > 1000 {
		return Emergency{}, BadRequest("a reason has 10 to 1000 characters")
	}
	var e Emergency
	nobody := false
	err := b.glass(ctx, c, n.Patient, func(g *passage, a answer, told *pokes) error {
		if nobody = g.snapshot.Missing; nobody {
			a.Decision = Decision{Reasons: []Code{reasonNoRelation}, Revision: a.Revision}
			return g.record(ledger.KindDenied, a, nil)
		}
		before, err := g.tx.Emergencies().ByMID(c.Party, n.MID)
		switch {
		case err == nil && before.Patient == n.Patient:
			e = before
			return g.record(ledger.KindEmergency, a, emergencyWords(e))
		case err == nil:
			return &Error{Code: CodeConflict, Message: "mid was used for another access"}
		case !errors.Is(err, ErrNotFound):
			return err
		}
		e = Emergency{
			ID: newID(a.Now), MID: n.MID, Patient: n.Patient, By: c.Party, Organizations: a.From.Organizations,
			Reason: n.Reason, AskedAt: a.Now,
		}
		return b.putEmergency(g, &e, "asked", a, told)
	})
	if err == nil && nobody {
		err = noGlass()
	}
	return e, err
}

// ConfirmGlass is the second confirmation, within EmergencyConfirm. It opens
// access for EmergencyLifetime. The patient and the data-protection officers are
// told at once, and a follow-up opens that the review closes.
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
		e.FollowUp = &FollowUp{ID: newID(a.Now), OpenedAt: a.Now, DueAt: a.Now.Add(b.reviewWithin)}
		return b.putEmergency(g, &e, "confirmed", a, told)
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
	a := answer{Question{Now: now, From: self, Purpose: PurposeEmergency}, d}
	var told pokes
	err = b.store.Update(ctx, s.record().Patient.ID, func(tx Tx) error {
		told = nil
		if err := sameAccount(tx, c); err != nil {
			return err
		}
		fresh, err := s.again(tx)
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

// putEmergency keeps the access, bumps the epoch (I1) and tells the patient, and
// of what was opened the data-protection officers too.
func (b *Bridge) putEmergency(g *passage, e *Emergency, state string, a answer, told *pokes) error {
	if _, err := g.tx.Patients().Bump(e.Patient); err != nil {
		return err
	}
	leaf, err := g.recordLeaf(ledger.KindEmergency, a, emergencyWords(*e))
	if err != nil {
		return err
	}
	ev := Event{Kind: EventConsent, At: a.Now, Patient: e.Patient, By: e.By, Emergency: e.ID, State: "emergency-" + state}
	if err := g.tellPatient(ev, told); err != nil {
		return err
	}
	if !e.ConfirmedAt.IsZero() {
		e.Entry = leaf.Entry.Seq
		if err := tellOfficers(g.tx, *e, told); err != nil {
			return err
		}
	}
	return g.tx.Consents().Put(*e)
}

// tellOfficers tells the data-protection officers of where the access was made
// that one waits. The event names no patient: what they may see they read
// through the gate.
func tellOfficers(tx Tx, e Emergency, told *pokes) error {
	for _, id := range e.Organizations {
		officers, err := tx.Directory().Find(DirectoryQuery{Organization: id, Code: RoleDataProtection, ActiveOnly: true})
		if err != nil {
			return err
		}
		for _, o := range officers {
			if o.Role.Organization != id { // of a unit: not above where it was made, or told there already
				continue
			}
			ev := Event{Party: o.Role.Reference(), Kind: EventConsent, At: e.ConfirmedAt, Emergency: e.ID, State: "emergency-waiting"}
			if err := told.append(tx, ev); err != nil {
				return err
			}
		}
	}
	return nil
}

func emergencyWords(x Emergency) func(*ledger.Entry) {
	return func(e *ledger.Entry) {
		e.Emergency, e.Action = x.ID, "asked"
		if !x.ConfirmedAt.IsZero() {
			e.Action = "confirmed"
		}
	}
}
