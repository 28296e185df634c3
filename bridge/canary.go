// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// CanaryPatient is nobody: a patient whose record is written, read and verified
// by the way that everybody's goes, so that a fault of that way is seen. In
// Denmark's MinLog one hid look-ups from citizens for more than a year
// (Sundhedsdatastyrelsen, 22 March 2017).
const CanaryPatient PatientID = "brobygger-canary"

// CanaryEvery is how often the canary sings.
const CanaryEvery = time.Hour

// canary is how it went last.
type canary struct {
	mu   sync.Mutex // guards the following fields
	at   time.Time  // of the last that was whole
	seq  uint64     // entries that it had
	size uint64     // of the tree
	err  error      // of the newest
}

// Canary looks the canary's care team up, as the canary, and then verifies the
// canary's exported record: the look-up must stand in it, behind all that stood
// there before, in a tree that goes on from the one before.
func (b *Bridge) Canary(ctx context.Context) error {
	b.canary.mu.Lock()
	defer b.canary.mu.Unlock()
	err := b.sing(ctx)
	if ctx.Err() != nil {
		return ctx.Err() // given up, which says nothing of the record
	}
	if err != nil {
		b.log.LogAttrs(ctx, slog.LevelError, "the canary's record is not whole", slog.Any("error", err))
	} else {
		b.canary.at = b.now()
	}
	b.canary.err = err
	return err
}

// CanaryHealth tells when the canary's record was whole the last time, and what
// was wrong with it since.
func (b *Bridge) CanaryHealth() (time.Time, error) {
	b.canary.mu.Lock()
	defer b.canary.mu.Unlock()
	return b.canary.at, b.canary.err
}

func (b *Bridge) sing(ctx context.Context) error {
	if b.signer == nil {
		return errNoKey
	}
	self := Caller{Party: CanaryPatient.Ref(), Person: CanaryPatient.Ref(), Assurance: AssuranceSubstantial}
	if err := b.hatch(ctx); err != nil {
		return fmt.Errorf("making the canary: %w", err)
	}
	if _, err := b.CareTeam(ctx, self, CanaryPatient); err != nil {
		return fmt.Errorf("writing the canary's record: %w", err)
	}
	var export bytes.Buffer
	if err := b.Export(ctx, self, CanaryPatient, b.canary.size, &export); err != nil {
		return fmt.Errorf("reading the canary's record: %w", err)
	}
	report, err := ledger.VerifyExport(&export, ledger.Trust{Log: b.signer.Verifier(), Witnesses: b.witnesses})
	if err != nil {
		return fmt.Errorf("verifying the canary's record: %w", err)
	}
	if !report.Whole() {
		return fmt.Errorf("verifying the canary's record: %s", report.Findings[0])
	}
	if err := b.seen(ctx, self, report); err != nil {
		return err
	}
	b.canary.seq, b.canary.size = report.Entries, report.Size
	return nil
}

// seen wants what the canary just did in what the canary is shown.
func (b *Bridge) seen(ctx context.Context, self Caller, r ledger.Report) error {
	if r.Entries <= b.canary.seq || r.Size < b.canary.size {
		return fmt.Errorf("verifying the canary's record: %d entries in a tree of %d, and there were %d in %d", r.Entries, r.Size, b.canary.seq, b.canary.size)
	}
	views, err := b.Entries(ctx, self, CanaryPatient, r.Entries-1, 1, "")
	if err != nil {
		return fmt.Errorf("reading the canary's record: %w", err)
	}
	if len(views) != 1 || views[0].Entry.Kind != ledger.KindSeen {
		return errors.New("reading the canary's record: its newest act is not shown")
	}
	return nil
}

// hatch makes the canary where there is none.
func (b *Bridge) hatch(ctx context.Context) error {
	err := b.store.View(ctx, func(tx Tx) error {
		_, err := tx.Patients().Patient(CanaryPatient)
		return err
	})
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	defer b.dropSnapshot(CanaryPatient)
	return b.store.Update(ctx, CanaryPatient, func(tx Tx) error {
		born := time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)
		if err := tx.Patients().Put(Patient{ID: CanaryPatient, Name: "Canary", BirthDate: born, Active: true}); err != nil {
			return err
		}
		_, err := tx.Entries().Append(ledger.Entry{Patient: string(CanaryPatient), Time: b.now(), Kind: ledger.KindRegistered, Epoch: 1})
		return err
	})
}
