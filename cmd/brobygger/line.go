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

type lineCmd struct {
	List      lineListCmd      `cmd:"" help:"Lines: which are open, and how many wait."`
	State     lineStateCmd     `cmd:"" help:"A line of yours: who can be rung on it, and what goes on."`
	Open      lineOpenCmd      `cmd:"" help:"Open a line of yours by hand."`
	Close     lineCloseCmd     `cmd:"" help:"Close a line of yours by hand."`
	Me        lineMeCmd        `cmd:"" help:"Do, or do not, ring me."`
	Callbacks lineCallbacksCmd `cmd:"" help:"Who waits to be rung back: by a line of yours, or you."`
	Take      lineTakeCmd      `cmd:"" help:"Take a callback: you ring back."`
	Done      lineDoneCmd      `cmd:"" help:"Close a callback, with its outcome."`
	Report    lineReportCmd    `cmd:"" help:"How a line of yours was answered."`
	Simulate  lineSimulateCmd  `cmd:"" help:"Play a clinic's mornings, as they are and with a line for professionals."`
}

type lineListCmd struct {
	remote
	Organization string `help:"Of this organization only." placeholder:"ID"`
	Mine         bool   `help:"Only those that you are rung on."`
}

// Run lists lines.
func (l *lineListCmd) Run(ctx context.Context, out *printer) error {
	return l.with(ctx, out, func(ctx context.Context, c *brobygger.Client) error {
		got, err := c.Lines(ctx, bridge.LinesQuery{Organization: l.Organization, Mine: l.Mine})
		if err != nil || out.value(got) {
			return err
		}
		var rows [][]string
		for _, v := range got {
			rows = append(rows, []string{string(v.Line), v.Name, out.opening(v), out.say("wait", "n", v.Waiting)})
		}
		out.table("", rows)
		return nil
	})
}

// opening words whether a line is open, and until when that stays so.
func (p *printer) opening(v bridge.LineView) string {
	switch {
	case v.Open && !v.Until.IsZero():
		return p.say("open until", "when", p.when(v.Until))
	case v.Open:
		return p.say("line open")
	case !v.Next.IsZero():
		return p.say("opens", "when", p.when(v.Next))
	}
	return p.say("line closed")
}

type lineStateCmd struct {
	remote
	Line string `arg:"" help:"The line."`
}

// Run shows a line as its people see it.
func (l *lineStateCmd) Run(ctx context.Context, out *printer) error {
	return l.with(ctx, out, func(ctx context.Context, c *brobygger.Client) error {
		got, err := c.LineState(ctx, bridge.LineID(l.Line))
		if err != nil || out.value(got) {
			return err
		}
		out.printf("%s: %s\n", out.bold(got.Name), out.opening(got.LineView))
		out.printf("  %s\n", out.say("going on", "ringing", got.Ringing, "talking", got.Talking, "callbacks", got.Callbacks))
		for _, x := range got.People {
			busy := ""
			if x.Busy {
				busy = out.say("busy")
			}
			out.printf("  %s  %s\n", x.Name, busy)
		}
		return nil
	})
}

type lineOpenCmd struct {
	remote
	Line   string        `arg:"" help:"The line."`
	For    time.Duration `help:"How long; without it, until the end of the day." placeholder:"DURATION"`
	Reason string        `help:"Practical words, shown to callers." placeholder:"TEXT"`
}

// Run opens a line.
func (l *lineOpenCmd) Run(ctx context.Context, out *printer) error {
	return l.with(ctx, out, func(ctx context.Context, c *brobygger.Client) error {
		return out.lineView(c.OpenLine(ctx, handSwitch(out, l.Line, l.For, l.Reason)))
	})
}

type lineCloseCmd struct {
	remote
	Line   string        `arg:"" help:"The line."`
	For    time.Duration `help:"How long; without it, until it opens next." placeholder:"DURATION"`
	Reason string        `help:"Practical words, shown to callers." placeholder:"TEXT"`
}

