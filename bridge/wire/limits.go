// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire

import "time"

// Subprotocol is the name that both sides give in Sec-WebSocket-Protocol.
const Subprotocol = "brobygger.v1"

// Sizes, in bytes unless it says otherwise.
const (
	MaxBeforeAuth = 8 << 10  // of a message until connect is answered
	MaxMessage    = 64 << 10 // of a message after that
	MaxFrames     = 64       // frames in one message
	MaxDepth      = 16       // nesting of a frame, the frame itself being 1
	MaxKeys       = 32       // names in one object
	MaxToken      = 6 << 10  // of an access token
	MaxName       = 120      // of a client's word about itself: device, app, a feature
	MaxClaims     = 500      // disclosures closed by one ack
	MaxSync       = 500      // events of one sync
	MaxHistory    = 200      // messages of one history
	MaxEntries    = 200      // entries of one entries
	MaxList       = 200      // items of one conv.list or directory
	MaxWatch      = 200      // parties of one presence.sub
	MaxSDP        = 16 << 10 // of a session description
	MaxCandidate  = 1 << 10  // of an ICE candidate
	MaxReply      = 512 << 10
	MaxReason     = 123 // of a close frame's reason (RFC 6455, 5.5)
	MaxQueueBytes = 1 << 20
	MaxQueue      = 512       // frames
	MaxBeat       = 1<<53 - 1 // the largest integer that every JSON reader keeps (RFC 8259, 6)
	MaxSessions   = 8         // of one person
	MaxRate       = 20        // commands a second
	MaxBurst      = 60        // commands
	SignalRate    = 5         // line.signal a second
	SignalBurst   = 40        // line.signal
)

// Times.
const (
	AuthTimeout     = 10 * time.Second // from the upgrade to a connect that is accepted
	PingEvery       = 25 * time.Second // of silence, until the bridge asks for a sign of life
	PongTimeout     = 10 * time.Second // from that to the end
	WriteTimeout    = 5 * time.Second  // of one message
	MessageTimeout  = 10 * time.Second // from a message's first byte to its last
	Fresh           = 3 * time.Second  // T: how old its own beat may be for a client to show content
	PushWithin      = Fresh / 2        // of hearing from a session, the bridge pushes content; later it pokes
	TypingLifetime  = 8 * time.Second
	TypingEvery     = 3 * time.Second // of one session in one conversation
	BackoffFirst    = 500 * time.Millisecond
	BackoffLongest  = 30 * time.Second
	CommandTimeout  = 10 * time.Second // of a client, after which the outcome is unknown; repeat with the same mid
	DrainGrace      = 10 * time.Second
	DisconnectGrace = time.Second // within which a kick is seen by its session
)

// Limits are told to the client in the answer to connect.
type Limits struct {
	MaxMessage    int   `json:"max_message"`    // bytes of a message
	MaxFrames     int   `json:"max_frames"`     // frames in a message
	MaxBody       int   `json:"max_body"`       // bytes of text of a message's parts
	MaxParts      int   `json:"max_parts"`      // parts of a message
	MaxAttachment int   `json:"max_attachment"` // bytes
	MaxMembers    int   `json:"max_members"`    // of a conversation
	Rate          int   `json:"rate"`           // commands a second
	Burst         int   `json:"burst"`          // commands at once
	FreshMS       int64 `json:"fresh_ms"`       // T of the freshness rule
}
