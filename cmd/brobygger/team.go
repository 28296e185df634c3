// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"strings"

	"github.com/brobygger/brobygger/bridge"
	brobygger "github.com/brobygger/brobygger/clients/go"
)

type teamCmd struct {
	remote
	Patient string `help:"Whose care team." required:"" placeholder:"ID" short:"p"`
}

// Run lists a care team.
func (t *teamCmd) Run(ctx context.Context, out *printer) error {
	p, err := patientID(t.Patient)
	if err != nil {
		return err
	}
	return t.with(ctx, out, func(ctx context.Context, c *brobygger.Client) error {
		members, err := c.CareTeam(ctx, p)
		if err != nil || out.value(members) {
			return err
		}
		if len(members) == 0 {
			out.printf("There is nobody whom you may know of.\n")
			return nil
		}
		var rows [][]string
		for _, m := range members {
			rows = append(rows, []string{string(m.Function), m.Name, m.Title, m.Organization, shortRef(m.Member), out.reachable(m.Reachable)})
		}
		out.table("FUNCTION|NAME|TITLE|AT|WRITE TO|", rows)
		return nil
	})
}

// reachable words whether somebody can be reached.
func (p *printer) reachable(r bridge.Reachable) string {
	var words []string
	switch r.Presence {
	case bridge.PresenceOnline:
		words = append(words, "online")
	case bridge.PresenceAway:
		words = append(words, "away from the screen")
	case bridge.PresenceDND:
		words = append(words, "does not want to be disturbed")
	case bridge.PresenceOffline:
		words = append(words, "offline")
	default:
		words = append(words, "not known whether online")
	}
	switch {
	case !r.AwayUntil.IsZero():
		away := "away until " + p.when(r.AwayUntil)
		if r.AwayReason != "" {
			away += " (" + r.AwayReason + ")"
		}
		if r.Substitute != "" {
			away += ", instead: " + shortRef(r.Substitute)
		}
		words = append(words, away)
	case !r.InHours:
		words = append(words, "not at work now")
	}
	return strings.Join(words, "; ")
}
