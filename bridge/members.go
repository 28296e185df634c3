// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"slices"
	"time"
)

// recipient is one party that a member of a conversation stands for now.
type recipient struct {
	Actor
	via Party // as it was addressed; zero when by its own reference
}

// resolve says whom the members stand for at now: a role for itself, a unit for
// everybody active in it, a care function for whoever fills it for this patient.
// A function that nobody fills stays as an Actor with only Function set. Each
// party comes once, in the order of members.
func (b *Bridge) resolve(tx Tx, s *Snapshot, members []Party, now time.Time) ([]recipient, error) {
	var out []recipient
	seen := map[Ref]bool{}
	add := func(r Ref, via Party) error {
		if seen[r] {
			return nil
		}
		seen[r] = true
		x, err := b.actor(tx, r)
		out = append(out, recipient{x, via})
		return err
	}
	for _, m := range members {
		refs := []Ref{m.Ref}
		via := Party{}
		if m.Function != "" {
			refs, via = s.holders(m.Function, now), m
			if len(refs) == 0 {
				out = append(out, recipient{Actor{Function: m.Function}, m})
			}
		}
		for _, r := range refs {
			if r.Type() != TypeOrganization {
				if err := add(r, via); err != nil {
					return nil, err
				}
				continue
			}
			roles, err := rolesOf(tx, r)
			if err != nil {
				return nil, err
			}
			for _, role := range roles {
				if err := add(role, m); err != nil {
					return nil, err
				}
			}
		}
	}
	return out, nil
}

// maxUnit is how many people may work where somebody writes to all of them.
const maxUnit = 500

// rolesOf lists the active roles of an organization and its units.
func rolesOf(tx Tx, org Ref) ([]Ref, error) {
	entries, err := tx.Directory().Find(DirectoryQuery{Organization: org.ID(), ActiveOnly: true, Limit: maxUnit + 1})
	if len(entries) > maxUnit { // nobody is left out in silence
		return nil, BadRequest("a unit of more than 500 people can't be written to as one")
	}
	refs := make([]Ref, len(entries))
	for i, e := range entries {
		refs[i] = e.Role.Reference()
	}
	return refs, err
}

// holders lists who fills a care function at now.
func (s *Snapshot) holders(f CareFunction, now time.Time) []Ref {
	var refs []Ref
	for _, m := range s.Team {
		if m.Function == f && m.Period.Contains(now) {
			refs = append(refs, m.Member)
		}
	}
	return refs
}

// stands reports whether one of the members stands for x at now.
func stands(s *Snapshot, members []Party, x Actor, now time.Time) bool {
	is := func(r Ref) bool {
		return r == x.Ref || r.Type() == TypeOrganization && slices.Contains(x.Organizations, r.ID())
	}
	for _, m := range members {
		if m.Function == "" && is(m.Ref) {
			return true
		}
		if m.Function != "" && slices.ContainsFunc(s.holders(m.Function, now), is) {
			return true
		}
	}
	return false
}

// names reports whether a party of a scope is x at now.
func (p Party) names(s *Snapshot, x Actor, now time.Time) bool {
	return stands(s, []Party{p}, x, now) || p.Ref != "" && p.Ref == x.Practitioner
}

// validate checks that exactly one of the two is set, and well formed.
func (p Party) validate() error {
	switch {
	case (p.Ref == "") == (p.Function == ""):
		return BadRequest("a party is a reference or a care function, one of them")
	case p.Ref != "":
		if err := p.Ref.Validate(); err != nil {
			return BadRequest("party: " + err.Error())
		}
	case len(p.Function) > 40:
		return BadRequest("care function of more than 40 characters")
	}
	return nil
}
