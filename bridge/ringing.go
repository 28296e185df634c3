// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"slices"
)

// NewRing asks for a ring: of somebody about a patient, or of a line.
type NewRing struct {
	MID     string    `json:"mid"`
	Patient PatientID `json:"patient"`
	Wanted  Party     `json:"wanted,omitzero"` // one of the two: a care function, a role or a unit
	Line    LineID    `json:"line,omitempty"`  // or a line
	Purpose Purpose   `json:"purpose"`
	Case    string    `json:"case,omitempty"`
	Topics  []Topic   `json:"topics"`
	Note    string    `json:"note,omitempty"` // what it is about, at most 200 characters
	Urgent  bool      `json:"urgent,omitempty"`
	Voice   bool      `json:"voice,omitempty"`
	Session string    `json:"session,omitempty"` // the device that rings
}

func (n NewRing) validate() error {
	if err := checkMID(n.MID); err != nil {
		return err
	}
	switch {
	case ValidateID(string(n.Patient)) != nil:
		return BadRequest("patient is not an id")
	case (n.Wanted == (Party{})) == (n.Line == ""):
		return BadRequest("a ring is for somebody or for a line, one of them")
	case n.Line != "" && ValidateID(string(n.Line)) != nil:
		return BadRequest("line is not an id")
	case len(n.Case) > 64:
		return BadRequest("case of more than 64 bytes")
	case len(n.Topics) == 0 || len(n.Topics) > len(Topics):
		return BadRequest("a ring names its topics, each once")
	case !short(n.Note, 0, 200):
		return BadRequest("a note of more than 200 characters")
	}
	return n.Wanted.ringable()
}

// ringable wants somebody who can be rung.
func (p Party) ringable() error {
	if p == (Party{}) {
		return nil
	}
	if err := p.validate(); err != nil {
		return err
	}
	if t := p.Ref.Type(); p.Ref != "" && t != TypePractitionerRole && t != TypeOrganization {
		return BadRequest("rung is a role, a unit or a care function")
	}
	return nil
}

// Ring rings. The gate is asked for each target, both ways; who may be told
// nothing is not rung. Nobody there: the ring is unanswered at once, and says
// what else can be done. Ringing again with the same MID returns the same ring.
// Who rings somebody who just rings them about the same patient has answered.
func (b *Bridge) Ring(ctx context.Context, c Caller, n NewRing) (RingView, error) {
	if err := n.validate(); err != nil {
		return RingView{}, err
	}
	if v, err := b.rungBefore(ctx, c, n); err == nil || !errors.Is(err, ErrNotFound) {
		return v, err
	}
	now := b.now()
	a := &attempt{b: b, caller: c, fresh: true, now: now, ring: Ring{
		ID: RingID(newID(now)), MID: n.MID, Patient: n.Patient, Caller: c.Party, Session: n.Session, Wanted: n.Wanted, Line: n.Line,
		Purpose: n.Purpose, Case: n.Case, Topics: n.Topics, Note: n.Note, Urgent: n.Urgent, Voice: n.Voice,
		State: RingRinging, StartedAt: now,
	}}
	err := a.run(ctx)
	switch {
	case err == nil && a.glare != "":
		return b.AcceptRing(ctx, c, n.Session, a.glare)
	case err == nil && a.talking != "":
		return b.viewRing(ctx, c, a.talking, false)
	case CodeOf(err) == CodeConflict: // on another connection meanwhile
		if v, again := b.rungBefore(ctx, c, n); again == nil {
			return v, nil
		}
	}
	if err != nil {
		return RingView{}, err
	}
	return b.viewRing(ctx, c, a.out.ID, a.reach.outOfDate)
}

// rungBefore finds what the caller rang with this MID.
func (b *Bridge) rungBefore(ctx context.Context, c Caller, n NewRing) (RingView, error) {
	var v RingView
	err := b.store.View(ctx, func(tx Tx) error {
		if err := sameAccount(tx, c); err != nil {
			return err
		}
		r, err := tx.Rings().ByMID(c.Party, n.MID)
		if err != nil {
			return err
		}
		handed := slices.ContainsFunc(r.Steps, func(s RingStep) bool { return s.Via == viaHanded }) // to another line, maybe
		if r.Patient != n.Patient || r.Wanted != n.Wanted || n.Line != "" && r.Line != n.Line && !handed {
			return &Error{Code: CodeConflict, Message: "this mid was another ring"}
		}
		v, err = b.ringView(tx, c.Party, r, b.now())
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return v, ErrNotFound
	}
	if err != nil {
		return v, b.told(err)
	}
	return v, nil
}

// viewRing reads a ring for one of its parties.
func (b *Bridge) viewRing(ctx context.Context, c Caller, id RingID, outOfDate bool) (RingView, error) {
	var v RingView
	err := b.store.View(ctx, func(tx Tx) error {
		r, err := tx.Rings().Ring(id)
		if err != nil {
			return err
		}
		v, err = b.ringView(tx, c.Party, r, b.now())
		v.OutOfDate = outOfDate
		return err
	})
	if err != nil {
		return v, b.told(err)
	}
	return v, nil
}
