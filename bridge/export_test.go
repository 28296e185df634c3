// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

// ForgetSooner makes what has been open since the last sweep old enough to end at
// the next one.
func (b *Bridge) ForgetSooner() {
	b.forgotten.mu.Lock()
	defer b.forgotten.mu.Unlock()
	for id, at := range b.forgotten.since {
		b.forgotten.since[id] = at.Add(-claimLifetime)
	}
}