// Run closes a line.
func (l *lineCloseCmd) Run(ctx context.Context, out *printer) error {
	return l.with(ctx, out, func(ctx context.Context, c *brobygger.Client) error {
		return out.lineView(c.CloseLine(ctx, handSwitch(out, l.Line, l.For, l.Reason)))
	})
}

func handSwitch(out *printer, line string, lasts time.Duration, reason string) wire.LineSwitch {
	s := wire.LineSwitch{Line: bridge.LineID(line), Reason: reason}
	if lasts > 0 {
		s.Until = out.now().Add(lasts)
	}
	return s
}

func (p *printer) lineView(v bridge.LineView, err error) error {
	if err == nil && !p.value(v) {
		p.printf("%s: %s\n", p.bold(v.Name), p.opening(v))
	}
	return err
}

type lineMeCmd struct {
	remote
	Mode   string        `arg:"" enum:"on,off" help:"on: ring me; off: do not."`
	Line   string        `help:"On this line only; without it, on all of yours." placeholder:"ID"`
	For    time.Duration `help:"How long; without it, until you say otherwise." placeholder:"DURATION"`
	Reason string        `help:"Practical words, for the line's owner." placeholder:"TEXT"`
}

// Run turns one's own switch.
func (l *lineMeCmd) Run(ctx context.Context, out *printer) error {
	s := bridge.NewSwitch{Line: bridge.LineID(l.Line), On: l.Mode == "on", Reason: l.Reason}
	if l.For > 0 {
		s.Until = out.now().Add(l.For)
	}
	return l.with(ctx, out, func(ctx context.Context, c *brobygger.Client) error {
		err := c.SwitchMe(ctx, s)
		switch {
		case err != nil || out.value(s):
		case s.On:
			out.tell("are rung")
		default:
			out.tell("are not rung")
		}
		return err
	})
}

type lineCallbacksCmd struct {
	remote
	Line string `arg:"" optional:"" help:"The line; without it, your own callbacks."`
}

// Run lists callbacks.
func (l *lineCallbacksCmd) Run(ctx context.Context, out *printer) error {
	return l.with(ctx, out, func(ctx context.Context, c *brobygger.Client) error {
		got, err := c.Callbacks(ctx, bridge.LineID(l.Line))
		if err != nil || out.value(got) {
			return err
		}
		if len(got) == 0 {
			out.tell("nobody waits")
		}
		var rows [][]string
		for _, v := range got {
			about := ""
			if v.Patient != "" {
				out.learn(ctx, v.Patient, v.Patient.Ref())
				about = out.patient(v.Patient)
			}
			rows = append(rows, []string{string(v.ID), v.CallerName, about, code(out, "callback", v.State), out.say("due", "when", out.when(v.DueAt))})
		}
		out.table("", rows)
		return nil
	})
}

type lineTakeCmd struct {
	remote
	Callback string `arg:"" help:"The callback."`
}

// Run takes a callback.
func (l *lineTakeCmd) Run(ctx context.Context, out *printer) error {
	return l.with(ctx, out, func(ctx context.Context, c *brobygger.Client) error {
		v, err := c.TakeCallback(ctx, bridge.CallbackID(l.Callback))
		if err == nil && !out.value(v) {
			out.tell("you ring back", "who", v.CallerName)
		}
		return err
	})
}

type lineDoneCmd struct {
	remote
	Callback string `arg:"" help:"The callback."`
	Outcome  string `arg:"" enum:"talked,not-reached,written,cancelled" help:"How it ended: talked, not-reached, written or cancelled."`
}

// Run closes a callback.
func (l *lineDoneCmd) Run(ctx context.Context, out *printer) error {
	return l.with(ctx, out, func(ctx context.Context, c *brobygger.Client) error {
		v, err := c.CloseCallback(ctx, bridge.CallbackID(l.Callback), bridge.CallbackOutcome(l.Outcome))
		if err == nil && !out.value(v) {
			out.tell("the callback closed")
		}
		return err
	})
}
