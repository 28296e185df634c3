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

type ringCmd struct {
	To       ringToCmd       `cmd:"" default:"withargs" help:"Ring somebody, or a line, about a patient, and wait for what comes of it."`
	Who      ringWhoCmd      `cmd:"" help:"Whether somebody would hear it."`
	Show     ringShowCmd     `cmd:"" help:"What a ring is about."`
	Answer   ringAnswerCmd   `cmd:"" help:"Answer a ring."`
	Decline  ringDeclineCmd  `cmd:"" help:"Not now, or not me: the next people are rung."`
	Hand     ringHandCmd     `cmd:"" help:"Hand over a talk to somebody else."`
	End      ringEndCmd      `cmd:"" help:"End a talk, or stop a ring of yours."`
	Callback ringCallbackCmd `cmd:"" help:"Be rung back: take a place in the queue."`
}

// wanted is whom a ring is for.
type wanted struct {
	Patient string `help:"About whom." required:"" placeholder:"ID" short:"p"`
	Line    string `help:"A line, in place of somebody." placeholder:"ID"`
	Who     string `arg:"" optional:"" help:"A function (treating-psychiatrist), a role (gp-holm), or unit:ID."`
}

func (w wanted) read() (p bridge.PatientID, who bridge.Party, err error) {
	if p, err = patientID(w.Patient); err != nil {
		return p, who, err
	}
	if (w.Who == "") == (w.Line == "") {
		return p, who, usagef("whom? Give somebody, or --line")
	}
	if w.Who != "" {
		who, err = party(w.Who, p)
	}
	return p, who, err
}

type ringToCmd struct {
	remote
	wanted
	Purpose string   `help:"Why: treatment, care-coordination, ..." required:"" placeholder:"PURPOSE"`
	Case    string   `help:"The case, where the law asks for one." placeholder:"CASE"`
	Topic   []string `help:"What it is about: medication, mental-health, practical, ..." required:"" placeholder:"TOPIC" short:"t"`
	Note    string   `help:"A line of what it is about, at most 200 characters." placeholder:"TEXT"`
	Urgent  bool     `help:"It can't wait."`
}

// Run rings, and follows the ring until somebody answered or nobody is left.
func (r *ringToCmd) Run(ctx context.Context, out *printer) error {
	n, err := r.ring()
	if err != nil {
		return err
	}
	changes := make(chan bridge.RingView, 64)
	c, err := r.dial(ctx, out, brobygger.Handlers{RingChanged: func(e brobygger.Ringing) {
		if e.View != nil {
			changes <- *e.View
		}
	}})
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	v, err := c.Ring(ctx, n)
	if err != nil {
		return err
	}
	return r.follow(ctx, c, out, v, changes)
}

func (r *ringToCmd) ring() (wire.LineRing, error) {
	patient, who, err := r.read()
	if err != nil {
		return wire.LineRing{}, err
	}
	why, err := purpose(r.Purpose)
	if err != nil {
		return wire.LineRing{}, err
	}
	about, err := topics(r.Topic)
	return wire.LineRing{
		Patient: patient, Wanted: who, Line: bridge.LineID(r.Line), Purpose: why, Case: r.Case, Topics: about, Note: r.Note, Urgent: r.Urgent,
	}, err
}

// follow tells how a ring goes. Who stops waiting stops the ring.
func (r *ringToCmd) follow(ctx context.Context, c *brobygger.Client, out *printer, v bridge.RingView, changes <-chan bridge.RingView) error {
	via := ""
	for {
		if v.State == bridge.RingRinging && v.Via != via {
			via = v.Via
			r.tell(ctx, out, v)
		}
		if v.State != bridge.RingRinging {
			r.tell(ctx, out, v)
			return r.declines(ctx, c, out, v)
		}
		select {
		case <-ctx.Done():
			stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.Timeout)
			defer cancel()
			v, err := c.CancelRing(stop, v.ID)
			if err == nil {
				r.tell(stop, out, v)
			}
			return err
		case <-c.Done():
			return c.Err()
		case next := <-changes:
			if next.ID == v.ID && next.Rev > v.Rev {
				v = next
			}
		}
	}
}

// declines shows what those said who could not now: it is content, and claimed.
func (r *ringToCmd) declines(ctx context.Context, c *brobygger.Client, out *printer, v bridge.RingView) error {
	if out.json || v.State != bridge.RingUnanswered {
		return nil
	}
	return c.ShowRing(ctx, v.ID, func(claim bridge.RingClaim) {
		for _, d := range claim.Declines {
			out.learn(ctx, v.Patient, d.Target)
			out.printf("  %s\n", out.say("can not now", "who", out.name(d.Target), "reason", d.Reason, "suggest", d.Suggest))
		}
	})
}

