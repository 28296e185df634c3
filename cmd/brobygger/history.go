// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/brobygger/brobygger/bridge"
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
	c, err := h.dial(ctx, out.language, brobygger.Handlers{})
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
	got, err := c.History(ctx, bridge.HistoryQuery{Conversation: conv, Before: h.Before, After: h.After, Limit: h.Limit})
	if err != nil {
		return err
	}
	if !out.value(got) {
		out.history(got.Items)
	}
	return h.mark(ctx, c, conv, got.Items)
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
		p.printf("There is nothing to read.\n")
	}
	for _, it := range items {
		m := it.Message
		if len(it.Withheld) > 0 {
			p.printf("\n%3d  %s\n", m.Seq, p.red("withheld"))
			p.reasons("     ", it.Withheld)
			continue
		}
		p.printf("\n%3d  %s  %s\n", m.Seq, p.when(m.SentAt), p.bold(shortRef(m.Sender)))
		p.content(m)
		for _, d := range it.Deliveries {
			p.printf("  %s\n", p.dim(delivery(p, d)))
		}
	}
}

// delivery is one line about one recipient.
func delivery(p *printer, d bridge.Delivery) string {
	who := shortRef(d.Recipient)
	if d.Via != (bridge.Party{}) {
		who = short(d.Via)
	}
	switch {
	case !d.AckedAt.IsZero():
		return fmt.Sprintf("%s: acknowledged %s", who, p.when(d.AckedAt))
	case !d.ReadAt.IsZero():
		return fmt.Sprintf("%s: read %s", who, p.when(d.ReadAt))
	case !d.ShownAt.IsZero():
		return fmt.Sprintf("%s: shown %s", who, p.when(d.ShownAt))
	case d.State == bridge.DeliveryWithheld:
		var why []string
		for _, r := range d.Reasons {
			why = append(why, p.texts().Reason(r, p.language))
		}
		return fmt.Sprintf("%s: withheld. %s", who, strings.Join(why, " "))
	}
	return fmt.Sprintf("%s: %s", who, d.State)
}
