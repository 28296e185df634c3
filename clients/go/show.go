// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package brobygger

import (
	"log/slog"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// show hands one event of the log to its handler and moves the place. It reports
// false, and does neither, for content that is too old.
func (c *Client) show(k *conn, e wire.Event, beat uint64) bool {
	var shown bridge.DisclosureID
	switch e.Type {
	case wire.PushMessage, wire.PushAmended:
		var m wire.MessageEvent
		if err := e.Into(&m); err != nil {
			c.o.Log.WarnContext(c.ctx, "message that can't be read", slog.Uint64("n", e.N))
			break
		}
		f := c.o.On.Message
		if e.Type == wire.PushAmended {
			f = c.o.On.Amended
		}
		if f != nil && c.o.On.Prepare != nil {
			c.o.On.Prepare(m.Patient, []bridge.Ref{m.By})
		}
		if m.Disclosure != "" && (f == nil || !k.beats.fresh(beat)) {
			k.acks.add(0, "", m.Disclosure)
			if f != nil {
				return false
			}
			break
		}
		c.remember(m.Conversation, m.Patient)
		if f != nil {
			f(Message{e.N, m})
			shown = m.Disclosure
		}
	default:
		c.tell(e)
	}
	c.moved(e.N, shown)
	k.acks.add(e.N, shown, "")
	return true
}

// tell hands over an event that has no content to show. Types that are not known
// here are passed over.
func (c *Client) tell(e wire.Event) {
	on := &c.o.On
	switch e.Type {
	case wire.PushReturned:
		if on.Returned != nil {
			handle(c, e, func(d wire.ReturnedEvent) { on.Returned(Returned{e.N, d}) })
		}
	case wire.PushReceipt:
		if on.Receipt != nil {
			handle(c, e, func(d wire.ReceiptEvent) { on.Receipt(Receipt{e.N, d}) })
		}
	case wire.PushConvAdded, wire.PushConvUpdated, wire.PushConvLocked, wire.PushConvUnlocked:
		if on.Conversation != nil {
			handle(c, e, func(d wire.ConvEvent) { on.Conversation(Conversation{e.N, e.Type, d}) })
		}
	case wire.PushConsent:
		if on.Consent != nil {
			handle(c, e, func(d wire.ConsentEvent) { on.Consent(Consent{e.N, d}) })
		}
	default:
		c.tellLine(e)
	}
}
