// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import "time"

// Emergency is a break-glass access: one person, one patient, a written reason,
// confirmed a second time, 15 minutes (Sundhedsloven s. 41(2) no. 4).
type Emergency struct {
	ID            string    `json:"id"`
	MID           string    `json:"mid,omitempty"` // the asker's id: asking again with it returns this access
	Patient       PatientID `json:"patient"`
	By            Ref       `json:"by"`
	Organizations []string  `json:"organizations,omitempty"` // ids: where By worked when asking, then what that is part of, outwards
	Reason        string    `json:"reason"`                  // 10 to 1000 characters
	AskedAt       time.Time `json:"asked_at"`
	ConfirmedAt   time.Time `json:"confirmed_at,omitzero"` // within EmergencyConfirm of AskedAt
	ExpiresAt     time.Time `json:"expires_at,omitzero"`
	Entry         uint64    `json:"entry,omitempty"` // number of the entry in the patient's record with which it opened
	Reviewed      bool      `json:"reviewed"`
	Review        *Review   `json:"review,omitempty"`
	FollowUp      *FollowUp `json:"follow_up,omitempty"` // opens with the confirmation
	// ShownTo are the data-protection officers who have been shown it; each time
	// that was the first is an entry in the patient's record.
	ShownTo []Ref `json:"shown_to,omitempty"`
}

// FollowUp is the task that an emergency access leaves behind: somebody looks
// into it, and the patient is told what came out. The review closes it.
type FollowUp struct {
	ID       string    `json:"id"`
	OpenedAt time.Time `json:"opened_at"`
	DueAt    time.Time `json:"due_at"`
	ClosedAt time.Time `json:"closed_at,omitzero"`
}

// Review is what a data-protection officer made of an emergency access.
type Review struct {
	MID     string        `json:"mid"` // the officer's id: reviewing again with it changes nothing
	By      Ref           `json:"by"`
	At      time.Time     `json:"at"`
	Outcome ReviewOutcome `json:"outcome"`
	Note    ReviewNote    `json:"note"`
}

// ReviewOutcome is how a review ended. One that was referred may be followed by
// another; the two others are final.
type ReviewOutcome string

// The outcomes.
const (
	OutcomeJustified    ReviewOutcome = "justified"
	OutcomeNotJustified ReviewOutcome = "not-justified" // ends an access that is still open
	OutcomeReferred     ReviewOutcome = "referred"      // to whoever decides further
)

// ReviewNote is why, as a code: the record holds no free text. The officer's own
// words belong into their case system.
type ReviewNote string

// The notes. Notes lists them with the outcomes that they go with.
const (
	NoteLifeOrHealth   ReviewNote = "life-or-health"     // it could not wait
	NoteVitalInterest  ReviewNote = "vital-interest"     // somebody who could not look after their own interests
	NoteReasonUnclear  ReviewNote = "reason-unclear"     // the reason does not carry it
	NoteOtherWay       ReviewNote = "other-way-open"     // the patient, or the treating team, could have been asked
	NoteMoreThanNeeded ReviewNote = "more-than-needed"   // more was opened than the emergency asked for
	NotePrivate        ReviewNote = "private-purpose"    // it was not for the patient's sake
	NoteManagement     ReviewNote = "to-management"      // the employer looks further
	NoteAuthority      ReviewNote = "to-authority"       // a supervisory authority is told
	NotePolice         ReviewNote = "to-police"          //
	NoteSecondOpinion  ReviewNote = "to-second-reviewer" // somebody else reviews, for want of distance
)

// Notes are the notes that each outcome may have.
var Notes = map[ReviewOutcome][]ReviewNote{
	OutcomeJustified:    {NoteLifeOrHealth, NoteVitalInterest},
	OutcomeNotJustified: {NoteReasonUnclear, NoteOtherWay, NoteMoreThanNeeded, NotePrivate},
	OutcomeReferred:     {NoteManagement, NoteAuthority, NotePolice, NoteSecondOpinion},
}

// How long an emergency access lasts, and how long its second confirmation may take.
const (
	EmergencyLifetime = 15 * time.Minute
	EmergencyConfirm  = 2 * time.Minute
)

// DefaultReviewWithin is how long an emergency access may wait for its review
// where the operator says nothing else.
const DefaultReviewWithin = 72 * time.Hour

// RoleDataProtection is the role of a data-protection officer (GDPR art. 37): who
// is told of emergency accesses made in their organization. Whether they may see
// and review them is the policy's to say.
const RoleDataProtection RoleCode = "databeskyttelsesraadgiver"
