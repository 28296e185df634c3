// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"errors"
	"net/http"
	"time"
)

// The codes of errors. A denial's own reasons are more, and are the policy's.
const (
	CodeBadRequest        Code = "bad_request"
	CodeTooLarge          Code = "too_large"
	CodeVersion           Code = "unsupported_version"
	CodeUnauthenticated   Code = "unauthenticated"
	CodeTokenExpired      Code = "token_expired"
	CodeKeyUnknown        Code = "key_unknown" // the token is newer than what is known of its issuer's keys
	CodeAccountDisabled   Code = "account_disabled"
	CodeForbidden         Code = "forbidden" // also the answer for a patient that does not exist
	CodeConsentRequired   Code = "consent_required"
	CodeConsentWithdrawn  Code = "consent_withdrawn"
	CodePurpose           Code = "purpose_not_allowed"
	CodePolicyUnavailable Code = "policy_unavailable"
	CodeNotFound          Code = "not_found"
	CodeConflict          Code = "conflict"
	CodeRateLimited       Code = "rate_limited"
	CodeResync            Code = "resync_required"
	CodeErased            Code = "erased"           // its keys were destroyed; it never comes back
	CodeRingTaken         Code = "ring_taken"       // somebody else answered first, or it does not ring for the caller
	CodeRingExpired       Code = "ring_expired"     // nobody answered in time, or it is over
	CodeLineUnavailable   Code = "line_unavailable" // closed, full, or nobody of it can be rung
	CodeStorageFull       Code = "storage_full"
	CodeBusy              Code = "busy"
	CodeInternal          Code = "internal"
)

// Outcome is what a code means at each edge.
type Outcome struct {
	Status int  // HTTP
	Close  int  // WebSocket close code when it ends a session, 0 when it does not
	Retry  bool // the same call may succeed later without anybody changing anything
}

// Close codes. 4000-4499: come back; 4500-4999: stop.
const (
	CloseDrain           = 4000
	CloseSlow            = 4001
	CloseNoPong          = 4002
	CloseGap             = 4003
	CloseTokenExpired    = 4004
	CloseRateLimited     = 4005
	CloseKeyUnknown      = 4006
	CloseBadToken        = 4500
	CloseProtocol        = 4501
	CloseVersion         = 4502
	CloseAuthTimeout     = 4503
	CloseKicked          = 4504
	CloseTooMany         = 4505
	CloseAccountDisabled = 4506
)

// Outcomes is the one table of errors.
var Outcomes = map[Code]Outcome{
	CodeBadRequest:        {http.StatusBadRequest, 0, false},
	CodeTooLarge:          {http.StatusRequestEntityTooLarge, CloseProtocol, false},
	CodeVersion:           {http.StatusBadRequest, CloseVersion, false},
	CodeUnauthenticated:   {http.StatusUnauthorized, CloseBadToken, false},
	CodeTokenExpired:      {http.StatusUnauthorized, CloseTokenExpired, false},
	CodeKeyUnknown:        {http.StatusServiceUnavailable, CloseKeyUnknown, true},
	CodeAccountDisabled:   {http.StatusForbidden, CloseAccountDisabled, false},
	CodeForbidden:         {http.StatusForbidden, 0, false},
	CodeConsentRequired:   {http.StatusForbidden, 0, false},
	CodeConsentWithdrawn:  {http.StatusForbidden, 0, false},
	CodePurpose:           {http.StatusForbidden, 0, false},
	CodePolicyUnavailable: {http.StatusServiceUnavailable, 0, true},
	CodeNotFound:          {http.StatusNotFound, 0, false},
	CodeConflict:          {http.StatusConflict, 0, false},
	CodeRateLimited:       {http.StatusTooManyRequests, CloseRateLimited, true},
	CodeResync:            {http.StatusGone, 0, false},
	CodeErased:            {http.StatusGone, 0, false},
	CodeRingTaken:         {http.StatusConflict, 0, false},
	CodeRingExpired:       {http.StatusGone, 0, false},
	CodeLineUnavailable:   {http.StatusConflict, 0, true},
	CodeStorageFull:       {http.StatusInsufficientStorage, 0, true},
	CodeBusy:              {http.StatusServiceUnavailable, 0, true},
	CodeInternal:          {http.StatusInternalServerError, 0, true},
}

// Error is what a caller is told. Anything that is not an *Error is told as
// CodeInternal, without its text.
type Error struct {
	Code     Code
	Message  string        // for a developer; holds nothing of a patient
	After    time.Duration // when to try again, if known
	Decision *Decision     // the denial, when there was one
	Err      error         // for the log
}

func (e *Error) Error() string {
	text := string(e.Code)
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is(err, &Error{Code: c}) compare codes. ErrOutcomeUnknown is
// itself only: not every internal error leaves the outcome open.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t != ErrOutcomeUnknown && t.Code == e.Code
}

// CodeOf returns the code to tell a caller for err, "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}

// Errorf-like short forms for the two that are made everywhere.

// BadRequest returns an *Error for input that can't be right.
func BadRequest(message string) error { return &Error{Code: CodeBadRequest, Message: message} }

// ErrNotFound is what a store answers for what it does not hold. It reaches a
// caller only where the caller may know that the thing does not exist.
var ErrNotFound = &Error{Code: CodeNotFound}
