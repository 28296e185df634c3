// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package brobygger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// Options is what a client is made of. URL and Token are required.
type Options struct {
	// URL is the bridge's address, "https://bro.example.dk". Without a path, /ws is meant.
	URL string
	// Token returns an access token that is valid for a while. It is called for
	// each connection, and again before a token runs out. An error that is an
	// *AuthError ends the client; after any other it is asked again later.
	Token func(context.Context) (string, error)

	Role     bridge.Ref // PractitionerRole/…, for whom has several
	Device   string     // "" is a random name; at most 120 bytes
	App      string     // name/version
	Language string     // BCP 47
	On       Handlers
	Content  bool         // content is wanted, for History, also when no handler shows it
	Log      *slog.Logger // nil: nothing is logged

	// Resume is a place from an earlier [Client.Position]: what lies behind it
	// comes as events. Nil: events begin with the first connection.
	Resume *bridge.Position
	// Queue keeps messages that are not sent yet. Nil: in memory.
	Queue Queue
	// UrgentAfter is how long an urgent message may wait for its outcome before
	// Handlers.Waiting is told. 0: two minutes.
	UrgentAfter time.Duration

	FirstDelay   time.Duration // bounds the first pause between connections; 0: 0.5 s
	LongestDelay time.Duration // bounds every pause; 0: 20 s

	clock func() instant // nil: this machine's
}

// MaxQueued is how many messages may wait to be sent.
const MaxQueued = 1000

func (o Options) checked() (Options, error) {
	if o.Token == nil {
		return o, errors.New("a client needs a source of tokens")
	}
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" {
		return o, errors.New("the bridge's address is not a URL")
	}
	switch u.Scheme {
	case "http":
		u.Scheme = "ws"
	case "https":
		u.Scheme = "wss"
	case "ws", "wss":
	default:
		return o, fmt.Errorf("the bridge's address has scheme %q, want https or wss", u.Scheme)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/ws"
	}
	o.URL = u.String()
	if o.Device == "" {
		o.Device = newID()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Queue == nil {
		o.Queue = &MemoryQueue{}
	}
	if o.UrgentAfter <= 0 {
		o.UrgentAfter = 2 * time.Minute
	}
	if o.FirstDelay <= 0 {
		o.FirstDelay = wire.BackoffFirst
	}
	if o.LongestDelay <= 0 {
		o.LongestDelay = 20 * time.Second
	}
	if o.clock == nil {
		o.clock = machineClock()
	}
	return o, nil
}

// newID returns a fresh id of 26 characters, of the form that the bridge wants of a
// mid: the time in milliseconds, then 75 random bits. Ids of one time so stand
// close together in the bridge's index, whoever made them.
func newID() string {
	return fmt.Sprintf("%011x", time.Now().UnixMilli()) + strings.ToLower(rand.Text()[:15])
}
