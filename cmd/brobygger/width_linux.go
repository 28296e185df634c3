// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"syscall"
	"unsafe"
)

// terminalWidth is how many columns a terminal has, 0 of what is none.
func terminalWidth(f *os.File) int {
	var size struct{ rows, columns, x, y uint16 }
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&size))) //nolint:gosec // the kernel fills in a struct winsize (ioctl_tty(2))
	if errno != 0 {
		return 0
	}
	return int(size.columns)
}
