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

// EmergencyView is an emergency access with the names around it and what was
// opened by it.
type EmergencyView struct {
	Emergency
	ByName  string   `json:"by_name,omitempty"` // who asked, and where they work
	Overdue bool     `json:"overdue,omitempty"` // it has waited longer than it may
	Opened  []Opened `json:"opened,omitempty"`  // oldest first, at most 100
}

// Opened is one thing that was shown while the access was open: its entry in the
// patient's record.
type Opened struct {
	Entry  uint64      `json:"entry"`
	At     time.Time   `json:"at"`
	Kind   ledger.Kind `json:"kind"`
	From   Ref         `json:"from,omitempty"` // whose information it was
	Topics []string    `json:"topics,omitempty"`
}

// maxOpened bounds how much of the record one access is shown with.
const maxOpened = 100

// Emergencies lists emergency accesses. Given a patient, all of that patient's,
// newest first, for the patient and who decides for them. Otherwise those that
// the caller may review, a data-protection officer's, oldest first while they
// wait: the first time that an officer is shown one is an entry in the patient's
// record.
func (b *Bridge) Emergencies(ctx context.Context, c Caller, q EmergencyQuery) ([]EmergencyView, error) {
	if q.Limit <= 0 || q.Limit > 100 {
		q.Limit = 100
	}
	if q.Patient != "" {
		if _, err := b.mayConsent(ctx, c, q.Patient); err != nil {
			return nil, err
		}
		return b.emergencyViews(ctx, c, EmergencyQuery{Patient: q.Patient, Waiting: q.Waiting, Limit: q.Limit})
	}
	var self Actor
	if err := b.store.View(ctx, func(tx Tx) (err error) {
		self, err = b.self(tx, c)
		return err
	}); err != nil {
		return nil, b.told(err)
	}
	d, err := b.mayReview(ctx, self, self.Organizations)
	if err != nil {
		return nil, err
	}
	if !d.Allow {
		return nil, &Error{Code: CodeForbidden, Decision: &d}
	}
	q.Confirmed, q.Organization = true, self.Organizations[0]
	all, err := b.emergencyViews(ctx, c, q)
	if err != nil {
		return nil, err
	}
	shown := []EmergencyView{}
	for _, v := range all {
		if _, err = b.review(ctx, c, v.ID, func(g *passage, a answer, e *Emergency, _ *pokes) error {
			if slices.Contains(e.ShownTo, c.Party) {
				return nil
			}
			e.ShownTo = append(e.ShownTo, c.Party)
			return errors.Join(g.tx.Consents().Put(*e), g.record(ledger.KindSeen, a, reviewWords(*e, "emergency")))
		}); isDenial(err) {
			continue // made while its maker worked elsewhere too
		} else if err != nil {
			return nil, err
		}
		shown = append(shown, v)
	}
	return shown, nil
}

// emergencyViews reads accesses with what was opened by each.
func (b *Bridge) emergencyViews(ctx context.Context, c Caller, q EmergencyQuery) ([]EmergencyView, error) {
	views := []EmergencyView{}
	err := b.store.View(ctx, func(tx Tx) error {
		if err := sameAccount(tx, c); err != nil {
			return err
		}
		all, err := tx.Emergencies().Find(q)
		if err != nil {
			return err
		}
		for _, e := range all {
			v := EmergencyView{Emergency: e}
			v.Overdue = !e.Reviewed && !e.ConfirmedAt.IsZero() && b.now().Sub(e.ConfirmedAt) > b.reviewWithin
			if v.ByName, err = wordedName(tx, string(e.By)); err != nil {
				return err
			}
			if v.Opened, err = openedBy(tx, e); err != nil {
				return err
			}
			views = append(views, v)
		}
		return nil
	})
	if err != nil {
		return nil, b.told(err)
	}
	return views, nil
}

// openedBy lists what its maker was shown of the patient while the access was open.
func openedBy(tx Tx, e Emergency) ([]Opened, error) {
	if e.Entry == 0 {
		return nil, nil
	}
	leaves, err := tx.Entries().After(e.Patient, e.Entry, 500)
	var out []Opened
	for _, l := range leaves {
		x := l.Entry
		if x.Time.After(e.ExpiresAt) || len(out) == maxOpened {
			break
		}
		if x.To == string(e.By) && (x.Kind == ledger.KindDisclosed || x.Kind == ledger.KindSeen) {
			out = append(out, Opened{Entry: x.Seq, At: x.Time, Kind: x.Kind, From: Ref(x.By), Topics: x.Topics})
		}
	}
	return out, err
}

// NewReview is a review to make. MID is the officer's id for it: reviewing again
// with it changes nothing.
type NewReview struct {
	MID       string        `json:"mid"`
	Emergency string        `json:"emergency"`
	Outcome   ReviewOutcome `json:"outcome"`
	Note      ReviewNote    `json:"note"`
}

