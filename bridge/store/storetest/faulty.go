// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/brobygger/brobygger/bridge"
)

// Fault is how an Update fails. In each, the Update's function runs to its end
// first, and its own error comes before the fault.
type Fault int

// The faults.
const (
	// None lets the Update be.
	None Fault = iota
	// Refused keeps nothing, and says so: ErrFault.
	Refused
	// Full keeps nothing for want of room: bridge.CodeStorageFull.
	Full
	// Lost keeps nothing, behind bridge.ErrOutcomeUnknown.
	Lost
	// Kept keeps everything, behind bridge.ErrOutcomeUnknown.
	Kept
)

// Faults lists every fault that is one.
var Faults = []Fault{Refused, Full, Lost, Kept}

// String names the fault in a test's name.
func (f Fault) String() string {
	switch f {
	case Refused:
		return "refused"
	case Full:
		return "full"
	case Lost:
		return "lost"
	case Kept:
		return "kept"
	case None:
	}
	return "none"
}

// ErrFault is wrapped by the error of every fault.
var ErrFault = errors.New("fault that a test asked for")

// Faulty is a store whose Updates fail on command. Views never do.
type Faulty struct {
	bridge.Store

	mu      sync.Mutex // guards the following fields
	updates int
	plan    func(n int) Fault
}

// NewFaulty wraps s. Until Fail or Plan is called nothing fails.
func NewFaulty(s bridge.Store) *Faulty { return &Faulty{Store: s} }

// Fail makes the k-th Update from now fail, 1 being the next, and no other. It
// starts the count afresh.
func (f *Faulty) Fail(k int, fault Fault) {
	f.Plan(func(n int) Fault {
		if n == k {
			return fault
		}
		return None
	})
}

// Plan makes each Update from now fail as plan says; the next is n 1. A nil plan
// lets all be. plan is called once for each Update, one at a time.
func (f *Faulty) Plan(plan func(n int) Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.updates, f.plan = 0, plan
}

// Updates returns how many Updates there were since the last Fail or Plan.
func (f *Faulty) Updates() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.updates
}

func (f *Faulty) next() Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.updates++
	if f.plan == nil {
		return None
	}
	return f.plan(f.updates)
}

// Update implements bridge.Store.
func (f *Faulty) Update(ctx context.Context, patient bridge.PatientID, fn func(bridge.Tx) error) error {
	fault := f.next()
	err := f.Store.Update(ctx, patient, func(tx bridge.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		switch fault {
		case Refused:
			return ErrFault
		case Full:
			return &bridge.Error{Code: bridge.CodeStorageFull, Err: ErrFault}
		case Lost:
			return fmt.Errorf("committing: %w: %w", bridge.ErrOutcomeUnknown, ErrFault)
		case None, Kept:
		}
		return nil
	})
	if err == nil && fault == Kept {
		err = fmt.Errorf("committing: %w: %w", bridge.ErrOutcomeUnknown, ErrFault)
	}
	return err
}
