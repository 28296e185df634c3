// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire

import (
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// LinesFound answers line.list.
type LinesFound struct {
	Lines []bridge.LineView `json:"lines"`
}

// LineOf names a line.
type LineOf struct {
	Line bridge.LineID `json:"line"`
}

// LineSwitch opens or closes a line by hand. Open without Until lasts to the end
// of the local day, close until the line opens next by its hours.
type LineSwitch struct {
	Line   bridge.LineID `json:"line"`
	Until  time.Time     `json:"until,omitzero"`
	Reason string        `json:"reason,omitempty"` // practical words, shown to callers
}

// LineWindow opens a line for one period besides its hours.
type LineWindow struct {
	Line   bridge.LineID `json:"line"`
	Period bridge.Period `json:"period"`
	Reason string        `json:"reason,omitempty"`
}

// LineRing rings somebody, or a line, about a patient: exactly one of Wanted and
// Line is set. Repeat with the same mid as often as you like.
type LineRing struct {
	MID     string           `json:"mid"`
	Patient bridge.PatientID `json:"patient"`
	Wanted  bridge.Party     `json:"wanted,omitzero"`
	Line    bridge.LineID    `json:"line,omitempty"`
	Purpose bridge.Purpose   `json:"purpose"`
	Case    string           `json:"case,omitempty"`
	Topics  []bridge.Topic   `json:"topics"`
	Note    string           `json:"note,omitempty"` // what it is about, at most 200 characters
	Urgent  bool             `json:"urgent,omitempty"`
	Voice   bool             `json:"voice,omitempty"` // besides the conversation
}

// RingOf names a ring.
type RingOf struct {
	Ring bridge.RingID `json:"ring"`
}

// RingDecline stops a ring on all devices of who says it.
type RingDecline struct {
	Ring    bridge.RingID `json:"ring"`
	Reason  string        `json:"reason,omitempty"`  // for the caller, at most 120 characters
	Suggest string        `json:"suggest,omitempty"` // "ring again after two", likewise
}

// RingHandOver rings others instead of who answered.
type RingHandOver struct {
	Ring bridge.RingID `json:"ring"`
	To   bridge.HandTo `json:"to"`
	Note string        `json:"note,omitempty"` // for them, at most 200 characters
}

// RingAnswer answers what was done with a ring.
type RingAnswer struct {
	Ring bridge.RingView `json:"ring"`
}

// CallbackOf names a callback.
type CallbackOf struct {
	Callback bridge.CallbackID `json:"callback"`
}

// CallbackEnd closes a callback. Without an outcome none is closed.
type CallbackEnd struct {
	Callback bridge.CallbackID      `json:"callback"`
	Outcome  bridge.CallbackOutcome `json:"outcome"`
}

// CallbackAnswer answers what was done with a callback.
type CallbackAnswer struct {
	Callback bridge.CallbackView `json:"callback"`
}

// CallbackList asks for the queue of a line; without one, for your own callbacks.
type CallbackList struct {
	Line bridge.LineID `json:"line,omitempty"`
}

// CallbacksListed answers CallbackList, in the order of the queue.
type CallbacksListed struct {
	Callbacks []bridge.CallbackView `json:"callbacks"`
}

// RingEvent tells of a ring. To whom it rings it names no patient: what it is
// about is claimed by line.show. View is the ring as it stands when it is told.
type RingEvent struct {
	At    time.Time        `json:"at"`
	Ring  bridge.RingID    `json:"ring"`
	Line  bridge.LineID    `json:"line,omitempty"`
	By    bridge.Ref       `json:"by,omitempty"`
	State string           `json:"state,omitempty"`
	View  *bridge.RingView `json:"view,omitempty"`
}

// CallbackEvent tells that a callback changed; State is what became of it.
type CallbackEvent struct {
	At       time.Time         `json:"at"`
	Callback bridge.CallbackID `json:"callback"`
	Line     bridge.LineID     `json:"line"`
	Ring     bridge.RingID     `json:"ring,omitempty"`
	Patient  bridge.PatientID  `json:"patient,omitempty"` // for who asked for it
	By       bridge.Ref        `json:"by,omitempty"`
	State    string            `json:"state"`
}

func (l *LineOf) validate() error       { return required(string(l.Line)) }
func (l *LineSwitch) validate() error   { return required(string(l.Line)) }
func (l *LineWindow) validate() error   { return required(string(l.Line)) }
func (l *LineRing) validate() error     { return required(l.MID, string(l.Patient), string(l.Purpose)) }
func (r *RingOf) validate() error       { return required(string(r.Ring)) }
func (r *RingDecline) validate() error  { return required(string(r.Ring)) }
func (r *RingHandOver) validate() error { return required(string(r.Ring)) }
func (c *CallbackOf) validate() error   { return required(string(c.Callback)) }
func (c *CallbackEnd) validate() error  { return required(string(c.Callback), string(c.Outcome)) }
