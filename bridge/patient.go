// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import "time"

// Patient is whom the information is about, in every sector.
type Patient struct {
	ID          PatientID    `json:"id"`
	Name        string       `json:"name"`
	BirthDate   time.Time    `json:"birth_date"`         // midnight UTC of the day
	Language    string       `json:"language,omitempty"` // BCP 47: "da", "en", "ar", "fa"
	Interpreter bool         `json:"interpreter,omitempty"`
	Identifiers []Identifier `json:"identifiers,omitempty"`
	Active      bool         `json:"active"`
}

// Reference implements Resource.
func (p Patient) Reference() Ref { return p.ID.Ref() }

// CareFunction is what somebody is for one patient.
type CareFunction string

// Care functions of the Danish policy.
const (
	FunctionOwnGP                CareFunction = "own-gp"
	FunctionTreatingPsychiatrist CareFunction = "treating-psychiatrist"
	FunctionTreatingPhysician    CareFunction = "treating-physician"
	FunctionContactNurse         CareFunction = "contact-nurse"
	FunctionSupportWorker        CareFunction = "support-worker"
	FunctionCaseworker           CareFunction = "caseworker"
	FunctionCareManager          CareFunction = "care-manager"
	FunctionInterpreter          CareFunction = "interpreter"
)

// CareTeamMember says who is involved with a patient as what, and when
// (FHIR CareTeam.participant).
type CareTeamMember struct {
	Member   Ref          `json:"member"` // PractitionerRole/… or Organization/… (a unit)
	Function CareFunction `json:"function"`
	Period   Period       `json:"period"`
}

// Period is a span of time, [Start, End). A zero End means open.
type Period struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end,omitzero"`
}

// Contains reports whether t lies in the period.
func (p Period) Contains(t time.Time) bool {
	return !t.Before(p.Start) && (p.End.IsZero() || t.Before(p.End))
}

// Head is the patient's row: the lock, the consent clock and the head of the
// patient's own chain of entries, in one.
type Head struct {
	Epoch uint64   `json:"epoch"` // I1: only grows; each change a decision depends on bumps it
	Seq   uint64   `json:"seq"`   // number of the newest entry, gap-free from 1
	Hash  [32]byte `json:"-"`     // chain head over the entries up to Seq
}

// Snapshot is everything of one patient that a decision depends on, read in one
// transaction. It is never changed after it was made, so it may be shared and
// cached under (Patient.ID, Epoch).
type Snapshot struct {
	Patient         Patient
	Epoch           uint64
	Team            []CareTeamMember
	Consents        []Consent   // active ones only
	Objections      []Objection // not lifted
	Representatives []RelatedPerson
	Emergencies     []Emergency // asked or confirmed, and not yet ended

	// Missing says that there is no such patient: all else is empty.
	Missing bool
}
