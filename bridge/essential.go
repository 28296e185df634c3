// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import "context"

type essentialKey struct{}

// Essential marks what must be kept even when the disk is nearly full:
// withdrawals, objections, disabled accounts, and how a disclosure ended. A store
// keeps room in reserve for it.
func Essential(ctx context.Context) context.Context {
	return context.WithValue(ctx, essentialKey{}, true)
}

// IsEssential reports whether ctx was made by Essential.
func IsEssential(ctx context.Context) bool {
	v, _ := ctx.Value(essentialKey{}).(bool)
	return v
}
