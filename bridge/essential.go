// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import "context"

// Need says how much a write is needed when the disk is nearly full. A store
// keeps room in reserve: nothing ordinary may use it, reading half of it, and
// what is essential all of it.
type Need int

// The needs, each more than those before it.
const (
	NeedOrdinary  Need = iota
	NeedReading        // the claim of a disclosure: whoever treats the patient can go on reading
	NeedEssential      // withdrawals, objections, disabled accounts, how a disclosure ended
)

type needKey struct{}

// Essential marks what must be kept even when the disk is nearly full.
func Essential(ctx context.Context) context.Context {
	return context.WithValue(ctx, needKey{}, NeedEssential)
}

// Reading marks the claims of disclosures.
func Reading(ctx context.Context) context.Context {
	return context.WithValue(ctx, needKey{}, NeedReading)
}

// NeedOf returns how much what is done with ctx is needed.
func NeedOf(ctx context.Context) Need {
	n, _ := ctx.Value(needKey{}).(Need)
	return n
}
