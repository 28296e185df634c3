// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import "time"

// CallbackID names one callback.
type CallbackID string

// CallbackState is how far a callback has come.
type CallbackState string

// The states of a callback. It is closed only with an outcome.
const (
	CallbackWaiting CallbackState = "waiting" // in the line's queue
	CallbackTaken   CallbackState = "taken"   // somebody rings back
	CallbackClosed  CallbackState = "closed"
)

// CallbackOutcome is how a callback ended.
type CallbackOutcome string

// The outcomes. One that was not reached may be put back in the queue instead.
const (
	CallbackTalked     CallbackOutcome = "talked"
	CallbackNotReached CallbackOutcome = "not-reached" // tried at least twice
	CallbackWritten    CallbackOutcome = "written"     // answered by a message
	CallbackCancelled  CallbackOutcome = "cancelled"   // by its caller
	CallbackForbidden  CallbackOutcome = "forbidden"   // the gate closed: a consent was withdrawn
)

// Callback is a line's promise to ring back: a place in its queue and a time by
// which it is kept.
type Callback struct {
	ID          CallbackID      `json:"id"`
	Rev         uint64          `json:"rev"` // grows by one with each change
	MID         string          `json:"mid"`
	Ring        RingID          `json:"ring"` // that nobody answered
	Line        LineID          `json:"line"`
	Patient     PatientID       `json:"patient"`
	Caller      Ref             `json:"caller"`
	Purpose     Purpose         `json:"purpose"`
	Case        string          `json:"case,omitempty"`
	Topics      []Topic         `json:"topics"`
	Consents    []ConsentID     `json:"consents,omitempty"` // relied on
	State       CallbackState   `json:"state"`
	Window      Period          `json:"window"` // in which the caller can be reached
	AskedAt     time.Time       `json:"asked_at"`
	DueAt       time.Time       `json:"due_at"` // the end of the window, or of the line's promise where that is earlier
	Taker       Ref             `json:"taker,omitempty"`
	TakenAt     time.Time       `json:"taken_at,omitzero"`
	Tries       int             `json:"tries,omitempty"`
	RemindedAt  time.Time       `json:"reminded_at,omitzero"`  // the line was reminded, before DueAt
	EscalatedAt time.Time       `json:"escalated_at,omitzero"` // the promise was broken, and the owner told
	Outcome     CallbackOutcome `json:"outcome,omitempty"`
	ClosedBy    Ref             `json:"closed_by,omitempty"`
	ClosedAt    time.Time       `json:"closed_at,omitzero"`
}

// Kept reports whether the promise was kept: somebody acted before DueAt.
func (c Callback) Kept() bool {
	return c.State == CallbackClosed && !c.ClosedAt.After(c.DueAt)
}
