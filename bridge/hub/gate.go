// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"context"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// Gate is what a hub asks of the bridge, by area. GateOf takes all of it from
// one *bridge.Bridge.
type Gate struct {
	People   People
	Talk     Talk
	Content  Content
	Consents Consents
	Rights   Rights
	Reach    Reach

	Lines     Lines
	Rings     Rings
	Callbacks Callbacks
}

// GateOf returns the verbs of b.
func GateOf(b *bridge.Bridge) Gate {
	return Gate{People: b, Talk: b, Content: b, Consents: b, Rights: b, Reach: b, Lines: b, Rings: b, Callbacks: b}
}

// People is who calls, and whom they may know of.
type People interface {
	Caller(ctx context.Context, id bridge.Identity, role bridge.Ref) (bridge.Caller, error)
	CareTeam(ctx context.Context, c bridge.Caller, p bridge.PatientID) ([]bridge.MemberView, error)
	Directory(ctx context.Context, c bridge.Caller, q bridge.DirectoryQuery) ([]bridge.RoleEntry, error)
	Presence(ctx context.Context, c bridge.Caller, p bridge.PatientID, members []bridge.Party) ([]bridge.Presence, error)
	SetDND(ctx context.Context, c bridge.Caller, until time.Time) error
	SignOut(ctx context.Context, c bridge.Caller, s bridge.Subject) error
	Entries(ctx context.Context, c bridge.Caller, p bridge.PatientID, after uint64, limit int, language string) ([]bridge.EntryView, error)
}

// Reach is who can be rung on lines, and between which devices voice goes.
type Reach interface {
	SignOn(ctx context.Context, parties []bridge.Ref) error
	SignOff(ctx context.Context, party bridge.Ref) error
	LineState(ctx context.Context, c bridge.Caller, id bridge.LineID) (bridge.LineState, error)
	Talking(ctx context.Context, c bridge.Caller, session string, id bridge.RingID) (bridge.Peer, error)
}

// Talk is what members of a conversation do.
type Talk interface {
	Send(ctx context.Context, c bridge.Caller, d bridge.Draft) (bridge.Sent, error)
	Preview(ctx context.Context, c bridge.Caller, d bridge.Draft) ([]bridge.SeenBy, error)
	Amend(ctx context.Context, c bridge.Caller, a bridge.Amendment) (bridge.Message, error)
	Read(ctx context.Context, c bridge.Caller, conv bridge.ConversationID, seq uint64) (uint64, error)
	Acknowledge(ctx context.Context, c bridge.Caller, m bridge.MessageID) (time.Time, error)
	Typing(ctx context.Context, c bridge.Caller, conv bridge.ConversationID, on bool) error
	Open(ctx context.Context, c bridge.Caller, n bridge.NewConversation) (bridge.Conversation, error)
	Conversations(ctx context.Context, c bridge.Caller, q bridge.ConversationQuery) ([]bridge.ConversationView, error)
}

// Content is what is disclosed to a session, by claims.
type Content interface {
	Deliver(ctx context.Context, c bridge.Caller, s bridge.Claimant, n uint64, limit int) ([]bridge.Delivered, bool, error)
	Head(ctx context.Context, c bridge.Caller) (bridge.Position, uint64, error)
	Close(ctx context.Context, c bridge.Caller, claims []bridge.DisclosureID, s bridge.DisclosureState) error
	History(ctx context.Context, c bridge.Caller, s bridge.Claimant, q bridge.HistoryQuery) ([]bridge.HistoryItem, bool, error)
}

