// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir

import "github.com/brobygger/brobygger/bridge"

// organization takes an Organization. Its sector is a type of SystemSector; one
// without a sector is taken, and the policy lets nobody there learn anything.
func (c *conversion) organization(r *resource) {
	n := r.root()
	o := bridge.Organization{
		ID:          r.id,
		Name:        n.str("name"),
		Identifiers: n.identifiers(SystemSOR, SystemGLN, SystemYder, SystemKombit),
		Phone:       n.phone(),
		Active:      n.flag("active", true),
	}
	for _, t := range n.list("type") {
		for _, code := range t.codings() {
			if code.system != SystemSector {
				continue
			}
			for _, s := range sectors {
				if code.code == string(s) {
					o.Sector = s
				}
			}
			if o.Sector == "" {
				code.at.fail(BadCode)
			}
		}
	}
	if o.Sector == "" {
		r.note("Organization.type", NoSector)
	}
	if o.Name == "" {
		r.note("Organization.name", NoName)
		o.Name = registerName(o.Identifiers)
	}
	o.PartOf = c.x.follow(n.get("partOf"), "Organization").ref.ID()
	c.organizations[r.ref()] = &o
	c.order = append(c.order, r)
}

// registerName stands in for a name: MedCom's messages may leave it out, and a
// number of the public register is better than nothing.
func registerName(ids []bridge.Identifier) string {
	for _, i := range ids {
		switch i.System {
		case SystemSOR:
			return "SOR " + i.Value
		case SystemGLN:
			return "GLN " + i.Value
		}
	}
	return ""
}

// unit takes a CareTeam that is nobody's in particular, "the sickness benefit
// team": on the bridge it is a unit of the organization that runs it.
func (c *conversion) unit(r *resource) {
	n := r.root()
	if n.get("subject").ok() {
		return
	}
	o := bridge.Organization{ID: r.id, Name: n.str("name"), Phone: n.phone(), Active: true}
	switch n.str("status") {
	case "", "active":
	case "proposed", "suspended", "inactive", "entered-in-error":
		r.skip(NotActive)
		return
	default:
		n.get("status").fail(BadCode)
	}
	if o.Name == "" {
		n.get("name").fail(Missing)
	}
	if other := c.x.byKey["Organization/"+r.id]; other != nil {
		r.fail("CareTeam.id", DuplicateID)
	}
	managers := n.list("managingOrganization")
	if len(managers) == 0 {
		r.skip(NoOrganization)
		return
	}
	parent := c.x.follow(managers[0], "Organization").ref
	o.PartOf = parent.ID()
	if p := c.organizations[parent]; p != nil {
		o.Sector = p.Sector
	}
	if o.Sector == "" {
		r.note("CareTeam.managingOrganization", NoSector)
	}
	r.note("CareTeam", UnitOfCareTeam)
	c.organizations[r.ref()] = &o
	c.order = append(c.order, r)
}
