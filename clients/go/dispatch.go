// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package brobygger

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// dispatch deals with one item after the other; it alone moves the place, and it
// alone calls handlers.
func (c *Client) dispatch() {
	for {
		it, ok := c.inbox.take()
		if !ok {
			return
		}
		if it.run != nil {
			it.run()
			continue
		}
		select {
		case <-it.conn.ready:
		case <-it.conn.done:
		}
		if !it.conn.over() { // of a connection that ended, the next one brings it again
			c.apply(it.conn, it.event)
		}
	}
}

// apply deals with one push.
func (c *Client) apply(k *conn, e wire.Event) {
	place, _ := c.Position()
	switch {
	case e.Type == wire.PushPoke:
		if e.N > place.N {
			c.catchUp(k)
		}
	case e.N > 0 && e.N <= place.N: // was dealt with
		c.unseen(k, e)
	case e.N > place.N+1: // something is missing before it
		c.unseen(k, e)
		c.catchUp(k)
	case e.N > 0:
		if !c.show(k, e, e.Beat) {
			c.catchUp(k)
		}
	default:
		c.applyLive(k, e)
	}
}

// unseen tells the bridge that the content of an event was not shown.
func (c *Client) unseen(k *conn, e wire.Event) {
	if id := disclosureOf(e); id != "" {
		k.acks.add(0, "", id)
	}
}

func disclosureOf(e wire.Event) bridge.DisclosureID {
	if e.Type != wire.PushMessage && e.Type != wire.PushAmended {
		return ""
	}
	var m wire.MessageEvent
	if e.Into(&m) != nil {
		return ""
	}
	return m.Disclosure
}

// catchUp fetches what lies behind the place until there is no more. Content
// that got stale behind a slow handler is fetched again, in smaller portions.
func (c *Client) catchUp(k *conn) {
	limit := 100
	for barren := 0; ; {
		place, _ := c.Position()
		var got wire.Synced
		beat, err := k.call(c.ctx, wire.CmdSync, wire.Sync{Since: place, Limit: limit}, &got)
		if err != nil {
			if c.again(k, err) {
				continue
			}
			return
		}
		shown, all := c.showAll(k, got.Events, beat)
		if all && !got.More {
			return
		}
		if barren++; shown > 0 {
			barren = 0
		}
		if !all {
			limit = max(shown, 1)
		}
		if k.over() || barren > 0 && sleep(c.ctx, c.pause(barren)) != nil {
			return
		}
	}
}

// again says whether to repeat a sync that was refused. It waits until then.
func (c *Client) again(k *conn, err error) bool {
	if errors.Is(err, &bridge.Error{Code: bridge.CodeResync}) {
		c.afresh(k)
		return false
	}
	if k.over() || c.ctx.Err() != nil {
		return false
	}
	var later *RetryableError
	if errors.As(c.typed(err, nil), &later) {
		return sleep(c.ctx, max(later.After, c.pause(2))) == nil
	}
	c.o.Log.WarnContext(c.ctx, "events can't be fetched", slog.Any("error", err))
	_ = k.ws.Close() // another connection begins again from the place
	return false
}

// showAll hands over a part of the log, and stops at the first event that is too
// old to show or out of order.
func (c *Client) showAll(k *conn, events []wire.Event, beat uint64) (shown int, all bool) {
	for i, e := range events {
		place, _ := c.Position()
		if e.N <= place.N {
			c.unseen(k, e)
			continue
		}
		if e.N != place.N+1 || !c.show(k, e, beat) {
			for _, rest := range events[i+1:] {
				c.unseen(k, rest)
			}
			return shown, false
		}
		shown++
	}
	return shown, true
}

// afresh takes the newest place, since the old one means nothing any more.
func (c *Client) afresh(k *conn) {
	var list wire.ConvListed
	ctx, cancel := context.WithTimeout(c.ctx, wire.CommandTimeout)
	defer cancel()
	if _, err := k.call(ctx, wire.CmdConvList, wire.ConvList{Limit: 1}, &list); err != nil {
		c.o.Log.WarnContext(c.ctx, "the place can't be found", slog.Any("error", err))
		_ = k.ws.Close()
		return
	}
	c.resync(k, wire.Resync{Reason: wire.ResyncTooOld, At: list.At})
}

func (c *Client) resync(k *conn, r wire.Resync) {
	k.acks.at(r.At.N)
	c.mu.Lock()
	c.place = &r.At
	c.mu.Unlock()
	if c.o.On.Resync != nil {
		c.o.On.Resync(r)
	}
}

// applyLive deals with a push that is not of the log.
func (c *Client) applyLive(k *conn, e wire.Event) {
	switch e.Type {
	case wire.PushResync:
		handle(c, e, func(r wire.Resync) { c.resync(k, r) })
	case wire.PushTyping:
		handle(c, e, c.o.On.Typing)
	case wire.PushPresence:
		handle(c, e, c.o.On.Presence)
	}
}

// handle decodes a push for a handler. What can't be decoded is left out.
func handle[T any](c *Client, e wire.Event, f func(T)) bool {
	if f == nil {
		return true
	}
	var v T
	if err := e.Into(&v); err != nil {
		c.o.Log.WarnContext(c.ctx, "push that can't be read", slog.String("type", string(e.Type)))
		return false
	}
	f(v)
	return true
}

// said is a claim that the bridge was told of, but may not have heard of: an ack
// has no answer. What was shown in the last minute is said again on the next
// connection, and saying it twice is harmless.
type said struct {
	id bridge.DisclosureID
	at instant
}

const remembered = time.Minute

// moved notes that the program has dealt with the event.
func (c *Client) moved(n uint64, shown bridge.DisclosureID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.place = &bridge.Position{Log: c.place.Log, N: n}
	if shown != "" {
		now := c.o.clock()
		old := max(0, len(c.shown)+1-wire.MaxClaims/2)
		for old < len(c.shown) && age(c.shown[old].at, now) > remembered {
			old++
		}
		c.shown = append(c.shown[old:], said{shown, now})
	}
}

// remember notes the patient of a conversation, for asking.
func (c *Client) remember(id bridge.ConversationID, p bridge.PatientID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.patient[id] = p
}