// Consents is asking for, giving and taking back.
type Consents interface {
	RequestConsent(ctx context.Context, c bridge.Caller, n bridge.NewRequest) (bridge.ConsentRequest, error)
	Requests(ctx context.Context, c bridge.Caller, q bridge.RequestQuery) ([]bridge.ConsentRequest, error)
	ConsentText(ctx context.Context, c bridge.Caller, p bridge.PatientID, s bridge.Scope, language string) (bridge.ConsentText, error)
	Grant(ctx context.Context, c bridge.Caller, n bridge.NewGrant) (bridge.Consent, error)
	PreviewGrant(ctx context.Context, c bridge.Caller, n bridge.NewGrant) (bridge.Change, error)
	Decline(ctx context.Context, c bridge.Caller, p bridge.PatientID, id bridge.RequestID) error
	Withdraw(ctx context.Context, c bridge.Caller, p bridge.PatientID, id bridge.ConsentID) (bridge.Withdrawal, error)
	PreviewWithdrawal(ctx context.Context, c bridge.Caller, p bridge.PatientID, id bridge.ConsentID) (bridge.Change, error)
}

// Rights is what patients have besides, and what may break the glass.
type Rights interface {
	Consents(ctx context.Context, c bridge.Caller, p bridge.PatientID) ([]bridge.Consent, []bridge.Objection, error)
	Object(ctx context.Context, c bridge.Caller, o bridge.Objection) (bridge.Objection, error)
	Lift(ctx context.Context, c bridge.Caller, p bridge.PatientID, id bridge.ObjectionID) error
	BreakGlass(ctx context.Context, c bridge.Caller, n bridge.NewEmergency) (bridge.Emergency, error)
	ConfirmGlass(ctx context.Context, c bridge.Caller, p bridge.PatientID, id string) (bridge.Emergency, error)
}

// Lines is what professionals do with lines.
type Lines interface {
	WhoCanBeRung(ctx context.Context, c bridge.Caller, q bridge.WhoQuery) (bridge.WhoView, error)
	Lines(ctx context.Context, c bridge.Caller, q bridge.LinesQuery) ([]bridge.LineView, error)
	LineState(ctx context.Context, c bridge.Caller, id bridge.LineID) (bridge.LineState, error)
	OpenLine(ctx context.Context, c bridge.Caller, id bridge.LineID, until time.Time, reason string) (bridge.LineView, error)
	CloseLine(ctx context.Context, c bridge.Caller, id bridge.LineID, until time.Time, reason string) (bridge.LineView, error)
	Window(ctx context.Context, c bridge.Caller, id bridge.LineID, p bridge.Period, reason string) (bridge.LineView, error)
	SwitchMe(ctx context.Context, c bridge.Caller, n bridge.NewSwitch) error
}

// Rings is ringing and being rung.
type Rings interface {
	Ring(ctx context.Context, c bridge.Caller, n bridge.NewRing) (bridge.RingView, error)
	Rings(ctx context.Context, c bridge.Caller) ([]bridge.RingView, error)
	ShowRing(ctx context.Context, c bridge.Caller, s bridge.Claimant, id bridge.RingID) (bridge.RingClaim, error)
	AcceptRing(ctx context.Context, c bridge.Caller, session string, id bridge.RingID) (bridge.RingView, error)
	DeclineRing(ctx context.Context, c bridge.Caller, id bridge.RingID, reason, suggest string) (bridge.RingView, error)
	HandOver(ctx context.Context, c bridge.Caller, id bridge.RingID, to bridge.HandTo, note string) (bridge.RingView, error)
	CancelRing(ctx context.Context, c bridge.Caller, id bridge.RingID) (bridge.RingView, error)
	EndRing(ctx context.Context, c bridge.Caller, id bridge.RingID) (bridge.RingView, error)
}

// Callbacks is the queue of a line, from both its ends.
type Callbacks interface {
	AskCallback(ctx context.Context, c bridge.Caller, n bridge.NewCallback) (bridge.CallbackView, error)
	TakeCallback(ctx context.Context, c bridge.Caller, id bridge.CallbackID) (bridge.CallbackView, error)
	RetryCallback(ctx context.Context, c bridge.Caller, id bridge.CallbackID) (bridge.CallbackView, error)
	CloseCallback(ctx context.Context, c bridge.Caller, id bridge.CallbackID, o bridge.CallbackOutcome) (bridge.CallbackView, error)
	Callbacks(ctx context.Context, c bridge.Caller, id bridge.LineID) ([]bridge.CallbackView, error)
	MyCallbacks(ctx context.Context, c bridge.Caller) ([]bridge.CallbackView, error)
}
