// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"slices"
	"time"
)

// RingID names one attempt to reach somebody.
type RingID string

// RingState is how far a ring has come.
type RingState string

// The states of a ring. It ends as answered and then over, as cancelled by its
// caller, or as unanswered: then its caller chooses a callback or leaves a
// message. It never just ends.
const (
	RingRinging    RingState = "ringing"
	RingAccepted   RingState = "accepted"
	RingEnded      RingState = "ended"
	RingCancelled  RingState = "cancelled"
	RingUnanswered RingState = "unanswered"
)

// How long a ring rings.
const (
	StepTime = 25 * time.Second // each step
	RingTime = 90 * time.Second // the whole, at the least, while somebody can still answer
)

// Ring is one attempt of a caller to reach somebody about a patient.
type Ring struct {
	ID           RingID         `json:"id"`
	Rev          uint64         `json:"rev"` // grows by one with each change
	MID          string         `json:"mid"` // the caller's id of it: ringing again with it changes nothing
	Patient      PatientID      `json:"patient"`
	Caller       Ref            `json:"caller"`
	Session      string         `json:"session,omitempty"` // the device that rings
	Wanted       Party          `json:"wanted,omitzero"`   // whom: a care function, or somebody; empty: the line's people
	Line         LineID         `json:"line,omitempty"`    // whose people, promise and queue it falls to
	Purpose      Purpose        `json:"purpose"`
	Case         string         `json:"case,omitempty"`
	Topics       []Topic        `json:"topics"`
	Note         string         `json:"note,omitempty"` // what it is about; content, so only claimed
	Urgent       bool           `json:"urgent,omitempty"`
	Voice        bool           `json:"voice,omitempty"` // besides the conversation
	State        RingState      `json:"state"`
	Steps        []RingStep     `json:"steps"`            // those taken; the last is the one that rings
	Terms        []RingTerms    `json:"terms,omitempty"`  // what the gate said of each target
	Epoch        uint64         `json:"epoch"`            // of the patient, when it last said so
	StartedAt    time.Time      `json:"started_at"`       // or was handed over
	By           Ref            `json:"by,omitempty"`     // who answered
	Device       string         `json:"device,omitempty"` // on which of the devices
	AnsweredAt   time.Time      `json:"answered_at,omitzero"`
	Conversation ConversationID `json:"conversation,omitempty"` // of the talk
	EndedAt      time.Time      `json:"ended_at,omitzero"`
	Ended        Code           `json:"ended,omitempty"` // why it ended, where nobody ended it: a code of a denial
}

// RingTerms is what the gate said of one target: what the two may tell each other.
type RingTerms struct {
	Target   Ref         `json:"target"`
	Tell     []Topic     `json:"tell"` // what the caller may tell the target
	Hear     []Topic     `json:"hear"` // what the target may tell the caller
	Basis    string      `json:"basis"`
	Consents []ConsentID `json:"consents,omitempty"` // relied on, either way
}

// RingStep is people who are rung together, and what came of it.
type RingStep struct {
	Via     string     `json:"via"` // a care function, "rota", or "tier-1"
	Targets []Ref      `json:"targets"`
	From    time.Time  `json:"from"`
	Until   time.Time  `json:"until"`
	Results []RingDone `json:"results,omitempty"` // one for each target that stopped ringing
	Note    string     `json:"note,omitempty"`    // of who handed it over
}

// RingDone is how one target stopped ringing.
type RingDone struct {
	Target  Ref        `json:"target"`
	Result  RingResult `json:"result"`
	Reason  string     `json:"reason,omitempty"`  // of who declined, for the caller
	Suggest string     `json:"suggest,omitempty"` // "ring again after two"
	At      time.Time  `json:"at"`
}

// RingResult is how the ringing of one target ended.
type RingResult string

// The results.
const (
	RingedAnswered  RingResult = "answered"
	RingedElsewhere RingResult = "answered-elsewhere"
	RingedDeclined  RingResult = "declined"
	RingedMissed    RingResult = "missed"
	RingedStopped   RingResult = "stopped" // the caller cancelled, or the gate closed
)

// errRingTaken says that somebody else answered first, or that nothing rings any
// more.
var errRingTaken = &Error{Code: CodeConflict, Message: "the ring is not ringing for you any more"}

// Ringing lists whom the ring rings now.
func (r *Ring) Ringing() []Ref {
	if r.State != RingRinging || len(r.Steps) == 0 {
		return nil
	}
	s := r.Steps[len(r.Steps)-1]
	return slices.DeleteFunc(slices.Clone(s.Targets), s.done)
}

