// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

var talkCommands = map[wire.CommandType]command{
	wire.CmdSend: does(func(s *session, c bridge.Caller, d *bridge.Draft) (any, error) {
		sent, err := s.hub.Gate.Talk.Send(s.ctx, c, *d)
		return &sent, err
	}),
	wire.CmdPreview: does(func(s *session, c bridge.Caller, d *bridge.Draft) (any, error) {
		seen, err := s.hub.Gate.Talk.Preview(s.ctx, c, *d)
		return wire.Previewed{Recipients: seen}, err
	}),
	wire.CmdAmend: does(func(s *session, c bridge.Caller, d *bridge.Amendment) (any, error) {
		m, err := s.hub.Gate.Talk.Amend(s.ctx, c, *d)
		return wire.Amended{Message: m}, err
	}),
	wire.CmdRead: does(func(s *session, c bridge.Caller, d *wire.Read) (any, error) {
		seq, err := s.hub.Gate.Talk.Read(s.ctx, c, d.Conversation, d.Seq)
		return &wire.ReadDone{ReadSeq: seq}, err
	}),
	wire.CmdAcknowledge: does(func(s *session, c bridge.Caller, d *wire.Acknowledge) (any, error) {
		at, err := s.hub.Gate.Talk.Acknowledge(s.ctx, c, d.Message)
		return &wire.Acknowledged{At: at}, err
	}),
	wire.CmdTyping: does(func(s *session, c bridge.Caller, d *wire.Typing) (any, error) {
		return nil, s.hub.Gate.Talk.Typing(s.ctx, c, d.Conversation, d.On)
	}),
	wire.CmdConvOpen: does(func(s *session, c bridge.Caller, d *bridge.NewConversation) (any, error) {
		conversation, err := s.hub.Gate.Talk.Open(s.ctx, c, *d)
		return wire.ConvOpened{Conversation: conversation}, err
	}),
	wire.CmdConvList: does(listConversations),
}

// listConversations reads the place first: what happens behind it comes as
// events, so that nothing falls between the list and them.
func listConversations(s *session, c bridge.Caller, d *wire.ConvList) (any, error) {
	at, _, err := s.hub.Gate.Content.Head(s.ctx, c)
	if err != nil {
		return nil, err
	}
	most := d.Limit
	if most == 0 {
		most = 50
	}
	items, err := s.hub.Gate.Talk.Conversations(s.ctx, c, bridge.ConversationQuery{Patient: d.Patient, Before: d.Before, Limit: most})
	return wire.ConvListed{Items: items, More: len(items) >= most, At: at}, err
}
