// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"slices"
	"time"
)

// stopRing changes a ring in the bridge's own name.
func (b *Bridge) stopRing(ctx context.Context, id RingID, stop func(Tx, *Ring, time.Time, *pokes) error) error {
	var r Ring
	err := b.store.View(ctx, func(tx Tx) (err error) {
		r, err = tx.Rings().Ring(id)
		return err
	})
	if err != nil {
		return b.told(err)
	}
	var told pokes
	was := append(r.Ringing(), r.By)
	err = b.store.Update(Essential(context.WithoutCancel(ctx)), r.Patient, func(tx Tx) error {
		told = nil
		now, err := tx.Rings().Ring(id)
		if err != nil {
			return err
		}
		r = now
		return stop(tx, &r, b.now(), &told)
	})
	if err != nil {
		return b.told(err)
	}
	b.poke(told)
	b.letGo(ctx, id, without(was, union(r.reaches(), []Ref{""})))
	if r.State == RingRinging && len(r.Ringing()) == 0 {
		b.goOn(ctx, id)
	}
	return nil
}

// leave ends what rings and talks go on in the names of parties who are signed out.
func (b *Bridge) leave(ctx context.Context, why Code, parties []Ref) error {
	live := map[RingID]bool{}
	err := b.store.View(ctx, func(tx Tx) error {
		for _, p := range parties {
			rings, err := liveRings(tx, RingQuery{Party: p})
			if err != nil {
				return err
			}
			for _, r := range rings {
				live[r.ID] = true
			}
		}
		return nil
	})
	if err != nil {
		return b.told(err)
	}
	for _, id := range sortedKeys(live) {
		err = errors.Join(err, b.stopRing(ctx, id, func(tx Tx, r *Ring, at time.Time, told *pokes) error {
			return b.without(tx, r, parties, why, at, told)
		}))
	}
	return err
}

// without goes on with a ring without these parties.
func (b *Bridge) without(tx Tx, r *Ring, parties []Ref, why Code, at time.Time, told *pokes) error {
	if r.State == RingAccepted && (slices.Contains(parties, r.By) || slices.Contains(parties, r.Caller)) {
		return b.endTalk(tx, r, why, at, told)
	}
	if slices.Contains(parties, r.Caller) {
		return b.cancel(tx, r, at, told)
	}
	var stopped []Ref
	for _, x := range r.Ringing() {
		if slices.Contains(parties, x) {
			r.finish(x, RingedStopped, at)
			stopped = append(stopped, x)
		}
	}
	if len(stopped) == 0 {
		return nil
	}
	r.Rev++
	if err := tx.Rings().Put(*r); err != nil {
		return err
	}
	return told.tellStop(b, tx, *r, stopForbidden, at, stopped)
}

// silence ends all that goes on about a patient whose record is about to go.
func (b *Bridge) silence(tx Tx, p PatientID, at time.Time, told *pokes) error {
	rings, err := liveRings(tx, RingQuery{Patient: p})
	if err != nil {
		return err
	}
	for _, r := range rings {
		if err := b.endTalk(tx, &r, CodeErased, at, told); err != nil {
			return err
		}
		if err := b.cancel(tx, &r, at, told); err != nil {
			return err
		}
	}
	callbacks, err := openCallbacks(tx, CallbackQuery{Patient: p})
	if err != nil {
		return err
	}
	for _, cb := range callbacks {
		l, err := tx.Lines().Line(cb.Line)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		cb.close(CallbackForbidden, "", at)
		if err := b.putCallback(tx, cb, l, string(CallbackForbidden), at, "", told); err != nil {
			return err
		}
	}
	return nil
}

// settle ends what the departed had going, and what goes on about the patients.
func (b *Bridge) settle(ctx context.Context, why Code, gone departed) error {
	patients := gone.patients
	if why == CodeTokenExpired { // they come back as what they are now
		err := b.store.View(ctx, func(tx Tx) error {
			for _, p := range gone.parties {
				rings, err := liveRings(tx, RingQuery{Party: p})
				if err != nil {
					return err
				}
				for _, r := range rings {
					patients = union(patients, []PatientID{r.Patient})
				}
			}
			return nil
		})
		if err != nil {
			return b.told(err)
		}
		return b.redecide(ctx, patients...)
	}
	return errors.Join(b.leave(ctx, why, gone.parties), b.redecide(ctx, patients...))
}
