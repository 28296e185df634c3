// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"

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
		out.conversations(got.Items)
		return nil
	})
}

func (p *printer) conversations(items []bridge.ConversationView) {
	if len(items) == 0 {
		p.printf("You are in no conversation.\n")
		return
	}
	var rows [][]string
	for _, v := range items {
		with, state := shorts(v.Members), ""
		switch {
		case v.Locked:
			with, state = "-", p.red("closed: "+p.first(v.Reasons))
		case v.Urgent:
			state = p.red(fmt.Sprintf("%d unread, urgent", v.Unread))
		case v.Unread > 0:
			state = p.bold(fmt.Sprintf("%d unread", v.Unread))
		}
		rows = append(rows, []string{p.when(v.ChangedAt), string(v.Patient), string(v.Purpose), with, string(v.ID), state})
	}
	p.table("CHANGED|ABOUT|FOR|BETWEEN|CONVERSATION|", rows)
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
	c, err := r.dial(ctx, out.language, brobygger.Handlers{})
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	return do(ctx, c)
}
