// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

//go:build race

package policy_test

// raceEnabled says that the race detector allocates too.
const raceEnabled = true
