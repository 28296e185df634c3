// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"maps"
	"math"
	"slices"
	"sync"
	"time"
)

// Whoever takes a right away (a withdrawal, an objection, an import, a closed
// account, a sign-out) commits that first. From then on no claim is made on it
// (I2, I3). What was claimed before may still be on its way, so the answer waits
// until those claims are closed, or until nobody can show what they were for.

// DrainTime is how long after its commit an answer waits at the most for open
// claims (I5). A client shows nothing later than T = 3 s by its own clocks after
// it sent the beat, which was before the claim, which was before the commit. With
// clocks that run wrong by rho = 1/100 at most, T(1+rho)/(1-rho) = 3.07 s by ours;
// the rest is eps, for their grain and for what was read just before it was set.
const DrainTime = 3500 * time.Millisecond

// drains tells those who wait for open claims that some of theirs were closed.
type drains struct {
	mu      sync.Mutex // guards the following field
	waiting map[chan struct{}][]DisclosureQuery
}

// wait returns a channel that is closed when one of the claims is, and what ends
// the waiting.
func (d *drains) wait(of []DisclosureQuery) (signal <-chan struct{}, stop func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting == nil {
		d.waiting = map[chan struct{}][]DisclosureQuery{}
	}
	c := make(chan struct{})
	d.waiting[c] = of
	return c, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.waiting, c)
	}
}

// signal tells of claims that were closed.
func (d *drains) signal(closed []openClaim) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for c, of := range d.waiting {
		if slices.ContainsFunc(closed, func(x openClaim) bool { return selected(of, x.disclosure) }) {
			delete(d.waiting, c)
			close(c)
		}
	}
}

func selected(of []DisclosureQuery, d Disclosure) bool {
	return slices.ContainsFunc(of, func(q DisclosureQuery) bool { return q.Selects(d) })
}

// drain waits until none of the claims is open, or DrainTime has passed since the
// commit, on this machine's monotonic clock, which may stand still and so only
// makes it wait longer (I5). since is an instant when the commit had been kept.
// What is then still open ends as unknown. Who stops waiting for the answer does
// not stop the drain.
func (b *Bridge) drain(ctx context.Context, since time.Time, of ...DisclosureQuery) error {
	if noDrain {
		return nil
	}
	ctx = Essential(context.WithoutCancel(ctx))
	limit := time.NewTimer(DrainTime - time.Since(since))
	defer limit.Stop()
	for {
		signal, stop := b.drains.wait(of)
		open, err := b.found(ctx, DisclosureOpen, of)
		if err != nil || len(open) == 0 {
			stop()
			return err
		}
		select {
		case <-signal:
			stop()
		case <-limit.C:
			stop()
			return b.unconfirmed(ctx, open)
		}
	}
}

// manyQueries is when reading all claims of a state is less than asking for each.
const manyQueries = 64

// found lists the claims of the state, oldest first.
func (b *Bridge) found(ctx context.Context, state DisclosureState, of []DisclosureQuery) (all []Disclosure, err error) {
	err = b.store.View(ctx, func(tx Tx) error {
		all, err = findAny(tx, state, of)
		return err
	})
	if err != nil {
		return nil, b.told(err)
	}
	return all, nil
}

func findAny(tx Tx, state DisclosureState, of []DisclosureQuery) ([]Disclosure, error) {
	if len(of) > manyQueries {
		all, err := tx.Disclosures().Find(DisclosureQuery{State: state})
		return slices.DeleteFunc(all, func(d Disclosure) bool { return !selected(of, d) }), err
	}
	byID := map[DisclosureID]Disclosure{}
	for _, q := range of {
		q.State = state
		some, err := tx.Disclosures().Find(q)
		if err != nil {
			return nil, err
		}
		for _, d := range some {
			byID[d.ID] = d
		}
	}
	all := slices.Collect(maps.Values(byID))
	slices.SortFunc(all, func(x, y Disclosure) int { return x.ClaimedAt.Compare(y.ClaimedAt) })
	return all, nil
}

// unconfirmed ends open claims whose content nobody can show any more as unknown.
func (b *Bridge) unconfirmed(ctx context.Context, open []Disclosure) error {
	byPatient := map[PatientID][]DisclosureID{}
	for _, d := range open {
		byPatient[d.Patient] = append(byPatient[d.Patient], d.ID)
	}
	for _, p := range sortedKeys(byPatient) {
		err := b.store.Update(ctx, p, func(tx Tx) error {
			for _, id := range byPatient[p] {
				if _, err := tx.Disclosures().Close(id, DisclosureUnknown, b.now()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return b.told(err)
		}
	}
	return nil
}

// partiesOfPerson lists in whose name a person may have been given something.
func partiesOfPerson(tx Tx, person Ref) ([]Ref, error) {
	if person.Type() != TypePractitioner {
		return []Ref{person}, nil
	}
	entries, err := tx.Directory().Find(DirectoryQuery{Practitioner: person.ID(), Limit: math.MaxInt32})
	refs := make([]Ref, len(entries))
	for i, e := range entries {
		refs[i] = e.Role.Reference()
	}
	return refs, err
}
