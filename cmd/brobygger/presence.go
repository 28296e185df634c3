// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
	brobygger "github.com/brobygger/brobygger/clients/go"
)

type presenceCmd struct {
	Show presenceShowCmd `cmd:"" help:"Who of these can be reached, in one patient's matter."`
	Set  presenceSetCmd  `cmd:"" help:"Do not disturb, or do."`
}

type presenceShowCmd struct {
	remote
	Patient string   `help:"In whose matter." required:"" placeholder:"ID" short:"p"`
	Who     []string `arg:"" help:"Roles, functions, or unit:ID."`
}

// Run shows presence.
func (s *presenceShowCmd) Run(ctx context.Context, out *printer) error {
	patient, err := patientID(s.Patient)
	if err != nil {
		return err
	}
	members, err := parties(s.Who, patient)
	if err != nil {
		return err
	}
	return s.with(ctx, out, func(ctx context.Context, c *brobygger.Client) error {
		seen, err := c.SubscribePresence(ctx, patient, members)
		if err != nil || out.value(seen) {
			return err
		}
		var rows [][]string
		for _, p := range seen {
			out.learn(ctx, patient, p.Party)
		}
		for _, p := range seen {
			since := ""
			if p.State != bridge.PresenceUnknown && p.AgeMS > 0 {
				since = out.say("since", "when", out.when(out.now().Add(-time.Duration(p.AgeMS)*time.Millisecond)))
			}
			rows = append(rows, []string{out.name(p.Party), code(out, "reach", p.State), since})
		}
		out.table("", rows)
		return nil
	})
}

type presenceSetCmd struct {
	remote
	Mode string        `arg:"" enum:"dnd,auto" help:"dnd: do not disturb me, on any device; auto: do."`
	For  time.Duration `help:"How long dnd lasts." default:"1h"`
}

// Run sets the caller's presence.
func (s *presenceSetCmd) Run(ctx context.Context, out *printer) error {
	set := wire.PresenceSet{Mode: wire.PresenceMode(s.Mode)}
	if set.Mode == wire.ModeDND {
		set.Until = out.now().Add(s.For)
	}
	return s.with(ctx, out, func(ctx context.Context, c *brobygger.Client) error {
		done, err := c.SetPresence(ctx, set)
		if err != nil || out.value(done) {
			return err
		}
		if done.Mode == wire.ModeDND {
			out.tell("quiet", "when", out.when(done.Until))
			return nil
		}
		out.tell("reachable")
		return nil
	})
}
