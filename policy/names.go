// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// naming is how a consent or an objection names somebody, the loosest first.
type naming uint8

const (
	unnamed    naming = iota
	byFunction        // "my care team's caseworker"
	byAbove           // an organization that the unit is part of
	byUnit            // the employing unit
	byPerson          // the role or the practitioner
)

var namingWords = [...]string{"", "function", "above", "unit", "person"}

// isOrganization reports whether ref names the organization with this id.
func isOrganization(ref bridge.Ref, id string) bool {
	rest, ok := strings.CutPrefix(string(ref), bridge.TypeOrganization+"/")
	return ok && rest == id
}

// meansRef returns how ref names the actor.
func meansRef(ref bridge.Ref, a *bridge.Actor) naming {
	if ref == "" {
		return unnamed
	}
	if ref == a.Ref || ref == a.Practitioner {
		return byPerson
	}
	for i, id := range a.Organizations {
		if isOrganization(ref, id) {
			if i == 0 {
				return byUnit
			}
			return byAbove
		}
	}
	return unnamed
}

// fills reports whether the actor is this function in the care team at the time.
func fills(s *bridge.Snapshot, a *bridge.Actor, f bridge.CareFunction, now time.Time) bool {
	if a.Ref == "" {
		return f != "" && f == a.Function
	}
	return slices.ContainsFunc(s.Team, func(m bridge.CareTeamMember) bool {
		return m.Function == f && m.Period.Contains(now) && meansRef(m.Member, a) != unnamed
	})
}

// names returns the closest way in which one of the parties names the actor.
func names(s *bridge.Snapshot, parties []bridge.Party, a *bridge.Actor, now time.Time) naming {
	best := unnamed
	for _, p := range parties {
		how := unnamed
		switch {
		case p.Ref != "":
			how = meansRef(p.Ref, a)
		case fills(s, a, p.Function, now):
			how = byFunction
		}
		best = max(best, how)
	}
	return best
}

// span collects the instants around now at which anything that an answer was
// given on begins or ends. Between them every comparison with the time, and so
// the answer, stays the same.
type span struct {
	now   time.Time
	since time.Time // the latest at or before now; zero: for ever
	until time.Time // the earliest behind now; zero: for ever
}

func (s *span) add(t time.Time) {
	switch {
	case t.IsZero():
	case t.After(s.now):
		if s.until.IsZero() || t.Before(s.until) {
			s.until = t
		}
	case t.After(s.since):
		s.since = t
	}
}

func (s *span) period(p bridge.Period) {
	s.add(p.Start)
	s.add(p.End)
}

// contains reports whether the answer of this span holds at t.
func (s *span) contains(t time.Time) bool {
	return !t.Before(s.since) && (s.until.IsZero() || t.Before(s.until))
}
