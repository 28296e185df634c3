// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"time"
)

// Draft is what a sender asks to be sent.
type Draft struct {
	MID          string         `json:"mid"` // 8 to 64 of [A-Za-z0-9.-]; the same mid is the same message for ever
	Conversation ConversationID `json:"conv"`
	Parts        []Part         `json:"parts"`
	Attachments  []AttachmentID `json:"attachments,omitempty"`
	Priority     Priority       `json:"priority,omitempty"` // "" is routine
	ReplyTo      MessageID      `json:"reply_to,omitempty"`
	AckRequested bool           `json:"ack_requested,omitempty"`
}

// Sent is the answer to a Draft.
type Sent struct {
	Message    MessageID    `json:"message"`
	Seq        uint64       `json:"seq,omitempty"`
	State      MessageState `json:"state"`
	At         time.Time    `json:"at"`
	Duplicate  bool         `json:"duplicate,omitempty"` // had been sent before with this mid
	Recipients []SeenBy     `json:"recipients"`
}

// SeenBy says what one recipient will see, or has been given.
type SeenBy struct {
	Recipient Ref        `json:"recipient,omitempty"` // empty where the sender may not know who it is
	Via       Party      `json:"via,omitzero"`
	Allow     bool       `json:"allow"`
	Basis     string     `json:"basis,omitempty"`
	Redact    []Topic    `json:"redact,omitempty"`
	Parts     []Part     `json:"parts,omitempty"` // in a preview: the parts as they will see them
	Reasons   []Code     `json:"reasons,omitempty"`
	Remedies  []Remedy   `json:"remedies,omitempty"`
	Reachable *Reachable `json:"reachable,omitempty"` // in a preview
}

// Reachable is shown before one writes: hours and absence from the directory,
// presence from live state.
type Reachable struct {
	Presence   PresenceState `json:"presence"`
	InHours    bool          `json:"in_hours"`
	Hours      []Hours       `json:"hours,omitempty"`
	AwayUntil  time.Time     `json:"away_until,omitzero"`
	Substitute Ref           `json:"substitute,omitempty"`
}

// NewConversation is what opens a conversation.
type NewConversation struct {
	MID     string    `json:"mid"`
	Patient PatientID `json:"patient"`
	Purpose Purpose   `json:"purpose"`
	Case    string    `json:"case,omitempty"`
	Subject string    `json:"subject,omitempty"`
	Members []Party   `json:"members"` // besides the caller
}

// Claimant is the session that content is claimed for.
type Claimant struct {
	Session string
	Beat    uint64 // newest beat read from the session, captured before the call (I4)
	Fresh   bool   // the client keeps the freshness rule; without it no content is given
}

// Delivered is one event of a party's log as the session may see it.
type Delivered struct {
	Event      Event        `json:"event"`
	Message    *Message     `json:"message,omitempty"` // redacted as decided; nil when withheld
	Disclosure DisclosureID `json:"disclosure,omitempty"`
	Withheld   []Code       `json:"withheld,omitempty"` // why there is no content
}

// Amendment edits or retracts a message.
type Amendment struct {
	Message MessageID `json:"message"`
	MID     string    `json:"mid"`
	Retract bool      `json:"retract,omitempty"`
	Parts   []Part    `json:"parts,omitempty"` // of an edit
	Reason  string    `json:"reason"`
}

// HistoryQuery asks for messages of a conversation; Before and After are
// exclusive seqs. Limit 0 means 50, at most 200.
type HistoryQuery struct {
	Conversation ConversationID `json:"conv"`
	Before       uint64         `json:"before,omitempty"`
	After        uint64         `json:"after,omitempty"`
	Limit        int            `json:"limit,omitempty"`
}

// HistoryItem is a message as the reader may see it, with its account where the
// reader is the sender.
type HistoryItem struct {
	Message    Message      `json:"message"`
	Disclosure DisclosureID `json:"disclosure,omitempty"`
	Withheld   []Code       `json:"withheld,omitempty"` // when set, Message holds place and sender's kind only
	Deliveries []Delivery   `json:"deliveries,omitempty"`
}

// NewRequest asks the patient. With Hold, the draft waits for the answer.
type NewRequest struct {
	MID     string    `json:"mid"`
	Patient PatientID `json:"patient"`
	Scope   Scope     `json:"scope"`
	Reason  string    `json:"reason"`
	Hold    *Draft    `json:"hold,omitempty"`
}

// NewGrant gives a consent, on a request or of one's own accord.
type NewGrant struct {
	MID      string      `json:"mid"`
	Patient  PatientID   `json:"patient"`
	Request  RequestID   `json:"request,omitempty"`
	Scope    *Scope      `json:"scope,omitempty"` // nil: the request's
	Language string      `json:"language"`
	TextHash string      `json:"text_hash"`      // of the text that was shown; it must be the text of this scope
	Form     ConsentForm `json:"form,omitempty"` // "" is signed-in; a professional records paper or oral
	Reason   string      `json:"reason,omitempty"`
}

