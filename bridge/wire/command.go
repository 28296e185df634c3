// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire

import "github.com/brobygger/brobygger/bridge"

// CommandType is what a client asks for: a command's "t".
type CommandType string

// The commands.
const (
	CmdConnect          CommandType = "connect"
	CmdRefresh          CommandType = "refresh"
	CmdSignOut          CommandType = "sign_out"
	CmdBye              CommandType = "bye"
	CmdAck              CommandType = "ack"
	CmdSync             CommandType = "sync"
	CmdSend             CommandType = "send"
	CmdPreview          CommandType = "preview"
	CmdAmend            CommandType = "amend"
	CmdRead             CommandType = "read"
	CmdAcknowledge      CommandType = "msg.ack"
	CmdTyping           CommandType = "typing"
	CmdPresenceSub      CommandType = "presence.sub"
	CmdPresenceUnsub    CommandType = "presence.unsub"
	CmdPresenceSet      CommandType = "presence.set"
	CmdConsentRequest   CommandType = "consent.request"
	CmdConsentGrant     CommandType = "consent.grant"
	CmdConsentDecline   CommandType = "consent.decline"
	CmdConsentWithdraw  CommandType = "consent.withdraw"
	CmdConsentPreview   CommandType = "consent.preview"
	CmdConsentList      CommandType = "consent.list"
	CmdConsentText      CommandType = "consent.text"
	CmdObjectionMake    CommandType = "objection.make"
	CmdObjectionLift    CommandType = "objection.lift"
	CmdConvOpen         CommandType = "conv.open"
	CmdConvList         CommandType = "conv.list"
	CmdHistory          CommandType = "history"
	CmdEmergencyAsk     CommandType = "emergency.ask"
	CmdEmergencyConfirm CommandType = "emergency.confirm"
	CmdTeam             CommandType = "team"
	CmdDirectory        CommandType = "directory"
	CmdLineSignal       CommandType = "line.signal"
	CmdLineTurn         CommandType = "line.turn"
	CmdEntries          CommandType = "entries"
	CmdLineWho          CommandType = "line.who"
	CmdLineList         CommandType = "line.list"
	CmdLineState        CommandType = "line.state"
	CmdLineOpen         CommandType = "line.open"
	CmdLineClose        CommandType = "line.close"
	CmdLineWindow       CommandType = "line.window"
	CmdLineSwitch       CommandType = "line.switch"
	CmdLineRing         CommandType = "line.ring"
	CmdLineShow         CommandType = "line.show"
	CmdLineCancel       CommandType = "line.cancel"
	CmdLineAccept       CommandType = "line.accept"
	CmdLineDecline      CommandType = "line.decline"
	CmdLineHandOver     CommandType = "line.handoff"
	CmdLineEnd          CommandType = "line.end"
	CmdCallbackAsk      CommandType = "line.callback"
	CmdCallbackTake     CommandType = "line.callback.take"
	CmdCallbackRetry    CommandType = "line.callback.retry"
	CmdCallbackClose    CommandType = "line.callback.close"
	CmdCallbackList     CommandType = "line.callbacks"
)

// Command is a frame of a client, decoded. The zero Type is the answer to a
// ping: a sign of life, which holds a beat and nothing else.
type Command struct {
	ID   uint32 // grows within a connection; 0 for what is not answered
	Type CommandType
	Beat uint64 // the client's own counter; grows with each frame of a connection
	Data any    // a pointer to what Commands says for Type; nil for a sign of life
}

// Connect is the first command of a connection. Exactly one of Token and Ticket
// is set.
type Connect struct {
	Token    string           `json:"token,omitempty"`  // an access token
	Ticket   string           `json:"ticket,omitempty"` // of 30 s and one use, for a browser
	Role     bridge.Ref       `json:"role,omitempty"`   // PractitionerRole/…, for whom has several
	Device   string           `json:"device,omitempty"`
	App      string           `json:"app,omitempty"` // name/version
	Language string           `json:"lang,omitempty"`
	Fresh    bool             `json:"fresh"` // the client keeps the freshness rule; without it no content is given
	Features []string         `json:"features,omitempty"`
	Resume   *bridge.Position `json:"resume,omitempty"` // how far the client has come
}

// Connected answers Connect. N is the client's place: that of Resume when
// Resumed, with what lies behind it following as pushes; else the newest.
type Connected struct {
	Session  string     `json:"session"`
	Party    bridge.Ref `json:"party"`
	Person   bridge.Ref `json:"person"`
	TTLMS    int64      `json:"ttl_ms"`  // until the session ends unless it is refreshed
	PingMS   int64      `json:"ping_ms"` // the longest silence of the bridge
	TimeMS   int64      `json:"time_ms"` // the bridge's clock, Unix time
	Log      string     `json:"log"`
	N        uint64     `json:"n"`
	Resumed  bool       `json:"resumed"`
	Features []string   `json:"features"`
	Limits   Limits     `json:"limits"`
	// Rings are those that go on for the party. A client rings by them alone, when
	// it has caught up: what lies in the log may be long over.
	Rings []bridge.RingView `json:"rings"`
}

// Refresh puts a new token in the place of the one that the session began with.
// It must be the same subject's.
type Refresh struct {
	Token  string `json:"token,omitempty"`
	Ticket string `json:"ticket,omitempty"`
}

// Refreshed answers Refresh.
type Refreshed struct {
	TTLMS int64 `json:"ttl_ms"`
}

// SignOut ends every connection of the caller's, on all devices, and every token
// that was given out before.
type SignOut struct{}

// Bye ends the connection. It is not answered.
type Bye struct{}

// Ack says what became of content. It is not answered.
type Ack struct {
	N     uint64                `json:"n"` // all events up to here are dealt with
	Shown []bridge.DisclosureID `json:"shown,omitempty"`
	Stale []bridge.DisclosureID `json:"stale,omitempty"` // too old to show; nobody saw them
}

// Sync asks for what lies behind a place. Limit 0 means 100.
type Sync struct {
	Since bridge.Position `json:"since"`
	Limit int             `json:"limit,omitempty"`
}

// Synced answers Sync.
type Synced struct {
	Events []Event `json:"events"`
	N      uint64  `json:"n"` // where the client is now
	More   bool    `json:"more"`
}

// Empty is an answer that says no more than that it was done.
type Empty struct{}
