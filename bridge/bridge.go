// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// Config is what a Bridge is made of.
type Config struct {
	Store   Store
	Decider Decider
	Texts   Texts
	Live    Live
	Board   Board // who can be rung now; nil: nobody knows, and rings go by the rota
	Log     *slog.Logger
	Now     func() time.Time // nil: time.Now
	Meter   Meter            // nil: nothing is counted
	Zone    *time.Location   // of working hours; nil: UTC

	Holidays Holidays // of lines; nil: there are none

	Ledger    *ledger.Signer     // signs the tree; nil: it is neither grown nor signed
	Witnesses []*ledger.Verifier // whose cosignatures are kept
	// ReviewWithin is how long an emergency access may wait for its review; 0:
	// DefaultReviewWithin.
	ReviewWithin time.Duration
	// KeepDecisions is how long decisions are kept with what they were made on; 0:
	// DefaultKeepDecisions, negative: they are not recorded.
	KeepDecisions time.Duration
	Sealer        Sealer // the store's; nil: nothing is sealed, and nothing can be erased
	Keeper        Keeper // looks after its keys; nil: nobody does
}

// Meter counts what passes the gate. Labels are codes only.
type Meter interface {
	Decided(action Action, allowed bool, reason Code, took time.Duration)
	Sent(state MessageState)
	Delivered(took time.Duration) // from acceptance to shown
	Withheld(reason Code)
}

// Listener is told that a party has something to fetch. Kept by bridge/hub. None
// of its methods may block.
type Listener interface {
	// Ready lists the party's sessions that would take content this instant:
	// heard from, with nothing else on the way to them.
	Ready(party Ref) []Ready
	// Hand gives a session what was claimed for it in the transaction that
	// accepted it, and reports whether the session is there. What a session does
	// not take after all it closes as unsent, and finds again in its log.
	Hand(to Claimant, d Delivered) bool
	// Tell gives the party's sessions an event that needs no claim: one without
	// content, or about the party's own message. Who stands elsewhere in the log
	// finds it there.
	Tell(d Delivered)
	// Poke says that the party's log has grown to n. It carries no content.
	Poke(party Ref, n uint64)
	// Typing says that by types in the conversation; to may be told (the gate has
	// said so).
	Typing(to Ref, conversation ConversationID, by Ref, on bool)
	// Kick ends every session of the person, and says why: the account is closed
	// (CodeAccountDisabled), has changed (CodeTokenExpired), or was signed out.
	Kick(person Ref, reason Code)
	// Draining says that claims about the patient must be closed now where they
	// can be.
	Draining(patient PatientID)
}

// Ready is a session that would take content this instant.
type Ready struct {
	Caller   Caller
	Claimant Claimant
	N        uint64 // its place in the party's log
}

// Bridge is the whole of what the system does. Its methods are safe for
// concurrent use.
type Bridge struct {
	store     Store
	decider   Decider
	texts     Texts
	live      Live
	board     Board
	log       *slog.Logger
	now       func() time.Time
	meter     Meter
	zone      *time.Location
	holidays  Holidays
	sealer    Sealer
	keeper    Keeper
	actors    actors
	drains    drains
	talks     recent[ConversationID, Conversation]
	claims    recent[DisclosureID, openClaim]
	forgotten forgotten
	ended     recent[ConsentID, time.Time] // when a withdrawal had been kept, by the monotonic clock

	reviewWithin  time.Duration
	keepDecisions time.Duration
	recorded      recorded
	clock         lineClock

	signer     *ledger.Signer
	witnesses  []*ledger.Verifier
	sequencing sync.Mutex // held by the one sequencer of this process; guards signed
	signed     SignedTree // the newest head that this process has signed
	canary     canary

	damagedExports atomic.Uint64

	mu        sync.Mutex // guards the following fields
	sequenced time.Time  // when nothing was pending
	listeners []Listener
	snapshots map[PatientID]*Snapshot
	dropped   uint64 // how often some were dropped
	askAll    bool   // the next Sweep asks again all that waits
}

