// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"fmt"
	"slices"
)

// Claimant is the session that content is claimed for.
type Claimant struct {
	Session string
	Beat    uint64 // newest beat read from the session, captured before the call (I4)
	Fresh   bool   // the client keeps the freshness rule; without it no content is given
}

// Delivered is one event of a party's log as the session may see it.
type Delivered struct {
	Event      Event        `json:"event"`
	Message    *Message     `json:"message,omitempty"` // redacted as decided; nil when withheld
	Disclosure DisclosureID `json:"disclosure,omitempty"`
	Withheld   []Code       `json:"withheld,omitempty"` // why there is no content
	Ring       *RingView    `json:"ring,omitempty"`     // of an event of a ring: as it stands when the event is told
}

// ReasonAssurance is the policy's word for a sign-in that is too weak.
const ReasonAssurance Code = "assurance_low"

// Reasons for withholding that are the bridge's own; the others are the policy's.
const (
	ReasonNotFresh  Code = "client_not_fresh"  // the client does not keep the freshness rule
	ReasonRetracted Code = "retracted"         // by its sender, before it was shown
	ReasonReturned  Code = "returned"          // it went back to its sender
	ReasonRecipient Code = "recipient_may_not" // for the sender: why is the recipient's own business
	ReasonErased         = CodeErased          // its keys were destroyed
)

// Head returns the caller's place in their log, and the oldest n that is kept.
func (b *Bridge) Head(ctx context.Context, c Caller) (head Position, oldest uint64, err error) {
	head.Log = b.store.Log()
	err = b.store.View(ctx, func(tx Tx) error {
		if err := sameAccount(tx, c); err != nil {
			return err // who connects while the account ends is told here
		}
		oldest, head.N, err = tx.Events().Bounds(c.Party)
		return err
	})
	if err != nil {
		err = b.told(err)
	}
	return head, oldest, err
}

// Deliver returns the events behind n, at most limit, in order and without a gap.
// What has content is claimed first: disclosure and entry are durable before it
// is returned (I3). A place older than what is kept is CodeResync.
func (b *Bridge) Deliver(ctx context.Context, c Caller, s Claimant, n uint64, limit int) ([]Delivered, bool, error) {
	if limit <= 0 || limit > 500 {
		limit = 500
	}
	var out []Delivered
	wanted := map[PatientID][]claim{}
	err := b.store.View(ctx, func(tx Tx) error {
		if err := sameAccount(tx, c); err != nil {
			return err
		}
		oldest, newest, err := tx.Events().Bounds(c.Party)
		if err != nil {
			return err
		}
		if n+1 < oldest || n > newest {
			return &Error{Code: CodeResync, Message: "that place in the log is not kept"}
		}
		events, err := tx.Events().After(c.Party, n, limit+1)
		if err != nil {
			return err
		}
		for i, e := range events {
			out = append(out, Delivered{Event: e})
			if e.Ring != "" && e.Kind != EventLineCallback {
				if out[i].Ring, err = b.ringOf(tx, e); err != nil {
					return err
				}
			}
			if !e.Kind.content() {
				continue
			}
			w, err := b.readClaim(tx, c, e.Message)
			if err != nil {
				return fmt.Errorf("reading the message of event %d: %w", e.N, err)
			}
			w.place = i
			wanted[e.Patient] = append(wanted[e.Patient], w)
		}
		return nil
	})
	if err != nil {
		return nil, false, b.told(err)
	}
	more := len(out) > limit
	if more {
		out = out[:limit]
	}
	for p, claims := range wanted {
		claims = slices.DeleteFunc(claims, func(w claim) bool { return w.place >= len(out) })
		done, err := b.claim(ctx, c, s, p, claims)
		if err != nil {
			b.unsent(ctx, c, out...)
			return nil, false, err
		}
		for i, w := range claims {
			d := &out[w.place]
			d.Message, d.Disclosure, d.Withheld = done[i].message, done[i].disclosure, done[i].withheld
			if d.Message == nil {
				d.Event.By = "" // who wrote is not told either
			}
		}
	}
	return out, more, nil
}
