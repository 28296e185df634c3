// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// validate refuses what is no scope: a wildcard, or one without a purpose.
func (s Scope) validate() error {
	switch {
	case len(s.From) == 0 || len(s.To) == 0:
		return BadRequest("a consent names both sides")
	case len(s.From) > MaxMembers || len(s.To) > MaxMembers:
		return BadRequest("a consent names at most 50 parties a side")
	case len(s.Topics) == 0:
		return BadRequest("a consent names its topics")
	case len(s.Purposes) == 0:
		return BadRequest("a consent names its purposes")
	case len(s.Case) > 64:
		return BadRequest("case of more than 64 bytes")
	}
	for _, p := range slices.Concat(s.From, s.To) {
		if err := p.validate(); err != nil {
			return err
		}
		switch p.Ref.Type() {
		case TypePatient, TypeRelatedPerson:
			return BadRequest("a consent is between professionals")
		}
	}
	for _, t := range s.Topics {
		if !slices.Contains(Topics, t) {
			return BadRequest("a topic that does not exist")
		}
	}
	for _, p := range s.Purposes {
		if !slices.Contains(Purposes, p) {
			return BadRequest("a purpose that does not exist")
		}
	}
	return nil
}

// settle gives the scope the period it will have when granted at now: it starts
// now at the earliest, and ends when the basis says at the latest.
func (s Scope) settle(rule ConsentRule, now time.Time) (Scope, error) {
	if s.Period.Start.Before(now) {
		s.Period.Start = now
	}
	return s.settleAt(rule, now)
}

// settleAt is settle for a consent that was granted elsewhere, at the time given.
func (s Scope) settleAt(rule ConsentRule, granted time.Time) (Scope, error) {
	if rule.Longest > 0 {
		if last := granted.Add(rule.Longest); s.Period.End.IsZero() || s.Period.End.After(last) {
			s.Period.End = last
		}
	}
	switch {
	case s.Period.End.IsZero():
		return s, BadRequest("a consent says until when")
	case !s.Period.End.After(s.Period.Start):
		return s, BadRequest("a consent ends after it starts")
	case rule.NeedsCase && s.Case == "":
		return s, BadRequest("this consent names the case it is for")
	}
	return s, nil
}

// rule asks the policy what a consent over this scope needs.
func (b *Bridge) rule(tx Tx, s *Snapshot, scope *Scope, now time.Time) (ConsentRule, error) {
	from, err := b.parties(tx, s, scope.From, now)
	if err != nil {
		return ConsentRule{}, err
	}
	to, err := b.parties(tx, s, scope.To, now)
	if err != nil {
		return ConsentRule{}, err
	}
	return b.decider.Rule(scope, from, to)
}

// parties reads the parties of a scope as actors: an organization as itself, a
// practitioner in their first role.
func (b *Bridge) parties(tx Tx, s *Snapshot, in []Party, now time.Time) ([]Actor, error) {
	out := make([]Actor, 0, len(in))
	for _, p := range in {
		x, err := b.party(tx, s, p, now)
		if errors.Is(err, ErrNotFound) {
			return nil, BadRequest("a consent names somebody who is not in the directory")
		}
		if err != nil {
			return nil, fmt.Errorf("reading the directory: %w", err)
		}
		out = append(out, x)
	}
	return out, nil
}

func (b *Bridge) party(tx Tx, s *Snapshot, p Party, now time.Time) (Actor, error) {
	ref := p.Ref
	if p.Function != "" {
		holders := s.holders(p.Function, now)
		if len(holders) == 0 {
			return Actor{Function: p.Function}, nil
		}
		ref = holders[0]
	}
	switch ref.Type() {
	case TypePractitioner:
		entries, err := tx.Directory().Find(DirectoryQuery{Practitioner: ref.ID(), ActiveOnly: true, Limit: 1})
		if err != nil || len(entries) == 0 {
			return Actor{}, errors.Join(err, ErrNotFound)
		}
		return b.actor(tx, entries[0].Role.Reference())
	case TypeOrganization:
		return organizationActor(tx, ref)
	}
	x, err := b.actor(tx, ref)
	if err == nil && x.Role == "" {
		return x, ErrNotFound
	}
	return x, err
}

// organizationActor is an organization as a side of a consent.
func organizationActor(tx Tx, ref Ref) (Actor, error) {
	x := Actor{Ref: ref}
	for id := ref.ID(); id != "" && len(x.Organizations) < 8; {
		o, err := tx.Directory().Organization(id)
		if err != nil {
			return x, err
		}
		if x.Organizations == nil {
			x.Sector, x.Active = o.Sector, o.Active
		}
		x.Organizations = append(x.Organizations, o.ID)
		id = o.PartOf
	}
	return x, nil
}

// sameScope reports whether two scopes are about the same, whatever their period.
func sameScope(x, y Scope) bool {
	return x.Both == y.Both && x.Case == y.Case && sameSet(x.From, y.From) && sameSet(x.To, y.To) &&
		sameSet(x.Topics, y.Topics) && sameSet(x.Purposes, y.Purposes)
}

func sameSet[T comparable](x, y []T) bool {
	in := func(a, b []T) bool {
		return !slices.ContainsFunc(a, func(v T) bool { return !slices.Contains(b, v) })
	}
	return in(x, y) && in(y, x)
}

// partyNames words the parties of a scope for a text that the patient reads.
func (b *Bridge) partyNames(tx Tx, s *Scope) (map[Party]string, error) {
	names := map[Party]string{}
	for _, p := range slices.Concat(s.From, s.To) {
		if p.Function != "" {
			continue // the texts have words for a function
		}
		name, err := nameOf(tx, p.Ref)
		if err != nil {
			return nil, fmt.Errorf("reading the directory: %w", err)
		}
		names[p] = name
	}
	return names, nil
}

// nameOf words a reference for people: name, title, place of work.
func nameOf(tx Tx, r Ref) (string, error) {
	switch r.Type() {
	case TypeOrganization:
		o, err := tx.Directory().Organization(r.ID())
		return o.Name, err
	case TypePractitioner:
		p, err := tx.Directory().Practitioner(r.ID())
		return p.Name, err
	case TypePractitionerRole:
		role, err := tx.Directory().Role(r.ID())
		if err != nil {
			return "", err
		}
		p, err := tx.Directory().Practitioner(role.Practitioner)
		if err != nil {
			return "", err
		}
		o, err := tx.Directory().Organization(role.Organization)
		return p.Name + ", " + o.Name, err
	case TypePatient:
		p, err := tx.Patients().Patient(PatientID(r.ID()))
		return p.Name, err
	case TypeRelatedPerson:
		p, err := tx.Directory().RelatedPerson(r.ID())
		return p.Name, err
	}
	return "", ErrNotFound
}
