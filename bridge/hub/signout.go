// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// signOut ends all that the person is signed in with. The one connection that
// asked stays until it is answered, so that its client can say what became of
// what it was given; but from now on it is given nothing.
func (s *session) signOut(id uint32) error {
	caller := s.who()
	s.leave(true)
	s.takeBack(func(outgoing) bool { return true })
	if err := s.hub.Gate.People.SignOut(s.ctx, caller, caller.Subject); err != nil {
		s.leave(false)
		s.wake() // for what came meanwhile
		return err
	}
	s.reply(id, wire.Empty{})
	s.cut(bridge.CloseKicked)
	return nil
}

func (s *session) leave(is bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaving = is
}

// signsOut reports whether the session has asked for the end of all.
func (s *session) signsOut() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.leaving
}
