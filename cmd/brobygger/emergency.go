// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"

	"github.com/brobygger/brobygger/bridge"
	brobygger "github.com/brobygger/brobygger/clients/go"
)

type emergencyCmd struct {
	Ask     emergencyAskCmd     `cmd:"" help:"Ask for emergency access, with the reason in writing."`
	Confirm emergencyConfirmCmd `cmd:"" help:"Confirm it, within two minutes."`
	List    emergencyListCmd    `cmd:"" help:"A patient's emergency accesses; for a data-protection officer, those to review."`
	Review  emergencyReviewCmd  `cmd:"" help:"Say what came out of one, as a data-protection officer."`
}

type emergencyAskCmd struct {
	remote
	Patient string `help:"To whose information." required:"" placeholder:"ID" short:"p"`
	Reason  string `arg:"" help:"Why: 10 to 1000 characters. The patient will read it."`
}

// Run asks for emergency access.
func (a *emergencyAskCmd) Run(ctx context.Context, out *printer) error {
	patient, err := patientID(a.Patient)
	if err != nil {
		return err
	}
	return a.with(ctx, out, func(ctx context.Context, c *brobygger.Client) error {
		e, err := c.BreakGlass(ctx, bridge.NewEmergency{Patient: patient, Reason: a.Reason})
		if err != nil || out.value(e) {
			return err
		}
		out.tell("not open", "patient", out.patient(patient), "clock", clock(e.AskedAt.Add(bridge.EmergencyConfirm)))
		out.command("  ", "brobygger emergency confirm"+a.flags()+" --patient "+quote(a.Patient)+" "+e.ID)
		return nil
	})
}

type emergencyConfirmCmd struct {
	remote
	Patient   string `help:"To whose information." required:"" placeholder:"ID" short:"p"`
	Emergency string `arg:"" help:"The id that was answered."`
}

// Run confirms emergency access.
func (f *emergencyConfirmCmd) Run(ctx context.Context, out *printer) error {
	patient, err := patientID(f.Patient)
	if err != nil {
		return err
	}
	return f.with(ctx, out, func(ctx context.Context, c *brobygger.Client) error {
		e, err := c.ConfirmGlass(ctx, patient, f.Emergency)
		if err != nil || out.value(e) {
			return err
		}
		out.tell("open", "clock", clock(e.ExpiresAt), "patient", out.patient(patient))
		return nil
	})
}
