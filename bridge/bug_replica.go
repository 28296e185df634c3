// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

//go:build bug_replica

package bridge

import "time"

// Seeded bug: decisions are made on what this node remembers of the patient, which
// lags behind, and nobody compares its epoch (against I2 and I3).
const replica = true

func later(f func()) { time.AfterFunc(2*time.Second, f) }
