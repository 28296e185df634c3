// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

//go:build bug_async

package sqlite

import "time"

// Seeded bug: what waits for a commit is answered before it, and the commit takes
// its time (against I7).
func (w *writer) early() {
	w.answer(nil)
	time.Sleep(500 * time.Millisecond)
}
