// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"slices"
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// Store keeps what must survive. Kept by bridge/store/sqlite.
//
// Transactions are serializable per patient. What Update wrote is durable when
// it returns nil: it survives kill -9 and power loss (I7). When it returns an
// error nothing was kept, except behind ErrOutcomeUnknown, after which the caller
// has to read or to repeat with the same ids. Transactions that wait at the same
// time share one commit.
type Store interface {
	// Update runs fn in one transaction that holds the patient's row, and with it
	// the order of everything about that patient. An empty patient locks no row
	// and is for the directory, accounts and a party's own settings. fn may be
	// run again after a conflict, so it must have no effect but through Tx; it
	// must not keep Tx, wait for anything, or call the Store. An error of fn rolls
	// back fn's own writes only and is returned as it is.
	Update(ctx context.Context, patient PatientID, fn func(Tx) error) error
	// View runs fn on one consistent snapshot that holds at least what every
	// Update that returned before View was called has written. Writes through
	// the Tx fail.
	View(ctx context.Context, fn func(Tx) error) error
	// Log is the random id of this store's log; a restore from a backup changes it.
	Log() string
	// Check reads everything and returns the first broken invariant: chains,
	// gaps in n or seq, I8. It may take long.
	Check(ctx context.Context) error
	Close() error
}

// ErrOutcomeUnknown is wrapped by an Update's error when the commit may or may
// not have been kept.
var ErrOutcomeUnknown = &Error{Code: CodeInternal, Message: "outcome of the commit unknown"}

// Tx is a transaction in progress. A missing row is ErrNotFound.
type Tx interface {
	Directory() Directory
	Patients() Patients
	Rulings
	Correspondence
	Switchboard
	Disclosures() Disclosures
	Events() Events
	Record
}

// Correspondence is what is said.
type Correspondence interface {
	Conversations() Conversations
	Messages() Messages
}

// Rulings is what decisions count.
type Rulings interface {
	Consents() Consents
	Emergencies() Emergencies
	Policies() Policies
}

// Directory keeps organizations, practitioners, roles, related persons, accounts.
type Directory interface {
	Organization(id string) (Organization, error)
	Practitioner(id string) (Practitioner, error)
	Role(id string) (PractitionerRole, error)
	RelatedPerson(id string) (RelatedPerson, error)
	// Find lists roles by name, in order of name and id.
	Find(q DirectoryQuery) ([]RoleEntry, error)
	Account(s Subject) (Account, error)
	// AccountsOf lists the accounts of one person.
	AccountsOf(person Ref) ([]Account, error)
	// Put inserts or replaces an Organization, Practitioner, PractitionerRole,
	// RelatedPerson or Account under its reference.
	Put(r Resource) error
}

// DirectoryQuery selects roles; set fields narrow. Limit 0 means 100.
type DirectoryQuery struct {
	Practitioner string // id
	Organization string // id; with its units
	Text         string // in a name, case folded
	Code         RoleCode
	ActiveOnly   bool
	Limit        int
}

// Patients keeps patients, their rows' heads and their care teams.
type Patients interface {
	Patient(id PatientID) (Patient, error)
	ByIdentifier(i Identifier) (PatientID, error)
	// Put inserts or replaces a patient; a new one starts at epoch 1, seq 0.
	Put(p Patient) error
	Head(id PatientID) (Head, error)
	// Bump adds one to the epoch and returns it (I1).
	Bump(id PatientID) (uint64, error)
	CareTeam(id PatientID) ([]CareTeamMember, error)
	SetCareTeam(id PatientID, team []CareTeamMember) error
	// Snapshot reads all that a decision depends on, at the row's epoch.
	Snapshot(id PatientID) (*Snapshot, error)
}

