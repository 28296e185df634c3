// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
	brobygger "github.com/brobygger/brobygger/clients/go"
)

type listenCmd struct {
	remote
	Log   string `help:"With --n: the log that the place is in, as the first line of --json told it." placeholder:"ID"`
	N     uint64 `help:"With --log: begin behind this event, as a line of --json told it." placeholder:"N"`
	Count int    `help:"Stop after so many messages. 0: never." default:"0" placeholder:"N"`
	Ack   bool   `help:"Acknowledge what asks for it."`
}

// heard is one line for scripts. N is the place in the log, to go on from with --n.
type heard struct {
	Type string  `json:"type"`
	N    *uint64 `json:"n,omitempty"`
	Data any     `json:"data,omitempty"`
}

// Run shows what comes until it is interrupted.
func (l *listenCmd) Run(ctx context.Context, out *printer) error {
	shown := make(chan brobygger.Message, 1024)
	client, err := l.dialFrom(ctx, out, l.handlers(ctx, out, shown))
	if err != nil {
		return err
	}
	session := client.Session()
	if !out.line(heard{"connected", &session.N, session}) {
		out.learn(ctx, "", session.Party)
		out.tell("listening", "who", out.bold(out.name(session.Party)))
	}
	l.follow(ctx, client, shown, out)
	ended := client.Err()
	_ = client.Close()
	if ended != nil && !errors.Is(ended, brobygger.ErrClosed) {
		return ended
	}
	return nil
}

// follow acknowledges what was shown, and returns when enough was.
func (l *listenCmd) follow(ctx context.Context, client *brobygger.Client, shown <-chan brobygger.Message, out *printer) {
	for left := l.Count; ; {
		select {
		case <-ctx.Done():
			return
		case <-client.Done():
			return
		case m := <-shown:
			if l.Ack && m.Message != nil && m.Message.AckRequested && m.By != client.Session().Party {
				if _, err := client.Acknowledge(ctx, m.ID); err != nil {
					out.fault(out.plain(err))
				}
			}
			if left--; left == 0 {
				return
			}
		}
	}
}

func (l *listenCmd) dialFrom(ctx context.Context, out *printer, on brobygger.Handlers) (*brobygger.Client, error) {
	if l.Log == "" && l.N != 0 {
		return nil, usagef("--n is a place in a log: give --log, too")
	}
	if l.Log != "" {
		l.resume = &bridge.Position{Log: l.Log, N: l.N}
	}
	return l.dial(ctx, out, on)
}

