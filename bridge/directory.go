// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import "time"

// Sector is the part of care that an organization works in. Which regime of law
// a sector belongs to is data of the policy, not of this package.
type Sector string

// The sectors of the Danish policy.
const (
	SectorGeneralPractice    Sector = "general-practice"
	SectorHospitalPsychiatry Sector = "hospital-psychiatry"
	SectorSomaticHospital    Sector = "somatic-hospital"
	SectorSocialCare         Sector = "social-care"
	SectorEmployment         Sector = "employment"
)

// RoleCode is what somebody is employed as, in the terms of MedCom's
// medcom-core-PractitionerRoles where it has one ("overlaege", "socialraadgiver").
type RoleCode string

// Identifier is a business identifier (FHIR R4 Identifier). A value may be a
// national identifier: it is never logged and never leaves in an error.
type Identifier struct {
	System string `json:"system"`
	Value  string `json:"value"`
}

// Resource is anything the directory keeps.
type Resource interface {
	// Reference names the resource; it is the key it is stored under.
	Reference() Ref
}

// Organization is a legal body, a unit of one, or a team (FHIR Organization).
type Organization struct {
	ID          string       `json:"id"`
	Name        string       `json:"name"`
	Sector      Sector       `json:"sector,omitempty"` // empty for an umbrella such as a region
	PartOf      string       `json:"part_of,omitempty"`
	Identifiers []Identifier `json:"identifiers,omitempty"`
	Phone       string       `json:"phone,omitempty"`
	Active      bool         `json:"active"`
}

// Reference implements Resource.
func (o Organization) Reference() Ref { return Ref(TypeOrganization + "/" + o.ID) }

// Practitioner is a person who works in health or social care.
type Practitioner struct {
	ID          string       `json:"id"`
	Name        string       `json:"name"`
	Identifiers []Identifier `json:"identifiers,omitempty"`
	Active      bool         `json:"active"`
}

// Reference implements Resource.
func (p Practitioner) Reference() Ref { return Ref(TypePractitioner + "/" + p.ID) }

// PractitionerRole is a practitioner in a role at an organization: the party
// that sends and receives.
type PractitionerRole struct {
	ID           string    `json:"id"`
	Practitioner string    `json:"practitioner"`
	Organization string    `json:"organization"`
	Code         RoleCode  `json:"code"`
	Title        string    `json:"title,omitempty"` // as the person is presented, "Consultant psychiatrist"
	Phone        string    `json:"phone,omitempty"`
	Active       bool      `json:"active"`
	Hours        []Hours   `json:"hours,omitempty"`
	Absences     []Absence `json:"absences,omitempty"`
}

// Reference implements Resource.
func (r PractitionerRole) Reference() Ref { return Ref(TypePractitionerRole + "/" + r.ID) }

// Hours is one weekly window in which somebody works, in the local time of
// Europe/Copenhagen unless the configuration says otherwise (FHIR availableTime).
type Hours struct {
	Days  []time.Weekday `json:"days"`
	Start string         `json:"start"` // "08:00"
	End   string         `json:"end"`   // "15:30", after Start
}

// Absence is a period in which somebody is away (FHIR notAvailable) and who
// stands in.
type Absence struct {
	From       time.Time `json:"from"`
	Until      time.Time `json:"until"`
	Reason     string    `json:"reason,omitempty"`     // shown to senders: "holiday"
	Substitute Ref       `json:"substitute,omitempty"` // a PractitionerRole or an Organization
}

// At returns the absence in force at t.
func (r PractitionerRole) At(t time.Time) (Absence, bool) {
	for _, a := range r.Absences {
		if !t.Before(a.From) && t.Before(a.Until) {
			return a, true
		}
	}
	return Absence{}, false
}

// RelatedPerson acts for one patient: custody holder, guardian, holder of a
// power of attorney (FHIR RelatedPerson).
type RelatedPerson struct {
	ID        string    `json:"id"`
	Patient   PatientID `json:"patient"`
	Name      string    `json:"name"`
	Authority Authority `json:"authority"`
	Period    Period    `json:"period"`
	Active    bool      `json:"active"`
}

// Reference implements Resource.
func (r RelatedPerson) Reference() Ref { return Ref(TypeRelatedPerson + "/" + r.ID) }

// Authority is the ground on which somebody acts for a patient.
type Authority string

// Grounds for acting for a patient. Until when a custody holder decides is a
// rule of the policy (Sundhedsloven s. 17: until the patient is 15).
const (
	AuthorityCustody  Authority = "custody"           // v3-RoleCode PRN
	AuthorityGuardian Authority = "guardian"          // v3-RoleCode GUARD
	AuthorityAttorney Authority = "power-of-attorney" // v3-RoleCode HPOWATT
)

// Account ties a sign-in to a person. One account has one person; a practitioner
// chooses the role when connecting.
type Account struct {
	Subject  Subject `json:"subject"`
	Person   Ref     `json:"person"` // Practitioner/…, Patient/… or RelatedPerson/…
	Disabled bool    `json:"disabled"`
	Epoch    uint64  `json:"epoch"` // grows with each change that ends what was decided for this person
	// SignedOut is when all of its sessions were ended: no token of before counts.
	SignedOut time.Time `json:"signed_out,omitzero"`
	// DNDUntil is do-not-disturb as the person set it; live state only mirrors it.
	DNDUntil time.Time `json:"dnd_until,omitzero"`
}

// Reference implements Resource: the person; the key is Subject.
func (a Account) Reference() Ref { return a.Person }

// RoleEntry is one line of the directory: a role with the names around it.
type RoleEntry struct {
	Role         PractitionerRole `json:"role"`
	Name         string           `json:"name"`
	Organization Organization     `json:"organization"`
}
