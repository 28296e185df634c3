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

// Reachable is shown before one writes: hours and absence from the directory,
// presence from live state.
type Reachable struct {
	Presence   PresenceState `json:"presence"`
	InHours    bool          `json:"in_hours"` // true also when no hours are known
	Hours      []Hours       `json:"hours,omitempty"`
	AwayUntil  time.Time     `json:"away_until,omitzero"`
	AwayReason string        `json:"away_reason,omitempty"`
	Substitute Ref           `json:"substitute,omitempty"`
}

// MemberView is a member of a care team as the caller may see it.
type MemberView struct {
	Function     CareFunction `json:"function"`
	Member       Ref          `json:"member"`
	Name         string       `json:"name"`
	Title        string       `json:"title,omitempty"`
	Organization string       `json:"organization"`
	Reachable    Reachable    `json:"reachable"`
}

// member is a care team's member with the actor to decide on: the role, or
// somebody of the unit.
type member struct {
	CareTeamMember
	actor Actor
}

// CareTeam lists who is involved with the patient now, as far as the caller may
// know: that somebody treats a patient is health information.
func (b *Bridge) CareTeam(ctx context.Context, c Caller, p PatientID) ([]MemberView, error) {
	var members []member
	answers, err := b.see(ctx, c, p, "team", func(tx Tx, s *Snapshot) ([]Actor, error) {
		var err error
		members, err = b.team(tx, s)
		actors := make([]Actor, len(members))
		for i, m := range members {
			actors[i] = m.actor
		}
		return actors, err
	})
	if err != nil {
		return nil, err
	}
	views := []MemberView{}
	var refs []Ref
	err = b.store.View(ctx, func(tx Tx) error {
		for i, m := range members {
			if !answers[i].Allow {
				continue
			}
			v, err := b.memberView(tx, m)
			if err != nil {
				return err
			}
			views, refs = append(views, v), append(refs, m.Member)
		}
		return nil
	})
	if err != nil {
		return nil, b.told(err)
	}
	for i, x := range b.live.Presence(ctx, refs) {
		views[i].Reachable.Presence = x.State
	}
	return views, nil
}

// see passes the gate for seeing each of the actors; the caller is always asked
// after too, last, so that the answer for a patient with no team is the policy's.
// Of who has nothing to do with the patient nothing else is asked: how long the no
// takes would tell whether there is a team. what is the word for the record.
func (b *Bridge) see(ctx context.Context, c Caller, p PatientID, what string, who func(Tx, *Snapshot) ([]Actor, error)) ([]answer, error) {
	answers, err := b.pass(Reading(ctx), c, p, func(tx Tx, s *Snapshot) ([]Question, error) {
		self, err := b.self(tx, c)
		if err != nil {
			return nil, err
		}
		me := Question{Action: ActionSee, Now: b.now(), Patient: s, From: self, To: self}
		if d, err := b.decider.Decide(ctx, &me); err == nil && d.unrelated() { // the gate asks again
			return []Question{me}, nil
		}
		actors, err := who(tx, s)
		if err != nil {
			return nil, err
		}
		var qs []Question
		for _, x := range actors {
			qs = append(qs, Question{Action: ActionSee, From: x, To: self})
		}
		return append(qs, me), nil
	}, func(g *passage) error {
		a := firstAllowed(g.answers)
		a.From = Actor{}
		return g.record(ledger.KindSeen, a, as(what))
	})
	return answers, err
}

// as names more closely what was done.
func as(what string) func(*ledger.Entry) {
	return func(e *ledger.Entry) { e.Action = what }
}

// team lists the members of now.
func (b *Bridge) team(tx Tx, s *Snapshot) ([]member, error) {
	var out []member
	for _, m := range s.Team {
		if !m.Period.Contains(b.now()) {
			continue
		}
		x, err := b.party(tx, s, Party{Ref: m.Member}, b.now())
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, member{m, x})
	}
	return out, nil
}

func (b *Bridge) memberView(tx Tx, m member) (MemberView, error) {
	v := MemberView{Function: m.Function, Member: m.Member, Reachable: Reachable{Presence: PresenceUnknown, InHours: true}}
	if m.Member.Type() == TypeOrganization {
		o, err := tx.Directory().Organization(m.Member.ID())
		v.Name, v.Organization = o.Name, o.Name
		return v, err
	}
	role, err := tx.Directory().Role(m.Member.ID())
	if err != nil {
		return v, err
	}
	p, err := tx.Directory().Practitioner(role.Practitioner)
	if err != nil {
		return v, err
	}
	o, err := tx.Directory().Organization(role.Organization)
	v.Name, v.Title, v.Organization = p.Name, role.Title, o.Name
	v.Reachable = b.reachable(role)
	return v, err
}

