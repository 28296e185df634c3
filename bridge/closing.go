// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Close closes claims by the client's word: shown, stale, or unsent (I10). Claims
// that are closed already, or another's, stay as they are; of those that ended as
// unknown it is the late word.
func (b *Bridge) Close(ctx context.Context, c Caller, claims []DisclosureID, state DisclosureState) error {
	if state != DisclosureShown && state != DisclosureStale && state != DisclosureUnsent {
		return BadRequest("a claim is closed as shown, stale or unsent")
	}
	byPatient := map[PatientID][]openClaim{}
	err := b.store.View(ctx, func(tx Tx) error {
		for _, id := range claims {
			x, ok := b.claims.get(id)
			if !ok {
				d, err := tx.Disclosures().Disclosure(id)
				if err != nil && !errors.Is(err, ErrNotFound) {
					return err
				}
				x.disclosure = d
			}
			if x.disclosure.Recipient == c.Party {
				byPatient[x.disclosure.Patient] = append(byPatient[x.disclosure.Patient], x)
			}
		}
		return nil
	})
	if err != nil {
		return b.told(err)
	}
	for p, xs := range byPatient {
		if err := b.close(ctx, p, xs, state); err != nil {
			return b.told(err)
		}
		b.drains.signal(xs)
		for _, x := range xs {
			b.claims.drop(x.disclosure.ID)
		}
	}
	return nil
}

func (b *Bridge) close(ctx context.Context, p PatientID, xs []openClaim, state DisclosureState) error {
	var told pokes
	var took []time.Duration
	err := b.store.Update(Essential(ctx), p, func(tx Tx) error {
		told, took = nil, nil
		at := b.now()
		for _, x := range xs {
			closed, err := tx.Disclosures().Close(x.disclosure.ID, state, at)
			if err != nil {
				return err
			}
			if !closed || state != DisclosureShown {
				continue
			}
			since, err := shown(tx, x, at, &told)
			if err != nil {
				return err
			}
			if since > 0 {
				took = append(took, since)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	b.poke(told)
	for _, t := range took {
		b.meter.Delivered(t)
	}
	return nil
}

// shown notes the first showing of a message, and tells its sender. It returns
// how long after acceptance that was, 0 when it was not the first.
// The account of the delivery is settled with it (I8).
func shown(tx Tx, x openClaim, at time.Time, told *pokes) (time.Duration, error) {
	d, m := x.disclosure, x.message
	v, err := tx.Disclosures().Delivery(d.Message, d.Recipient)
	if errors.Is(err, ErrNotFound) || err == nil && !v.ShownAt.IsZero() {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	v.State, v.ShownAt, v.Reasons = DeliveryDelivered, at, nil
	if err := tx.Disclosures().PutDelivery(v); err != nil {
		return 0, err
	}
	if m.ID == "" {
		if m, err = tx.Messages().Message(d.Message); err != nil {
			return 0, err
		}
	}
	return at.Sub(m.SentAt), told.append(tx, receipt(m, d.Recipient, ReceiptDelivered, at))
}

// claimLifetime is how long a claim is taken to be on its way: far longer than its
// content can be shown.
const claimLifetime = time.Minute

// forgotten are the claims that were open at the last look, with when they were
// first seen so, by the monotonic clock: a wall clock may jump.
type forgotten struct {
	mu    sync.Mutex // guards the following field
	since map[DisclosureID]time.Time
}

// old lists those of the open claims that have been so for claimLifetime.
func (f *forgotten) old(open []Disclosure, now time.Time) []Disclosure {
	f.mu.Lock()
	defer f.mu.Unlock()
	var old []Disclosure
	since := make(map[DisclosureID]time.Time, len(open))
	for _, d := range open {
		first, ok := f.since[d.ID]
		if !ok {
			first = now
		}
		if since[d.ID] = first; now.Sub(first) >= claimLifetime {
			old = append(old, d)
		}
	}
	f.since = since
	return old
}

// endForgotten ends claims as unknown that a client never spoke of, such as those
// of a process that stopped: nobody who takes a right away waits for them any
// more. A word that comes later is taken still.
func (b *Bridge) endForgotten(ctx context.Context) error {
	open, err := b.found(ctx, DisclosureOpen, []DisclosureQuery{{}})
	if err != nil {
		return err
	}
	return b.unconfirmed(Essential(ctx), b.forgotten.old(open, time.Now()))
}

// receipt is the event that tells a message's sender of it.
func receipt(m Message, by Ref, k ReceiptKind, at time.Time) Event {
	return Event{
		Party: m.Sender, Kind: EventReceipt, At: at, Patient: m.Patient, Conversation: m.Conversation,
		Message: m.ID, By: by, State: string(k),
	}
}
