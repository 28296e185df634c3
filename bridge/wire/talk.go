// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire

import (
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// Previewed answers a preview: what each recipient would see.
type Previewed struct {
	Recipients []bridge.SeenBy `json:"recipients"`
}

// Amended answers an amendment with the message as it stands now.
type Amended struct {
	Message bridge.Message `json:"message"`
}

// Read moves the caller's marker up to Seq.
type Read struct {
	Conversation bridge.ConversationID `json:"conv"`
	Seq          uint64                `json:"seq"`
}

// ReadDone answers Read.
type ReadDone struct {
	ReadSeq uint64 `json:"read_seq"`
}

// Acknowledge answers a message that asks for it.
type Acknowledge struct {
	Message bridge.MessageID `json:"message"`
}

// Acknowledged answers Acknowledge.
type Acknowledged struct {
	At time.Time `json:"at"`
}

// Typing says that somebody writes. It is not answered.
type Typing struct {
	Conversation bridge.ConversationID `json:"conv"`
	On           bool                  `json:"on"`
}

// ConvOpened answers conv.open.
type ConvOpened struct {
	Conversation bridge.Conversation `json:"conversation"`
}

// ConvList asks for the caller's conversations, those changed last first.
type ConvList struct {
	Patient bridge.PatientID `json:"patient,omitempty"`
	Before  time.Time        `json:"before,omitzero"` // changed before; of the last item of the page before
	Limit   int              `json:"limit,omitempty"` // 0 means 50
}

// ConvListed answers ConvList. At was read first: what happened behind it comes
// as events, and may be in the list already.
type ConvListed struct {
	Items []bridge.ConversationView `json:"items"`
	More  bool                      `json:"more"`
	At    bridge.Position           `json:"at"`
}

// HistoryRead answers history.
type HistoryRead struct {
	Items    []bridge.HistoryItem `json:"items"`
	Complete bool                 `json:"complete"` // there is no more in this direction
}