// reachable words a role's hours and absence at this moment.
func (b *Bridge) reachable(role PractitionerRole) Reachable {
	now := b.now()
	r := Reachable{Presence: PresenceUnknown, Hours: role.Hours, InHours: role.InHours(now.In(b.zone))}
	if a, away := role.At(now); away {
		r.AwayUntil, r.AwayReason, r.Substitute, r.InHours = a.Until, a.Reason, a.Substitute, false
	}
	return r
}

// InHours reports whether the local time t lies in the role's weekly hours; a
// role without hours is always in.
func (r PractitionerRole) InHours(t time.Time) bool {
	at := t.Format("15:04")
	for _, h := range r.Hours {
		if slices.Contains(h.Days, t.Weekday()) && h.Start <= at && at < h.End {
			return true
		}
	}
	return len(r.Hours) == 0
}

// reachRecipients adds to a preview how those who may be written to are reached.
func (b *Bridge) reachRecipients(ctx context.Context, views []SeenBy) error {
	var refs []Ref
	var of []int
	err := b.store.View(ctx, func(tx Tx) error {
		for i, v := range views {
			if !v.Allow {
				continue
			}
			r := Reachable{Presence: PresenceUnknown, InHours: true}
			if v.Recipient.Type() == TypePractitionerRole {
				role, err := tx.Directory().Role(v.Recipient.ID())
				if err != nil {
					return err
				}
				r = b.reachable(role)
			}
			views[i].Reachable = &r
			refs, of = append(refs, v.Recipient), append(of, i)
		}
		return nil
	})
	if err != nil {
		return b.told(err)
	}
	for i, x := range b.live.Presence(ctx, refs) {
		views[of[i]].Reachable.Presence = x.State
	}
	return nil
}

// Presence returns the presence of members in this patient's matter, of those
// whom the caller may see; of others, nothing.
func (b *Bridge) Presence(ctx context.Context, c Caller, p PatientID, members []Party) ([]Presence, error) {
	if len(members) == 0 || len(members) > 200 {
		return nil, BadRequest("presence of 1 to 200 members")
	}
	for _, m := range members {
		if err := m.validate(); err != nil {
			return nil, err
		}
	}
	answers, err := b.see(ctx, c, p, "presence", func(tx Tx, s *Snapshot) ([]Actor, error) {
		all, err := b.resolve(tx, s, members, b.now())
		actors := make([]Actor, len(all))
		for i, r := range all {
			actors[i] = r.Actor
		}
		return actors, err
	})
	if err != nil {
		return nil, err
	}
	var refs []Ref
	for _, a := range answers[:len(answers)-1] {
		if a.Allow && a.From.Ref != "" {
			refs = append(refs, a.From.Ref)
		}
	}
	if len(refs) == 0 {
		return nil, denial(answers)
	}
	return b.live.Presence(ctx, refs), nil
}

// Directory lists roles by name. Who works where is not about a patient, and is
// open to every professional; patients find people in their own care team.
func (b *Bridge) Directory(ctx context.Context, c Caller, q DirectoryQuery) ([]RoleEntry, error) {
	if c.Party.Type() != TypePractitionerRole {
		return nil, &Error{Code: CodeForbidden}
	}
	q.ActiveOnly = true
	if q.Limit <= 0 || q.Limit > 200 {
		q.Limit = 100
	}
	var out []RoleEntry
	err := b.store.View(ctx, func(tx Tx) (err error) {
		out, err = tx.Directory().Find(q)
		return err
	})
	if err != nil {
		return nil, b.told(err)
	}
	return out, nil
}

// FindPatient finds a patient by a national identifier, for a caller who is
// involved with them. For anybody else the answer is that for nobody.
func (b *Bridge) FindPatient(ctx context.Context, c Caller, i Identifier) (Patient, error) {
	var id PatientID
	err := b.store.View(ctx, func(tx Tx) (err error) {
		if id, err = tx.Patients().ByIdentifier(i); errors.Is(err, ErrNotFound) {
			id = unknownID(i)
			return nil
		}
		return err
	})
	if err != nil {
		return Patient{}, b.told(err)
	}
	return b.Patient(ctx, c, id)
}

// Patient returns the patient's name and language, for a caller who is involved
// with them, without identifiers.
func (b *Bridge) Patient(ctx context.Context, c Caller, id PatientID) (Patient, error) {
	var p Patient
	_, err := b.see(ctx, c, id, "patient", func(_ Tx, s *Snapshot) ([]Actor, error) {
		p = s.Patient
		return nil, nil
	})
	if err != nil {
		return Patient{}, err
	}
	p.Identifiers = nil
	return p, nil
}
