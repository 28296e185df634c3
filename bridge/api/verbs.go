// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"context"
	"io"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
)

// Verbs is what this package asks of a bridge; *bridge.Bridge keeps it. It is
// cut by area so that each part of this package sees only what it calls.
type Verbs interface {
	Callers
	Consenting
	Emergencies
	Patients
	Proofs
	Talking
	Accounts
	Parts
}

// Consenting is the patient's yes and no.
type Consenting interface {
	Consents
	Requests
	Objections
}

// Talking is everything about conversations, and the lines that lead to them.
type Talking interface {
	Conversations
	Messages
	Reading
	Lines
}

// Callers makes callers, and keeps their own settings.
type Callers interface {
	Caller(ctx context.Context, id bridge.Identity, role bridge.Ref) (bridge.Caller, error)
	Roles(ctx context.Context, id bridge.Identity) ([]bridge.RoleEntry, error)
	SetDND(ctx context.Context, c bridge.Caller, until time.Time) error
}

// Consents are given, looked at and withdrawn.
type Consents interface {
	Consents(ctx context.Context, c bridge.Caller, p bridge.PatientID) ([]bridge.Consent, []bridge.Objection, error)
	ConsentText(ctx context.Context, c bridge.Caller, p bridge.PatientID, s bridge.Scope, language string) (bridge.ConsentText, error)
	Grant(ctx context.Context, c bridge.Caller, n bridge.NewGrant) (bridge.Consent, error)
	PreviewGrant(ctx context.Context, c bridge.Caller, n bridge.NewGrant) (bridge.Change, error)
	Withdraw(ctx context.Context, c bridge.Caller, p bridge.PatientID, id bridge.ConsentID) (bridge.Withdrawal, error)
	PreviewWithdrawal(ctx context.Context, c bridge.Caller, p bridge.PatientID, id bridge.ConsentID) (bridge.Change, error)
}

// Requests ask the patient.
type Requests interface {
	RequestConsent(ctx context.Context, c bridge.Caller, n bridge.NewRequest) (bridge.ConsentRequest, error)
	Requests(ctx context.Context, c bridge.Caller, q bridge.RequestQuery) ([]bridge.ConsentRequest, error)
	Decline(ctx context.Context, c bridge.Caller, p bridge.PatientID, id bridge.RequestID) error
}

// Objections are made and lifted.
type Objections interface {
	Object(ctx context.Context, c bridge.Caller, o bridge.Objection) (bridge.Objection, error)
	Lift(ctx context.Context, c bridge.Caller, p bridge.PatientID, id bridge.ObjectionID) error
}

// Emergencies break the glass.
type Emergencies interface {
	BreakGlass(ctx context.Context, c bridge.Caller, n bridge.NewEmergency) (bridge.Emergency, error)
	ConfirmGlass(ctx context.Context, c bridge.Caller, p bridge.PatientID, id string) (bridge.Emergency, error)
	Emergencies(ctx context.Context, c bridge.Caller, q bridge.EmergencyQuery) ([]bridge.EmergencyView, error)
	ReviewEmergency(ctx context.Context, c bridge.Caller, n bridge.NewReview) (bridge.Emergency, error)
}

// Patients are found, with who is around them and what happened.
type Patients interface {
	Patient(ctx context.Context, c bridge.Caller, id bridge.PatientID) (bridge.Patient, error)
	FindPatient(ctx context.Context, c bridge.Caller, i bridge.Identifier) (bridge.Patient, error)
	CareTeam(ctx context.Context, c bridge.Caller, p bridge.PatientID) ([]bridge.MemberView, error)
	Presence(ctx context.Context, c bridge.Caller, p bridge.PatientID, members []bridge.Party) ([]bridge.Presence, error)
	Entries(ctx context.Context, c bridge.Caller, p bridge.PatientID, after uint64, limit int, language string) ([]bridge.EntryView, error)
	Directory(ctx context.Context, c bridge.Caller, q bridge.DirectoryQuery) ([]bridge.RoleEntry, error)
	Names(ctx context.Context, c bridge.Caller, p bridge.PatientID, refs []bridge.Ref) ([]bridge.Named, error)
}

// Proofs let a record be verified without the bridge.
type Proofs interface {
	Receipt(ctx context.Context, c bridge.Caller, p bridge.PatientID, seq uint64) ([]byte, error)
	Export(ctx context.Context, c bridge.Caller, p bridge.PatientID, earlier uint64, w io.Writer) error
	Checkpoint(ctx context.Context, cosigned bool) ([]byte, error)
	ProvePrefix(ctx context.Context, old, size uint64) ([]ledger.Hash, error)
	LedgerKeys() (bridge.LedgerKeys, error)
}

