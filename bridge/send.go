// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"slices"
	"time"
	"unicode/utf8"
)

// Draft is what a sender asks to be sent.
type Draft struct {
	MID          string         `json:"mid"` // 8 to 64 of [A-Za-z0-9.-]; the same mid is the same message for ever
	Conversation ConversationID `json:"conv"`
	Parts        []Part         `json:"parts,omitempty"`
	Attachments  []AttachmentID `json:"attachments,omitempty"`
	Priority     Priority       `json:"priority,omitempty"` // "" is routine
	ReplyTo      MessageID      `json:"reply_to,omitempty"`
	AckRequested bool           `json:"ack_requested,omitempty"` // always so when urgent
}

// Sent is the answer to a Draft.
type Sent struct {
	Message    MessageID    `json:"message"`
	Seq        uint64       `json:"seq,omitempty"`
	State      MessageState `json:"state"`
	At         time.Time    `json:"at"`
	Duplicate  bool         `json:"duplicate,omitempty"` // had been sent before with this mid
	Recipients []SeenBy     `json:"recipients"`
}

// SeenBy says what one recipient will see, or has been given.
type SeenBy struct {
	Recipient Ref        `json:"recipient,omitempty"` // empty where the sender may not know who it is
	Via       Party      `json:"via,omitzero"`
	Allow     bool       `json:"allow"`
	Basis     string     `json:"basis,omitempty"`
	Redact    []Topic    `json:"redact,omitempty"`
	Parts     []Part     `json:"parts,omitempty"` // in a preview: as they will see them
	Reasons   []Code     `json:"reasons,omitempty"`
	Remedies  []Remedy   `json:"remedies,omitempty"`
	Reachable *Reachable `json:"reachable,omitempty"` // in a preview, of those who may be written to
}

func (d Draft) validate() error {
	if err := checkMID(d.MID); err != nil {
		return err
	}
	switch d.Priority {
	case "", Routine, Urgent:
	default:
		return BadRequest("priority is routine or urgent")
	}
	if len(d.Parts)+len(d.Attachments) == 0 {
		return BadRequest("a message has a part or an attachment")
	}
	if len(d.Attachments) > MaxParts {
		return BadRequest("more than 16 attachments")
	}
	return validParts(d.Parts)
}

func validParts(parts []Part) error {
	if len(parts) > MaxParts {
		return BadRequest("more than 16 parts")
	}
	size := 0
	for _, p := range parts {
		switch {
		case p.Withheld || p.Text == "":
			return BadRequest("a part has text")
		case !utf8.ValidString(p.Text):
			return BadRequest("text is not UTF-8")
		case len(p.Topics) == 0 || len(p.Topics) > len(Topics):
			return BadRequest("a part names its topics, each once")
		}
		size += len(p.Text)
	}
	if size > MaxBody {
		return &Error{Code: CodeTooLarge, Message: "more than 16 KiB of text"}
	}
	return nil
}

// outgoing is a draft on its way through the gate.
type outgoing struct {
	conv       Conversation
	message    Message
	recipients []recipient // in the order of the questions
	ready      []Ready     // in the order of the early questions
	handed     []handed
	deliveries map[Ref]Delivery // as accepted
	joined     Conversation     // as it was read for who joined, if it was
	held       bool             // it waited for the patient's answer
}

// Send sends. Each recipient is decided on: one may get all, one a redacted form,
// one nothing. When nobody may get anything the message is refused with the
// reasons and remedies of the first, and is not kept.
func (b *Bridge) Send(ctx context.Context, c Caller, d Draft) (Sent, error) {
	if err := d.validate(); err != nil {
		return Sent{}, err
	}
	o, err := b.prepare(ctx, c, d)
	if err != nil {
		return Sent{}, err
	}
	return b.accept(ctx, c, o)
}

