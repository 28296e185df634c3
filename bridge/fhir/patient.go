// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir

import (
	"regexp"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

var languageForm = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

// patient takes a Patient. Without a date of birth that of the CPR number
// stands; without either the patient's age is unknown, and the policy takes
// that as a no wherever age matters.
func (c *conversion) patient(r *resource) {
	n := r.root()
	p := bridge.Patient{
		ID:          bridge.PatientID(r.id),
		Name:        n.name("name"),
		Identifiers: n.identifiers(SystemCPR, SystemXECPR, SystemDECPR),
		Active:      n.flag("active", true),
		Interpreter: n.extension(extInterpreter).flag("valueBoolean", false),
	}
	if p.Name == "" {
		n.get("name").fail(Missing)
	}
	if n.flag("deceasedBoolean", false) || n.get("deceasedDateTime").ok() {
		p.Active = false
		r.note("Patient.deceased", Deceased)
	}
	p.BirthDate = c.birthDate(n, p.Identifiers)
	p.Language = language(n)
	c.batch.Patients = append(c.batch.Patients, p)
	c.account(r, r.ref())
}

func (c *conversion) birthDate(n node, ids []bridge.Identifier) time.Time {
	stated := n.get("birthDate").day()
	var numbered time.Time
	for _, i := range ids {
		switch {
		case i.System == SystemCPR:
			born, replacement, _ := parseCPR(i.Value)
			if replacement {
				n.get("identifier").note(ReplacementNumber)
			}
			if !stated.IsZero() && !stated.Equal(born) {
				n.get("birthDate").fail(BirthDateDiffers)
			}
			numbered = born
		case i.System == SystemXECPR && numbered.IsZero():
			// The national replacement number is built as a CPR number is
			// (dk-core's example ukendt-X-eCPR); a regional one may be a guess.
			numbered, _, _ = parseCPR(i.Value[:7] + "000")
		}
	}
	switch {
	case !stated.IsZero():
		return stated
	case !numbered.IsZero():
		n.get("birthDate").note(BirthDateDerived)
		return numbered
	}
	n.get("birthDate").note(NoBirthDate)
	return time.Time{}
}

// language returns the patient's preferred language, or the first.
func language(n node) string {
	var first string
	for _, l := range n.list("communication") {
		var tag string
		for _, k := range l.get("language").codings() {
			if tag == "" {
				tag = k.code
			}
		}
		if tag == "" {
			continue
		}
		if !languageForm.MatchString(tag) {
			l.get("language").fail(BadCode)
			continue
		}
		if l.flag("preferred", false) {
			return tag
		}
		if first == "" {
			first = tag
		}
	}
	return first
}

// relatedPerson takes a RelatedPerson who may act for the patient. Others are
// left out: being next of kin opens nothing.
func (c *conversion) relatedPerson(r *resource) {
	n := r.root()
	patient := n.get("patient")
	if !patient.ok() {
		patient.fail(Missing)
	}
	whom := c.x.follow(patient, "Patient")
	p := bridge.RelatedPerson{
		ID:      r.id,
		Patient: bridge.PatientID(whom.ref.ID()),
		Name:    n.name("name"),
		Period:  n.get("period").period(c.loc),
		Active:  n.flag("active", true),
	}
	n.identifiers() // checked, not kept
	for _, rel := range n.list("relationship") {
		for _, k := range rel.codings() {
			if k.system == systemRoleCode && p.Authority == "" {
				p.Authority = authorities[k.code]
			}
		}
	}
	switch {
	case p.Authority == "":
		r.skip(NoAuthority)
		return
	case r.message != nil:
		r.skip(NotFromMessage)
		return
	case whom.skipped:
		r.skip(RefersToSkipped)
		return
	case p.Name == "":
		n.get("name").fail(Missing)
	}
	c.actsForWhom[p.Reference()] = whom.ref
	c.batch.Resources = append(c.batch.Resources, p)
	c.account(r, r.ref())
}