// Consents keeps consents, requests, objections and emergencies.
type Consents interface {
	Consent(id ConsentID) (Consent, error)
	// All lists a patient's consents and objections of every state, oldest first.
	All(patient PatientID) ([]Consent, []Objection, error)
	// Due lists active consents of any patient whose period ended before t.
	Due(t time.Time, limit int) ([]Consent, error)
	// Put inserts or replaces a Consent, an Objection, an Emergency or an Erasure.
	// An id that is another patient's, or that of an ended consent made active again
	// (I6), is CodeConflict. An Erasure that is not Done takes away what is not
	// sealed: it expires pending deliveries and, with Log, removes who the patient
	// is. While rows of before there were keys are not sealed it is CodeBusy.
	Put(r Ruling) error
	// Erasures lists all erasures, oldest first.
	Erasures() ([]Erasure, error)
	Request(id RequestID) (ConsentRequest, error)
	Requests(q RequestQuery) ([]ConsentRequest, error)
	PutRequest(r ConsentRequest) error
}

// RequestQuery selects requests, oldest first; set fields narrow. Limit 0 means 100.
type RequestQuery struct {
	Patient       PatientID
	By            Ref
	State         RequestState
	ExpiresBefore time.Time
	Held          bool // only those that a held message still waits for
	Limit         int
}

// Emergencies finds emergency accesses; Consents keeps them.
type Emergencies interface {
	Emergency(id string) (Emergency, error)
	// ByMID finds what this party asked for with this id.
	ByMID(by Ref, mid string) (Emergency, error)
	// Find lists those that wait oldest first, and others newest first.
	Find(q EmergencyQuery) ([]Emergency, error)
	// Waiting counts the confirmed ones that nobody has reviewed, and those among
	// them confirmed before t; oldest is when the first was, zero when none waits.
	Waiting(t time.Time) (all, overdue int, oldest time.Time, err error)
}

// EmergencyQuery selects emergency accesses; set fields narrow. Limit 0 means 100.
type EmergencyQuery struct {
	Patient      PatientID
	Organization string // id; made there or in a unit of it, as they were then
	Confirmed    bool   // leaves out what was never opened
	Waiting      bool   // confirmed, and not reviewed
	Limit        int
}

// Conversations keeps conversations and how far each member has read.
type Conversations interface {
	Conversation(id ConversationID) (Conversation, error)
	// ByMID finds what this opener opened with this id.
	ByMID(opener Ref, mid string) (Conversation, error)
	Put(c Conversation) error
	// Find lists conversations, most recently changed first.
	Find(q ConversationQuery) ([]Conversation, error)
	// NextSeq takes the next place in the conversation.
	NextSeq(id ConversationID, at time.Time) (uint64, error)
	SetMark(id ConversationID, m Mark) error
	Marks(id ConversationID) ([]Mark, error)
	// Unread counts accepted messages behind a mark that are not by the party,
	// and whether one of them is urgent.
	Unread(id ConversationID, m Mark) (n int, urgent bool, err error)
}

// ConversationQuery selects conversations; set fields narrow.
type ConversationQuery struct {
	Patient     PatientID
	Participant Ref       // one of Conversation.Participants
	Before      time.Time // ChangedAt strictly before; zero: from the newest
	Limit       int       // 0 means 50
}

// Messages keeps messages, their versions and attachments.
type Messages interface {
	Message(id MessageID) (Message, error)
	// ByMID finds what this sender sent with this id, held ones included.
	ByMID(sender Ref, mid string) (Message, error)
	// Put inserts or replaces. (Sender, MID) is unique for ever: another id under
	// the same pair is CodeConflict. Places are filled in order: a Seq that is
	// neither the message's own nor the next free one is CodeConflict too.
	Put(m Message) error
	// Find lists messages in order of seq (held ones in order of time).
	Find(q MessageQuery) ([]Message, error)
	// Amend keeps the old text as v and replaces the message by m.
	Amend(v Version, m Message) error
	Versions(id MessageID) ([]Version, error)
	// PutAttachment inserts, or replaces the description; nil content keeps what
	// is there.
	PutAttachment(a Attachment, content []byte) error
	// Attachment returns the description and, when content is wanted, the bytes.
	Attachment(id AttachmentID, content bool) (Attachment, []byte, error)
}

