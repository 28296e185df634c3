// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
	brobygger "github.com/brobygger/brobygger/clients/go"
)

type convCmd struct {
	List convListCmd `cmd:"" help:"List your conversations, changed last first."`
	Open convOpenCmd `cmd:"" help:"Open a conversation, and print its id."`
}

type convListCmd struct {
	remote
	Patient string `help:"Only those about this patient." placeholder:"ID" short:"p"`
	Limit   int    `help:"At most so many, 1 to 200." default:"50" placeholder:"N"`
}

// Run lists conversations.
func (l *convListCmd) Run(ctx context.Context, out *printer) error {
	return l.with(ctx, out, func(ctx context.Context, c *brobygger.Client) error {
		q := wire.ConvList{Limit: l.Limit}
		if l.Patient != "" {
			p, err := patientID(l.Patient)
			if err != nil {
				return err
			}
			q.Patient = p
		}
		got, err := c.Conversations(ctx, q)
		if err != nil || out.value(got) {
			return err
		}
		for _, v := range got.Items {
			out.learn(ctx, v.Patient, append(refsOf(v.Members), v.Patient.Ref())...)
		}
		out.conversations(got.Items)
		return nil
	})
}

func (p *printer) conversations(items []bridge.ConversationView) {
	if len(items) == 0 {
		p.tell("no conversation")
	}
	for _, v := range items {
		state := ""
		switch {
		case v.Locked:
			state = p.red(p.say("closed", "why", p.first(v.Reasons)))
		case v.Urgent:
			state = p.red(p.say("unread urgent", "n", v.Unread))
		case v.Unread > 0:
			state = p.bold(p.say("unread", "n", v.Unread))
		}
		if state != "" {
			state = "  " + state
		}
		p.printf("\n%s  %s%s\n", p.when(v.ChangedAt), p.say("conv", "patient", p.bold(p.patient(v.Patient)), "purpose", code(p, "purpose", v.Purpose)), state)
		if len(v.Members) > 0 {
			p.printf("  %s\n", p.parties(v.Members))
		}
		p.printf("  %s\n", p.dim(p.say("conversation", "conv", v.ID)))
	}
}

// first is the first reason in words.
func (p *printer) first(codes []bridge.Code) string {
	if len(codes) == 0 {
		return ""
	}
	return p.texts().Reason(codes[0], p.language)
}

type convOpenCmd struct {
	remote
	about
}

// Run opens a conversation.
func (o *convOpenCmd) Run(ctx context.Context, out *printer) error {
	return o.with(ctx, out, func(ctx context.Context, c *brobygger.Client) error {
		n, err := o.opening()
		if err != nil {
			return err
		}
		conv, err := c.Open(ctx, n)
		if err != nil || out.value(conv) {
			return err
		}
		out.printf("%s\n", conv.ID)
		return nil
	})
}

// with connects, does what is to do within the time, and leaves.
func (r remote) with(ctx context.Context, out *printer, do func(context.Context, *brobygger.Client) error) error {
	c, err := r.dial(ctx, out, brobygger.Handlers{})
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	return do(ctx, c)
}
