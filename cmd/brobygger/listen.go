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
	client, err := l.dialFrom(ctx, out.language, l.handlers(out, shown))
	if err != nil {
		return err
	}
	session := client.Session()
	if !out.line(heard{"connected", &session.N, session}) {
		out.printf("Listening as %s. Stop with Ctrl-C.\n", out.bold(shortRef(session.Party)))
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
					out.fault(plain(err, out.language))
				}
			}
			if left--; left == 0 {
				return
			}
		}
	}
}

func (l *listenCmd) dialFrom(ctx context.Context, language string, on brobygger.Handlers) (*brobygger.Client, error) {
	if l.Log == "" && l.N != 0 {
		return nil, usagef("--n is a place in a log: give --log, too")
	}
	if l.Log != "" {
		l.resume = &bridge.Position{Log: l.Log, N: l.N}
	}
	return l.dial(ctx, language, on)
}

func (l *listenCmd) handlers(out *printer, shown chan<- brobygger.Message) brobygger.Handlers {
	at := func(n uint64) *uint64 { return &n }
	return brobygger.Handlers{
		Message: func(m brobygger.Message) {
			if !out.line(heard{string(wire.PushMessage), at(m.N), m.MessageEvent}) {
				out.message(m.MessageEvent, "")
			}
			offer(shown, m)
		},
		Amended: func(m brobygger.Message) {
			if !out.line(heard{string(wire.PushAmended), at(m.N), m.MessageEvent}) {
				out.message(m.MessageEvent, "changed ")
			}
		},
		Returned: func(m brobygger.Returned) {
			if !out.line(heard{string(wire.PushReturned), at(m.N), m.ReturnedEvent}) {
				out.printf("%s  a message that waited about %s came back: the request was %s\n", out.when(m.At), m.Patient, m.State)
			}
		},
		Receipt: func(m brobygger.Receipt) {
			if !out.line(heard{string(wire.PushReceipt), at(m.N), m.ReceiptEvent}) {
				out.printf("%s\n", out.dim(out.when(m.At)+"  "+shortRef(m.By)+": "+string(m.Kind)))
			}
		},
		Conversation: func(m brobygger.Conversation) {
			if !out.line(heard{string(m.Type), at(m.N), m.ConvEvent}) {
				out.printf("%s\n", out.dim(out.when(m.At)+"  "+conversationWords[m.Type]+" (about "+string(m.Patient)+", "+string(m.Conversation)+")"))
			}
		},
		Consent: func(m brobygger.Consent) {
			if !out.line(heard{string(wire.PushConsent), at(m.N), m.ConsentEvent}) {
				out.consentEvent(m.ConsentEvent)
			}
		},
		Resync: func(r wire.Resync) {
			if !out.line(heard{string(wire.PushResync), &r.At.N, r}) {
				out.printf("Events are missing (%s): read your conversations afresh.\n", r.Reason)
			}
		},
		State: func(s brobygger.State, cause error) {
			if s == brobygger.Disconnected && !out.json {
				out.printf("%s\n", out.dim("the connection is lost; trying again"))
			}
		},
	}
}

var conversationWords = map[wire.PushType]string{
	wire.PushConvAdded:    "you are in a conversation",
	wire.PushConvUpdated:  "a conversation changed",
	wire.PushConvLocked:   "nothing may pass in a conversation now",
	wire.PushConvUnlocked: "a conversation is open again",
}

// message prints a message as it came.
func (p *printer) message(m wire.MessageEvent, how string) {
	from := "somebody"
	if m.By != "" {
		from = shortRef(m.By)
	}
	p.printf("\n%s  %s%s about %s\n", p.when(m.At), how, p.bold(from), p.bold(string(m.Patient)))
	if m.Message == nil {
		p.printf("  %s\n", p.red("withheld"))
		p.reasons("  ", m.Withheld)
		return
	}
	p.content(*m.Message)
	p.printf("  %s\n", p.dim("conversation "+string(m.Conversation)))
}

// content prints what a message holds, as far as the reader may see it.
func (p *printer) content(m bridge.Message) {
	if m.Priority == bridge.Urgent {
		p.printf("  %s\n", p.red("urgent"))
	}
	if m.Retracted {
		p.printf("  %s\n", p.dim("[retracted by its sender]"))
	}
	for _, part := range m.Parts {
		if part.Withheld {
			p.printf("  %s\n", p.dim("[left out: you may not see this part]"))
			continue
		}
		p.printf("%s\n", indent("  ", part.Text))
	}
	for _, a := range m.Attachments {
		if a.Withheld {
			p.printf("  %s\n", p.dim("[a file that you may not see]"))
			continue
		}
		p.printf("  file: %s (%s, %d bytes)\n", a.Name, a.Type, a.Size)
	}
	if m.Edited {
		p.printf("  %s\n", p.dim("[edited]"))
	}
}

// consentEvent prints that something the patient decides has changed.
func (p *printer) consentEvent(e wire.ConsentEvent) {
	what, id := "consent", string(e.Consent)
	switch {
	case e.Objection != "":
		what, id = "objection", string(e.Objection)
	case e.Request != "" && e.Consent == "":
		what, id = "request for a consent", string(e.Request)
	case e.Consent == "" && e.Request == "":
		what, id = "emergency access", ""
	}
	p.printf("%s  %s about %s: %s %s\n", p.when(e.At), what, p.bold(string(e.Patient)), p.bold(e.State), p.dim(id))
}
