// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

//go:build !linux

package history

import "time"

// Now is the wall clock: elsewhere than on Linux a history is good as long as
// nobody sets it.
func Now() int64 { return time.Now().UnixNano() }
