// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import "time"

// ConsentID is never reused: a new grant is a new id (I6), so that a withdrawn
// consent can't come back to life.
type ConsentID string

// ConsentState says whether a consent counts.
type ConsentState string

// The states of a consent. Only an active one inside its period counts.
const (
	ConsentActive     ConsentState = "active"
	ConsentWithdrawn  ConsentState = "withdrawn"
	ConsentExpired    ConsentState = "expired"
	ConsentSuperseded ConsentState = "superseded" // replaced by a newer one of the same scope
)

// Consent is the patient's permit (FHIR Consent, provision.type permit).
type Consent struct {
	ID           ConsentID    `json:"id"`
	Patient      PatientID    `json:"patient"`
	Scope        Scope        `json:"scope"`
	Basis        string       `json:"basis"` // legal basis that the grant was made under; sets the longest period
	State        ConsentState `json:"state"`
	GrantedBy    Ref          `json:"granted_by"` // the patient, or a RelatedPerson with the right to
	Evidence     Evidence     `json:"evidence"`
	GrantedAt    time.Time    `json:"granted_at"`
	GrantedEpoch uint64       `json:"granted_epoch"`
	EndedAt      time.Time    `json:"ended_at,omitzero"`
	EndedEpoch   uint64       `json:"ended_epoch,omitempty"`
	EndedBy      Ref          `json:"ended_by,omitempty"`
	Request      RequestID    `json:"request,omitempty"`
	Supersedes   ConsentID    `json:"supersedes,omitempty"`
}

// ConsentForm is how a consent was given.
type ConsentForm string

// Forms of consent. Signed-in and paper are written (Sundhedsloven s. 44).
const (
	FormSignedIn ConsentForm = "signed-in" // by the patient, at a sufficient level of assurance
	FormPaper    ConsentForm = "paper"
	FormOral     ConsentForm = "oral"
	FormWaived   ConsentForm = "waived" // writing waived because the case called for it; Reason says why
)

// Evidence is how the bridge can show that a consent was given (GDPR art. 7(1)).
type Evidence struct {
	Form        ConsentForm `json:"form"`
	Language    string      `json:"language"`     // BCP 47, of the text that was shown
	TextVersion string      `json:"text_version"` // version of the template
	TextHash    string      `json:"text_hash"`    // hex SHA-256 of the text that was shown
	RecordedBy  Ref         `json:"recorded_by"`  // who put it on record; the patient when signed in
	Reason      string      `json:"reason,omitempty"`
}

// RequestID names a consent request.
type RequestID string

// RequestState is how far a consent request has come.
type RequestState string

// The states of a consent request.
const (
	RequestPending  RequestState = "pending"
	RequestGranted  RequestState = "granted"
	RequestDeclined RequestState = "declined"
	RequestExpired  RequestState = "expired"
)

// ConsentRequest asks the patient for a consent. Messages may wait for it.
type ConsentRequest struct {
	ID         RequestID    `json:"id"`
	Patient    PatientID    `json:"patient"`
	By         Ref          `json:"by"`
	Scope      Scope        `json:"scope"`
	Reason     string       `json:"reason"` // in the asker's words, shown to the patient; 1 to 1000 characters
	State      RequestState `json:"state"`
	CreatedAt  time.Time    `json:"created_at"`
	ExpiresAt  time.Time    `json:"expires_at"` // a week on; then held messages return
	AnsweredAt time.Time    `json:"answered_at,omitzero"`
	Consent    ConsentID    `json:"consent,omitempty"`
}

// RequestLifetime is how long a request waits for the patient.
const RequestLifetime = 7 * 24 * time.Hour

// ObjectionID names an objection.
type ObjectionID string

// Objection is the patient's no, which counts even where no consent is needed
// (Sundhedsloven s. 41(3), 42a(5)). Empty Topics or Purposes mean all; empty
// Parties is refused.
type Objection struct {
	ID        ObjectionID `json:"id"`
	Patient   PatientID   `json:"patient"`
	Parties   []Party     `json:"parties"` // neither may these receive, nor be told of, what the objection is about
	Topics    []Topic     `json:"topics,omitempty"`
	Purposes  []Purpose   `json:"purposes,omitempty"`
	MadeBy    Ref         `json:"made_by"`
	CreatedAt time.Time   `json:"created_at"`
	LiftedAt  time.Time   `json:"lifted_at,omitzero"`
}

// Ruling is a Consent, an Objection or an Emergency, which a decision counts, or an
// Erasure, behind which there is nothing to decide about.
type Ruling interface {
	// About is the patient whom the ruling is about.
	About() PatientID
}

// About implements Ruling.
func (c Consent) About() PatientID { return c.Patient }

// About implements Ruling.
func (o Objection) About() PatientID { return o.Patient }

// About implements Ruling.
func (e Emergency) About() PatientID { return e.Patient }
