// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

//go:build bug_nofence

package brobygger

// Seeded bug: content is shown however old it is (against I4).
const noFence = true
