// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire

import (
	"strconv"

	"github.com/brobygger/brobygger/bridge"
)

// What is sent most is encoded by hand, which reflection takes several times as
// long over. TestWhatIsWrittenByHandReadsAsJSON holds every field against
// encoding/json.

// value appends v if it is one of those.
func (o *object) value(v any) bool {
	switch v := v.(type) {
	case *MessageEvent:
		o.messageEvent(v)
	case *ReceiptEvent:
		o.receiptEvent(v)
	case *bridge.Sent:
		o.sent(v)
	case *ReadDone:
		o.open()
		o.number("read_seq", v.ReadSeq)
		o.close()
	case *Acknowledged:
		o.open()
		o.time("at", v.At)
		o.close()
	default:
		return false
	}
	return true
}

func (o *object) messageEvent(e *MessageEvent) {
	o.open()
	o.time("at", e.At)
	o.text("patient", string(e.Patient))
	o.text("conv", string(e.Conversation))
	o.text("id", string(e.ID))
	o.textIf("by", string(e.By))
	if e.Message != nil {
		o.name("message")
		o.message(e.Message)
	}
	o.textIf("disclosure", string(e.Disclosure))
	appendTextsIf(o, "withheld", e.Withheld)
	o.close()
}

func (o *object) message(m *bridge.Message) {
	o.open()
	o.text("id", string(m.ID))
	o.text("conversation", string(m.Conversation))
	o.text("patient", string(m.Patient))
	if m.Seq != 0 {
		o.number("seq", m.Seq)
	}
	o.text("mid", m.MID)
	o.text("sender", string(m.Sender))
	o.textIf("subject", m.Subject)
	o.parts("parts", m.Parts)
	if len(m.Attachments) > 0 {
		o.other("attachments", m.Attachments)
	}
	o.text("priority", string(m.Priority))
	o.textIf("reply_to", string(m.ReplyTo))
	o.flagIf("ack_requested", m.AckRequested)
	o.text("state", string(m.State))
	o.time("sent_at", m.SentAt)
	o.name("version")
	o.out = strconv.AppendInt(o.out, int64(m.Version), 10)
	o.flagIf("edited", m.Edited)
	o.flagIf("retracted", m.Retracted)
	o.textIf("request", string(m.Request))
	o.text("purpose", string(m.Purpose))
	o.textIf("case", m.Case)
	o.textIf("basis", m.Basis)
	appendTextsIf(o, "consents", m.Consents)
	o.textIf("revision", m.Revision)
	o.close()
}

func (o *object) parts(name string, parts []bridge.Part) {
	o.name(name)
	o.out = append(o.out, '[')
	for i := range parts {
		if i > 0 {
			o.out = append(o.out, ',')
		}
		o.open()
		appendTexts(o, "topics", parts[i].Topics)
		o.textIf("text", parts[i].Text)
		o.flagIf("withheld", parts[i].Withheld)
		o.close()
	}
	o.out = append(o.out, ']')
}

func (o *object) receiptEvent(e *ReceiptEvent) {
	o.open()
	o.time("at", e.At)
	o.text("patient", string(e.Patient))
	o.text("conv", string(e.Conversation))
	o.text("id", string(e.ID))
	o.textIf("by", string(e.By))
	o.textIf("kind", string(e.Kind))
	appendTextsIf(o, "reasons", e.Reasons)
	appendTextsIf(o, "withheld", e.Withheld)
	o.close()
}

func (o *object) sent(s *bridge.Sent) {
	o.open()
	o.text("message", string(s.Message))
	if s.Seq != 0 {
		o.number("seq", s.Seq)
	}
	o.text("state", string(s.State))
	o.time("at", s.At)
	o.flagIf("duplicate", s.Duplicate)
	o.name("recipients")
	o.out = append(o.out, '[')
	for i := range s.Recipients {
		if i > 0 {
			o.out = append(o.out, ',')
		}
		o.seenBy(&s.Recipients[i])
	}
	o.out = append(o.out, ']')
	o.close()
}

func (o *object) seenBy(s *bridge.SeenBy) {
	o.open()
	o.textIf("recipient", string(s.Recipient))
	if s.Via != (bridge.Party{}) {
		o.name("via")
		o.open()
		o.textIf("ref", string(s.Via.Ref))
		o.textIf("function", string(s.Via.Function))
		o.close()
	}
	o.flag("allow", s.Allow)
	o.textIf("basis", s.Basis)
	appendTextsIf(o, "redact", s.Redact)
	if len(s.Parts) > 0 {
		o.parts("parts", s.Parts)
	}
	appendTextsIf(o, "reasons", s.Reasons)
	if len(s.Remedies) > 0 {
		o.other("remedies", s.Remedies)
	}
	if s.Reachable != nil {
		o.other("reachable", s.Reachable)
	}
	o.close()
}