// Deadline is when the step that rings is over; zero when nothing rings.
func (r *Ring) Deadline() time.Time {
	if len(r.Ringing()) == 0 {
		return time.Time{}
	}
	return r.Steps[len(r.Steps)-1].Until
}

// Rung reports whether the party was rung in any step.
func (r *Ring) Rung(party Ref) bool {
	return slices.ContainsFunc(r.Steps, func(s RingStep) bool { return slices.Contains(s.Targets, party) })
}

// Step rings the next people, leaving out who was rung before and the caller;
// false, and nothing changed, when nobody is left. The last step of a plan rings
// until the whole ring has lasted RingTime.
func (r *Ring) Step(via string, targets []Ref, last bool, at time.Time) bool {
	if r.State != RingRinging || len(r.Ringing()) > 0 {
		return false
	}
	var left []Ref
	for _, t := range targets {
		if t != r.Caller && !r.Rung(t) && !slices.Contains(left, t) {
			left = append(left, t)
		}
	}
	if len(left) == 0 {
		return false
	}
	s := RingStep{Via: via, Targets: left, From: at, Until: at.Add(StepTime)}
	if whole := r.StartedAt.Add(RingTime); last && whole.After(s.Until) {
		s.Until = whole
	}
	r.Steps = append(r.Steps, s)
	return true
}

// Accept answers the ring for one device; everybody else stops.
func (r *Ring) Accept(by Ref, device string, at time.Time) error {
	if r.State == RingAccepted && r.By == by && r.Device == device {
		return nil // said again after a lost answer
	}
	if !slices.Contains(r.Ringing(), by) {
		return errRingTaken
	}
	r.finish(by, RingedAnswered, at)
	r.finishAll(RingedElsewhere, at)
	r.State, r.By, r.Device = RingAccepted, by, device
	return nil
}

// Decline stops the ring for one party, on all devices.
func (r *Ring) Decline(by Ref, reason, suggest string, at time.Time) error {
	if !slices.Contains(r.Ringing(), by) {
		return errRingTaken
	}
	s := r.finish(by, RingedDeclined, at)
	s.Reason, s.Suggest = reason, suggest
	return nil
}

// Miss ends a step whose time is over; false when it is not.
func (r *Ring) Miss(at time.Time) bool {
	if d := r.Deadline(); d.IsZero() || at.Before(d) {
		return false
	}
	r.finishAll(RingedMissed, at)
	return true
}

// GiveUp ends a ring that has nobody left to ring.
func (r *Ring) GiveUp(at time.Time) bool {
	if r.State != RingRinging || len(r.Ringing()) > 0 {
		return false
	}
	r.State, r.EndedAt = RingUnanswered, at
	return true
}

// Cancel stops a ring that nobody has answered; false when it is too late.
func (r *Ring) Cancel(at time.Time) bool {
	if r.State != RingRinging {
		return false
	}
	r.finishAll(RingedStopped, at)
	r.State, r.EndedAt = RingCancelled, at
	return true
}

// HandOver rings others instead of who answered, with a time of its own; false,
// and nothing changed, when nobody is left to ring.
func (r *Ring) HandOver(via string, targets []Ref, note string, at time.Time) bool {
	if r.State != RingAccepted {
		return false
	}
	started := r.StartedAt
	r.State, r.StartedAt = RingRinging, at
	if !r.Step(via, targets, true, at) {
		r.State, r.StartedAt = RingAccepted, started
		return false
	}
	r.Steps[len(r.Steps)-1].Note = note
	r.By, r.Device = "", ""
	return true
}

// End ends a talk.
func (r *Ring) End(at time.Time) bool {
	if r.State != RingAccepted {
		return false
	}
	r.State, r.EndedAt = RingEnded, at
	return true
}

// done reports whether the target has stopped ringing.
func (s RingStep) done(target Ref) bool {
	return slices.ContainsFunc(s.Results, func(d RingDone) bool { return d.Target == target })
}

func (r *Ring) finish(target Ref, result RingResult, at time.Time) *RingDone {
	s := &r.Steps[len(r.Steps)-1]
	s.Results = append(s.Results, RingDone{Target: target, Result: result, At: at})
	return &s.Results[len(s.Results)-1]
}

func (r *Ring) finishAll(result RingResult, at time.Time) {
	for _, t := range r.Ringing() {
		r.finish(t, result, at)
	}
}
