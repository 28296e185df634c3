// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"slices"
	"time"
)

// ConversationID names a conversation.
type ConversationID string

// Conversation is talk about one patient, for one purpose. Its messages are in
// one total order, Seq 1, 2, 3, …
type Conversation struct {
	ID      ConversationID `json:"id"`
	MID     string         `json:"mid"` // the opener's id: opening again with it returns this conversation
	Patient PatientID      `json:"patient"`
	Purpose Purpose        `json:"purpose"`
	Case    string         `json:"case,omitempty"`
	Subject string         `json:"subject,omitempty"` // practical words only; at most 120 characters
	Members []Party        `json:"members"`           // the opener first; a function is resolved at each send
	// Participants are all whom Members ever stood for, the opener first: who has
	// the conversation in their list. Being one of them permits nothing.
	Participants []Ref     `json:"participants"`
	OpenedBy     Ref       `json:"opened_by"`
	OpenedAt     time.Time `json:"opened_at"`
	LastSeq      uint64    `json:"last_seq"`
	ChangedAt    time.Time `json:"changed_at"`
}

// Mark is how far one member has read a conversation.
type Mark struct {
	Party Ref    `json:"party"`
	Seq   uint64 `json:"seq"`
}

// has reports whether the party is a participant.
func (c Conversation) has(party Ref) bool { return slices.Contains(c.Participants, party) }
