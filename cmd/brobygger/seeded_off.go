// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

//go:build !(bug_nodrain || bug_nofence || bug_latebeat || bug_earlyclose || bug_replica || bug_async || pauses)

package main

const seeded = false
