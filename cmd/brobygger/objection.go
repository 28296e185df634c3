// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
	brobygger "github.com/brobygger/brobygger/clients/go"
)

type objectionCmd struct {
	Make objectionMakeCmd `cmd:"" help:"Say no to somebody, or to a topic or purpose with them."`
	List objectionListCmd `cmd:"" help:"List objections."`
	Lift objectionLiftCmd `cmd:"" help:"Take a no back."`
}

type objectionMakeCmd struct {
	remote
	Patient string   `help:"Whose objection." required:"" placeholder:"ID" short:"p"`
	Against []string `help:"Who may not know." required:"" placeholder:"NAME"`
	Topic   []string `help:"Of what. Without it: of anything." placeholder:"TOPIC" short:"t"`
	Purpose []string `help:"For what. Without it: for anything." placeholder:"PURPOSE"`
}

// Run makes an objection.
func (o *objectionMakeCmd) Run(ctx context.Context, out *printer) error {
	patient, err := patientID(o.Patient)
	if err != nil {
		return err
	}
	make := wire.ObjectionMake{Patient: patient}
	if make.Parties, err = parties(o.Against, patient); err != nil {
		return err
	}
	if make.Topics, err = topics(o.Topic); err != nil {
		return err
	}
	if make.Purposes, err = purposes(o.Purpose); err != nil {
		return err
	}
	return o.with(ctx, out, func(ctx context.Context, c *brobygger.Client) error {
		made, err := c.Object(ctx, make)
		if err != nil || out.value(made) {
			return err
		}
		out.printf("From now on:\n")
		out.objections([]bridge.Objection{made})
		return nil
	})
}

type objectionListCmd struct {
	remote
	Patient string `help:"Whose objections." required:"" placeholder:"ID" short:"p"`
}

// Run lists objections.
func (l *objectionListCmd) Run(ctx context.Context, out *printer) error {
	patient, err := patientID(l.Patient)
	if err != nil {
		return err
	}
	return l.with(ctx, out, func(ctx context.Context, c *brobygger.Client) error {
		got, err := c.Consents(ctx, patient)
		if err != nil || out.value(got.Objections) {
			return err
		}
		out.objections(got.Objections)
		return nil
	})
}

func (p *printer) objections(all []bridge.Objection) {
	if len(all) == 0 {
		p.printf("There are no objections.\n")
	}
	for _, o := range all {
		state := ""
		if !o.LiftedAt.IsZero() {
			state = ", lifted " + p.when(o.LiftedAt)
		}
		about, why := "anything", ""
		if len(o.Topics) > 0 {
			about = listed(o.Topics)
		}
		if len(o.Purposes) > 0 {
			why = " for " + listed(o.Purposes)
		}
		p.printf("  %s may not know of %s%s  %s\n", p.bold(shorts(o.Parties)), about, why, p.dim("("+string(o.ID)+", "+p.when(o.CreatedAt)+state+")"))
	}
}

type objectionLiftCmd struct {
	remote
	Patient   string `help:"Whose objection." required:"" placeholder:"ID" short:"p"`
	Objection string `arg:"" help:"The objection's id."`
}

// Run lifts an objection.
func (l *objectionLiftCmd) Run(ctx context.Context, out *printer) error {
	patient, err := patientID(l.Patient)
	if err != nil {
		return err
	}
	return l.with(ctx, out, func(ctx context.Context, c *brobygger.Client) error {
		if err := c.Lift(ctx, patient, bridge.ObjectionID(l.Objection)); err != nil {
			return err
		}
		if !out.value(map[string]string{"lifted": l.Objection}) {
			out.printf("The objection is lifted.\n")
		}
		return nil
	})
}
