// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"context"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

var lineCommands = map[wire.CommandType]command{
	wire.CmdLineWho: does(func(s *session, c bridge.Caller, d *bridge.WhoQuery) (any, error) {
		return s.hub.Gate.Lines.WhoCanBeRung(s.ctx, c, *d)
	}),
	wire.CmdLineList: does(func(s *session, c bridge.Caller, d *bridge.LinesQuery) (any, error) {
		lines, err := s.hub.Gate.Lines.Lines(s.ctx, c, *d)
		return wire.LinesFound{Lines: lines}, err
	}),
	wire.CmdLineState: does(func(s *session, c bridge.Caller, d *wire.LineOf) (any, error) {
		return s.hub.Gate.Lines.LineState(s.ctx, c, d.Line)
	}),
	wire.CmdLineOpen: does(func(s *session, c bridge.Caller, d *wire.LineSwitch) (any, error) {
		return s.hub.Gate.Lines.OpenLine(s.ctx, c, d.Line, d.Until, d.Reason)
	}),
	wire.CmdLineClose: does(func(s *session, c bridge.Caller, d *wire.LineSwitch) (any, error) {
		return s.hub.Gate.Lines.CloseLine(s.ctx, c, d.Line, d.Until, d.Reason)
	}),
	wire.CmdLineWindow: does(func(s *session, c bridge.Caller, d *wire.LineWindow) (any, error) {
		return s.hub.Gate.Lines.Window(s.ctx, c, d.Line, d.Period, d.Reason)
	}),
	wire.CmdLineSwitch: does(func(s *session, c bridge.Caller, d *bridge.NewSwitch) (any, error) {
		return wire.Empty{}, s.hub.Gate.Lines.SwitchMe(s.ctx, c, *d)
	}),
	wire.CmdLineRing: does(func(s *session, c bridge.Caller, d *wire.LineRing) (any, error) {
		return ringState(s.hub.Gate.Rings.Ring(s.ctx, c, bridge.NewRing{
			MID: d.MID, Patient: d.Patient, Wanted: d.Wanted, Line: d.Line, Purpose: d.Purpose, Case: d.Case,
			Topics: d.Topics, Note: d.Note, Urgent: d.Urgent, Voice: d.Voice, Session: s.id,
		}))
	}),
	// What ends a ring counts, also when the connection of who ends it breaks.
	wire.CmdLineCancel: does(func(s *session, c bridge.Caller, d *wire.RingOf) (any, error) {
		return ringState(s.hub.Gate.Rings.CancelRing(context.WithoutCancel(s.ctx), c, d.Ring))
	}),
	wire.CmdLineAccept: does(func(s *session, c bridge.Caller, d *wire.RingOf) (any, error) {
		return ringState(s.hub.Gate.Rings.AcceptRing(s.ctx, c, s.id, d.Ring))
	}),
	wire.CmdLineDecline: does(func(s *session, c bridge.Caller, d *wire.RingDecline) (any, error) {
		return ringState(s.hub.Gate.Rings.DeclineRing(s.ctx, c, d.Ring, d.Reason, d.Suggest))
	}),
	wire.CmdLineHandOver: does(func(s *session, c bridge.Caller, d *wire.RingHandOver) (any, error) {
		return ringState(s.hub.Gate.Rings.HandOver(s.ctx, c, d.Ring, d.To, d.Note))
	}),
	wire.CmdLineEnd: does(func(s *session, c bridge.Caller, d *wire.RingOf) (any, error) {
		return ringState(s.hub.Gate.Rings.EndRing(context.WithoutCancel(s.ctx), c, d.Ring))
	}),
	wire.CmdCallbackAsk: does(func(s *session, c bridge.Caller, d *bridge.NewCallback) (any, error) {
		return callbackState(s.hub.Gate.Callbacks.AskCallback(s.ctx, c, *d))
	}),
	wire.CmdCallbackTake: does(func(s *session, c bridge.Caller, d *wire.CallbackOf) (any, error) {
		return callbackState(s.hub.Gate.Callbacks.TakeCallback(s.ctx, c, d.Callback))
	}),
	wire.CmdCallbackRetry: does(func(s *session, c bridge.Caller, d *wire.CallbackOf) (any, error) {
		return callbackState(s.hub.Gate.Callbacks.RetryCallback(s.ctx, c, d.Callback))
	}),
	wire.CmdCallbackClose: does(func(s *session, c bridge.Caller, d *wire.CallbackEnd) (any, error) {
		return callbackState(s.hub.Gate.Callbacks.CloseCallback(s.ctx, c, d.Callback, d.Outcome))
	}),
	wire.CmdCallbackList: does(func(s *session, c bridge.Caller, d *wire.CallbackList) (any, error) {
		list := s.hub.Gate.Callbacks.MyCallbacks
		if d.Line != "" {
			list = func(ctx context.Context, c bridge.Caller) ([]bridge.CallbackView, error) {
				return s.hub.Gate.Callbacks.Callbacks(ctx, c, d.Line)
			}
		}
		all, err := list(s.ctx, c)
		return wire.CallbacksListed{Callbacks: all}, err
	}),
}

func ringState(v bridge.RingView, err error) (any, error) { return wire.RingAnswer{Ring: v}, err }

func callbackState(v bridge.CallbackView, err error) (any, error) {
	return wire.CallbackAnswer{Callback: v}, err
}

// showRing answers with what a ring is about: a disclosure.
func (s *session) showRing(id uint32, d *wire.RingOf) error {
	s.mu.Lock()
	caller := s.caller
	beat, at := s.beat, s.beatAt // captured before the claim (I4)
	s.mu.Unlock()
	shown, err := s.hub.Gate.Rings.ShowRing(s.ctx, caller, bridge.Claimant{Session: s.id, Beat: beat, Fresh: s.fresh}, d.Ring)
	if err != nil {
		return err
	}
	var claims []claim
	if shown.Disclosure != "" {
		claims = []claim{{shown.Disclosure, shown.Patient}}
	}
	ok, err := wire.Data(shown)
	if err != nil {
		s.unsent([]outgoing{{claims: claims}})
		return err
	}
	s.answer(id, ok, claims, beat, at)
	return nil
}

// lineEvent puts an event of a ring or a callback in the words of the wire.
func lineEvent(e bridge.Delivered) any {
	v := e.Event
	if v.Kind == bridge.EventLineCallback {
		return wire.CallbackEvent{
			At: v.At, Callback: v.Callback, Line: v.Line, Ring: v.Ring, Patient: v.Patient, By: v.By, State: v.State,
		}
	}
	return wire.RingEvent{At: v.At, Ring: v.Ring, Line: v.Line, By: v.By, State: v.State, View: e.Ring}
}
