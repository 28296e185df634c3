// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

// Topic is a kind of information. A part of a message carries at least one.
type Topic string

// The topics (DESIGN: kinds of information that people consent to apart).
const (
	TopicMentalHealth    Topic = "mental-health"    // v3-ActCode MH
	TopicMedication      Topic = "medication"       // local
	TopicSubstanceUse    Topic = "substance-use"    // v3-ActCode SUD
	TopicSomaticHealth   Topic = "somatic-health"   // local
	TopicSocialSituation Topic = "social-situation" // local: HL7 has no code for social care
	TopicHousing         Topic = "housing"          // v3-ActCode LIVARG
	TopicEmployment      Topic = "employment"       // v3-ActCode EMPL
	TopicPractical       Topic = "practical"        // appointments, phone numbers, who is who
)

// Topics lists every topic, in the order in which people are shown them.
var Topics = []Topic{
	TopicMentalHealth, TopicMedication, TopicSubstanceUse, TopicSomaticHealth,
	TopicSocialSituation, TopicHousing, TopicEmployment, TopicPractical,
}

// Purpose is why information is used.
type Purpose string

// The purposes; HL7's nearest v3-ActReason code stands beside each.
const (
	PurposeTreatment          Purpose = "treatment"           // TREAT
	PurposeCareCoordination   Purpose = "care-coordination"   // COC
	PurposeDischarge          Purpose = "discharge"           // COC
	PurposeSocialCasework     Purpose = "social-casework"     // local
	PurposeEmploymentFollowup Purpose = "employment-followup" // local
	PurposeBenefitAssessment  Purpose = "benefit-assessment"  // ELIGDTRM
	PurposeEmergency          Purpose = "emergency"           // ETREAT, BTG
)

// Purposes lists every purpose.
var Purposes = []Purpose{
	PurposeTreatment, PurposeCareCoordination, PurposeDischarge, PurposeSocialCasework,
	PurposeEmploymentFollowup, PurposeBenefitAssessment, PurposeEmergency,
}

// Scope is what a consent permits: between whom, about what, why, in which case
// and until when. An empty From, To, Topics or Purposes is refused: a wildcard
// consent is no consent (guidance 9330/2019 pt 117).
type Scope struct {
	From     []Party   `json:"from"` // who may disclose
	To       []Party   `json:"to"`   // who may receive
	Both     bool      `json:"both"` // also from To to From
	Topics   []Topic   `json:"topics"`
	Purposes []Purpose `json:"purposes"`
	Case     string    `json:"case,omitempty"` // the receiver's case, where the basis asks for one
	Period   Period    `json:"period"`
}

// Party names whom a scope is about: exactly one of Ref and Function is set. An
// organization stands for itself and its units.
type Party struct {
	Ref      Ref          `json:"ref,omitempty"`      // PractitionerRole/…, Practitioner/… or Organization/…
	Function CareFunction `json:"function,omitempty"` // "my care team's caseworker", whoever that is at the time
}
