// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Config is what a Bridge is made of.
type Config struct {
	Store   Store
	Decider Decider
	Texts   Texts
	Live    Live
	Log     *slog.Logger
	Now     func() time.Time // nil: time.Now
	Meter   Meter            // nil: nothing is counted
}

// Meter counts what passes the gate. Labels are codes only.
type Meter interface {
	Decided(action Action, allowed bool, reason Code, took time.Duration)
	Sent(state MessageState)
	Delivered(took time.Duration)
	Withheld(reason Code)
}

// Listener is told that a party has something to fetch. Kept by bridge/hub. None
// of its methods may block.
type Listener interface {
	// Poke says that the party's log has grown to n. It carries no content.
	Poke(party Ref, n uint64)
	// Typing says that by types in the conversation; to may be told (the gate has
	// said so).
	Typing(to Ref, conversation ConversationID, by Ref, on bool)
	// Kick ends every session of the person, and says why.
	Kick(person Ref, reason Code)
	// Draining says that claims must be closed now where they can be.
	Draining(patient PatientID)
}

// Bridge is the whole of what the system does. Its methods are safe for
// concurrent use.
type Bridge struct {
	store   Store
	decider Decider
	texts   Texts
	live    Live
	log     *slog.Logger
	now     func() time.Time
	meter   Meter

	mu        sync.Mutex // guards the following fields
	listeners []Listener
	snapshots map[PatientID]*Snapshot
}

// Listen adds a listener. Call it before the first verb.
func (b *Bridge) Listen(l Listener) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listeners = append(b.listeners, l)
}

// Store returns the store, for health checks and import.
func (b *Bridge) Store() Store { return b.store }

// Live returns live state.
func (b *Bridge) Live() Live { return b.live }

// Texts returns the texts of the policy.
func (b *Bridge) Texts() Texts { return b.texts }

// Now is the bridge's clock.
func (b *Bridge) Now() time.Time { return b.now() }

var _ = context.Background
