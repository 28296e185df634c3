// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package brobygger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// ask is a command whose repetition is harmless: it reads, or has an id by which
// the bridge knows it again.
func ask[T any](ctx context.Context, c *Client, t wire.CommandType, data any) (T, error) {
	var out T
	_, _, err := c.call(ctx, t, data, &out)
	return out, err
}

// Open opens a conversation, or returns the one opened before with this MID. An
// empty MID is replaced by a fresh one.
func (c *Client) Open(ctx context.Context, n bridge.NewConversation) (bridge.Conversation, error) {
	if n.MID == "" {
		n.MID = newID()
	}
	out, err := ask[wire.ConvOpened](ctx, c, wire.CmdConvOpen, n)
	if err == nil {
		c.remember(out.Conversation.ID, out.Conversation.Patient)
	}
	return out.Conversation, err
}

// Conversations lists the caller's conversations, changed last first.
func (c *Client) Conversations(ctx context.Context, q wire.ConvList) (wire.ConvListed, error) {
	out, err := ask[wire.ConvListed](ctx, c, wire.CmdConvList, q)
	for _, v := range out.Items {
		c.remember(v.ID, v.Patient)
	}
	return out, err
}

// SignOut ends every connection of the person's, on all devices, and every token
// that was given out before. It returns when what they were given can't be shown
// any more, at most 4 s later; the client then ends with an *AuthError.
func (c *Client) SignOut(ctx context.Context) error {
	_, err := ask[wire.Empty](ctx, c, wire.CmdSignOut, wire.SignOut{})
	return err
}

// patientOf finds whom a conversation is about.
func (c *Client) patientOf(ctx context.Context, id bridge.ConversationID) (bridge.PatientID, error) {
	q, more := wire.ConvList{Limit: wire.MaxList}, true
	for {
		c.mu.Lock()
		p := c.patient[id]
		c.mu.Unlock()
		if p != "" {
			return p, nil
		}
		if !more {
			return "", bridge.ErrNotFound
		}
		list, err := c.Conversations(ctx, q)
		if err != nil {
			return "", err
		}
		if more = list.More && len(list.Items) > 0; more {
			q.Before = list.Items[len(list.Items)-1].ChangedAt
		}
	}
}

// Preview says what each recipient would see of the draft. It sends nothing.
func (c *Client) Preview(ctx context.Context, d bridge.Draft) ([]bridge.SeenBy, error) {
	if d.MID == "" {
		d.MID = newID()
	}
	var out wire.Previewed
	_, _, err := c.call(ctx, wire.CmdPreview, d, &out)
	var denied *ConsentError
	if errors.As(err, &denied) {
		denied.draft = &d
	}
	return out.Recipients, err
}

// Amend edits or retracts one's own message.
func (c *Client) Amend(ctx context.Context, a bridge.Amendment) (bridge.Message, error) {
	out, err := ask[wire.Amended](ctx, c, wire.CmdAmend, a)
	return out.Message, err
}

// MarkRead says that the conversation was read up to seq, and returns how far it
// was read on any device.
func (c *Client) MarkRead(ctx context.Context, id bridge.ConversationID, seq uint64) (uint64, error) {
	c.flush(ctx)
	out, err := ask[wire.ReadDone](ctx, c, wire.CmdRead, wire.Read{Conversation: id, Seq: seq})
	return out.ReadSeq, err
}

// Acknowledge says that a message which asks for it was taken notice of. It must
// have been shown: call it when the handler has returned, not from within.
func (c *Client) Acknowledge(ctx context.Context, id bridge.MessageID) (time.Time, error) {
	c.flush(ctx)
	out, err := ask[wire.Acknowledged](ctx, c, wire.CmdAcknowledge, wire.Acknowledge{Message: id})
	return out.At, err
}

// flush tells the bridge what was shown before something builds on it.
func (c *Client) flush(ctx context.Context) {
	if k, err := c.connected(ctx); err == nil {
		k.acks.flush()
	}
}

// SetTyping tells the members of a conversation that somebody writes, or no
// longer does. It says nothing while there is no connection.
func (c *Client) SetTyping(id bridge.ConversationID, on bool) {
	c.mu.Lock()
	k := c.conn
	c.mu.Unlock()
	if k != nil && !k.over() {
		_ = k.write(wire.Command{Type: wire.CmdTyping, Data: wire.Typing{Conversation: id, On: on}})
	}
}

// errStale is content that came too late to be shown, again and again.
var errStale = errors.New("the answer came too late to be shown")

// History is ReadHistory for who shows what it returns at once: it counts as shown
// when it returns. Between that and the showing a withdrawal may be answered, so
// who must not be late by a hair takes ReadHistory.
func (c *Client) History(ctx context.Context, q bridge.HistoryQuery) (got wire.HistoryRead, err error) {
	err = c.ReadHistory(ctx, q, func(r wire.HistoryRead) { got = r })
	return got, err
}

// ReadHistory reads messages of a conversation and has show show them, once, while
// they are fresh. Each is a disclosure, and counts as shown when show returns.
// The client must ask for content (Options.Content, or a handler for messages).
func (c *Client) ReadHistory(ctx context.Context, q bridge.HistoryQuery, show func(wire.HistoryRead)) error {
	for range tries {
		var out wire.HistoryRead
		k, beat, err := c.call(ctx, wire.CmdHistory, q, &out)
		if err != nil {
			return err
		}
		c.prepare(out.Items)
		fresh := true
		for _, it := range out.Items {
			fresh = fresh && (it.Disclosure == "" || k.beats.fresh(beat))
		}
		if fresh {
			show(out) // before the bridge is told: a withdrawal no longer waits for it then
		}
		for _, it := range out.Items {
			switch {
			case it.Disclosure == "":
			case fresh:
				k.acks.add(0, it.Disclosure, "")
			default:
				k.acks.add(0, "", it.Disclosure)
			}
		}
		if fresh {
			return nil
		}
	}
	return &RetryableError{Err: fmt.Errorf("reading history: %w", errStale)}
}

// prepare tells whom the items are from and to.
func (c *Client) prepare(items []bridge.HistoryItem) {
	if c.o.On.Prepare == nil || len(items) == 0 {
		return
	}
	var people []bridge.Ref
	add := func(r bridge.Ref) {
		if r != "" && !slices.Contains(people, r) {
			people = append(people, r)
		}
	}
	for _, it := range items {
		add(it.Message.Sender)
		for _, d := range it.Deliveries {
			add(d.Recipient)
			add(d.Via.Ref)
		}
	}
	c.o.On.Prepare(items[0].Message.Patient, people)
}
