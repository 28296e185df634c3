// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package brobygger

import (
	"context"
	"log/slog"
	"maps"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// CareTeam lists who is involved with a patient, as far as the caller may know.
func (c *Client) CareTeam(ctx context.Context, p bridge.PatientID) ([]bridge.MemberView, error) {
	out, err := ask[wire.TeamSeen](ctx, c, wire.CmdTeam, wire.TeamOf{Patient: p})
	return out.Members, err
}

// Directory looks people up: who works where.
func (c *Client) Directory(ctx context.Context, q wire.DirectoryFor) ([]bridge.RoleEntry, error) {
	out, err := ask[wire.DirectoryFound](ctx, c, wire.CmdDirectory, q)
	return out.Roles, err
}

// Entries reads a patient's record behind a place; more says that it goes on.
func (c *Client) Entries(ctx context.Context, q wire.EntriesAfter) (entries []bridge.EntryView, more bool, err error) {
	out, err := ask[wire.EntriesRead](ctx, c, wire.CmdEntries, q)
	return out.Entries, out.More, err
}

// SubscribePresence returns who of the members can be reached now, as far as the
// caller may know, and tells Handlers.Presence of each change, over reconnects
// too. It replaces what was followed for this patient before.
func (c *Client) SubscribePresence(ctx context.Context, p bridge.PatientID, members []bridge.Party) ([]bridge.Presence, error) {
	sub := wire.PresenceSub{Patient: p, Members: members}
	out, err := ask[wire.PresenceSeen](ctx, c, wire.CmdPresenceSub, sub)
	if err == nil {
		c.mu.Lock()
		c.follows[p] = sub
		c.mu.Unlock()
	}
	return out.Presence, err
}

// UnsubscribePresence ends what SubscribePresence began for this patient.
func (c *Client) UnsubscribePresence(ctx context.Context, p bridge.PatientID) error {
	c.mu.Lock()
	delete(c.follows, p)
	c.mu.Unlock()
	_, err := ask[wire.Empty](ctx, c, wire.CmdPresenceUnsub, wire.PresenceUnsub{Patient: p})
	return err
}

// SetPresence says whether the caller can be reached. Away is this client's own
// and is said again after a reconnect; do-not-disturb is kept by the bridge.
func (c *Client) SetPresence(ctx context.Context, s wire.PresenceSet) (wire.PresenceSet, error) {
	out, err := ask[wire.PresenceSet](ctx, c, wire.CmdPresenceSet, s)
	if err == nil {
		c.mu.Lock()
		c.away = s.Mode == wire.ModeAway
		c.mu.Unlock()
	}
	return out, err
}

// follow says on a new connection what the bridge forgot with the old one.
func (c *Client) follow(k *conn) {
	c.mu.Lock()
	follows, away := maps.Clone(c.follows), c.away
	c.mu.Unlock()
	if away {
		_, _ = k.call(c.ctx, wire.CmdPresenceSet, wire.PresenceSet{Mode: wire.ModeAway}, &wire.PresenceSet{})
	}
	for _, sub := range follows {
		var seen wire.PresenceSeen
		if _, err := k.call(c.ctx, wire.CmdPresenceSub, sub, &seen); err != nil {
			c.o.Log.InfoContext(c.ctx, "presence is not followed any more", slog.Any("error", err))
			continue
		}
		if c.o.On.Presence == nil {
			continue
		}
		for _, p := range seen.Presence {
			c.inbox.put(item{run: func() { c.o.On.Presence(p) }})
		}
	}
}
