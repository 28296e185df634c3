// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire_test

import (
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

var (
	nurse    = bridge.Ref("PractitionerRole/nurse-4")
	lineView = bridge.LineView{
		Line: "l-2", Name: "Outpatients 2, professionals' line", Organization: "outpatients-2", Owner: "Outpatients 2",
		Open: true, Until: at.Add(6 * time.Hour), Promise: bridge.Promise{AnswerSeconds: 30}, Waiting: 1,
	}
	ringing = bridge.RingView{
		ID: "ring-6", Rev: 2, State: bridge.RingRinging, Mine: bridge.SideCaller, Line: "l-2", LineName: lineView.Name, LeftMS: 24_600,
		Patient: patient, Caller: gp, Wanted: bridge.Party{Function: bridge.FunctionTreatingPsychiatrist}, Purpose: bridge.PurposeTreatment,
		Topics: []bridge.Topic{bridge.TopicMedication}, Via: string(bridge.FunctionTreatingPsychiatrist), Ringing: []bridge.Ref{psych}, StartedAt: at,
	}
	rung = bridge.RingView{
		ID: "ring-6", Rev: 2, State: bridge.RingRinging, Mine: bridge.SideTarget, Line: "l-2", LineName: lineView.Name, LeftMS: 24_500,
	}
	callback = bridge.CallbackView{
		Callback: bridge.Callback{
			ID: "cb-1", Rev: 1, MID: "callback-01", Ring: "ring-6", Line: "l-2", Patient: patient, Caller: gp, Purpose: bridge.PurposeTreatment,
			Topics: []bridge.Topic{bridge.TopicMedication}, State: bridge.CallbackWaiting, AskedAt: at, DueAt: at.Add(2 * time.Hour),
		},
		LineName: lineView.Name, Before: 1, All: 2,
	}
)

// answered is the ring with the talk that came of it.
func answered(v bridge.RingView) *wire.RingAnswer {
	v.Rev, v.State, v.LeftMS, v.Ringing = 3, bridge.RingAccepted, 0, nil
	v.By, v.Conversation, v.AnsweredAt = psych, "c-9", at.Add(9*time.Second)
	return &wire.RingAnswer{Ring: v}
}

func became(v bridge.RingView, s bridge.RingState) *wire.RingAnswer {
	v.Rev, v.State, v.LeftMS, v.Ringing, v.EndedAt = 3, s, 0, nil, at.Add(time.Minute)
	return &wire.RingAnswer{Ring: v}
}

// unanswered is a ring that nobody answered, with what its caller can do.
func unanswered() *bridge.RingView {
	v := became(ringing, bridge.RingUnanswered).Ring
	v.Fallback = &bridge.Fallback{
		Line: "l-2", Inbox: "Organization/outpatients-2", Phone: "38 64 00 00", Waiting: 1,
		Promise: lineView.Promise, DueAt: at.Add(2 * time.Hour),
	}
	return &v
}

func queued(s bridge.CallbackState, o bridge.CallbackOutcome) *wire.CallbackAnswer {
	c := callback
	if c.State = s; s != bridge.CallbackWaiting {
		c.Rev, c.Taker, c.TakenAt = 2, nurse, at.Add(time.Hour)
	}
	if c.Outcome = o; o != "" {
		c.Rev, c.ClosedBy, c.ClosedAt = 3, nurse, at.Add(70*time.Minute)
	}
	return &wire.CallbackAnswer{Callback: c}
}

var lineExchanges = []exchange{
	{
		Type: wire.CmdLineWho,
		Data: &bridge.WhoQuery{Patient: patient, Wanted: ringing.Wanted, Purpose: bridge.PurposeTreatment},
		OK: &bridge.WhoView{
			State: bridge.WhoAvailable, Count: 1, Line: &lineView,
			People: []bridge.RingPerson{{Party: psych, Name: "(name)", Via: ringing.Via}},
		},
	},
	{Type: wire.CmdLineList, Data: &bridge.LinesQuery{Organization: "outpatients-2"}, OK: &wire.LinesFound{Lines: []bridge.LineView{lineView}}},
	{Type: wire.CmdLineState, Data: &wire.LineOf{Line: "l-2"}, OK: &bridge.LineState{
		LineView: lineView, People: []bridge.OnDuty{{Party: nurse, Name: "(name)", Via: "tier-1"}}, Ringing: 1,
	}},
	{Type: wire.CmdLineOpen, Data: &wire.LineSwitch{Line: "l-2", Until: at.Add(time.Hour)}, OK: &lineView},
	{Type: wire.CmdLineClose, Data: &wire.LineSwitch{Line: "l-2", Reason: "Course day."}, OK: &bridge.LineView{
		Line: "l-2", Name: lineView.Name, Organization: "outpatients-2", Owner: "Outpatients 2", Next: at.AddDate(0, 0, 1), Reason: "Course day.",
	}},
	{Type: wire.CmdLineWindow, Data: &wire.LineWindow{Line: "l-2", Period: bridge.Period{Start: at, End: at.Add(time.Hour)}}, OK: &lineView},
	{Type: wire.CmdLineSwitch, Data: &bridge.NewSwitch{Line: "l-2", On: false, Until: at.Add(time.Hour), Reason: "In a meeting."}, OK: &wire.Empty{}},
	{Type: wire.CmdLineRing, Data: &wire.LineRing{
		MID: "ring-0001", Patient: patient, Wanted: ringing.Wanted, Purpose: bridge.PurposeTreatment,
		Topics: ringing.Topics, Note: "The dose after Friday.", Voice: true,
	}, OK: &wire.RingAnswer{Ring: ringing}},
	{Type: wire.CmdLineShow, Data: &wire.RingOf{Ring: "ring-6"}, content: true, OK: &bridge.RingClaim{
		Ring: rung, Caller: gp, CallerName: "(name), (clinic)", Patient: patient, Name: "(name)", Purpose: bridge.PurposeTreatment,
		Topics: ringing.Topics, Note: "The dose after Friday.", Disclosure: "d-903",
	}},
	{Type: wire.CmdLineCancel, Data: &wire.RingOf{Ring: "ring-6"}, OK: became(ringing, bridge.RingCancelled)},
	{Type: wire.CmdLineAccept, Data: &wire.RingOf{Ring: "ring-6"}, OK: answered(rung)},
	{Type: wire.CmdLineDecline, Data: &wire.RingDecline{Ring: "ring-6", Reason: "In a consultation.", Suggest: "Ring again after two."}, OK: &wire.RingAnswer{Ring: bridge.RingView{
		ID: "ring-6", Rev: 3, State: bridge.RingRinging, Line: "l-2", LineName: lineView.Name,
	}}},
	{
		Type: wire.CmdLineHandOver, Data: &wire.RingHandOver{Ring: "ring-6", To: bridge.HandTo{Party: nurse}, Note: "Knows the dose."},
		OK: &wire.RingAnswer{Ring: bridge.RingView{ID: "ring-6", Rev: 4, State: bridge.RingRinging, Line: "l-2", LineName: lineView.Name}},
	},
	{Type: wire.CmdLineEnd, Data: &wire.RingOf{Ring: "ring-6"}, OK: became(ringing, bridge.RingEnded)},
	{Type: wire.CmdCallbackAsk, Data: &bridge.NewCallback{MID: "callback-01", Ring: "ring-6"}, OK: queued(bridge.CallbackWaiting, "")},
	{Type: wire.CmdCallbackTake, Data: &wire.CallbackOf{Callback: "cb-1"}, OK: queued(bridge.CallbackTaken, "")},
	{Type: wire.CmdCallbackRetry, Data: &wire.CallbackOf{Callback: "cb-1"}, OK: queued(bridge.CallbackWaiting, "")},
	{Type: wire.CmdCallbackClose, Data: &wire.CallbackEnd{Callback: "cb-1", Outcome: bridge.CallbackTalked}, OK: queued(bridge.CallbackClosed, bridge.CallbackTalked)},
	{Type: wire.CmdCallbackList, Data: &wire.CallbackList{Line: "l-2"}, OK: &wire.CallbacksListed{Callbacks: []bridge.CallbackView{callback}}},
}

var linePushes = []push{
	{wire.PushLineRinging, 10431, 0, &wire.RingEvent{At: at, Ring: "ring-6", Line: "l-2", View: &rung}},
	{wire.PushLineStop, 10432, 0, &wire.RingEvent{At: at, Ring: "ring-6", Line: "l-2", By: nurse, State: "answered_elsewhere"}},
	{wire.PushLineState, 10433, 0, &wire.RingEvent{At: at, Ring: "ring-6", Line: "l-2", State: string(bridge.RingUnanswered), View: unanswered()}},
	{wire.PushLineCallback, 10434, 0, &wire.CallbackEvent{At: at, Callback: "cb-1", Line: "l-2", Ring: "ring-6", Patient: patient, By: nurse, State: "taken"}},
}
