// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir

import (
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// Batch checks what was added and returns it in our words, or, when one resource
// is invalid, nothing. The same inputs give the same batch, but for roles that
// have come to their end in the meantime. A Reader whose Batch
// was called is used up.
func (b *Reader) Batch() (bridge.ImportBatch, Report, error) {
	c := &conversion{
		now:           b.Now,
		loc:           b.Location,
		x:             newIndex(b.Known),
		organizations: map[bridge.Ref]*bridge.Organization{},
		roles:         map[bridge.Ref]*bridge.PractitionerRole{},
		lines:         map[*resource]*line{},
		accounts:      map[bridge.Subject]bridge.Ref{},
		actsForWhom:   map[bridge.Ref]bridge.Ref{},
		batch:         bridge.ImportBatch{Teams: map[bridge.PatientID][]bridge.CareTeamMember{}},
	}
	if c.loc == nil {
		loc, err := time.LoadLocation("Europe/Copenhagen")
		if err != nil {
			return bridge.ImportBatch{}, Report{}, err // embedded, so it never is
		}
		c.loc = loc
	}
	if c.now == nil {
		c.now = time.Now
	}
	c.run(b.resources)

	report := Report{Items: b.broken}
	for _, r := range b.resources {
		report.Items = append(report.Items, r.item)
	}
	if err := report.Err(); err != nil {
		return bridge.ImportBatch{}, report, err
	}
	return c.batch, report, nil
}

// conversion turns resources into nouns.
type conversion struct {
	loc           *time.Location
	now           func() time.Time
	x             *index
	batch         bridge.ImportBatch
	organizations map[bridge.Ref]*bridge.Organization
	roles         map[bridge.Ref]*bridge.PractitionerRole
	order         []*resource // taken organizations and units, in order of input
	roleOrder     []*resource
	lines         map[*resource]*line
	lineOrder     []*resource
	accounts      map[bridge.Subject]bridge.Ref
	actsForWhom   map[bridge.Ref]bridge.Ref // taken related persons and their patients
	signIns       []bridge.Resource
}

// run converts in the order in which one refers to the other.
func (c *conversion) run(all []*resource) {
	for _, r := range all {
		if r.taken() {
			r.identify()
		}
	}
	for _, r := range all {
		if r.taken() {
			c.unmodified(r)
			c.x.add(r)
		}
	}
	for _, r := range all {
		switch {
		case r.same != nil:
			r.skip(SameAsEarlier)
		case r.known != "":
			r.skip(KnownAlready)
		}
	}
	steps := []struct {
		typ     string
		convert func(*resource)
	}{
		{"Organization", c.organization},
		{"CareTeam", c.unit},
		{"HealthcareService", c.line},
		{"Practitioner", c.practitioner},
		{"PractitionerRole", c.role},
		{"Patient", c.patient},
		{"RelatedPerson", c.relatedPerson},
		{"CareTeam", c.careTeam},
		{"Consent", c.consent},
	}
	for _, s := range steps {
		for _, r := range all {
			if r.typ == s.typ && r.taken() {
				s.convert(r)
			}
		}
	}
	c.finish()
}

// unmodified refuses what changes the meaning of a resource in a way we do not
// know (R4, 2.4.2: a modifier extension must not be ignored).
func (c *conversion) unmodified(r *resource) {
	for _, key := range []string{"modifierExtension", "implicitRules"} {
		if n := r.root().get(key); n.ok() {
			n.fail(ModifierExtension)
		}
	}
}

// finish puts the directory into one list: what is referred to before what
// refers to it.
func (c *conversion) finish() {
	for _, r := range c.roleOrder {
		c.absences(r)
		c.tiers(r)
	}
	for _, r := range c.lineOrder {
		c.shifts(r)
	}
	var directory []bridge.Resource
	placed := map[bridge.Ref]bool{}
	for _, r := range c.order {
		directory = c.place(directory, placed, r)
	}
	directory = append(directory, c.batch.Resources...)
	c.batch.Resources = append(directory, c.signIns...)
}

// place appends an organization behind those that it is part of.
func (c *conversion) place(list []bridge.Resource, placed map[bridge.Ref]bool, r *resource) []bridge.Resource {
	var chain []bridge.Ref
	seen := map[bridge.Ref]bool{}
	for ref := r.ref(); ref != "" && c.organizations[ref] != nil && !placed[ref]; {
		if seen[ref] {
			r.fail(r.typ+".partOf", Cycle)
			return list
		}
		seen[ref] = true
		chain = append(chain, ref)
		parent := c.organizations[ref].PartOf
		ref = bridge.Ref(bridge.TypeOrganization + "/" + parent)
		if parent == "" {
			break
		}
	}
	for i := len(chain) - 1; i >= 0; i-- {
		placed[chain[i]] = true
		list = append(list, *c.organizations[chain[i]])
	}
	return list
}

// account takes the sign-ins of a person.
func (c *conversion) account(r *resource, person bridge.Ref) {
	for _, e := range r.root().extensions(ExtAccount) {
		if r.message != nil {
			e.note(NotFromMessage)
			continue
		}
		issuer := e.extension("issuer").get("valueString")
		subject := e.extension("subject").get("valueString")
		s := bridge.Subject{Issuer: issuer.text(), Name: subject.text()}
		switch {
		case s.Issuer == "" || s.Name == "":
			e.fail(Missing)
		case holdsCPR(s.Name):
			e.fail(IDIsNational)
		case c.accounts[s] == person:
		case c.accounts[s] != "":
			e.fail(DuplicateAccount)
		default:
			c.accounts[s] = person
			c.signIns = append(c.signIns, bridge.Account{Subject: s, Person: person})
		}
	}
}