// ReviewEmergency keeps what a data-protection officer made of an emergency
// access of their own organization, closes its follow-up, and tells the patient.
// An access that is not justified and still open ends. For who may not review it
// an access that does not exist is the same no.
func (b *Bridge) ReviewEmergency(ctx context.Context, c Caller, n NewReview) (Emergency, error) {
	if err := checkMID(n.MID); err != nil {
		return Emergency{}, err
	}
	if !slices.Contains(Notes[n.Outcome], n.Note) {
		return Emergency{}, BadRequest("a review has an outcome, and a note that goes with it")
	}
	return b.review(ctx, c, n.Emergency, func(g *passage, a answer, e *Emergency, told *pokes) error {
		switch {
		case e.Review != nil && e.Review.MID == n.MID && e.Review.By == c.Party:
			return g.record(ledger.KindReviewed, a, reviewWords(*e, ""))
		case e.Review != nil && e.Review.Outcome != OutcomeReferred:
			return &Error{Code: CodeConflict, Message: "it has been reviewed"}
		}
		e.Reviewed, e.Review = true, &Review{MID: n.MID, By: c.Party, At: a.Now, Outcome: n.Outcome, Note: n.Note}
		if e.FollowUp != nil && e.FollowUp.ClosedAt.IsZero() {
			e.FollowUp.ClosedAt = a.Now
		}
		if n.Outcome == OutcomeNotJustified && e.ExpiresAt.After(a.Now) {
			e.ExpiresAt = a.Now
			if _, err := g.tx.Patients().Bump(e.Patient); err != nil { // I1
				return err
			}
		}
		if err := g.tx.Consents().Put(*e); err != nil {
			return err
		}
		ev := Event{Kind: EventConsent, At: a.Now, Patient: e.Patient, By: c.Party, Emergency: e.ID, State: "emergency-" + string(n.Outcome)}
		if err := g.tellPatient(ev, told); err != nil {
			return err
		}
		return g.record(ledger.KindReviewed, a, reviewWords(*e, ""))
	})
}

// review is the gate for what officers see and do about one access: may they, at
// the organizations where it was made; then act and record on the patient's row.
// A no to somebody who is an officer elsewhere is in the patient's record.
func (b *Bridge) review(ctx context.Context, c Caller, id string, act func(*passage, answer, *Emergency, *pokes) error) (Emergency, error) {
	var e Emergency
	var self Actor
	err := b.store.View(ctx, func(tx Tx) (err error) {
		if self, err = b.self(tx, c); err != nil {
			return err
		}
		if e, err = tx.Emergencies().Emergency(id); errors.Is(err, ErrNotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		return Emergency{}, b.told(err)
	}
	d, err := b.mayReview(ctx, self, e.Organizations)
	if err != nil {
		return Emergency{}, err
	}
	if e.ID == "" || e.ConfirmedAt.IsZero() {
		d.Allow = false
		return Emergency{}, &Error{Code: CodeForbidden, Decision: &d}
	}
	var told pokes
	err = b.store.Update(ctx, e.Patient, func(tx Tx) error {
		told = nil
		if err := sameAccount(tx, c); err != nil {
			return err
		}
		s, err := tx.Patients().Snapshot(e.Patient)
		if err != nil {
			return err
		}
		if e, err = tx.Emergencies().Emergency(id); err != nil {
			return err
		}
		g := &passage{tx: tx, snapshot: s}
		a := answer{Question{Now: b.now(), From: self, Purpose: PurposeEmergency}, d}
		if !d.Allow {
			return g.record(ledger.KindDenied, a, reviewWords(e, "review"))
		}
		return act(g, a, &e, &told)
	})
	b.dropSnapshot(e.Patient)
	switch {
	case err != nil:
		return Emergency{}, b.told(err)
	case !d.Allow:
		return Emergency{}, &Error{Code: CodeForbidden, Decision: &d}
	}
	b.poke(told)
	return e, nil
}

func (b *Bridge) mayReview(ctx context.Context, self Actor, organizations []string) (Decision, error) {
	d, err := b.decider.MayReview(ctx, self, organizations, b.now())
	if err != nil {
		return d, &Error{Code: CodePolicyUnavailable, Err: err}
	}
	return d, nil
}

// reviewWords are the outcome, or what was done instead, and the note as a reason.
func reviewWords(x Emergency, action string) func(*ledger.Entry) {
	return func(e *ledger.Entry) {
		e.Emergency, e.Action = x.ID, action
		if action == "" {
			e.Action, e.Reasons = string(x.Review.Outcome), []string{"review_" + string(x.Review.Note)}
		}
	}
}

// Unreviewed is how the queue of the data-protection officers stands.
type Unreviewed struct {
	All     int       // confirmed, not reviewed
	Overdue int       // of these, waiting longer than they may
	Oldest  time.Time // when the first of them was confirmed; zero when there is none
}

// Unreviewed returns how many emergency accesses wait for their review.
func (b *Bridge) Unreviewed(ctx context.Context) (u Unreviewed, err error) {
	err = b.store.View(ctx, func(tx Tx) (err error) {
		u.All, u.Overdue, u.Oldest, err = tx.Emergencies().Waiting(b.now().Add(-b.reviewWithin))
		return err
	})
	if err != nil {
		return u, b.told(err)
	}
	return u, nil
}