// New returns a Bridge. Everything but Board, Now, Meter, Log and Zone must be given: a
// bridge without a policy or a store does not start.
func New(c Config) (*Bridge, error) {
	if c.Store == nil || c.Decider == nil || c.Texts == nil || c.Live == nil {
		return nil, errors.New("a bridge needs a store, a policy, its texts and live state")
	}
	b := &Bridge{
		store: c.Store, decider: c.Decider, texts: c.Texts, live: c.Live, board: c.Board,
		log: c.Log, now: c.Now, meter: c.Meter, zone: c.Zone,
		holidays:  c.Holidays,
		snapshots: map[PatientID]*Snapshot{}, askAll: true, signer: c.Ledger, witnesses: c.Witnesses,
		sealer: c.Sealer, keeper: c.Keeper,
	}
	if b.log == nil {
		b.log = slog.New(slog.DiscardHandler)
	}
	if b.now == nil {
		b.now = time.Now
	}
	if b.meter == nil {
		b.meter = uncounted{}
	}
	if b.zone == nil {
		b.zone = time.UTC
	}
	b.sequenced = b.now()
	if b.reviewWithin = c.ReviewWithin; b.reviewWithin <= 0 {
		b.reviewWithin = DefaultReviewWithin
	}
	if b.keepDecisions = c.KeepDecisions; b.keepDecisions == 0 {
		b.keepDecisions = DefaultKeepDecisions
	}
	return b, nil
}

// uncounted is the Meter of those who count nothing.
type uncounted struct{}

func (uncounted) Decided(Action, bool, Code, time.Duration) {}
func (uncounted) Sent(MessageState)                         {}
func (uncounted) Delivered(time.Duration)                   {}
func (uncounted) Withheld(Code)                             {}

// Listen adds a listener. Call it before the first verb.
func (b *Bridge) Listen(l Listener) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listeners = append(b.listeners, l)
}

// Store returns the store, for health checks and backups.
func (b *Bridge) Store() Store { return b.store }

// Live returns live state.
func (b *Bridge) Live() Live { return b.live }

// Texts returns the texts of the policy.
func (b *Bridge) Texts() Texts { return b.texts }

// tell calls f for each listener.
func (b *Bridge) tell(f func(Listener)) {
	b.mu.Lock()
	all := b.listeners
	b.mu.Unlock()
	for _, l := range all {
		f(l)
	}
}

// maxSnapshots bounds the memory; a full map starts afresh.
const maxSnapshots = 10_000

// snapshot returns what decisions about the patient depend on, also about one who
// does not exist. It may be old: the gate looks at the patient's row in the
// transaction.
func (b *Bridge) snapshot(ctx context.Context, p PatientID) (*Snapshot, error) {
	b.mu.Lock()
	s, ok := b.snapshots[p]
	dropped := b.dropped
	b.mu.Unlock()
	if ok {
		return s, nil
	}
	err := b.store.View(ctx, func(tx Tx) (err error) {
		s, err = tx.Patients().Snapshot(p)
		return err
	})
	if errors.Is(err, ErrNotFound) || p == NobodyPatient {
		s, err = missing(p), nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the patient's record: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.dropped != dropped {
		return s, nil // it may have been read before what dropped it
	}
	if len(b.snapshots) >= maxSnapshots {
		b.snapshots = map[PatientID]*Snapshot{}
	}
	b.snapshots[p] = s
	return s, nil
}

// dropSnapshot forgets what was read of a patient.
func (b *Bridge) dropSnapshot(p PatientID) {
	later(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.snapshots, p)
		b.dropped++
	})
}

// dropSnapshots forgets what was read of every patient.
func (b *Bridge) dropSnapshots() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.snapshots = map[PatientID]*Snapshot{}
	b.dropped++
}
