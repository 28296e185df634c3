// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// Action is what a question is about.
type Action string

// The actions. Send and Read are about content and need topics; See is about
// who treats whom and whether they can be reached, which is itself health
// information, and needs none.
const (
	ActionSend Action = "send" // may this content, from From, be accepted for To
	ActionRead Action = "read" // may this content, from From, be shown to To now
	ActionSee  Action = "see"  // may To see that From is involved with the patient, and From's presence
	ActionRing Action = "ring" // may From ring To about this: as send, and the line's own rule
)

// Question is all that a decision depends on: a pure function's argument. The
// instant is part of it, so that any decision can be replayed.
type Question struct {
	Action  Action
	Now     time.Time
	Patient *Snapshot // nil or Missing when the patient is unknown
	From    Actor     // whose information it is
	To      Actor     // who would get it
	Purpose Purpose
	Topics  []Topic
	Case    string
	Line    *Callers // of the line that is rung, when there is one; for ActionRing only

	early bool // asked before its time; see the gate
}

// Actor is a party as a decision sees it. For a care function that nobody fills
// only Function is set: the answer is then that for whoever would fill it, so
// that a refusal does not tell whether there is one.
type Actor struct {
	Ref           Ref          // PractitionerRole/…, Patient/…, RelatedPerson/…
	Practitioner  Ref          // the person in the role
	Role          RoleCode     //
	Organizations []string     // ids: the employing unit, then what it is part of, outwards
	Sector        Sector       // of the employing unit
	Function      CareFunction // set when nobody fills it
	Assurance     Assurance    //
	Active        bool         // account, role and organization are all active
}

// Code is a machine-readable reason, basis of an error or a denial:
// "consent_required", "objection". Texts are the policy's.
type Code string

// Decision answers a question. The zero Decision denies.
type Decision struct {
	Allow      bool         `json:"allow"`
	Basis      string       `json:"basis,omitempty"`    // "dk.health-act.41-2-1"
	Consents   []ConsentID  `json:"consents,omitempty"` // relied on
	Redact     []Topic      `json:"redact,omitempty"`   // topics of the question that stay out
	Oblige     []Obligation `json:"oblige,omitempty"`
	Reasons    []Code       `json:"reasons,omitempty"` // every one that applies, when denied or redacted
	Remedies   []Remedy     `json:"remedies,omitempty"`
	Revision   string       `json:"revision"`             // of the policy that decided
	ValidUntil time.Time    `json:"valid_until,omitzero"` // when it may have to be asked again even if nothing changed
}

// over reports whether a yes is over by itself at now.
func (d Decision) over(now time.Time) bool {
	return d.Allow && !d.ValidUntil.IsZero() && !now.Before(d.ValidUntil)
}

// Obligation is what an allowed disclosure brings with it.
type Obligation string

// Obligations (the first two after v3-ActCode REDACT and NORDSCLCD).
const (
	ObligeRedact      Obligation = "redact"       // leave out Decision.Redact
	ObligeNoForward   Obligation = "no-forward"   // the receiver may not pass it on
	ObligeTellPatient Obligation = "tell-patient" // the patient is told at once
	ObligeReview      Obligation = "review"       // the data-protection officer reviews it
)

// RemedyKind is what somebody can do about a denial.
type RemedyKind string

// The remedies.
const (
	RemedyAskPatient   RemedyKind = "ask-patient" // Scope is the request, prefilled
	RemedyAskTeam      RemedyKind = "ask-treating-team"
	RemedyEmergency    RemedyKind = "emergency"
	RemedyRing         RemedyKind = "ring"  // about the topics of Scope alone, where the line is open to the caller
	RemedyWrite        RemedyKind = "write" // what may not be rung about here may be sent
	RemedyPhone        RemedyKind = "phone" // outside of the bridge, without naming the patient
	RemedyNamePurpose  RemedyKind = "name-purpose"
	RemedyNameTopics   RemedyKind = "name-topics"
	RemedyNameCase     RemedyKind = "name-case"
	RemedySignInHigher RemedyKind = "sign-in-higher"
)

// Remedy is a way out of a denial that a client can act on at once.
type Remedy struct {
	Kind  RemedyKind `json:"kind"`
	Scope *Scope     `json:"scope,omitempty"`
}

// Decider answers questions. Kept by policy.
//
// What it can't answer it answers with an error; the gate takes every error as a
// no. Decide is safe for concurrent use, keeps nothing of the question but the
// Snapshot (which is immutable), and never reads a clock.
type Decider interface {
	// Revision names the policy that decides now, as its decisions do.
	Revision() string
	Decide(ctx context.Context, q *Question) (Decision, error)
	// Rule returns what the legal basis of a consent over this scope asks for, or
	// an *Error with CodeBadRequest when no basis covers it. from and to are the
	// scope's parties, in its order; one that is an organization has no Role, and
	// a care function that nobody fills has only Function. When the parties need
	// different bases the strictest counts.
	Rule(s *Scope, from, to []Actor) (ConsentRule, error)
	// MayConsent reports whether by may grant, decline, withdraw and object for
	// the patient (from 15 the patient; before, the holder of custody).
	MayConsent(ctx context.Context, by Actor, patient *Snapshot, now time.Time) (Decision, error)
	// MayBreakGlass reports whether by's role may use emergency access at all.
	MayBreakGlass(ctx context.Context, by Actor, patient *Snapshot, now time.Time) (Decision, error)
	// MayReview reports whether by may see and review emergency accesses that were
	// made at these organizations: where the maker worked, and what that is part of.
	MayReview(ctx context.Context, by Actor, organizations []string, now time.Time) (Decision, error)
}

// ConsentRule is what a legal basis demands of a consent.
type ConsentRule struct {
	Basis     string        // "dk.health-act.43-1"
	Forms     []ConsentForm // forms that count
	NeedsCase bool
	Longest   time.Duration // 0: no longest period in the basis
}

// Texts turns codes and scopes into words. Kept by policy. Languages are BCP 47;
// an unknown one falls back to Danish, and the answer says which it is.
type Texts interface {
	Reason(code Code, language string) string
	Remedy(kind RemedyKind, language string) string
	Basis(basis, language string) string
	// Consent is the text a patient is asked to agree to. names gives the words
	// for each party. The same input gives the same bytes for one Version.
	Consent(s *Scope, names map[Party]string, language string) ConsentText
	// Sentence words an entry for the patient: when, who, as what, what, about
	// which topics, and why. by and to are names; an empty one is the patient's, who
	// reads it, where the entry is by or to the patient. Where an entry of a ring is
	// to nobody, to is the name of its line.
	Sentence(e ledger.Entry, by, to, language string) string
}

// ConsentText is what the patient was shown.
type ConsentText struct {
	Language string `json:"language"`
	Version  string `json:"version"`
	Body     string `json:"body"`
	Hash     string `json:"hash"` // hex SHA-256 of Body
}
