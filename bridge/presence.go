// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"time"
)

// PresenceState is whether somebody can be reached now.
type PresenceState string

// The states. Unknown means that live state is away: it never reads as offline.
const (
	PresenceOnline  PresenceState = "online"
	PresenceAway    PresenceState = "away"
	PresenceDND     PresenceState = "dnd"
	PresenceOffline PresenceState = "offline"
	PresenceUnknown PresenceState = "unknown"
)

// Presence is one party's aggregate over devices: the most reachable device
// wins, do-not-disturb over all.
type Presence struct {
	Party Ref           `json:"party"`
	State PresenceState `json:"state"`
	Epoch string        `json:"pe"`     // changes when live state was lost: discard older revisions
	Rev   uint64        `json:"rev"`    // grows with each transition within Epoch
	AgeMS int64         `json:"age_ms"` // since the transition
}

// Connection is one device of a party, as live state knows it.
type Connection struct {
	Party Ref
	ID    string // the session
	Away  bool   // the device is idle
}

// Live keeps presence, and tells other nodes that somebody has something to
// fetch. Kept by bridge/live, in Redis. All of it is a hint (promise 6): nothing
// said here may let anything pass, and losing it loses nothing. Every method
// returns soon, with an error while live state is away.
type Live interface {
	// Touch says that the connections are alive; called for each every 25 s at
	// most, batched. What is not touched for 75 s is gone.
	Touch(ctx context.Context, conns []Connection) error
	// Drop says that a connection ended.
	Drop(ctx context.Context, party Ref, id string) error
	// SetDND sets or clears do-not-disturb until then; a zero time clears it. The
	// durable setting is the store's, this is its projection.
	SetDND(ctx context.Context, party Ref, until time.Time) error
	// Presence returns one answer per party, PresenceUnknown for whom nothing is
	// known because live state is away or was lost within the last seconds.
	Presence(ctx context.Context, parties []Ref) []Presence
	// Watch calls f on each transition of the party until stop is called, and once
	// with what is known when the watching has begun. Transitions that come while f
	// runs are told as one, the newest. f must not block.
	Watch(party Ref, f func(Presence)) (stop func())
	// Healthy returns nil when live state answers and its subscriptions have been
	// proven by traffic within 20 s.
	Healthy() error
	Close() error
}
