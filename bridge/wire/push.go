// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire

import (
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// PushType is what the bridge tells on its own: a push's "t".
type PushType string

// The pushes. The first group is durable: each is an event of the party's log,
// and carries its n.
const (
	PushMessage      = PushType(bridge.EventMessage)
	PushAmended      = PushType(bridge.EventAmended)
	PushReturned     = PushType(bridge.EventReturned)
	PushReceipt      = PushType(bridge.EventReceipt)
	PushConvAdded    = PushType(bridge.EventConvAdded)
	PushConvUpdated  = PushType(bridge.EventConvUpdated)
	PushConvLocked   = PushType(bridge.EventConvLocked)
	PushConvUnlocked = PushType(bridge.EventConvUnlocked)
	PushConsent      = PushType(bridge.EventConsent)
	PushLineRinging  = PushType(bridge.EventLineRinging)
	PushLineStop     = PushType(bridge.EventLineStop)
	PushLineState    = PushType(bridge.EventLineState)
	PushLineCallback = PushType(bridge.EventLineCallback)

	PushWelcome    PushType = "welcome"
	PushPoke       PushType = "poke" // its n says how far the log has grown; it carries nothing else
	PushResync     PushType = "resync"
	PushAuthz      PushType = "authz"
	PushTyping     PushType = "typing"
	PushPresence   PushType = "presence"
	PushLineAvail  PushType = "line.avail"
	PushLineSignal PushType = "line.signal"
	PushGoingAway  PushType = "going_away"
	PushDisconnect PushType = "disconnect"
)

// MessageEvent is what message and message.amended hold. Message is there unless
// Withheld says why not; then Disclosure names the claim to close by an ack.
type MessageEvent struct {
	At           time.Time             `json:"at"`
	Patient      bridge.PatientID      `json:"patient"`
	Conversation bridge.ConversationID `json:"conv"`
	ID           bridge.MessageID      `json:"id"`
	By           bridge.Ref            `json:"by,omitempty"`
	Message      *bridge.Message       `json:"message,omitempty"`
	Disclosure   bridge.DisclosureID   `json:"disclosure,omitempty"`
	Withheld     []bridge.Code         `json:"withheld,omitempty"`
}

// ReturnedEvent tells the sender of a held message that it will not go.
type ReturnedEvent struct {
	At           time.Time             `json:"at"`
	Patient      bridge.PatientID      `json:"patient"`
	Conversation bridge.ConversationID `json:"conv"`
	ID           bridge.MessageID      `json:"id"`
	Request      bridge.RequestID      `json:"request,omitempty"`
	State        string                `json:"state,omitempty"` // of the request
	Withheld     []bridge.Code         `json:"withheld,omitempty"`
}

// ReceiptEvent tells a sender what a recipient did with a message.
type ReceiptEvent struct {
	At           time.Time             `json:"at"`
	Patient      bridge.PatientID      `json:"patient"`
	Conversation bridge.ConversationID `json:"conv"`
	ID           bridge.MessageID      `json:"id"`
	By           bridge.Ref            `json:"by,omitempty"`
	Kind         bridge.ReceiptKind    `json:"kind,omitempty"`
	Reasons      []bridge.Code         `json:"reasons,omitempty"` // when kind is withheld
	Withheld     []bridge.Code         `json:"withheld,omitempty"`
}

// ConvEvent is what conv.added, conv.updated, conv.locked and conv.unlocked
// hold. The conversation itself is read by conv.list.
type ConvEvent struct {
	At           time.Time             `json:"at"`
	Patient      bridge.PatientID      `json:"patient"`
	Conversation bridge.ConversationID `json:"conv"`
	By           bridge.Ref            `json:"by,omitempty"`
	State        string                `json:"state,omitempty"`
	Withheld     []bridge.Code         `json:"withheld,omitempty"`
}

// ConsentEvent tells that a consent, a request, an objection or an emergency
// access changed; State is its new state. Of an emergency access that waits for a
// data-protection officer it names no patient.
type ConsentEvent struct {
	At        time.Time          `json:"at"`
	Patient   bridge.PatientID   `json:"patient,omitempty"`
	Consent   bridge.ConsentID   `json:"consent,omitempty"`
	Request   bridge.RequestID   `json:"request,omitempty"`
	Objection bridge.ObjectionID `json:"objection,omitempty"`
	Emergency string             `json:"emergency,omitempty"`
	By        bridge.Ref         `json:"by,omitempty"`
	State     string             `json:"state"`
	Withheld  []bridge.Code      `json:"withheld,omitempty"`
}

// Welcome is the first frame of a connection, before anybody has proven who
// they are. It says nothing of anybody.
type Welcome struct {
	Protocol string   `json:"protocol"`
	Features []string `json:"features"`
	AuthMS   int64    `json:"auth_ms"` // within which connect must come
}

// Resync tells that the client's place means nothing any more: read conv.list
// and history afresh, and go on from At.
type Resync struct {
	Reason ResyncReason    `json:"reason"`
	At     bridge.Position `json:"at"`
}

// ResyncReason is why.
type ResyncReason string

// The reasons.
const (
	ResyncLog    ResyncReason = "log"     // the store was restored: another log
	ResyncTooOld ResyncReason = "too_old" // events that far back are kept no more
	ResyncAhead  ResyncReason = "ahead"   // the client claims events that were never given out
)

// Authz tells that what the caller may do has changed.
type Authz struct {
	TTLMS int64 `json:"ttl_ms"` // until the session ends unless it is refreshed
}

// TypingSeen tells that somebody writes. It holds for TypingLifetime.
type TypingSeen struct {
	Conversation bridge.ConversationID `json:"conv"`
	By           bridge.Ref            `json:"by"`
	On           bool                  `json:"on"`
	LeftMS       int64                 `json:"left_ms"`
}

// GoingAway tells that the node is about to stop. Reconnect after InMS plus a
// random part of JitterMS.
type GoingAway struct {
	InMS     int64 `json:"in_ms"`
	JitterMS int64 `json:"jitter_ms"`
}

// Disconnect is the last frame before the bridge closes, since a browser may not
// show a close frame's reason.
type Disconnect struct {
	Code   int         `json:"code"`
	Reason bridge.Code `json:"reason,omitempty"`
}
