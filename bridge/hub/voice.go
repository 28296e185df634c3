// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the relay's choice; an HMAC of it stands
	"encoding/base64"
	"strconv"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

var voiceCommands = map[wire.CommandType]command{
	wire.CmdLineSignal: does((*session).signal),
	wire.CmdLineTurn:   does((*session).relay),
}

// signal passes a signal to the other device of a talk, if the gate lets the two
// talk on. Nothing of it is kept.
func (s *session) signal(c bridge.Caller, d *wire.LineSignal) (any, error) {
	s.mu.Lock()
	wait, ok := s.signals.take(time.Now(), wire.SignalRate, wire.SignalBurst)
	s.mu.Unlock()
	if !ok {
		return nil, &bridge.Error{Code: bridge.CodeRateLimited, Message: "too many signals", After: wait}
	}
	peer, err := s.hub.Gate.Reach.Talking(s.ctx, c, s.id, d.Ring)
	if err != nil {
		return nil, err
	}
	push, err := wire.Push(wire.PushLineSignal, 0, 0, d)
	if err != nil {
		return nil, err
	}
	for _, other := range under(&s.hub.parties, peer.Party) {
		if other.id != peer.Session {
			continue
		}
		other.mu.Lock()
		queued, _ := other.enqueueLocked(outgoing{data: push}, ephemeral)
		other.mu.Unlock()
		if !queued { // it reads too slowly; who signals must know, or waits for ever
			return nil, &bridge.Error{Code: bridge.CodeBusy, After: time.Second}
		}
		return wire.Empty{}, nil
	}
	return nil, &bridge.Error{Code: bridge.CodeLineUnavailable, Message: "the other device is not connected"}
}

// Turn is a relay of sound: a TURN server that shares a secret with the bridge,
// as coturn does with use-auth-secret (draft-uberti-behave-turn-rest-00).
type Turn struct {
	URLs     []string      // "turns:relay.example.org:5349?transport=tcp"
	Secret   []byte        // 16 bytes or more
	Lifetime time.Duration // within which the relay must be asked; 0 means 10 min
}

func (s *session) relay(c bridge.Caller, d *wire.LineTurn) (any, error) {
	t := s.hub.Turn
	if t == nil {
		return nil, &bridge.Error{Code: bridge.CodeNotFound, Message: "the bridge has no relay for voice"}
	}
	if _, err := s.hub.Gate.Reach.Talking(s.ctx, c, s.id, d.Ring); err != nil {
		return nil, err
	}
	return t.give(time.Now()), nil
}

// give makes credentials that tell the relay until when they hold, and of whom
// nothing.
func (t *Turn) give(now time.Time) wire.TurnGiven {
	life := t.Lifetime
	if life <= 0 {
		life = 10 * time.Minute
	}
	name := strconv.FormatInt(now.Add(life).Unix(), 10) + ":" + rand.Text()
	mac := hmac.New(sha1.New, t.Secret)
	mac.Write([]byte(name))
	return wire.TurnGiven{
		URLs: t.URLs, Username: name, Credential: base64.StdEncoding.EncodeToString(mac.Sum(nil)), TTLMS: life.Milliseconds(),
	}
}
