// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package brobygger

import (
	"context"
	"fmt"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// Ringing is the event of a ring. N is its place in the party's log; 0 for a ring
// that went on when the client connected.
type Ringing struct {
	N uint64
	wire.RingEvent
}

// Callback is the event of a callback that changed.
type Callback struct {
	N uint64
	wire.CallbackEvent
}

// WhoCanBeRung says whether somebody would hear a ring for a patient now; a hint.
func (c *Client) WhoCanBeRung(ctx context.Context, q bridge.WhoQuery) (bridge.WhoView, error) {
	return ask[bridge.WhoView](ctx, c, wire.CmdLineWho, q)
}

// Lines lists lines by name.
func (c *Client) Lines(ctx context.Context, q bridge.LinesQuery) ([]bridge.LineView, error) {
	out, err := ask[wire.LinesFound](ctx, c, wire.CmdLineList, q)
	return out.Lines, err
}

// LineState is a line as its own people see it.
func (c *Client) LineState(ctx context.Context, id bridge.LineID) (bridge.LineState, error) {
	return ask[bridge.LineState](ctx, c, wire.CmdLineState, wire.LineOf{Line: id})
}

// OpenLine opens a line by hand, until the end of the local day without a time.
func (c *Client) OpenLine(ctx context.Context, s wire.LineSwitch) (bridge.LineView, error) {
	return ask[bridge.LineView](ctx, c, wire.CmdLineOpen, s)
}

// CloseLine closes a line by hand, until it opens next without a time.
func (c *Client) CloseLine(ctx context.Context, s wire.LineSwitch) (bridge.LineView, error) {
	return ask[bridge.LineView](ctx, c, wire.CmdLineClose, s)
}

// OpenWindow opens a line for one period besides its hours.
func (c *Client) OpenWindow(ctx context.Context, w wire.LineWindow) (bridge.LineView, error) {
	return ask[bridge.LineView](ctx, c, wire.CmdLineWindow, w)
}

// SwitchMe says whether the caller is to be rung on a line, or on all of theirs.
func (c *Client) SwitchMe(ctx context.Context, s bridge.NewSwitch) error {
	_, err := ask[wire.Empty](ctx, c, wire.CmdLineSwitch, s)
	return err
}

// Ring rings somebody, or a line, about a patient. An empty MID is replaced by a
// fresh one; ringing again with the same one returns the same ring. A denial is a
// *ConsentError.
func (c *Client) Ring(ctx context.Context, n wire.LineRing) (bridge.RingView, error) {
	if n.MID == "" {
		n.MID = newID()
	}
	return ringing(ask[wire.RingAnswer](ctx, c, wire.CmdLineRing, n))
}

// CancelRing stops a ring of the caller's that nobody has answered.
func (c *Client) CancelRing(ctx context.Context, id bridge.RingID) (bridge.RingView, error) {
	return ringing(ask[wire.RingAnswer](ctx, c, wire.CmdLineCancel, wire.RingOf{Ring: id}))
}

// AcceptRing answers a ring on this device. When another was first, the error is
// CodeRingTaken, and Handlers.RingStopped tells who.
func (c *Client) AcceptRing(ctx context.Context, id bridge.RingID) (bridge.RingView, error) {
	return ringing(ask[wire.RingAnswer](ctx, c, wire.CmdLineAccept, wire.RingOf{Ring: id}))
}

// DeclineRing stops a ring on all devices of the caller; the next people are rung.
func (c *Client) DeclineRing(ctx context.Context, d wire.RingDecline) (bridge.RingView, error) {
	return ringing(ask[wire.RingAnswer](ctx, c, wire.CmdLineDecline, d))
}

// HandOver rings others instead of the caller, who answered.
func (c *Client) HandOver(ctx context.Context, h wire.RingHandOver) (bridge.RingView, error) {
	return ringing(ask[wire.RingAnswer](ctx, c, wire.CmdLineHandOver, h))
}

// EndRing ends a talk.
func (c *Client) EndRing(ctx context.Context, id bridge.RingID) (bridge.RingView, error) {
	return ringing(ask[wire.RingAnswer](ctx, c, wire.CmdLineEnd, wire.RingOf{Ring: id}))
}

func ringing(a wire.RingAnswer, err error) (bridge.RingView, error) { return a.Ring, err }

// ShowRing claims what a ring is about and has show show it, once, while it is
// fresh. It is a disclosure, and counts as shown when show returns. The client must
// ask for content (Options.Content, or a handler that shows some).
func (c *Client) ShowRing(ctx context.Context, id bridge.RingID, show func(bridge.RingClaim)) error {
	for range tries {
		var out bridge.RingClaim
		k, beat, err := c.call(ctx, wire.CmdLineShow, wire.RingOf{Ring: id}, &out)
		if err != nil {
			return err
		}
		switch {
		case out.Disclosure == "":
			show(out)
			return nil
		case k.beats.fresh(beat):
			show(out)
			k.acks.add(0, out.Disclosure, "")
			return nil
		}
		k.acks.add(0, "", out.Disclosure)
	}
	return &RetryableError{Err: fmt.Errorf("reading a ring: %w", errStale)}
}

// AskCallback takes a place in the queue of a line that did not answer. An empty
// MID is replaced by a fresh one.
func (c *Client) AskCallback(ctx context.Context, n bridge.NewCallback) (bridge.CallbackView, error) {
	if n.MID == "" {
		n.MID = newID()
	}
	return called(ask[wire.CallbackAnswer](ctx, c, wire.CmdCallbackAsk, n))
}

// TakeCallback says that the caller rings back.
func (c *Client) TakeCallback(ctx context.Context, id bridge.CallbackID) (bridge.CallbackView, error) {
	return called(ask[wire.CallbackAnswer](ctx, c, wire.CmdCallbackTake, wire.CallbackOf{Callback: id}))
}

// RetryCallback puts a callback whose caller was not reached back in the queue.
func (c *Client) RetryCallback(ctx context.Context, id bridge.CallbackID) (bridge.CallbackView, error) {
	return called(ask[wire.CallbackAnswer](ctx, c, wire.CmdCallbackRetry, wire.CallbackOf{Callback: id}))
}

// CloseCallback closes a callback with its outcome.
func (c *Client) CloseCallback(ctx context.Context, id bridge.CallbackID, o bridge.CallbackOutcome) (bridge.CallbackView, error) {
	return called(ask[wire.CallbackAnswer](ctx, c, wire.CmdCallbackClose, wire.CallbackEnd{Callback: id, Outcome: o}))
}

func called(a wire.CallbackAnswer, err error) (bridge.CallbackView, error) { return a.Callback, err }

// Callbacks lists the queue of a line of the caller's, or without a line the
// caller's own callbacks.
func (c *Client) Callbacks(ctx context.Context, line bridge.LineID) ([]bridge.CallbackView, error) {
	out, err := ask[wire.CallbacksListed](ctx, c, wire.CmdCallbackList, wire.CallbackList{Line: line})
	return out.Callbacks, err
}

// tellLine hands over an event of a line.
func (c *Client) tellLine(e wire.Event) {
	on := &c.o.On
	switch e.Type {
	case wire.PushLineRinging:
		handle(c, e, func(d wire.RingEvent) { c.ring(Ringing{e.N, d}) })
	case wire.PushLineStop:
		handle(c, e, func(d wire.RingEvent) {
			delete(c.rings, d.Ring)
			if on.RingStopped != nil {
				on.RingStopped(Ringing{e.N, d})
			}
		})
	case wire.PushLineState:
		handle(c, e, func(d wire.RingEvent) {
			if c.rings[d.Ring] && d.View != nil && d.View.State != bridge.RingRinging { // answered here, or on another device of ours
				delete(c.rings, d.Ring)
				if on.RingStopped != nil && d.View.Device != c.Session().Session {
					on.RingStopped(Ringing{e.N, d})
				}
			}
			if on.RingChanged != nil {
				on.RingChanged(Ringing{e.N, d})
			}
		})
	case wire.PushLineCallback:
		if on.Callback != nil {
			handle(c, e, func(d wire.CallbackEvent) { on.Callback(Callback{e.N, d}) })
		}
	}
}

// ring tells of a ring that rings here now, once: what lies in the log may be over
// long since, and what goes on was told when the client connected.
func (c *Client) ring(r Ringing) {
	if c.o.On.Ringing == nil || r.View == nil || r.View.Mine != bridge.SideTarget || r.View.State != bridge.RingRinging || c.rings[r.Ring] {
		return
	}
	c.rings[r.Ring] = true
	c.o.On.Ringing(r)
}

// ringOn tells of what rings while the client connects.
func (c *Client) ringOn(rings []bridge.RingView) {
	for _, v := range rings {
		c.inbox.put(item{run: func() {
			c.ring(Ringing{0, wire.RingEvent{At: v.StartedAt, Ring: v.ID, Line: v.Line, View: &v}})
		}})
	}
}
