// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

//go:build !race

package policy_test

const raceEnabled = false
