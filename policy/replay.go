// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// Replay is what a policy would have decided of what was decided.
type Replay struct {
	Revision    string              `json:"revision"` // of the policy that was asked
	Content     string              `json:"content"`  // names its rules and data alone
	Decisions   int                 `json:"decisions"`
	Same        int                 `json:"same"`
	Gone        int                 `json:"gone"` // what they were made on is no longer kept
	Differences []bridge.Difference `json:"differences"`
}

// replayPage is how many decisions are read at once.
const replayPage = 500

// Replay asks the engine what was decided since then, on what it was decided on.
func (e *Engine) Replay(ctx context.Context, s bridge.Store, since time.Time) (Replay, error) {
	r := Replay{Revision: e.Revision(), Content: e.program.content}
	found := tally{}
	after := uint64(0)
	grounds := map[place]*bridge.Snapshot{}
	for {
		n := 0
		err := s.View(ctx, func(tx bridge.Tx) error {
			page, err := tx.Policies().Recorded(since, after, replayPage)
			if err != nil {
				return err
			}
			n = len(page)
			for i := range page {
				after = page[i].Number
				if err := e.again(ctx, tx, &page[i], grounds, found, &r); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return r, fmt.Errorf("replaying: %w", err)
		}
		if n < replayPage {
			r.Differences = found.list()
			return r, nil
		}
		if len(grounds) > 10_000 {
			clear(grounds)
		}
	}
}

// place is a patient at an epoch.
type place struct {
	patient bridge.PatientID
	epoch   uint64
}

// again decides one recorded decision again.
func (e *Engine) again(ctx context.Context, tx bridge.Tx, d *bridge.RecordedDecision, grounds map[place]*bridge.Snapshot, found tally, r *Replay) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	at := place{d.Patient, d.Epoch}
	s, ok := grounds[at]
	if !ok {
		g, err := tx.Policies().Ground(d.Patient, d.Epoch)
		if err == nil {
			s, err = g.Restore(tx)
		}
		if err != nil && !errors.Is(err, bridge.ErrNotFound) {
			return err
		}
		grounds[at] = s
	}
	r.Decisions++
	if s == nil {
		r.Gone++
		return nil
	}
	q := d.Question(s)
	was := bridge.Decision{Allow: d.Allow, Basis: d.Basis, Redact: d.Redact, Reasons: d.Reasons}
	is, err := e.Decide(ctx, q)
	all := differ(q, was, is, err)
	if len(all) == 0 {
		r.Same++
	}
	for _, x := range all {
		found.add(x, strconv.FormatUint(d.Number, 10))
	}
	return nil
}
