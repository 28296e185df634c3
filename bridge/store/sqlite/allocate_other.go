// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

//go:build !linux

package sqlite

import "os"

// allocate gives f size bytes of the disk.
func allocate(f *os.File, size int64) error { return zeros(f, size) }
