// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

//go:build !linux

package sqlite

import "os"

// syncData makes f's bytes durable.
func syncData(f *os.File) error { return f.Sync() }