func (r *ringToCmd) tell(ctx context.Context, out *printer, v bridge.RingView) {
	if out.line(v) {
		return
	}
	out.learn(ctx, v.Patient, append(v.Ringing, v.By)...)
	out.ring(v)
	if v.Fallback != nil && v.Fallback.Line != "" {
		out.command("  ", "brobygger ring callback "+string(v.ID)+r.flags())
	}
}

// ring words how a ring stands.
func (p *printer) ring(v bridge.RingView) {
	if v.OutOfDate {
		p.printf("%s\n", p.dim(p.say("out of date")))
	}
	switch v.State {
	case bridge.RingRinging:
		names := make([]string, len(v.Ringing))
		for i, r := range v.Ringing {
			names[i] = p.name(r)
		}
		if len(names) == 0 {
			p.tell("rings the next", "ring", v.ID)
			return
		}
		p.tell("rings", "who", p.listing(names, ", "), "seconds", v.LeftMS/1000, "ring", v.ID)
	case bridge.RingAccepted:
		p.tell("answered by", "who", p.bold(p.name(v.By)), "conv", v.Conversation)
	case bridge.RingEnded:
		p.tell("talk ended", "ring", v.ID)
	case bridge.RingCancelled:
		p.tell("ring stopped", "ring", v.ID)
	case bridge.RingUnanswered:
		p.tell("nobody answered")
		p.fallback(v.Fallback)
	}
}

// fallback says what can be done when nobody answered: there is always something.
func (p *printer) fallback(f *bridge.Fallback) {
	if f == nil {
		return
	}
	p.tell("what now")
	if f.Line != "" {
		p.printf("  - %s\n", p.say("be rung back", "n", f.Waiting, "when", p.when(f.DueAt)))
	}
	if f.Inbox != "" {
		p.printf("  - %s\n", p.say("leave a message", "unit", "unit:"+f.Inbox.ID()))
	}
	if f.Phone != "" {
		p.printf("  - %s\n", p.say("by telephone", "number", f.Phone))
	}
}

type ringWhoCmd struct {
	remote
	wanted
	Purpose string `help:"Why." placeholder:"PURPOSE"`
}

// Run says whether somebody would hear a ring.
func (w *ringWhoCmd) Run(ctx context.Context, out *printer) error {
	patient, who, err := w.read()
	if err != nil {
		return err
	}
	return w.with(ctx, out, func(ctx context.Context, c *brobygger.Client) error {
		got, err := c.WhoCanBeRung(ctx, bridge.WhoQuery{Patient: patient, Wanted: who, Line: bridge.LineID(w.Line), Purpose: bridge.Purpose(w.Purpose)})
		if err != nil || out.value(got) {
			return err
		}
		out.printf("%s\n", code(out, "who", got.State))
		for _, x := range got.People {
			out.printf("  %s\n", x.Name)
		}
		if !got.Next.IsZero() {
			out.tell("opens", "when", out.when(got.Next))
		}
		return nil
	})
}

type ringShowCmd struct {
	remote
	Ring string `arg:"" help:"The ring, as listen told it."`
}

// Run shows what a ring is about.
func (r *ringShowCmd) Run(ctx context.Context, out *printer) error {
	return r.with(ctx, out, func(ctx context.Context, c *brobygger.Client) error {
		return c.ShowRing(ctx, bridge.RingID(r.Ring), func(claim bridge.RingClaim) {
			if !out.value(claim) {
				out.about(claim)
			}
		})
	})
}

// about words what a ring is about, as far as the reader may be told.
func (p *printer) about(c bridge.RingClaim) {
	if len(c.Withheld) > 0 {
		p.reasons("  ", c.Withheld)
		return
	}
	if c.Patient == "" {
		p.ring(c.Ring)
		return
	}
	p.printf("  %s\n", p.say("rings about", "who", p.bold(c.CallerName), "patient", p.bold(c.Name), "topics", p.topics(c.Topics)))
	for _, note := range []string{c.Note, c.HandedNote} {
		if note != "" {
			p.printf("  “%s”\n", note)
		}
	}
}

type ringAnswerCmd struct {
	remote
	Ring string `arg:"" help:"The ring."`
}

