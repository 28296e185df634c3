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
	chunk *chunk        // nil while nothing is held
	err   error         // of the last try

	deadline atomic.Int32 // of writing
}

// What line knows of its deadline of writing.
const (
	unlimited int32 = iota
	limited
	lastOne // the session ends: it stays as it is
)

// chunk is what a line holds while it reads.
type chunk struct {
	small    *bufio.Reader
	from, to int              // of data: what was read and not taken yet
	data     [4<<10 - 64]byte // 4 KiB with the others
}

// smallRead is the size of the reader behind a line: the least that the WebSocket
// takes. What is longer goes past it.
const smallRead = 257

var chunks = sync.Pool{New: func() any { return &chunk{small: bufio.NewReaderSize(nil, smallRead)} }}

// await waits until there is something to read. It is called with little on the
// stack, since that is where a silent connection waits.
func (l *line) await() error {
	if l.raw == nil || l.small.Buffered() > 0 || l.chunk != nil && l.chunk.from < l.chunk.to {
		return nil
	}
	l.release()
	return l.wait()
}

func (l *line) wait() error {
	if err := l.raw.Read(l.try); err != nil {
		return err
	}
	return l.err
}

// hold takes c for what was read into it.
func (l *line) hold(c *chunk, n int) {
	if c.from, c.to = 0, n; l.chunk == nil {
		l.chunk = c
		c.small.Reset(l)
		*l.small = *c.small
	}
}

func (l *line) release() {
	if l.chunk != nil {
		l.chunk.small.Reset(nil)
		chunks.Put(l.chunk)
		l.chunk = nil
	}
	if l.raw != nil {
		*l.small = bufio.Reader{}
	}
}

// Read implements net.Conn.
func (l *line) Read(p []byte) (int, error) {
	if l.raw == nil || l.chunk == nil {
		return l.Conn.Read(p)
	}
	c := l.chunk
	if c.from == c.to {
		if len(p) > smallRead { // of a message that is longer than a chunk
			return l.Conn.Read(p)
		}
		if err := l.wait(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.data[c.from:c.to])
	c.from += n
	return n, nil
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
