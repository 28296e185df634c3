// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

//go:build !bug_replica

package bridge

const replica = false

func later(f func()) { f() }