// Withdrawal is the answer to a withdrawal.
type Withdrawal struct {
	Consent     ConsentID    `json:"consent"`
	At          time.Time    `json:"at"`          // when it took effect
	Disclosures int          `json:"disclosures"` // made before it took effect, under this consent
	Unconfirmed []Disclosure `json:"unconfirmed"` // of these, handed over with no receipt
	Affected    Change       `json:"affected"`
}

// Change says what a grant or a withdrawal changes, or would change.
type Change struct {
	Conversations []ConversationID `json:"conversations"` // that open or close, in part or whole
	Gain          []Access         `json:"gain"`
	Lose          []Access         `json:"lose"`
}

// Access is what one party can learn from another.
type Access struct {
	From   Ref     `json:"from"`
	To     Ref     `json:"to"`
	Topics []Topic `json:"topics"`
}

// MemberView is a member of a care team as the caller may see it.
type MemberView struct {
	Function     CareFunction `json:"function"`
	Member       Ref          `json:"member"`
	Name         string       `json:"name"`
	Title        string       `json:"title,omitempty"`
	Organization string       `json:"organization"`
	Reachable    Reachable    `json:"reachable"`
}

// The verbs. Each takes the caller, passes the gate, and answers an *Error.

// Caller makes the caller for a checked token. role chooses one of a
// practitioner's roles, and may be empty when there is only one.
func (b *Bridge) Caller(ctx context.Context, id Identity, role Ref) (Caller, error) {
	panic("skeleton")
}

// Open opens a conversation, or returns the one opened before with this MID.
func (b *Bridge) Open(ctx context.Context, c Caller, n NewConversation) (Conversation, error) {
	panic("skeleton")
}

// Conversations lists the caller's conversations, newest change first.
func (b *Bridge) Conversations(ctx context.Context, c Caller, q ConversationQuery) ([]ConversationView, error) {
	panic("skeleton")
}

// Send sends.
func (b *Bridge) Send(ctx context.Context, c Caller, d Draft) (Sent, error) { panic("skeleton") }

// Preview says what each recipient would see of the draft, and sends nothing.
func (b *Bridge) Preview(ctx context.Context, c Caller, d Draft) ([]SeenBy, error) { panic("skeleton") }

// Amend edits or retracts one's own message.
func (b *Bridge) Amend(ctx context.Context, c Caller, a Amendment) (Message, error) {
	panic("skeleton")
}

// Deliver returns the events behind n, at most limit, claiming what has content.
func (b *Bridge) Deliver(ctx context.Context, c Caller, s Claimant, n uint64, limit int) (events []Delivered, more bool, err error) {
	panic("skeleton")
}

// Head returns the caller's place in their log, and the oldest n that is kept.
func (b *Bridge) Head(ctx context.Context, c Caller) (head Position, oldest uint64, err error) {
	panic("skeleton")
}

// Close closes claims by the client's word: shown, stale, or unsent.
func (b *Bridge) Close(ctx context.Context, c Caller, claims []DisclosureID, s DisclosureState) error {
	panic("skeleton")
}

// Read moves the caller's marker, and tells the senders.
func (b *Bridge) Read(ctx context.Context, c Caller, conv ConversationID, seq uint64) (uint64, error) {
	panic("skeleton")
}

// Acknowledge answers a message that asks for it.
func (b *Bridge) Acknowledge(ctx context.Context, c Caller, m MessageID, note string) (time.Time, error) {
	panic("skeleton")
}

// Typing tells the members who may know. It records nothing.
func (b *Bridge) Typing(ctx context.Context, c Caller, conv ConversationID, on bool) error {
	panic("skeleton")
}

// History reads messages; each is a disclosure and is claimed.
func (b *Bridge) History(ctx context.Context, c Caller, s Claimant, q HistoryQuery) (items []HistoryItem, complete bool, err error) {
	panic("skeleton")
}

// Attach keeps a file for a message about the patient.
func (b *Bridge) Attach(ctx context.Context, c Caller, p PatientID, name string, topics []Topic, content []byte) (Attachment, error) {
	panic("skeleton")
}

// Attachment reads a file; it is a disclosure and is claimed.
func (b *Bridge) Attachment(ctx context.Context, c Caller, s Claimant, id AttachmentID) (Attachment, []byte, error) {
	panic("skeleton")
}

