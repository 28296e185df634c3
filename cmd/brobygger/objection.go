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
		out.learn(ctx, patient, refsOf(made.Parties)...)
		out.tell("objected")
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
		out.learn(ctx, patient, rulers(got)...)
		out.objections(got.Objections)
		return nil
	})
}

func (p *printer) objections(all []bridge.Objection) {
	if len(all) == 0 {
		p.tell("no objections")
	}
	for _, o := range all {
		about := p.say("anything")
		if len(o.Topics) > 0 {
			about = p.topics(o.Topics)
		}
		no := p.say("objection", "who", p.bold(p.parties(o.Parties)), "topics", about)
		if len(o.Purposes) > 0 {
			no = p.say("objection for", "who", p.bold(p.parties(o.Parties)), "topics", about, "purposes", p.purposes(o.Purposes))
		}
		made := p.say("made", "id", o.ID, "when", p.when(o.CreatedAt))
		if !o.LiftedAt.IsZero() {
			made = p.say("made lifted", "id", o.ID, "when", p.when(o.CreatedAt), "lifted", p.when(o.LiftedAt))
		}
		p.printf("  %s  %s\n", no, p.dim("("+made+")"))
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
			out.tell("lifted")
		}
		return nil
	})
}
