// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package brobygger

import (
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// Handlers are told what happens, by one goroutine, one after the other. Each may
// be nil and must return soon, but for Prepare. A handler may call the client, but not Close.
//
// Without Message and Amended the client asks for no content, and nothing is
// disclosed to it.
type Handlers struct {
	// Prepare is told whom content about a patient is from and to, before its age
	// is looked at, and may take its time to find out what else is wanted for
	// showing it, such as names. It is called by ReadHistory too. Content that got
	// too old meanwhile is fetched again.
	Prepare func(bridge.PatientID, []bridge.Ref)
	// Message has a message, or in Withheld the reasons why it has none. When it
	// returns, the message counts as shown.
	Message func(Message)
	// Amended has a message that was edited or retracted.
	Amended func(Message)
	// Returned tells of a held message that will not go.
	Returned func(Returned)
	// Receipt tells what a recipient did with a message.
	Receipt func(Receipt)
	// Conversation tells that a conversation was added, updated, locked, unlocked.
	Conversation func(Conversation)
	// Consent tells that a consent, request, objection or emergency access changed.
	Consent func(Consent)

	// Ringing tells that somebody rings, on this device among others. What it is
	// about is claimed by ShowRing. It is told once, until RingStopped.
	Ringing func(Ringing)
	// RingStopped tells that it rings no more, and in State why.
	RingStopped func(Ringing)
	// RingChanged tells of a ring of one's own, or that one answered. When nobody
	// answered, View.Fallback says what can be done.
	RingChanged func(Ringing)
	// Callback tells that a callback changed.
	Callback func(Callback)

	Typing   func(wire.TypingSeen)
	Presence func(bridge.Presence)
	// Resync tells that events are missing for good, since the client was away too
	// long or the bridge was restored: load conversations and history afresh.
	Resync func(wire.Resync)
	// State tells of each change, with its cause when there was one.
	State func(State, error)
	// Waiting tells of an urgent message that still has no outcome. Somebody
	// should use the telephone.
	Waiting func(*Sending)
}

// keepsFresh reports whether content is wanted.
func (h *Handlers) keepsFresh() bool { return h.Message != nil || h.Amended != nil }

// Message is an event that brings a message, or says why it does not. N is its
// place in the party's log.
type Message struct {
	N uint64
	wire.MessageEvent
}

// Returned is the event of a held message that came back.
type Returned struct {
	N uint64
	wire.ReturnedEvent
}

// Receipt is the event of a receipt.
type Receipt struct {
	N uint64
	wire.ReceiptEvent
}

// Conversation is the event of a conversation that changed; Type says how.
type Conversation struct {
	N    uint64
	Type wire.PushType
	wire.ConvEvent
}

// Consent is the event of a consent, request, objection or emergency access.
type Consent struct {
	N uint64
	wire.ConsentEvent
}

// State is how a client stands to the bridge.
type State string

// The states. A closed client stays closed.
const (
	Disconnected State = "disconnected" // between two attempts
	Connecting   State = "connecting"
	Connected    State = "connected"
	Closed       State = "closed"
)

// instant is a moment by both clocks of a machine: the one that nobody sets, and
// the one that goes on while the machine sleeps.
type instant struct {
	mono time.Duration
	wall time.Time
}

func machineClock() func() instant {
	start := time.Now()
	return func() instant {
		now := time.Now()
		return instant{now.Sub(start), now.Round(0)}
	}
}
