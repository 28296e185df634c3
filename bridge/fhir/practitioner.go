// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir

import "github.com/brobygger/brobygger/bridge"

// practitioner takes a Practitioner. A CPR number is checked and not kept: who
// the staff are is known by their authorisation id.
func (c *conversion) practitioner(r *resource) {
	n := r.root()
	p := bridge.Practitioner{
		ID:          r.id,
		Name:        n.name("name"),
		Identifiers: n.identifiers(SystemAuth),
		Active:      n.flag("active", true),
	}
	if p.Name == "" {
		n.get("name").fail(Missing)
	}
	c.batch.Resources = append(c.batch.Resources, p)
	c.account(r, r.ref())
}

// role takes a PractitionerRole. A role at no organization is left out: there is
// nobody who answers for it.
func (c *conversion) role(r *resource) {
	n := r.root()
	who := c.x.follow(n.get("practitioner"), "Practitioner")
	where := c.x.follow(n.get("organization"), "Organization")
	if !n.get("organization").ok() && r.message != nil {
		if where = r.message.employer(c.x, r); where.ref != "" {
			r.note("PractitionerRole.organization", OrganizationOfText)
		}
	}
	p := bridge.PractitionerRole{
		ID:           r.id,
		Practitioner: who.ref.ID(),
		Organization: where.ref.ID(),
		Phone:        n.phone(),
		Active:       n.flag("active", true),
	}
	p.Code, p.Title = titleOf(n)
	if p.Code == "" {
		r.note("PractitionerRole.code", NoRoleCode)
	}
	if employed := n.get("period"); employed.ok() {
		if !employed.period(c.loc).Contains(c.now()) {
			p.Active = false
		}
		employed.note(PeriodIgnored)
	}
	p.Hours = c.hours(n)
	switch {
	case who.ref == "":
		r.skip(NoPractitioner)
	case where.ref == "":
		r.skip(NoOrganization)
	case who.skipped || where.skipped:
		r.skip(RefersToSkipped)
	}
	if r.taken() {
		c.roles[r.ref()] = &p
		c.roleOrder = append(c.roleOrder, r)
	}
}

// titleOf returns the first role code that we know, and the words for it.
func titleOf(n node) (code bridge.RoleCode, title string) {
	for _, concept := range n.list("code") {
		text := concept.str("text")
		for _, k := range concept.codings() {
			if text == "" {
				text = k.display
			}
			if code == "" {
				code = roleCode(k.system, k.code)
			}
		}
		if title == "" {
			title = text
		}
	}
	return code, title
}

// absences takes the role's absences, when every role is known, and puts the
// role into the batch.
func (c *conversion) absences(r *resource) {
	p := c.roles[r.ref()]
	for _, a := range r.root().list("notAvailable") {
		during := a.get("during").period(c.loc)
		switch {
		case during.Start.IsZero() && during.End.IsZero():
			a.get("during").fail(Missing)
			continue
		case during.End.IsZero():
			during.End = during.Start.AddDate(1, 0, 0)
			a.get("during").note(EndAssumed)
		}
		absence := bridge.Absence{From: during.Start, Until: during.End, Reason: a.str("description")}
		if e := a.extension(ExtSubstitute); e.ok() {
			t := c.x.follow(e.get("valueReference"), "PractitionerRole", "Organization", "CareTeam")
			switch {
			case t.skipped || t.ref == r.ref():
				e.note(SubstituteMissing)
			default:
				absence.Substitute = t.ref
			}
		}
		p.Absences = append(p.Absences, absence)
	}
	c.batch.Resources = append(c.batch.Resources, *p)
}
