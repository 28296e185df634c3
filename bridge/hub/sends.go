// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"sync"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// others are the commands that put something before other people, or into a
// patient's record for good. Beside the rate of each session they have one that
// all sessions of a person share.
var others = map[wire.CommandType]bool{
	wire.CmdSend: true, wire.CmdAmend: true, wire.CmdConvOpen: true, wire.CmdConsentRequest: true, wire.CmdEmergencyAsk: true,
}

// senders count what people put before others.
type senders struct {
	mu sync.Mutex

	byPerson map[bridge.Ref]*bucket
}

// take takes one from the person's allowance.
func (s *senders) take(person bridge.Ref, now time.Time, rate int) (wait time.Duration, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.byPerson[person]
	if b == nil {
		if s.byPerson == nil {
			s.byPerson = map[bridge.Ref]*bucket{}
		}
		b = &bucket{}
		s.byPerson[person] = b
	}
	return b.take(now, float64(rate), float64(burst(rate)))
}

// forget drops those whose allowance is whole again.
func (s *senders) forget(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for person, b := range s.byPerson {
		if now.Sub(b.at) > time.Minute {
			delete(s.byPerson, person)
		}
	}
}

// inShareLocked takes what the command costs off the allowance of the person.
func (s *session) inShareLocked(t wire.CommandType, now time.Time) (wait time.Duration, ok bool) {
	if s.hub.Sends < 0 || !others[t] || s.caller.Person == "" {
		return 0, true
	}
	if wait, ok = s.hub.senders.take(s.caller.Person, now, s.hub.Sends); !ok {
		s.hub.Meter.Limited()
	}
	return wait, ok
}