func (l *listenCmd) handlers(ctx context.Context, out *printer, shown chan<- brobygger.Message) brobygger.Handlers {
	at := func(n uint64) *uint64 { return &n }
	return brobygger.Handlers{
		Message: func(m brobygger.Message) {
			if !out.line(heard{string(wire.PushMessage), at(m.N), m.MessageEvent}) {
				out.message(m.MessageEvent, "message")
			}
			offer(shown, m)
		},
		Amended: func(m brobygger.Message) {
			if !out.line(heard{string(wire.PushAmended), at(m.N), m.MessageEvent}) {
				out.message(m.MessageEvent, "changed")
			}
		},
		Returned: func(m brobygger.Returned) {
			if !out.line(heard{string(wire.PushReturned), at(m.N), m.ReturnedEvent}) {
				out.printf("%s  %s\n", out.when(m.At), out.say("came back", "patient", out.patient(m.Patient), "state", code(out, "state", m.State)))
			}
		},
		Receipt: func(m brobygger.Receipt) {
			if !out.line(heard{string(wire.PushReceipt), at(m.N), m.ReceiptEvent}) {
				out.learn(ctx, m.Patient, m.By)
				out.printf("%s\n", out.dim(out.when(m.At)+"  "+filled(code(out, "receipt", m.Kind), "who", out.name(m.By))))
			}
		},
		Conversation: func(m brobygger.Conversation) {
			if !out.line(heard{string(m.Type), at(m.N), m.ConvEvent}) {
				out.printf("%s\n", out.dim(out.when(m.At)+"  "+out.say("talk", "what", code(out, "talk", m.Type), "patient", out.patient(m.Patient), "conv", m.Conversation)))
			}
		},
		Consent: func(m brobygger.Consent) {
			if !out.line(heard{string(wire.PushConsent), at(m.N), m.ConsentEvent}) {
				out.consentEvent(m.ConsentEvent)
			}
		},
		Ringing: func(r brobygger.Ringing) {
			if !out.line(heard{string(wire.PushLineRinging), at(r.N), r.RingEvent}) {
				out.printf("\n%s  %s\n", out.when(r.At), out.bold(out.say("it rings", "line", r.View.LineName, "seconds", r.View.LeftMS/1000)))
				out.command("  ", "brobygger ring show "+string(r.Ring)+l.flags())
				out.command("  ", "brobygger ring answer "+string(r.Ring)+l.flags())
			}
		},
		RingStopped: func(r brobygger.Ringing) {
			if !out.line(heard{string(wire.PushLineStop), at(r.N), r.RingEvent}) {
				out.stopped(ctx, r.RingEvent)
			}
		},
		RingChanged: func(r brobygger.Ringing) {
			if !out.line(heard{string(wire.PushLineState), at(r.N), r.RingEvent}) && r.View != nil {
				out.learn(ctx, r.View.Patient, append(r.View.Ringing, r.View.By, r.View.Caller)...)
				out.ring(*r.View)
			}
		},
		Callback: func(e brobygger.Callback) {
			if !out.line(heard{string(wire.PushLineCallback), at(e.N), e.CallbackEvent}) {
				out.printf("%s  %s\n", out.when(e.At), out.say("callback", "id", e.Callback, "state", code(out, "callback", e.State)))
			}
		},
		Resync: func(r wire.Resync) {
			if !out.line(heard{string(wire.PushResync), &r.At.N, r}) {
				out.tell("missing", "why", r.Reason)
			}
		},
		State: func(s brobygger.State, cause error) {
			if s == brobygger.Disconnected && !out.json {
				out.printf("%s\n", out.dim(out.say("lost")))
			}
		},
	}
}

// message prints a message as it came.
func (p *printer) message(m wire.MessageEvent, how string) {
	from := p.say("somebody")
	if m.By != "" {
		from = p.name(m.By)
	}
	p.printf("\n%s  %s\n", p.when(m.At), p.say(how, "who", p.bold(from), "patient", p.bold(p.patient(m.Patient))))
	if m.Message == nil {
		p.printf("  %s\n", p.red(p.say("withheld")))
		p.reasons("  ", m.Withheld)
		return
	}
	p.content(*m.Message)
	p.printf("  %s\n", p.dim(p.say("conversation", "conv", m.Conversation)))
}

// content prints what a message holds, as far as the reader may see it.
func (p *printer) content(m bridge.Message) {
	if m.Priority == bridge.Urgent {
		p.printf("  %s\n", p.red(p.say("urgent")))
	}
	if m.Retracted {
		p.printf("  %s\n", p.dim(p.say("retracted")))
	}
	for _, part := range m.Parts {
		if part.Withheld {
			p.printf("  %s\n", p.dim(p.say("left out")))
			continue
		}
		p.printf("%s\n", indent("  ", part.Text))
	}
	for _, a := range m.Attachments {
		if a.Withheld {
			p.printf("  %s\n", p.dim(p.say("hidden file")))
			continue
		}
		p.printf("  %s\n", p.say("file", "name", p.apart(a.Name), "type", a.Type, "n", a.Size))
	}
	if m.Edited {
		p.printf("  %s\n", p.dim(p.say("edited")))
	}
}

// consentEvent prints that something the patient decides has changed.
func (p *printer) consentEvent(e wire.ConsentEvent) {
	what, id := "consent", string(e.Consent)
	switch {
	case e.Objection != "":
		what, id = "objection", string(e.Objection)
	case e.Request != "" && e.Consent == "":
		what, id = "request", string(e.Request)
	case e.Consent == "" && e.Request == "":
		what, id = "emergency", ""
	}
	p.printf("%s  %s %s\n", p.when(e.At), p.say("change", "what", code(p, "what", what), "patient", p.bold(p.patient(e.Patient)), "state", p.bold(code(p, "state", e.State))), p.dim(id))
}
