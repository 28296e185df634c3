// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"cmp"
	"context"

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
			out.tell("nobody")
			return nil
		}
		var rows [][]string
		for _, m := range members {
			if m.Reachable.Substitute != "" {
				out.learn(ctx, p, m.Reachable.Substitute)
			}
			rows = append(rows, []string{code(out, "function", m.Function), m.Name, m.Title, m.Organization, short(bridge.Party{Ref: m.Member}), out.reachable(m.Reachable)})
		}
		out.table(out.say("team"), rows)
		return nil
	})
}

// reachable words whether somebody can be reached.
func (p *printer) reachable(r bridge.Reachable) string {
	words := []string{code(p, "reach", cmp.Or(r.Presence, bridge.PresenceUnknown))}
	switch {
	case !r.AwayUntil.IsZero():
		away := p.say("away until", "when", p.when(r.AwayUntil))
		if r.AwayReason != "" {
			away = p.say("away because", "when", p.when(r.AwayUntil), "why", r.AwayReason)
		}
		if r.Substitute != "" {
			away = p.listing([]string{away, p.say("instead", "who", p.name(r.Substitute))}, ", ")
		}
		words = append(words, away)
	case !r.InHours:
		words = append(words, p.say("not at work"))
	}
	return p.listing(words, "; ")
}