// MessageQuery selects messages. Before and After are exclusive seqs; with
// Before the newest Limit ones below it are returned, still in order of seq.
// Limit 0 means 100.
type MessageQuery struct {
	Conversation ConversationID
	Patient      PatientID
	State        MessageState // empty: accepted
	Request      RequestID
	Before       uint64
	After        uint64
	Limit        int
}

// Disclosures keeps claims and the account of what each recipient got.
type Disclosures interface {
	Claim(d Disclosure) error
	Disclosure(id DisclosureID) (Disclosure, error)
	// Close ends an open claim, or says what became of one that ended as unknown;
	// otherwise it changes nothing and reports false.
	Close(id DisclosureID, s DisclosureState, at time.Time) (bool, error)
	// Find lists claims that are open or ended as unknown, oldest first.
	Find(q DisclosureQuery) ([]Disclosure, error)
	// Count returns how many claims of this consent were ever made.
	Count(consent ConsentID) (int, error)
	PutDelivery(d Delivery) error
	Delivery(m MessageID, recipient Ref) (Delivery, error)
	// Deliveries lists those of a message by recipient, or those that wait, the
	// longest unasked first.
	Deliveries(q DeliveryQuery) ([]Delivery, error)
}

// DeliveryQuery selects the deliveries of Message, or else those that wait, of
// any message; then the other fields narrow. Limit 0 means 100.
type DeliveryQuery struct {
	Message     MessageID
	Waiting     bool // AskedAt is set
	Patient     PatientID
	AskedBefore time.Time
	Limit       int
}

// DisclosureQuery selects claims; set fields narrow.
type DisclosureQuery struct {
	State      DisclosureState // open (also when empty) or unknown
	Patient    PatientID
	Consents   []ConsentID // that rely on one of these
	Recipients []Ref       // made for one of these
}

// Selects reports whether d is selected, whatever its state.
func (q DisclosureQuery) Selects(d Disclosure) bool {
	return (q.Patient == "" || q.Patient == d.Patient) &&
		(len(q.Recipients) == 0 || slices.Contains(q.Recipients, d.Recipient)) &&
		(len(q.Consents) == 0 || slices.ContainsFunc(d.Consents, func(c ConsentID) bool { return slices.Contains(q.Consents, c) }))
}

// Events keeps each party's own gap-free log.
type Events interface {
	// Append numbers the event with the party's next n, and returns it.
	Append(e Event) (uint64, error)
	// After lists at most limit events with N > n, in order.
	After(party Ref, n uint64, limit int) ([]Event, error)
	// Bounds returns the numbers of the oldest event kept and of the newest given
	// out; an empty log is (1, 0).
	Bounds(party Ref) (oldest, newest uint64, err error)
	// Trim removes events older than t, the oldest of each log first, and returns
	// how many; it may leave some for the next call.
	Trim(t time.Time) (int, error)
}

// Entries keeps each patient's own gap-free chain.
type Entries interface {
	// Append numbers, salts and chains the entry in its patient's row and returns
	// the leaf (I9). It takes the row's lock where the transaction does not hold
	// it yet, which only an import may rely on.
	Append(e ledger.Entry) (ledger.Leaf, error)
	// After lists at most limit leaves with Seq > seq, in order.
	// It is ErrDamaged where one of them is gone, or can't be read any more.
	After(patient PatientID, seq uint64, limit int) ([]ledger.Leaf, error)
	// Left lists what there still is with Seq > seq, in order, of a record that is
	// damaged. It may read everybody's to find it.
	Left(patient PatientID, seq uint64) ([]LeftLeaf, error)
}

// LeftLeaf is an entry of a damaged record, and its leaf in the tree.
type LeftLeaf struct {
	ledger.Leaf
	Place      uint64
	Unreadable bool // there is no more of it than its numbers
}
