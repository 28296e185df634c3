// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package history

import (
	"syscall"
	"unsafe"
)

// Now is the time of CLOCK_MONOTONIC (clock_gettime(2)) in nanoseconds. Package
// time has it too, but only tells how long ago something was in its own process.
func Now() int64 {
	const monotonic = 1
	var t syscall.Timespec
	_, _, _ = syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, monotonic, uintptr(unsafe.Pointer(&t)), 0) //nolint:gosec // the kernel fills t in, and keeps no pointer
	return t.Nano()
}