// RequestConsent asks the patient, and holds a message if one is given.
func (b *Bridge) RequestConsent(ctx context.Context, c Caller, n NewRequest) (ConsentRequest, error) {
	panic("skeleton")
}

// Requests lists a patient's requests: the patient's all, a professional's own.
func (b *Bridge) Requests(ctx context.Context, c Caller, q RequestQuery) ([]ConsentRequest, error) {
	panic("skeleton")
}

// ConsentText is the text for a scope in a language, as the patient will read it.
func (b *Bridge) ConsentText(ctx context.Context, c Caller, p PatientID, s Scope, language string) (ConsentText, error) {
	panic("skeleton")
}

// Grant gives a consent.
func (b *Bridge) Grant(ctx context.Context, c Caller, n NewGrant) (Consent, error) { panic("skeleton") }

// PreviewGrant says what the grant would change.
func (b *Bridge) PreviewGrant(ctx context.Context, c Caller, n NewGrant) (Change, error) {
	panic("skeleton")
}

// Decline says no to a request; held messages return.
func (b *Bridge) Decline(ctx context.Context, c Caller, p PatientID, id RequestID) error {
	panic("skeleton")
}

// Withdraw takes a consent back. It is answered when nothing that relied on the
// consent can be shown any more.
func (b *Bridge) Withdraw(ctx context.Context, c Caller, p PatientID, id ConsentID) (Withdrawal, error) {
	panic("skeleton")
}

// PreviewWithdrawal says what the withdrawal would change.
func (b *Bridge) PreviewWithdrawal(ctx context.Context, c Caller, p PatientID, id ConsentID) (Change, error) {
	panic("skeleton")
}

// Consents lists a patient's consents and objections, for the patient, and for a
// member of the care team those that name them.
func (b *Bridge) Consents(ctx context.Context, c Caller, p PatientID) ([]Consent, []Objection, error) {
	panic("skeleton")
}

// Object makes an objection.
func (b *Bridge) Object(ctx context.Context, c Caller, o Objection) (Objection, error) {
	panic("skeleton")
}

// Lift lifts an objection.
func (b *Bridge) Lift(ctx context.Context, c Caller, p PatientID, id ObjectionID) error {
	panic("skeleton")
}

// BreakGlass asks for emergency access; ConfirmGlass, within two minutes, opens
// it for 15.
func (b *Bridge) BreakGlass(ctx context.Context, c Caller, p PatientID, reason string) (Emergency, error) {
	panic("skeleton")
}

// ConfirmGlass is the second confirmation.
func (b *Bridge) ConfirmGlass(ctx context.Context, c Caller, p PatientID, id string) (Emergency, error) {
	panic("skeleton")
}

// CareTeam lists who is involved with the patient, as far as the caller may know.
func (b *Bridge) CareTeam(ctx context.Context, c Caller, p PatientID) ([]MemberView, error) {
	panic("skeleton")
}

// Directory lists roles by name; who works where is not about a patient.
func (b *Bridge) Directory(ctx context.Context, c Caller, q DirectoryQuery) ([]RoleEntry, error) {
	panic("skeleton")
}

// FindPatient finds a patient by national identifier, for a caller who is
// involved with them; for anybody else there is none.
func (b *Bridge) FindPatient(ctx context.Context, c Caller, i Identifier) (Patient, error) {
	panic("skeleton")
}

// Presence returns the presence of the members, in this patient's matter, whom
// the caller may see; of others, nothing.
func (b *Bridge) Presence(ctx context.Context, c Caller, p PatientID, members []Party) ([]Presence, error) {
	panic("skeleton")
}

// SetDND sets or, with a zero time, clears do-not-disturb.
func (b *Bridge) SetDND(ctx context.Context, c Caller, until time.Time) error { panic("skeleton") }

// Entries reads a patient's record; for the patient and their representatives.
func (b *Bridge) Entries(ctx context.Context, c Caller, p PatientID, after uint64, limit int) ([]EntryView, error) {
	panic("skeleton")
}

// Disable closes an account: its sessions end within a second, and nothing that
// is in flight passes any more. Enable opens it again. Both are for an admin.
func (b *Bridge) Disable(ctx context.Context, c Caller, s Subject) error { panic("skeleton") }

// Enable opens a closed account.
func (b *Bridge) Enable(ctx context.Context, c Caller, s Subject) error { panic("skeleton") }

// Import takes checked resources, all or none. It is for an admin.
func (b *Bridge) Import(ctx context.Context, c Caller, batch ImportBatch) (ImportReport, error) {
	panic("skeleton")
}

// Sweep does what time asks for: expires consents and requests, returns held
// messages, releases those whose consent came while the bridge was down, trims
// old events. It is called every few seconds and at start.
func (b *Bridge) Sweep(ctx context.Context) error { panic("skeleton") }
