// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package hub

import "syscall"

// canTry says that a socket can be read from without waiting.
const canTry = true

// try reads what there is, and reports whether there was anything.
func (l *line) try(fd uintptr) bool {
	chunk := chunks.Get().(*[]byte)
	for {
		n, err := syscall.Read(int(fd), *chunk)
		switch {
		case err == syscall.EINTR:
			continue
		case n > 0:
			l.chunk, l.rest = chunk, (*chunk)[:n]
			return true
		}
		chunks.Put(chunk)
		if err == syscall.EAGAIN {
			return false
		}
		l.err = gone(n, err)
		return true
	}
}
