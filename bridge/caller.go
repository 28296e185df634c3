// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import "time"

// Subject is a sign-in: an issuer and its name for somebody. Only the pair
// identifies (OWASP ASVS 5.0, 10.3.3).
type Subject struct {
	Issuer string `json:"issuer"`
	Name   string `json:"name"`
}

// Assurance is the level at which a person was identified (NSIS).
type Assurance string

// The NSIS levels. Empty means unknown, and counts as lower than low.
const (
	AssuranceLow         Assurance = "low"
	AssuranceSubstantial Assurance = "substantial"
	AssuranceHigh        Assurance = "high"
)

// Identity is what a checked token says, before the directory is asked.
type Identity struct {
	Subject   Subject
	Assurance Assurance
	Issued    time.Time // of the token, by the issuer's clock
	Expires   time.Time
	Scopes    []string // ScopeAdmin may import and disable accounts
}

// Caller is the proven identity behind one call; it is a required parameter of
// every verb. Only Bridge.Caller makes one.
type Caller struct {
	Party     Ref       // PractitionerRole/…, Patient/… or RelatedPerson/…
	Person    Ref       // the human behind: Practitioner/…, Patient/… or RelatedPerson/…
	Subject   Subject   //
	Assurance Assurance //
	Expires   time.Time // of the token
	Epoch     uint64    // of the account, when the caller was made
	Admin     bool      // may import, disable accounts
}

// Verifier checks an access token. Kept by bridge/auth.
type Verifier interface {
	// Verify returns who the token speaks of, or an *Error with
	// CodeUnauthenticated or CodeTokenExpired that says nothing of the token.
	Verify(token string) (Identity, error)
}
