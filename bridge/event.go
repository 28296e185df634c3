// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import "time"

// EventKind is what an event tells; it is the push's type on the wire.
type EventKind string

// The durable events.
const (
	EventMessage      EventKind = "message"
	EventAmended      EventKind = "message.amended"
	EventReceipt      EventKind = "receipt"
	EventConvAdded    EventKind = "conv.added"
	EventConvUpdated  EventKind = "conv.updated" // read marker of another device, members
	EventConvLocked   EventKind = "conv.locked"
	EventConvUnlocked EventKind = "conv.unlocked"
	EventConsent      EventKind = "consent.state" // consents, requests, objections, emergencies
	EventReturned     EventKind = "message.returned"

	EventLineRinging  EventKind = "line.ringing"  // to a target: it names no patient, what it is about is claimed
	EventLineStop     EventKind = "line.stop"     // to a target: State says why
	EventLineState    EventKind = "line.state"    // to the caller, and to who answered
	EventLineCallback EventKind = "line.callback" // to the caller, and to the line's people
)

// Event is one line of a party's own durable log. N is gap-free per party from
// 1, in the order of commits. An event holds ids, never content: content is
// read when it is disclosed, through the gate.
type Event struct {
	Party        Ref            `json:"party"`
	N            uint64         `json:"n"`
	Kind         EventKind      `json:"kind"`
	At           time.Time      `json:"at"`
	Patient      PatientID      `json:"patient,omitempty"`
	Conversation ConversationID `json:"conversation,omitempty"`
	Message      MessageID      `json:"message,omitempty"`
	Consent      ConsentID      `json:"consent,omitempty"`
	Request      RequestID      `json:"request,omitempty"`
	Objection    ObjectionID    `json:"objection,omitempty"`
	Emergency    string         `json:"emergency,omitempty"`
	Line         LineID         `json:"line,omitempty"`
	Ring         RingID         `json:"ring,omitempty"`
	Callback     CallbackID     `json:"callback,omitempty"`
	By           Ref            `json:"by,omitempty"`
	State        string         `json:"state,omitempty"`   // of what the event is about
	Reasons      []Code         `json:"reasons,omitempty"` // of a receipt that says withheld
}

// Position is a place in a party's log. Log is the random id of the store, which
// a restore from a backup changes: an n of another log means nothing.
type Position struct {
	Log string `json:"log"`
	N   uint64 `json:"n"`
}

// EventLifetime is how long events are kept; whoever was away longer is told to
// start afresh (CodeResync).
const EventLifetime = 30 * 24 * time.Hour
