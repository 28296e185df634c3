// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir

// Extensions of MedCom's CareCommunication (core IG 3).
const (
	extMedComIdentifier   = "http://medcomfhir.dk/ig/core/StructureDefinition/medcom-core-identifier-extension"
	extMedComPractitioner = "http://medcomfhir.dk/ig/core/StructureDefinition/medcom-core-practitioner-extension"
)

// message is what is remembered of a message Bundle: who signed which piece of
// text in it. MedCom's author roles name no organization; the organization that
// gave the piece of text its identifier is the one they write for.
type message struct {
	signed []signature
}

// signature pairs the references to a role and to its organization.
type signature struct{ role, organization any }

// see takes the signatures out of a Communication.
func (m *message) see(r *resource) {
	if r.typ != "Communication" {
		return
	}
	// What is wrong in a resource that is not taken harms nobody.
	aside := &resource{typ: r.typ, body: r.body}
	for _, p := range aside.root().list("payload") {
		s := signature{
			role:         p.extension(extMedComPractitioner).get("valueReference").v,
			organization: p.extension(extMedComIdentifier).get("valueIdentifier").get("assigner").v,
		}
		if s.role != nil && s.organization != nil {
			m.signed = append(m.signed, s)
		}
	}
}

// employer finds the one organization that a role signed for. With two there is
// none: which is meant can't be told.
func (m *message) employer(x *index, r *resource) (found target) {
	aside := &resource{typ: r.typ, input: r.input}
	at := func(v any) node { return node{v: v, path: "Communication.payload", in: aside} }
	for _, s := range m.signed {
		if x.follow(at(s.role), "PractitionerRole").r != r {
			continue
		}
		t := x.follow(at(s.organization), "Organization")
		if t.ref == "" || found.ref != "" && found.ref != t.ref {
			return target{}
		}
		found = t
	}
	return found
}
