// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

var peopleCommands = map[wire.CommandType]command{
	wire.CmdPresenceSub: does((*session).subscribe),
	wire.CmdPresenceUnsub: does(func(s *session, _ bridge.Caller, d *wire.PresenceUnsub) (any, error) {
		if d.Line != "" {
			s.unfollowLine(d.Line)
		} else {
			s.unfollow(d.Patient)
		}
		return wire.Empty{}, nil
	}),
	wire.CmdPresenceSet: does((*session).setMode),
	wire.CmdTeam: does(func(s *session, c bridge.Caller, d *wire.TeamOf) (any, error) {
		members, err := s.hub.Gate.People.CareTeam(s.ctx, c, d.Patient)
		return wire.TeamSeen{Members: members}, err
	}),
	wire.CmdDirectory: does(func(s *session, c bridge.Caller, d *wire.DirectoryFor) (any, error) {
		roles, err := s.hub.Gate.People.Directory(s.ctx, c, bridge.DirectoryQuery{
			Text: d.Text, Organization: d.Organization, Practitioner: d.Practitioner, ActiveOnly: true, Limit: d.Limit,
		})
		return wire.DirectoryFound{Roles: roles}, err
	}),
	wire.CmdEntries: does(func(s *session, c bridge.Caller, d *wire.EntriesAfter) (any, error) {
		most := d.Limit
		if most == 0 {
			most = 100
		}
		entries, err := s.hub.Gate.People.Entries(s.ctx, c, d.Patient, d.After, most, s.language)
		return wire.EntriesRead{Entries: entries, More: len(entries) >= most}, err
	}),
}
