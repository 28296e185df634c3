// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"slices"
)

// Sweep does what time asks for: expires requests and returns what waited for
// them, lets messages go whose consent came just before the bridge stopped, ends
// consents whose period is over and claims that nobody speaks of, asks again what
// was withheld, trims old events and decisions. It is called every few seconds and
// at start, may run on several nodes at once, and goes on behind an error.
func (b *Bridge) Sweep(ctx context.Context) error {
	var overdue, granted []ConsentRequest
	now := b.now()
	err := b.store.View(ctx, func(tx Tx) (err error) {
		if overdue, err = tx.Consents().Requests(RequestQuery{State: RequestPending, ExpiresBefore: now, Limit: 500}); err != nil {
			return err
		}
		// A message that is still held though its request was granted was in
		// flight when the bridge stopped.
		granted, err = tx.Consents().Requests(RequestQuery{State: RequestGranted, Held: true, Limit: 500})
		return err
	})
	if err != nil {
		return b.told(err)
	}
	for _, r := range overdue {
		err = errors.Join(err, b.expireRequest(ctx, r))
	}
	for _, r := range granted {
		b.release(ctx, r.Patient, r.ID)
	}
	err = errors.Join(err, b.expireConsents(ctx), b.endForgotten(ctx), b.sweepWaiting(ctx))
	trimErr := b.store.Update(ctx, "", func(tx Tx) error {
		_, err := tx.Events().Trim(now.Add(-EventLifetime))
		return err
	})
	return errors.Join(err, trimErr, b.forgetDecisions(ctx))
}

// expireRequest ends a request that nobody answered.
func (b *Bridge) expireRequest(ctx context.Context, r ConsentRequest) error {
	var told pokes
	err := b.store.Update(ctx, r.Patient, func(tx Tx) error {
		told = nil
		now, err := tx.Consents().Request(r.ID)
		if err != nil || now.State != RequestPending {
			return err
		}
		s, err := tx.Patients().Snapshot(r.Patient)
		if err != nil {
			return err
		}
		g := &passage{tx: tx, snapshot: s}
		return g.refuse(now, RequestExpired, answer{Question: Question{Now: b.now()}}, &told)
	})
	if err == nil {
		b.poke(told)
	}
	return err
}

// expireConsents ends consents whose period is over. The policy does not wait
// for this: a consent outside its period counts for nothing.
func (b *Bridge) expireConsents(ctx context.Context) error {
	var due []Consent
	err := b.store.View(ctx, func(tx Tx) (err error) {
		due, err = tx.Consents().Due(b.now(), 500)
		return err
	})
	for _, c := range due {
		var told pokes
		one := b.store.Update(ctx, c.Patient, func(tx Tx) error {
			told = nil
			s, err := tx.Patients().Snapshot(c.Patient)
			if err != nil || !slices.ContainsFunc(s.Consents, func(x Consent) bool { return x.ID == c.ID }) {
				return err
			}
			g := &passage{tx: tx, snapshot: s}
			_, err = b.end(g, c, ConsentExpired, answer{Question: Question{Now: b.now()}}, &told)
			return err
		})
		b.dropSnapshot(c.Patient)
		if one == nil {
			b.poke(told)
			one = b.redecide(ctx, c.Patient)
		}
		err = errors.Join(err, one)
	}
	return err
}
