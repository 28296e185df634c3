// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"strings"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
	brobygger "github.com/brobygger/brobygger/clients/go"
)

type historyCmd struct {
	remote
	about
	Before uint64 `help:"Only what stands before this number." placeholder:"N"`
	After  uint64 `help:"Only what stands behind this number." placeholder:"N"`
	Limit  int    `help:"At most so many messages, 1 to 200." default:"50" placeholder:"N"`
	Unread bool   `help:"Do not mark them as read."`
}

// Run reads a conversation.
func (h *historyCmd) Run(ctx context.Context, out *printer) error {
	c, err := h.dial(ctx, out, brobygger.Handlers{})
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	conv, err := h.which(ctx, c)
	if err != nil {
		return err
	}
	var items []bridge.HistoryItem
	q := bridge.HistoryQuery{Conversation: conv, Before: h.Before, After: h.After, Limit: h.Limit}
	if err := c.ReadHistory(ctx, q, func(got wire.HistoryRead) {
		items = got.Items
		if !out.value(got) {
			out.history(got.Items)
		}
	}); err != nil {
		return err
	}
	return h.mark(ctx, c, conv, items)
}

// which is the conversation that is named, or the latest about the patient.
func (h *historyCmd) which(ctx context.Context, c *brobygger.Client) (bridge.ConversationID, error) {
	if h.Conv == "" && len(h.To) == 0 && h.Purpose == "" && h.Patient != "" {
		p, err := patientID(h.Patient)
		if err != nil {
			return "", err
		}
		return latest(ctx, c, p)
	}
	conv, _, err := h.conversation(ctx, c)
	return conv, err
}

// mark says that what was shown was read.
func (h *historyCmd) mark(ctx context.Context, c *brobygger.Client, conv bridge.ConversationID, items []bridge.HistoryItem) error {
	if h.Unread {
		return nil
	}
	var seq uint64
	for _, it := range items {
		if len(it.Withheld) == 0 {
			seq = max(seq, it.Message.Seq)
		}
	}
	if seq == 0 {
		return nil
	}
	_, err := c.MarkRead(ctx, conv, seq)
	return err
}

// history prints messages, each with what became of it where the reader wrote it.
func (p *printer) history(items []bridge.HistoryItem) {
	if len(items) == 0 {
		p.tell("nothing to read")
	}
	for _, it := range items {
		m := it.Message
		if len(it.Withheld) > 0 {
			p.printf("\n%3d  %s\n", m.Seq, p.red(p.say("withheld")))
			p.reasons("     ", it.Withheld)
			continue
		}
		p.printf("\n%3d  %s  %s\n", m.Seq, p.when(m.SentAt), p.bold(p.name(m.Sender)))
		p.content(m)
		for _, d := range it.Deliveries {
			p.printf("  %s\n", p.dim(p.delivery(d)))
		}
	}
}

// delivery is one line about one recipient.
func (p *printer) delivery(d bridge.Delivery) string {
	who := p.recipient(d.Recipient, d.Via)
	switch {
	case !d.AckedAt.IsZero():
		return p.say("acked", "who", who, "when", p.when(d.AckedAt))
	case !d.ReadAt.IsZero():
		return p.say("read", "who", who, "when", p.when(d.ReadAt))
	case !d.ShownAt.IsZero():
		return p.say("shown", "who", who, "when", p.when(d.ShownAt))
	}
	var why []string
	for _, r := range d.Reasons {
		why = append(why, p.texts().Reason(r, p.language))
	}
	return filled(code(p, "delivery", d.State), "who", who, "why", strings.Join(why, " "))
}

// recipient is somebody, and as what they were written to.
func (p *printer) recipient(r bridge.Ref, via bridge.Party) string {
	switch {
	case via == (bridge.Party{}):
		return p.name(r)
	case r == "":
		return p.party(via)
	}
	return p.party(via) + " (" + p.name(r) + ")"
}
