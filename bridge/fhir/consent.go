// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir

import (
	"github.com/brobygger/brobygger/bridge"
)

// consent takes a Consent of the scope patient-privacy: a permit becomes a
// bridge.Consent, a deny a bridge.Objection. One that is not active is left out
// and reported: an import neither withdraws a consent nor lifts an objection.
func (c *conversion) consent(r *resource) {
	n := r.root()
	switch n.str("status") {
	case "active":
	case "draft", "proposed", "rejected", "inactive", "entered-in-error":
		r.skip(NotActive)
		return
	default:
		n.get("status").fail(BadCode)
		return
	}
	if scope := n.get("scope"); !scope.ok() {
		scope.fail(Missing)
		return
	} else if !has(scope.codings(), systemScope, "patient-privacy") {
		r.skip(ScopeNotPrivacy)
		return
	}
	patient := n.get("patient")
	if !patient.ok() {
		patient.fail(Missing)
		return
	}
	whom := c.x.follow(patient, "Patient")
	if whom.ref == "" {
		return
	}
	p := n.get("provision")
	switch {
	case !p.ok() && has(n.get("policyRule").codings(), systemActCode, "OPTIN"):
		r.skip(TooGeneral)
	case p.str("type") == "permit" && n.in.message != nil:
		r.skip(NotFromMessage)
	case p.str("type") == "permit":
		if k, refused := c.permit(n, p, whom); refused != "" {
			r.skip(refused)
		} else {
			c.batch.Consents = append(c.batch.Consents, k)
		}
	case p.str("type") == "deny":
		c.objection(n, p, whom)
	default:
		// Silence might be a no, so it is not passed over.
		p.get("type").fail(Missing)
	}
}

func has(all []coding, system, code string) bool {
	for _, k := range all {
		if k.system == system && k.code == code {
			return true
		}
	}
	return false
}

// permit makes a consent, or says why there is none.
func (c *conversion) permit(n, p node, whom target) (bridge.Consent, Reason) {
	if whom.skipped {
		return bridge.Consent{}, RefersToSkipped
	}
	k := bridge.Consent{
		ID:      bridge.ConsentID(n.in.id),
		Patient: bridge.PatientID(whom.ref.ID()),
		State:   bridge.ConsentActive,
		Basis:   basis(n),
	}
	if !n.get("dateTime").ok() {
		return k, NoDate
	}
	k.GrantedAt = n.get("dateTime").instant(c.loc)
	if k.GrantedBy = c.grantor(n, whom.ref); k.GrantedBy == "" {
		return k, NoGrantor
	}
	var refused Reason
	if k.Scope, refused = c.scope(n, p); refused != "" {
		return k, refused
	}
	if k.Scope.Period.Start.IsZero() {
		k.Scope.Period.Start = k.GrantedAt
	}
	k.Evidence, refused = c.evidence(n, k.GrantedBy)
	return k, refused
}

// basis returns the legal basis named by a policy of ours, "" for another's:
// the import then asks the policy.
func basis(n node) string {
	for _, p := range n.list("policy") {
		uri := p.str("uri")
		if len(uri) > len(PolicyBase) && uri[:len(PolicyBase)] == PolicyBase && bridge.ValidateID(uri[len(PolicyBase):]) == nil {
			return uri[len(PolicyBase):]
		}
	}
	return ""
}

// grantor returns who gave the consent: the patient, or somebody who acts for
// them; "" for anybody else.
func (c *conversion) grantor(n node, patient bridge.Ref) bridge.Ref {
	performers := n.list("performer")
	if len(performers) == 0 {
		return ""
	}
	t := c.x.follow(performers[0], "Patient", "RelatedPerson")
	switch {
	case t.ref == patient:
		return t.ref
	case t.ref.Type() == bridge.TypeRelatedPerson && !t.skipped && c.actsFor(t.ref, patient):
		return t.ref
	}
	return ""
}

func (c *conversion) actsFor(person, patient bridge.Ref) bool {
	if whom, ok := c.actsForWhom[person]; ok {
		return whom == patient
	}
	return c.x.known != nil // the import checks whom a person known from before acts for
}

// party reads one party. state is "" for one that counts.
func (c *conversion) party(ref node) (p bridge.Party, refused Reason) {
	if i := ref.get("identifier"); i.ok() && i.str("system") == SystemFunction {
		if f := careFunction(SystemFunction, i.str("value")); f != "" {
			return bridge.Party{Function: f}, ""
		}
		i.get("value").fail(BadCode)
		return p, PartyNotSupported
	}
	t := c.x.follow(ref, "Organization", "PractitionerRole", "Practitioner", "CareTeam")
	switch {
	case t.ref == "":
		return p, PartyNotSupported
	case t.skipped:
		return p, RefersToSkipped
	case t.r != nil && t.r.typ == "CareTeam" && c.organizations[t.ref] == nil:
		return p, PartyNotSupported // a patient's whole team is nobody in particular
	}
	return bridge.Party{Ref: t.ref}, ""
}
