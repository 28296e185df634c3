// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

//go:build bug_nodrain

package bridge

// Seeded bug: a withdrawal is answered as soon as it is kept (against I5).
const noDrain = true