// Run answers.
func (r *ringAnswerCmd) Run(ctx context.Context, out *printer) error {
	return r.with(ctx, out, func(ctx context.Context, c *brobygger.Client) error {
		v, err := c.AcceptRing(ctx, bridge.RingID(r.Ring))
		if err != nil || out.value(v) {
			return err
		}
		out.learn(ctx, v.Patient, v.By, v.Caller)
		out.tell("talk now", "who", out.bold(out.name(v.Caller)), "conv", v.Conversation)
		out.command("  ", "brobygger send --conv "+string(v.Conversation)+r.flags()+` --topic TOPIC "TEXT"`)
		return nil
	})
}

type ringDeclineCmd struct {
	remote
	Ring    string `arg:"" help:"The ring."`
	Reason  string `help:"Why, for who rings." placeholder:"TEXT"`
	Suggest string `help:"What they could do: \"ring again after two\"." placeholder:"TEXT"`
}

// Run declines.
func (r *ringDeclineCmd) Run(ctx context.Context, out *printer) error {
	return r.with(ctx, out, func(ctx context.Context, c *brobygger.Client) error {
		v, err := c.DeclineRing(ctx, wire.RingDecline{Ring: bridge.RingID(r.Ring), Reason: r.Reason, Suggest: r.Suggest})
		if err == nil && !out.value(v) {
			out.tell("passed on")
		}
		return err
	})
}

type ringHandCmd struct {
	remote
	Ring string `arg:"" help:"The ring that you answered."`
	To   string `help:"Somebody: a role (nurse-nguyen)." placeholder:"ROLE"`
	Line string `help:"Or the people of a line." placeholder:"ID"`
	Tier int    `help:"Or a tier of the line, from 1." placeholder:"N"`
	Note string `help:"A line for them." placeholder:"TEXT"`
}

// Run hands over.
func (r *ringHandCmd) Run(ctx context.Context, out *printer) error {
	to := bridge.HandTo{Line: bridge.LineID(r.Line), Tier: r.Tier}
	if r.To != "" {
		to.Party = asRef(bridge.TypePractitionerRole, r.To)
	}
	return r.with(ctx, out, func(ctx context.Context, c *brobygger.Client) error {
		v, err := c.HandOver(ctx, wire.RingHandOver{Ring: bridge.RingID(r.Ring), To: to, Note: r.Note})
		if err == nil && !out.value(v) {
			out.tell("handed over")
		}
		return err
	})
}

type ringEndCmd struct {
	remote
	Ring string `arg:"" help:"The ring."`
}

// Run ends the talk, or stops the ring while nobody has answered.
func (r *ringEndCmd) Run(ctx context.Context, out *printer) error {
	return r.with(ctx, out, func(ctx context.Context, c *brobygger.Client) error {
		v, err := c.EndRing(ctx, bridge.RingID(r.Ring))
		if bridge.CodeOf(err) == bridge.CodeConflict {
			v, err = c.CancelRing(ctx, bridge.RingID(r.Ring))
		}
		if err == nil && !out.value(v) {
			out.ring(v)
		}
		return err
	})
}

type ringCallbackCmd struct {
	remote
	Ring  string        `arg:"" help:"The ring that nobody answered."`
	After time.Duration `help:"Not before this much from now." placeholder:"DURATION"`
	For   time.Duration `help:"And within this much after that; without it, whenever." placeholder:"DURATION"`
}

// Run takes a place in the queue.
func (r *ringCallbackCmd) Run(ctx context.Context, out *printer) error {
	n := bridge.NewCallback{MID: "cli-" + r.Ring, Ring: bridge.RingID(r.Ring)}
	if r.For > 0 {
		start := out.now().Add(r.After)
		n.Window = bridge.Period{Start: start, End: start.Add(r.For)}
	} else if r.After > 0 {
		return usagef("--after needs --for")
	}
	return r.with(ctx, out, func(ctx context.Context, c *brobygger.Client) error {
		v, err := c.AskCallback(ctx, n)
		if err == nil && !out.value(v) {
			out.tell("in the queue", "n", v.Before, "when", out.when(v.DueAt))
		}
		return err
	})
}

// stopped says why it rings no more.
func (p *printer) stopped(ctx context.Context, e wire.RingEvent) {
	if e.By != "" {
		p.learn(ctx, "", e.By)
		p.printf("%s  %s\n", p.when(e.At), p.say("answered by another", "who", p.name(e.By)))
		return
	}
	p.printf("%s  %s\n", p.when(e.At), p.say("rings no more", "why", code(p, "stop", e.State)))
}
