// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import "time"

// MessageID names a message for ever.
type MessageID string

// Priority says how soon a message wants to be seen. It never stands in for the
// telephone: nothing acute goes by message.
type Priority string

// The priorities (FHIR request-priority).
const (
	Routine Priority = "routine"
	Urgent  Priority = "urgent" // asks for an acknowledgement
)

// Part is a piece of a message about named topics. Redaction takes whole parts.
type Part struct {
	Topics []Topic `json:"topics"`
	Text   string  `json:"text,omitempty"`
	// Withheld marks a part whose text the reader may not see. Which topics it
	// had is then left out too, since that would tell.
	Withheld bool `json:"withheld,omitempty"`
}

// Limits of a message.
const (
	MaxBody       = 16 << 10 // bytes of text over all parts
	MaxParts      = 16
	MaxAttachment = 10 << 20 // bytes
	MaxMembers    = 50
)

// MessageState says what became of a message.
type MessageState string

// The states of a message.
const (
	MessageAccepted MessageState = "accepted" // kept, and on its way to its recipients
	MessageHeld     MessageState = "held"     // waits for the patient's answer to a request
	MessageReturned MessageState = "returned" // the patient said no, or a week passed; the text is wiped
)

// Message is content sent once by one party to the members of a conversation.
type Message struct {
	ID           MessageID      `json:"id"`
	Conversation ConversationID `json:"conversation"`
	Patient      PatientID      `json:"patient"`
	Seq          uint64         `json:"seq,omitempty"` // place in the conversation; 0 while held
	MID          string         `json:"mid"`           // the sender's id; unique per sender for ever
	Sender       Ref            `json:"sender"`
	// Subject is its conversation's, for who was not the one to open that. It is
	// content: handed over with a claim, and not kept here.
	Subject      string       `json:"subject,omitempty"`
	Parts        []Part       `json:"parts"`
	Attachments  []Attachment `json:"attachments,omitempty"` // descriptions; bytes are fetched apart
	Priority     Priority     `json:"priority"`
	ReplyTo      MessageID    `json:"reply_to,omitempty"`
	AckRequested bool         `json:"ack_requested,omitempty"`
	State        MessageState `json:"state"`
	SentAt       time.Time    `json:"sent_at"`
	Version      int          `json:"version"` // 1, and one more with each amendment
	Edited       bool         `json:"edited,omitempty"`
	Retracted    bool         `json:"retracted,omitempty"` // the text is gone for readers, kept as a version
	Request      RequestID    `json:"request,omitempty"`   // what a held message waits for

	// What the acceptance rested on; never changes afterwards (I6).
	Purpose  Purpose     `json:"purpose"`
	Case     string      `json:"case,omitempty"`
	Basis    string      `json:"basis,omitempty"`
	Consents []ConsentID `json:"consents,omitempty"`
	Revision string      `json:"revision,omitempty"`
	Epoch    uint64      `json:"-"`

	// Erased: the keys of the rest were destroyed. Left is what a column holds: ids,
	// place, sender, time, state and priority. Readers get it as withheld.
	Erased bool `json:"-"`
}

// Topics returns every topic of the message's parts and attachments, each once.
func (m Message) Topics() []Topic {
	var all []Topic
	seen := map[Topic]bool{}
	add := func(ts []Topic) {
		for _, t := range ts {
			if !seen[t] {
				seen[t] = true
				all = append(all, t)
			}
		}
	}
	for _, p := range m.Parts {
		add(p.Topics)
	}
	for _, a := range m.Attachments {
		add(a.Topics)
	}
	return all
}

// Version is an earlier text of an amended message, kept for the record.
type Version struct {
	Message   MessageID `json:"message"`
	Number    int       `json:"number"`
	Parts     []Part    `json:"parts"`
	By        Ref       `json:"by"`
	At        time.Time `json:"at"` // when the next version replaced it
	Reason    string    `json:"reason"`
	Retracted bool      `json:"retracted"`
}

// AttachmentID names an attachment.
type AttachmentID string

// Attachment describes a file of a message: PDF, PNG, JPEG or plain text, found
// by its bytes and not by its name, at most MaxAttachment long.
type Attachment struct {
	ID       AttachmentID `json:"id"`
	Patient  PatientID    `json:"patient"`
	Owner    Ref          `json:"owner"`
	Message  MessageID    `json:"message,omitempty"` // empty until a message carries it
	Name     string       `json:"name"`
	Type     string       `json:"type"` // media type, sniffed
	Size     int          `json:"size"` // bytes
	SHA256   string       `json:"sha256"`
	Topics   []Topic      `json:"topics"`
	At       time.Time    `json:"at"`
	Withheld bool         `json:"withheld,omitempty"` // the reader may not fetch it; name and topics are left out
}
