// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire

import (
	"errors"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// Error is a command's "err". Code is the one thing to branch on; Reasons are
// codes of the policy with texts of their own.
type Error struct {
	Code     bridge.Code     `json:"code"`
	Message  string          `json:"msg,omitempty"` // for a developer; holds nothing of a patient
	Retry    bool            `json:"retry"`         // the same command may succeed later by itself
	RetryMS  int64           `json:"retry_ms,omitempty"`
	Reasons  []bridge.Code   `json:"reasons,omitempty"`
	Remedies []bridge.Remedy `json:"remedies,omitempty"`
}

// ErrorOf is what a caller is told of err. Of what is not a *bridge.Error, only
// that it happened.
func ErrorOf(err error) Error {
	var e *bridge.Error
	if !errors.As(err, &e) {
		return Error{Code: bridge.CodeInternal, Retry: bridge.Outcomes[bridge.CodeInternal].Retry}
	}
	told := Error{
		Code:    e.Code,
		Message: e.Message,
		Retry:   bridge.Outcomes[e.Code].Retry,
		RetryMS: e.After.Milliseconds(),
	}
	if e.Decision != nil {
		told.Reasons, told.Remedies = e.Decision.Reasons, e.Decision.Remedies
	}
	return told
}

// Err is the *bridge.Error that e tells of, for a client.
func (e Error) Err() *bridge.Error {
	err := &bridge.Error{Code: e.Code, Message: e.Message, After: time.Duration(e.RetryMS) * time.Millisecond}
	if len(e.Reasons) > 0 || len(e.Remedies) > 0 {
		err.Decision = &bridge.Decision{Reasons: e.Reasons, Remedies: e.Remedies}
	}
	return err
}

// Close is one way in which the bridge ends a connection.
type Close struct {
	Code   int
	Reason bridge.Code // in the close frame, and in the disconnect push before it
	Doc    string
}

// Closes lists them all. 4000 to 4499: come back. 4500 to 4999: stop.
var Closes = []Close{
	{bridge.CloseDrain, "draining", "The node stops. Come back after the time of going_away."},
	{bridge.CloseSlow, "slow", "The client reads too slowly. What it missed is kept; resume."},
	{bridge.CloseNoPong, "no_pong", "No sign of life within 10 s of a ping, or a message that took longer than 10 s to arrive."},
	{bridge.CloseGap, "gap", "The position of the session can't be right. Connect and resume; a resync may follow."},
	{bridge.CloseTokenExpired, bridge.CodeTokenExpired, "The token ran out. Get another, then come back."},
	{bridge.CloseRateLimited, bridge.CodeRateLimited, "Far too many commands. Come back, and slow down."},
	{bridge.CloseKeyUnknown, bridge.CodeKeyUnknown, "The token's key is not known here yet. Come back with the same token; its issuer is asked at most once a minute."},
	{bridge.CloseBadToken, bridge.CodeUnauthenticated, "The token or ticket is no good. Sign in again."},
	{bridge.CloseProtocol, bridge.CodeBadRequest, "A frame that breaks this protocol, or one that is too large."},
	{bridge.CloseVersion, bridge.CodeVersion, "Another version of the protocol."},
	{bridge.CloseAuthTimeout, "auth_timeout", "No connect was accepted within 10 s."},
	{bridge.CloseKicked, "kicked", "The session was ended: signed out, or by an administrator."},
	{bridge.CloseTooMany, "too_many", "More than 8 connections of one person."},
	{bridge.CloseAccountDisabled, bridge.CodeAccountDisabled, "The account is closed."},
}

// CloseOf returns the way of closing with this code, and protocol's for a code
// that is none of ours.
func CloseOf(code int) Close {
	for _, c := range Closes {
		if c.Code == code {
			return c
		}
	}
	return Close{Code: code, Reason: bridge.CodeInternal}
}

// ComeBack reports whether a client may connect again after this close code. It
// may after a code that is none of ours: the network broke.
func ComeBack(code int) bool { return code < 4500 || code > 4999 }
