// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import "time"

// DisclosureID names one handing over of content.
type DisclosureID string

// DisclosureState says how a disclosure ended.
type DisclosureState string

// The states of a disclosure. I10: it is closed only by the client's word or
// when no byte was written; a TCP error closes nothing.
const (
	DisclosureOpen    DisclosureState = "open"    // claimed; what the client did with it is not known yet
	DisclosureShown   DisclosureState = "shown"   // the client showed it and said so
	DisclosureStale   DisclosureState = "stale"   // the client found it too old and did not show it
	DisclosureUnsent  DisclosureState = "unsent"  // no byte was written
	DisclosureUnknown DisclosureState = "unknown" // handed over, receipt not confirmed
)

// Disclosure is the claim that is durable before content leaves (I3).
type Disclosure struct {
	ID        DisclosureID    `json:"id"`
	Patient   PatientID       `json:"patient"`
	Message   MessageID       `json:"message"`
	Recipient Ref             `json:"recipient"`
	Session   string          `json:"session"`
	Beat      uint64          `json:"beat"`  // newest beat read from the session before the claim (I4)
	Epoch     uint64          `json:"epoch"` // of the patient, at the claim
	Seq       uint64          `json:"seq"`   // of its entry in the patient's chain
	Consents  []ConsentID     `json:"consents,omitempty"`
	State     DisclosureState `json:"state"`
	ClaimedAt time.Time       `json:"claimed_at"`
	ClosedAt  time.Time       `json:"closed_at,omitzero"`
	Ring      RingID          `json:"ring,omitempty"` // what it is of, where it is no message
}

// DeliveryState accounts for one message and one recipient (I8: accepted =
// delivered + withheld + expired + pending, always).
type DeliveryState string

// The states of a delivery.
const (
	DeliveryPending   DeliveryState = "pending"
	DeliveryDelivered DeliveryState = "delivered"
	DeliveryWithheld  DeliveryState = "withheld"
	DeliveryExpired   DeliveryState = "expired" // retracted, or past retention, before it was shown
)

// Delivery is what one recipient gets of one message, and what became of it.
type Delivery struct {
	Message   MessageID     `json:"message"`
	Recipient Ref           `json:"recipient"`
	Via       Party         `json:"via,omitzero"` // the unit or care function by which it was addressed
	State     DeliveryState `json:"state"`
	Basis     string        `json:"basis,omitempty"`
	Consents  []ConsentID   `json:"consents,omitempty"`
	Redact    []Topic       `json:"redact,omitempty"`
	Reasons   []Code        `json:"reasons,omitempty"` // why it was withheld, as the sender may know it
	Refused   []Code        `json:"refused,omitempty"` // what the recipient was told of that; not for the sender
	AskedAt   time.Time     `json:"asked_at,omitzero"` // of one that was withheld when it was fetched: when the gate last refused it. Without it, withheld is for good.
	ShownAt   time.Time     `json:"shown_at,omitzero"`
	ReadAt    time.Time     `json:"read_at,omitzero"`
	AckedAt   time.Time     `json:"acked_at,omitzero"`
}

// refused is what the recipient is told of a withheld delivery.
func (d Delivery) refused() []Code {
	if len(d.Refused) > 0 {
		return d.Refused
	}
	return d.Reasons
}

// forSender is the delivery as the message's sender may see it. Who is behind a
// function or a unit is told when they may be reached.
func (d Delivery) forSender() Delivery {
	if d.State == DeliveryWithheld && d.Via != (Party{}) {
		d.Recipient = ""
	}
	d.Refused, d.AskedAt = nil, time.Time{}
	return d
}

// ReceiptKind is what a receipt tells the sender.
type ReceiptKind string

// The kinds of receipt. Delivered, read and acked each include those before.
// Withheld says that the recipient came for it and is not shown it, pending that
// they may be shown it after all.
const (
	ReceiptDelivered ReceiptKind = "delivered" // shown on a device of the recipient
	ReceiptRead      ReceiptKind = "read"
	ReceiptAcked     ReceiptKind = "acked"
	ReceiptWithheld  ReceiptKind = "withheld"
	ReceiptPending   ReceiptKind = "pending"
)

// Receipt tells a sender what a recipient did with a message.
type Receipt struct {
	Message      MessageID      `json:"message"`
	Conversation ConversationID `json:"conversation"`
	Seq          uint64         `json:"seq"`
	By           Ref            `json:"by"`
	Kind         ReceiptKind    `json:"kind"`
	At           time.Time      `json:"at"`
}
