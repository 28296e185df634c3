// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// Package lines is the random simulation of direct lines, in virtual time: rings
// with declines, drops, crashes of the server, losses of live state and clocks that
// jump, and a week of many lines. It holds tests only.
package lines
