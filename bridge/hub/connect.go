// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"errors"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// connect proves who calls, and puts the session among the others.
func (s *session) connect(id uint32, d *wire.Connect) error {
	s.mu.Lock()
	page := s.door.page
	s.mu.Unlock()
	identity, err := s.verify(d.Token, d.Ticket, page)
	if err != nil {
		return err
	}
	caller, err := s.hub.Gate.People.Caller(s.ctx, identity, d.Role)
	if err != nil {
		s.again()
		return err
	}
	if code := s.register(caller, d); code != 0 {
		s.cut(code)
		return nil
	}
	// The place is read after the session can be poked, so that no event falls
	// between the two.
	head, oldest, err := s.hub.Gate.Content.Head(s.ctx, caller)
	var rings []bridge.RingView
	if err == nil {
		rings, err = s.hub.Gate.Rings.Rings(s.ctx, caller)
	}
	if err != nil {
		s.fail(id, err)
		s.cut(max(fatal(err), bridge.CloseGap))
		return nil
	}
	place, why := head, wire.ResyncReason("")
	if d.Resume != nil {
		if why = misplaced(*d.Resume, head, oldest); why == "" {
			place = *d.Resume
		}
	}
	s.mu.Lock()
	s.cursor, s.given, s.head = place.N, place.N, max(s.head, head.N)
	s.mu.Unlock()
	s.reply(id, wire.Connected{
		Session: s.id, Party: caller.Party, Person: caller.Person,
		TTLMS: ttl(caller), PingMS: wire.PingEvery.Milliseconds(), TimeMS: time.Now().UnixMilli(),
		Log: head.Log, N: place.N, Resumed: d.Resume != nil && why == "",
		Features: []string{}, Limits: s.hub.limits(), Rings: rings,
	})
	if why != "" {
		s.tell(wire.PushResync, wire.Resync{Reason: why, At: head}, lasting)
	}
	s.mu.Lock()
	s.ready = true
	s.mu.Unlock()
	s.touchPresence()
	s.wake()
	return nil
}

func (h *Hub) limits() wire.Limits {
	return wire.Limits{
		MaxMessage: wire.MaxMessage, MaxFrames: wire.MaxFrames,
		MaxBody: bridge.MaxBody, MaxParts: bridge.MaxParts, MaxAttachment: bridge.MaxAttachment, MaxMembers: bridge.MaxMembers,
		Rate: max(0, h.Rate), Burst: max(0, burst(h.Rate)), FreshMS: wire.Fresh.Milliseconds(),
	}
}

// verify asks who a token or a ticket speaks of. Whatever goes wrong, the answer
// is one that ends the session, and says nothing of the token.
func (s *session) verify(token, ticket string, page bool) (bridge.Identity, error) {
	var identity bridge.Identity
	var err error
	switch {
	case ticket == "":
		identity, err = s.hub.Verifier.Verify(token)
	case s.hub.Tickets == nil || !page:
		err = &bridge.Error{Code: bridge.CodeUnauthenticated, Message: "no tickets here"}
	default:
		identity, err = s.hub.Tickets.Redeem(ticket)
	}
	if err != nil && fatal(err) == 0 {
		err = &bridge.Error{Code: bridge.CodeUnauthenticated, Err: err}
	}
	if err == nil && !identity.Expires.After(time.Now()) {
		err = &bridge.Error{Code: bridge.CodeTokenExpired}
	}
	return identity, err
}

// again lets the client try connect once more within its ten seconds, with a
// role, say.
func (s *session) again() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connecting = false
}

// register makes the session one of the caller's. It returns the code to end it
// with, or 0.
func (s *session) register(caller bridge.Caller, d *wire.Connect) int {
	h := s.hub
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone || s.ending != 0 {
		return bridge.CloseKicked
	}
	if !enter(&h.persons, caller.Person, s, h.SessionsLimit) {
		return bridge.CloseTooMany
	}
	enter(&h.parties, caller.Party, s, 0)
	h.ips.leave(s.door.ip)
	h.Meter.Sessions(1)
	s.caller, s.door, s.page = caller, nil, s.door.page
	s.fresh, s.language = d.Fresh, d.Language
	return 0
}

// refresh puts a new token in the place of the old one.
func (s *session) refresh(id uint32, d *wire.Refresh) error {
	identity, err := s.verify(d.Token, d.Ticket, s.page)
	if err != nil {
		// The old one is good until it runs out.
		var e *bridge.Error
		if errors.As(err, &e) && e.Code == bridge.CodeKeyUnknown {
			return &bridge.Error{Code: bridge.CodeBusy, Message: e.Message, After: e.After, Err: err}
		}
		return &bridge.Error{Code: bridge.CodeForbidden, Message: "token is no good", Err: err}
	}
	old := s.who()
	if identity.Subject != old.Subject {
		return &bridge.Error{Code: bridge.CodeForbidden, Message: "token is another subject's"}
	}
	role := bridge.Ref("")
	if old.Party.Type() == bridge.TypePractitionerRole {
		role = old.Party
	}
	caller, err := s.hub.Gate.People.Caller(s.ctx, identity, role)
	if err != nil {
		return err
	}
	if caller.Party != old.Party || caller.Person != old.Person {
		return &bridge.Error{Code: bridge.CodeForbidden, Err: errors.New("refreshing: the subject is another person now")}
	}
	s.mu.Lock()
	s.caller, s.warned = caller, false
	s.mu.Unlock()
	s.reply(id, wire.Refreshed{TTLMS: ttl(caller)})
	if caller.Assurance != old.Assurance || caller.Admin != old.Admin || caller.Epoch != old.Epoch {
		s.tell(wire.PushAuthz, wire.Authz{TTLMS: ttl(caller)}, lasting)
	}
	return nil
}

func ttl(c bridge.Caller) int64 { return max(0, time.Until(c.Expires).Milliseconds()) }
