// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"context"
	"errors"
	"net"
	"os"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// work carries out the commands that wait, in their order.
func (s *session) work() {
	for {
		s.mu.Lock()
		if len(s.inbox) == 0 || s.ending != 0 || s.gone {
			s.inbox, s.syncs, s.working = nil, 0, false
			s.endLocked()
			s.mu.Unlock()
			return
		}
		c := s.inbox[0]
		s.inbox = s.inbox[1:]
		if d, ok := c.Data.(*bridge.Draft); ok && c.Type == wire.CmdSend {
			s.sending = d.MID
		}
		s.mu.Unlock()
		s.carryOut(c)
		s.written()
		if c.Type == wire.CmdSync {
			s.mu.Lock()
			s.syncs = max(0, s.syncs-1)
			s.mu.Unlock()
			s.wake()
		}
	}
}

func (s *session) carryOut(c wire.Command) {
	var err error
	switch c.Type {
	case wire.CmdConnect:
		err = s.connect(c.ID, c.Data.(*wire.Connect))
	case wire.CmdRefresh:
		err = s.refresh(c.ID, c.Data.(*wire.Refresh))
	case wire.CmdSignOut:
		err = s.signOut(c.ID)
	case wire.CmdSync:
		err = s.sync(c.ID, c.Data.(*wire.Sync))
	case wire.CmdLineShow:
		err = s.showRing(c.ID, c.Data.(*wire.RingOf))
	case wire.CmdHistory:
		err = s.history(c.ID, c.Data.(*bridge.HistoryQuery))
	default:
		if c.Type == wire.CmdRead || c.Type == wire.CmdAcknowledge {
			s.closeGathered() // only what was shown can be read: the ack that came first counts first
		}
		caller := s.who()
		var ok any
		if ok, err = commands[c.Type](s, caller, c.Data); err == nil && c.ID != 0 {
			s.reply(c.ID, ok)
		}
	}
	if err == nil {
		return
	}
	if c.ID != 0 {
		s.fail(c.ID, err)
	}
	if code := fatal(err); code != 0 {
		s.cut(code)
	}
}

// fatal is the close code of an error that says that the caller is nobody any
// more, or 0.
func fatal(err error) int {
	switch code := bridge.CodeOf(err); code {
	case bridge.CodeUnauthenticated, bridge.CodeTokenExpired, bridge.CodeKeyUnknown, bridge.CodeAccountDisabled:
		return bridge.Outcomes[code].Close
	}
	return 0
}

// command carries out one command.
type command func(s *session, c bridge.Caller, data any) (any, error)

// does makes a command of a function over its data.
func does[D any](f func(s *session, c bridge.Caller, d *D) (any, error)) command {
	return func(s *session, c bridge.Caller, data any) (any, error) { return f(s, c, data.(*D)) }
}

var commands = map[wire.CommandType]command{}

func init() {
	for _, group := range []map[wire.CommandType]command{talkCommands, consentCommands, peopleCommands, voiceCommands, lineCommands} {
		for t, c := range group {
			commands[t] = c
		}
	}
}

func timeout(err error) bool {
	var n net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &n) && n.Timeout()
}

// closeSoon has claims closed by what became of their content.
func (s *session) closeSoon(state bridge.DisclosureState, ids []bridge.DisclosureID) {
	if len(ids) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closeSoonLocked(state, ids)
}

func (s *session) closeSoonLocked(state bridge.DisclosureState, ids []bridge.DisclosureID) {
	if len(ids) == 0 {
		return
	}
	if s.closing == nil {
		s.closing = map[bridge.DisclosureState][]bridge.DisclosureID{}
	}
	s.closing[state] = append(s.closing[state], ids...)
	if !s.flushing {
		s.flushing = true
		s.hub.closeSoon(s)
	}
}

// flush closes claims, also when the session has ended. What comes while it works
// waits for the next turn; what could not be closed, for the sweeper.
func (s *session) flush() {
	closed := s.closeGathered()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flushing = closed && len(s.closing) > 0; s.flushing {
		s.hub.closeSoon(s)
	}
}

// closeGathered closes what was gathered, and returns when what another worker
// had begun on is closed too. What it could not close stays gathered, and open: a
// withdrawal waits for it. It reports whether there is none of that.
func (s *session) closeGathered() bool {
	s.closes.Lock()
	defer s.closes.Unlock()
	s.mu.Lock()
	closing, caller := s.closing, s.caller
	s.closing = nil
	s.mu.Unlock()
	all := true
	for state, ids := range closing {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.hub.ctx), 5*time.Second)
		if err := s.hub.Gate.Content.Close(ctx, caller, ids, state); err != nil {
			s.hub.Log.WarnContext(ctx, "claims not closed yet", attrCode(err), attrSession(s))
			s.mu.Lock()
			if s.closing == nil {
				s.closing = map[bridge.DisclosureState][]bridge.DisclosureID{}
			}
			s.closing[state] = append(ids, s.closing[state]...)
			s.mu.Unlock()
			all = false
		}
		cancel()
	}
	return all
}
