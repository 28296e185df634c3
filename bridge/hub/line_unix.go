// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package hub

import "syscall"

// canTry says that a socket can be read from without waiting.
const canTry = true

// try reads what there is, and reports whether there was anything.
func (l *line) try(fd uintptr) bool {
	c := l.chunk
	if c == nil {
		c = chunks.Get().(*chunk)
	}
	for {
		n, err := syscall.Read(int(fd), c.data[:])
		if err == syscall.EINTR {
			continue
		}
		if n > 0 {
			l.hold(c, n)
			return true
		}
		if l.chunk == nil {
			chunks.Put(c)
		}
		if err == syscall.EAGAIN {
			return false
		}
		l.err = gone(n, err)
		return true
	}
}
