// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"log/slog"
)

// Who listens while a message is accepted is given it in the same transaction:
// one commit for acceptance and disclosure. It is the same claim by the same
// gate, only earlier; what does not come about so is found in the log.

// handed is what was claimed early, for after the commit.
type handed struct {
	to   Ready
	open Disclosure
	Delivered
}

// maxReady bounds how many sessions are served early by one message.
const maxReady = 16

// listening asks, for each recipient's session that would take the message this
// instant, whether it may be shown there.
func (b *Bridge) listening(o *outgoing, qs []Question) []Question {
	o.ready = nil
	var out []Question
	for _, q := range qs {
		if q.To.Ref == "" {
			continue
		}
		b.tell(func(l Listener) {
			for _, r := range l.Ready(q.To.Ref) {
				if len(out) == maxReady || !r.Claimant.Fresh {
					continue
				}
				early := q
				early.Action, early.early = ActionRead, true
				early.To.Assurance = r.Caller.Assurance
				out, o.ready = append(out, early), append(o.ready, r)
			}
		})
	}
	return out
}

// claimEarly claims the message of the event for the sessions that stand right
// before it in the party's log.
func (g *passage) claimEarly(o *outgoing, e Event) error {
	for i, a := range g.early {
		r := o.ready[i]
		if !a.Allow || r.Caller.Party != e.Party || r.N+1 != e.N || sameAccount(g.tx, r.Caller) != nil {
			continue
		}
		done, err := g.claim(r.Caller, r.Claimant, claim{message: o.message, subject: o.conv.Subject, delivery: o.deliveries[e.Party]}, a)
		if err != nil {
			return err
		}
		if done.message != nil {
			o.handed = append(o.handed, handed{r, done.open, Delivered{Event: e, Message: done.message, Disclosure: done.disclosure}})
		}
	}
	return nil
}

// hand gives the sessions what was claimed for them, after the commit (I3). Of one
// that has left meanwhile no byte was written: its claim ends here.
func (b *Bridge) hand(ctx context.Context, all []handed) {
	for _, h := range all {
		b.keep(h.open, *h.Message)
		taken := false
		b.tell(func(l Listener) { taken = l.Hand(h.to.Claimant, h.Delivered) || taken })
		if taken {
			continue
		}
		if err := b.Close(context.WithoutCancel(ctx), h.to.Caller, []DisclosureID{h.Disclosure}, DisclosureUnsent); err != nil {
			b.log.LogAttrs(ctx, slog.LevelWarn, "a claim stays open", slog.Any("error", err))
		}
	}
}
