// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir

import "github.com/brobygger/brobygger/bridge"

// careTeam takes a patient's CareTeam. A participant without a care function
// that we know is left out: the policy has nothing to say about it.
func (c *conversion) careTeam(r *resource) {
	n := r.root()
	subject := n.get("subject")
	if !subject.ok() {
		return // a unit
	}
	switch n.str("status") {
	case "", "active":
	case "proposed", "suspended", "inactive", "entered-in-error":
		r.skip(NotActive)
		return
	default:
		n.get("status").fail(BadCode)
	}
	patient := c.x.follow(subject, "Patient")
	if patient.skipped {
		r.skip(RefersToSkipped)
		return
	}
	whole := n.get("period").period(c.loc)
	id := bridge.PatientID(patient.ref.ID())
	team := c.batch.Teams[id]
	for _, p := range n.list("participant") {
		for _, m := range c.members(p, whole) {
			team = addMember(team, m)
		}
	}
	if id != "" {
		c.batch.Teams[id] = team
	}
}

// addMember appends m unless it is there already.
func addMember(team []bridge.CareTeamMember, m bridge.CareTeamMember) []bridge.CareTeamMember {
	for _, t := range team {
		if t == m {
			return team
		}
	}
	return append(team, m)
}

// members returns one member for each care function of a participant.
func (c *conversion) members(p node, whole bridge.Period) []bridge.CareTeamMember {
	m := bridge.CareTeamMember{Period: whole}
	if own := p.get("period"); own.ok() {
		m.Period = own.period(c.loc)
	}
	member := p.get("member")
	if !member.ok() {
		member.note(Missing)
		return nil
	}
	t := c.x.follow(member, "PractitionerRole", "Organization", "Practitioner", "CareTeam", "Patient", "RelatedPerson")
	switch t.ref.Type() {
	case "":
		return nil
	case bridge.TypePatient, bridge.TypeRelatedPerson:
		member.note(PartyNotSupported)
		return nil
	case bridge.TypePractitioner:
		if t.ref = c.roleOf(p, t.ref); t.ref == "" {
			return nil
		}
	}
	if t.skipped || t.r != nil && t.r.typ == "CareTeam" && c.organizations[t.ref] == nil {
		member.note(RefersToSkipped)
		return nil
	}
	m.Member = t.ref
	var all []bridge.CareTeamMember
	for _, role := range p.list("role") {
		for _, k := range role.codings() {
			if f := careFunction(k.system, k.code); f != "" {
				m.Function = f
				all = append(all, m)
			}
		}
	}
	if len(all) == 0 {
		p.note(NoFunction)
	}
	return all
}

// roleOf finds the role in which a person takes part: their only one in this
// batch, or their only one at the organization that they act for.
func (c *conversion) roleOf(p node, person bridge.Ref) bridge.Ref {
	at := c.x.follow(p.get("onBehalfOf"), "Organization").ref.ID()
	var found bridge.Ref
	for _, r := range c.roleOrder {
		role := c.roles[r.ref()]
		if role.Practitioner != person.ID() || at != "" && role.Organization != at {
			continue
		}
		if found != "" {
			p.get("member").fail(NoSingleRole)
			return ""
		}
		found = role.Reference()
	}
	if found == "" {
		p.get("member").fail(NoSingleRole)
	}
	return found
}
