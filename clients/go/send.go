// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package brobygger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// Sending is a message on its way. Its outcome comes once.
type Sending struct {
	Draft bridge.Draft // with its MID, which it keeps over every retry

	done chan struct{}
	sent bridge.Sent
	err  error
	last atomic.Pointer[RetryableError] // why it was refused last, and is sent again
}

// MID is the id under which the sender knows the message.
func (s *Sending) MID() string { return s.Draft.MID }

// Done is closed when there is an outcome.
func (s *Sending) Done() <-chan struct{} { return s.done }

// Wait waits for the outcome. The error is a *ConsentError when it may not be
// sent, ErrClosed when the client ended before there was an outcome, and ctx's
// own when that ended, with why it has to wait if the bridge said: the message is
// then still on its way.
func (s *Sending) Wait(ctx context.Context) (bridge.Sent, error) {
	select {
	case <-s.done:
		return s.sent, s.err
	case <-ctx.Done():
		if last := s.last.Load(); last != nil {
			return bridge.Sent{}, errors.Join(ctx.Err(), last)
		}
		return bridge.Sent{}, ctx.Err()
	}
}

// outbox holds messages without an outcome: one line for each conversation, in
// which nobody overtakes.
type outbox struct {
	mu     sync.Mutex // guards the following fields
	queues map[bridge.ConversationID][]*Sending
	total  int
	closed bool
}

// Send takes a message. It is kept in the queue when Send returns nil, and goes
// as soon as there is a connection, behind those that were sent before in the
// same conversation. A draft without a MID gets one.
func (c *Client) Send(d bridge.Draft) (*Sending, error) {
	if c.ctx.Err() != nil {
		return nil, ErrClosed
	}
	if d.MID == "" {
		d.MID = newID()
	}
	if d.Conversation == "" || len(d.Parts) == 0 && len(d.Attachments) == 0 {
		return nil, bridge.BadRequest("a message needs a conversation and content")
	}
	c.outbox.mu.Lock()
	full := c.outbox.total >= MaxQueued
	c.outbox.mu.Unlock()
	if full {
		return nil, &RetryableError{Err: fmt.Errorf("%d messages wait already", MaxQueued)}
	}
	if err := c.o.Queue.Put(c.ctx, d); err != nil {
		return nil, err
	}
	return c.enqueue(d)
}

// load takes up what an earlier client left.
func (c *Client) load() error {
	drafts, err := c.o.Queue.Load(c.ctx)
	if err != nil {
		return err
	}
	for _, d := range drafts {
		if _, err := c.enqueue(d); err != nil {
			return err
		}
	}
	return nil
}

// Unsent lists messages without an outcome, oldest first in each conversation.
func (c *Client) Unsent() []*Sending {
	c.outbox.mu.Lock()
	defer c.outbox.mu.Unlock()
	var all []*Sending
	for _, q := range c.outbox.queues {
		all = append(all, q...)
	}
	return all
}

func (c *Client) enqueue(d bridge.Draft) (*Sending, error) {
	s := &Sending{Draft: d, done: make(chan struct{})}
	c.outbox.mu.Lock()
	defer c.outbox.mu.Unlock()
	if c.outbox.closed {
		return nil, ErrClosed
	}
	q, running := c.outbox.queues[d.Conversation]
	if i := slices.IndexFunc(q, func(x *Sending) bool { return x.Draft.MID == d.MID }); i >= 0 {
		return q[i], nil // the same message, on its way already
	}
	c.outbox.queues[d.Conversation] = append(q, s)
	c.outbox.total++
	if !running {
		c.work.Go(func() { c.sendAll(d.Conversation) })
	}
	if d.Priority == bridge.Urgent && c.o.On.Waiting != nil {
		c.work.Go(func() { c.watch(s) })
	}
	return s, nil
}

// watch tells of an urgent message that waits for too long.
func (c *Client) watch(s *Sending) {
	t := time.NewTimer(c.o.UrgentAfter)
	defer t.Stop()
	select {
	case <-s.done:
	case <-c.ctx.Done():
	case <-t.C:
		c.inbox.put(item{run: func() { c.o.On.Waiting(s) }})
	}
}

// sendAll sends what waits in one conversation, in order, until nothing is left.
func (c *Client) sendAll(id bridge.ConversationID) {
	for {
		c.outbox.mu.Lock()
		s := c.outbox.queues[id][0]
		c.outbox.mu.Unlock()

		s.sent, s.err = c.transmit(s)
		if !errors.Is(s.err, ErrClosed) {
			if err := c.o.Queue.Remove(context.WithoutCancel(c.ctx), s.Draft.MID); err != nil {
				// It is sent again after a restart, and the bridge knows its mid.
				c.o.Log.WarnContext(c.ctx, "the queue still holds a message that has an outcome", slog.Any("error", err))
			}
		}
		c.outbox.mu.Lock()
		rest := c.outbox.queues[id][1:]
		c.outbox.queues[id] = rest
		c.outbox.total--
		if len(rest) == 0 {
			delete(c.outbox.queues, id)
		}
		c.outbox.mu.Unlock()
		close(s.done)
		if len(rest) == 0 {
			return
		}
	}
}

// ended is ErrClosed with the reason why the client is.
func (c *Client) ended(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, ErrClosed) {
		return ErrClosed
	}
	return errors.Join(ErrClosed, err)
}

// transmit sends one message until there is an outcome.
func (c *Client) transmit(s *Sending) (bridge.Sent, error) {
	for try := 1; ; {
		k, err := c.connected(c.ctx)
		if err != nil {
			return bridge.Sent{}, c.ended(err)
		}
		var sent bridge.Sent
		_, err = k.call(c.ctx, wire.CmdSend, s.Draft, &sent)
		switch {
		case err == nil:
			return sent, nil
		case c.ctx.Err() != nil:
			return bridge.Sent{}, ErrClosed
		case errors.Is(err, errLost), errors.Is(err, errTimeout):
			if errors.Is(err, errLost) {
				<-k.done
			}
			continue // with the same mid, on the next connection
		}
		err = c.typed(err, &s.Draft)
		var later *RetryableError
		if !errors.As(err, &later) {
			return bridge.Sent{}, err
		}
		s.last.Store(later)
		if sleep(c.ctx, max(later.After, c.pause(try))) != nil {
			return bridge.Sent{}, ErrClosed
		}
		try++
	}
}
