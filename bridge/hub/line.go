// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// line is a connection that holds no buffer while nothing comes: it waits until
// there is something to read, and only then takes a chunk to read it into. It
// spares deadlines too, each of which costs a timer.
type line struct {
	net.Conn
	raw syscall.RawConn // nil: of what can't be waited for, Read reads

	// The following belong to the reader.
	small *bufio.Reader // the WebSocket's, of this line
	chunk *[]byte       // nil while nothing is held
	rest  []byte        // of the chunk, not taken yet
	err   error         // of the last try

	deadline atomic.Int32 // of writing
}

// What line knows of its deadline of writing.
const (
	unlimited int32 = iota
	limited
	lastOne // the session ends: it stays as it is
)

// chunks are what lines read into: a message of the usual length in one go.
var chunks = sync.Pool{New: func() any { b := make([]byte, 4<<10); return &b }}

// smallRead is the size of the reader behind the line: the least that the
// WebSocket takes.
const smallRead = 257

// await waits until there is something to read, or an error to be had. It is
// called with little on the stack, since that is where a silent connection waits.
func (l *line) await() {
	if l.raw == nil || l.chunk != nil || l.small.Buffered() > 0 {
		return
	}
	l.wait()
}

func (l *line) wait() {
	if err := l.raw.Read(l.try); err != nil {
		l.err = err
	}
}

// Read implements net.Conn.
func (l *line) Read(p []byte) (int, error) {
	if l.raw == nil || l.chunk == nil && l.err == nil && len(p) > smallRead {
		return l.Conn.Read(p) // of a message that is longer than a chunk
	}
	if l.chunk == nil && l.err == nil {
		l.wait()
	}
	if l.chunk == nil {
		return 0, l.err
	}
	n := copy(p, l.rest)
	if l.rest = l.rest[n:]; len(l.rest) == 0 {
		l.release()
	}
	return n, nil
}

func (l *line) release() {
	if l.chunk != nil {
		chunks.Put(l.chunk)
		l.chunk, l.rest = nil, nil
	}
}

// SetWriteDeadline implements net.Conn. The WebSocket sets none before every
// message, which is not passed on when there is none.
func (l *line) SetWriteDeadline(t time.Time) error {
	switch {
	case !t.IsZero():
		l.deadline.CompareAndSwap(unlimited, limited)
	case !l.deadline.CompareAndSwap(limited, unlimited):
		return nil
	}
	return l.Conn.SetWriteDeadline(t)
}

// hurry sets the last deadline of writing.
func (l *line) hurry(t time.Time) {
	l.deadline.Store(lastOne)
	_ = l.Conn.SetWriteDeadline(t)
}

// taker puts the line between a hijacked connection and the WebSocket.
type taker struct {
	http.ResponseWriter
	line *line
}

// Hijack implements http.Hijacker.
func (t taker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(t.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	if rw.Reader.Buffered() > 0 {
		_ = conn.Close()
		return nil, nil, errors.New("taking a connection: the client spoke before it was answered")
	}
	t.line.Conn, t.line.small = conn, bufio.NewReaderSize(t.line, smallRead)
	if c, ok := conn.(syscall.Conn); ok && canTry {
		if raw, err := c.SyscallConn(); err == nil {
			t.line.raw = raw
		}
	}
	return t.line, bufio.NewReadWriter(t.line.small, rw.Writer), nil
}

// gone makes an error of what a read came to.
func gone(n int, err error) error {
	if err == nil && n == 0 {
		return io.EOF
	}
	return err
}