// prepare reads what a draft speaks of.
func (b *Bridge) prepare(ctx context.Context, c Caller, d Draft) (o *outgoing, err error) {
	now := b.now()
	o = &outgoing{message: Message{
		ID: MessageID(newID(now)), Conversation: d.Conversation, MID: d.MID, Sender: c.Party,
		Parts: d.Parts, Priority: d.Priority, ReplyTo: d.ReplyTo, State: MessageAccepted, Version: 1,
		AckRequested: d.AckRequested || d.Priority == Urgent,
	}}
	if o.message.Priority == "" {
		o.message.Priority = Routine
	}
	err = b.store.View(ctx, func(tx Tx) error {
		if o.conv, err = b.talk(tx, c, d.Conversation); err != nil {
			return err
		}
		o.message.Patient, o.message.Purpose, o.message.Case = o.conv.Patient, o.conv.Purpose, o.conv.Case
		if err := attached(tx, c, d, &o.message); err != nil {
			return err
		}
		return replies(tx, d, o.conv.ID)
	})
	if err != nil {
		return nil, b.told(err)
	}
	return o, nil
}

// attached adds the descriptions of the draft's attachments, which must be the
// sender's own, about this patient, and in no other message.
func attached(tx Tx, c Caller, d Draft, m *Message) error {
	for _, id := range d.Attachments {
		a, _, err := tx.Messages().Attachment(id, false)
		if errors.Is(err, ErrNotFound) || err == nil && (a.Owner != c.Party || a.Patient != m.Patient) {
			return BadRequest("no such attachment of yours for this patient")
		}
		if err != nil {
			return err
		}
		m.Attachments = append(m.Attachments, a)
	}
	return nil
}

// replies checks that a reply stays in its conversation.
func replies(tx Tx, d Draft, conv ConversationID) error {
	if d.ReplyTo == "" {
		return nil
	}
	m, err := tx.Messages().Message(d.ReplyTo)
	if errors.Is(err, ErrNotFound) || err == nil && m.Conversation != conv {
		return BadRequest("reply_to is no message of this conversation")
	}
	return err
}

// sentBefore answers a repeated mid: the same message, or a conflict. A lost
// answer can so be asked for again, for ever.
func (b *Bridge) sentBefore(ctx context.Context, old, again Message) (Sent, error) {
	if old.Conversation != again.Conversation || old.State != MessageReturned && old.Version == 1 && !sameText(old, again) {
		return Sent{}, &Error{Code: CodeConflict, Message: "this mid was another message"}
	}
	s := Sent{Message: old.ID, Seq: old.Seq, State: old.State, At: old.SentAt, Duplicate: true}
	err := b.store.View(ctx, func(tx Tx) error {
		deliveries, err := tx.Disclosures().Deliveries(DeliveryQuery{Message: old.ID})
		for _, d := range deliveries {
			s.Recipients = append(s.Recipients, seenByDelivery(d))
		}
		return err
	})
	if err != nil {
		return Sent{}, b.told(err)
	}
	return s, nil
}

func sameText(x, y Message) bool {
	return slices.EqualFunc(x.Parts, y.Parts, func(p, q Part) bool {
		return p.Text == q.Text && slices.Equal(p.Topics, q.Topics)
	}) && slices.EqualFunc(x.Attachments, y.Attachments, func(p, q Attachment) bool { return p.ID == q.ID })
}

func seenByDelivery(d Delivery) SeenBy {
	s := SeenBy{Recipient: d.Recipient, Via: d.Via, Allow: d.State != DeliveryWithheld, Basis: d.Basis, Redact: d.Redact, Reasons: d.Reasons}
	if !s.Allow && d.Via != (Party{}) {
		s.Recipient = ""
	}
	return s
}

// questions asks, for each recipient, whether the message may be sent to them.
func (b *Bridge) questions(tx Tx, c Caller, s *Snapshot, o *outgoing) ([]Question, error) {
	self, err := b.self(tx, c)
	if err != nil {
		return nil, err
	}
	all, err := b.resolve(tx, s, o.conv.Members, b.now())
	if err != nil {
		return nil, err
	}
	o.recipients = slices.DeleteFunc(all, func(r recipient) bool { return r.Ref == c.Party })
	if len(o.recipients) == 0 {
		return nil, &Error{Code: CodeNotFound, Message: "nobody works in this unit now"}
	}
	topics := o.message.Topics()
	qs := make([]Question, len(o.recipients))
	for i, r := range o.recipients {
		qs[i] = Question{
			Action: ActionSend, From: self, To: r.Actor,
			Purpose: o.conv.Purpose, Topics: topics, Case: o.conv.Case,
		}
	}
	return qs, nil
}
