// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"errors"
	"os"
	"syscall"
)

// syncData makes f's bytes durable, and of what is known about the file only what
// it takes to read them.
func syncData(f *os.File) error {
	for {
		err := syscall.Fdatasync(int(f.Fd()))
		if !errors.Is(err, syscall.EINTR) { // interrupted is not failed
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