// Conversations are opened, listed and marked as read.
type Conversations interface {
	Open(ctx context.Context, c bridge.Caller, n bridge.NewConversation) (bridge.Conversation, error)
	Conversations(ctx context.Context, c bridge.Caller, q bridge.ConversationQuery) ([]bridge.ConversationView, error)
	Read(ctx context.Context, c bridge.Caller, conv bridge.ConversationID, seq uint64) (uint64, error)
}

// Messages are sent and amended.
type Messages interface {
	Send(ctx context.Context, c bridge.Caller, d bridge.Draft) (bridge.Sent, error)
	Preview(ctx context.Context, c bridge.Caller, d bridge.Draft) ([]bridge.SeenBy, error)
	Amend(ctx context.Context, c bridge.Caller, a bridge.Amendment) (bridge.Message, error)
	Versions(ctx context.Context, c bridge.Caller, id bridge.MessageID) ([]bridge.Version, error)
	Acknowledge(ctx context.Context, c bridge.Caller, m bridge.MessageID) (time.Time, error)
	Attach(ctx context.Context, c bridge.Caller, p bridge.PatientID, name string, topics []bridge.Topic, content []byte) (bridge.Attachment, error)
}

// Reading hands content to the caller; each is a disclosure.
type Reading interface {
	History(ctx context.Context, c bridge.Caller, s bridge.Claimant, q bridge.HistoryQuery) ([]bridge.HistoryItem, bool, error)
	Attachment(ctx context.Context, c bridge.Caller, s bridge.Claimant, id bridge.AttachmentID) (bridge.Attachment, []byte, bridge.DisclosureID, error)
	Close(ctx context.Context, c bridge.Caller, claims []bridge.DisclosureID, s bridge.DisclosureState) error
}

// Accounts are for an admin, and so is import; who signs out may be oneself.
type Accounts interface {
	Keys
	Disable(ctx context.Context, c bridge.Caller, s bridge.Subject) error
	Enable(ctx context.Context, c bridge.Caller, s bridge.Subject) error
	SignOut(ctx context.Context, c bridge.Caller, s bridge.Subject) error
	Import(ctx context.Context, c bridge.Caller, batch bridge.ImportBatch) (bridge.ImportReport, error)
}

// Keys are rotated, counted, and destroyed for good.
type Keys interface {
	Erase(ctx context.Context, c bridge.Caller, n bridge.NewErasure) (bridge.ErasureReceipt, error)
	RotateKeys(ctx context.Context, c bridge.Caller, patients ...bridge.PatientID) (int, error)
	RotateKEK(ctx context.Context, c bridge.Caller) (int, error)
	Keys(ctx context.Context, c bridge.Caller) (bridge.KeyStatus, error)
}

// Parts of the bridge that health and words come from.
type Parts interface {
	Store() bridge.Store
	Live() bridge.Live
	Texts() bridge.Texts
}

var _ Verbs = (*bridge.Bridge)(nil)

// Lines are looked after, and looked at.
type Lines interface {
	LineHands
	Line(ctx context.Context, c bridge.Caller, id bridge.LineID) (bridge.Line, error)
	Lines(ctx context.Context, c bridge.Caller, q bridge.LinesQuery) ([]bridge.LineView, error)
	LineState(ctx context.Context, c bridge.Caller, id bridge.LineID) (bridge.LineState, error)
	LineReport(ctx context.Context, c bridge.Caller, id bridge.LineID, p bridge.Period) (bridge.LineReport, error)
}

// LineHands change a line.
type LineHands interface {
	PutLine(ctx context.Context, c bridge.Caller, l bridge.Line) (bridge.Line, error)
	OpenLine(ctx context.Context, c bridge.Caller, id bridge.LineID, until time.Time, reason string) (bridge.LineView, error)
	CloseLine(ctx context.Context, c bridge.Caller, id bridge.LineID, until time.Time, reason string) (bridge.LineView, error)
	Window(ctx context.Context, c bridge.Caller, id bridge.LineID, p bridge.Period, reason string) (bridge.LineView, error)
	ImportRota(ctx context.Context, c bridge.Caller, id bridge.LineID, p bridge.Period, r bridge.RotaReader) (bridge.RotaImport, error)
}
