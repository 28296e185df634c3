// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"fmt"
	"strings"
)

// Ref names one resource in the manner of a FHIR literal reference, "Type/id":
// "PractitionerRole/holm-noerregade", "Patient/jens". It is the only form in
// which a party is named on the wire, in a decision and in an entry. The id is
// opaque and never a national identifier.
type Ref string

// Types of resource that a Ref may name (FHIR R4 resource names).
const (
	TypePatient          = "Patient"
	TypeRelatedPerson    = "RelatedPerson"
	TypePractitioner     = "Practitioner"
	TypePractitionerRole = "PractitionerRole"
	TypeOrganization     = "Organization"
)

// Type returns the part before the slash, "" for a malformed Ref.
func (r Ref) Type() string {
	t, _, ok := strings.Cut(string(r), "/")
	if !ok {
		return ""
	}
	return t
}

// ID returns the part behind the slash.
func (r Ref) ID() string {
	_, id, _ := strings.Cut(string(r), "/")
	return id
}

// Validate reports whether r is a known type and an id of FHIR's form:
// 1 to 64 of [A-Za-z0-9.-] (FHIR R4, datatype id).
func (r Ref) Validate() error {
	switch r.Type() {
	case TypePatient, TypeRelatedPerson, TypePractitioner, TypePractitionerRole, TypeOrganization:
	default:
		return fmt.Errorf("reference of unknown type %q", r.Type())
	}
	return ValidateID(r.ID())
}

// ValidateID reports whether id is a FHIR id: 1 to 64 of [A-Za-z0-9.-].
func ValidateID(id string) error {
	if len(id) == 0 || len(id) > 64 {
		return fmt.Errorf("id of %d characters, want 1 to 64", len(id))
	}
	for _, c := range []byte(id) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.':
		default:
			return fmt.Errorf("id with a character outside [A-Za-z0-9.-]")
		}
	}
	return nil
}

// PatientID names the patient that information is about.
type PatientID string

// Ref returns the patient as a party.
func (p PatientID) Ref() Ref { return Ref(TypePatient + "/" + string(p)) }
