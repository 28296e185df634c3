// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package history_test

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge/bridgetest/history"
	"github.com/brobygger/brobygger/bridge/bridgetest/load"
	"github.com/brobygger/brobygger/bridge/wire"
)

// frame is a masked WebSocket frame (RFC 6455, 5.2) with these first bits, that
// says it is so long.
func frame(first byte, length uint64, payload []byte) []byte {
	b := []byte{first}
	switch {
	case length < 126:
		b = append(b, 0x80|byte(length))
	case length < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(length))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), length)
	}
	return append(append(b, 0, 0, 0, 0), payload...) // a mask of zeros changes nothing
}

// attack is bytes after a handshake, first once and then over and over.
type attack struct{ first, again []byte }

var attacks = map[string]attack{
	"fragments of no bytes, without an end": {frame(0x01, 0, nil), frame(0x00, 0, nil)},
	"a frame that says it is enormous":      {frame(0x81, 1<<40, nil), bytes.Repeat([]byte("a"), 4<<10)},
	"a compressed frame that nobody agreed": {frame(0xc1, 16, make([]byte, 16)), nil},
	"nesting without an end":                {frame(0x81, 6000, []byte(strings.Repeat("[", 6000))), nil},
	"a message longer than a stranger's":    {frame(0x81, wire.MaxBeforeAuth+1, bytes.Repeat([]byte(" "), wire.MaxBeforeAuth+1)), nil},
	"fragments that add up":                 {frame(0x01, 1<<10, make([]byte, 1<<10)), frame(0x00, 1<<10, make([]byte, 1<<10))},
	"pings without an end":                  {frame(0x89, 0, nil), frame(0x89, 0, nil)},
	"nothing at all":                        {},
}

// Whoever sends what no client sends is put out, soon, and costs little memory
// until then.
func TestBombsAreThrownOut(t *testing.T) {
	t.Parallel()
	s := newServer(t, &history.Recorder{}, brobyggerProgram(t), "", 1)
	s.start()
	pid := s.process.Process.Pid
	held, err := load.Resident(pid)
	if err != nil {
		t.Fatal(err)
	}
	const each = 25
	var all sync.WaitGroup
	for name, a := range attacks {
		for range each {
			all.Go(func() {
				if took, err := a.run(strings.TrimPrefix(s.url, "http://")); err != nil {
					t.Errorf("%s: not put out after %s: %v", name, took, err)
				}
			})
		}
	}
	all.Wait()
	most, err := load.Resident(pid)
	if err != nil {
		t.Fatal(err)
	}
	sockets := int64(each * len(attacks))
	t.Logf("%d attacking sockets cost %d KiB each", sockets, max(0, most-held)/sockets>>10)
	if most-held > sockets*2<<20 {
		t.Errorf("the server held %d MiB before and %d MiB after %d attacking sockets", held>>20, most>>20, sockets)
	}
	s.stop()
	s.check()
}

// run attacks until the server has closed the connection, for a minute at most.
func (a attack) run(address string) (time.Duration, error) {
	start := time.Now()
	c, err := net.Dial("tcp", address)
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(start.Add(time.Minute))
	key := rand.Text()[:22] + "=="
	hello := "GET /ws HTTP/1.1\r\nHost: " + address + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Protocol: " + wire.Subprotocol + "\r\nSec-WebSocket-Key: " + key + "\r\n\r\n"
	if _, err := io.WriteString(c, hello); err != nil {
		return 0, err
	}
	over := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, c)
		over <- err
	}()
	_, _ = c.Write(a.first)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-over:
			var timeout net.Error
			if timeout, _ = err.(net.Error); timeout != nil && timeout.Timeout() {
				return time.Since(start), err
			}
			return time.Since(start), nil // closed, or reset
		case <-tick.C:
			if len(a.again) > 0 {
				_, _ = c.Write(a.again)
			}
		}
	}
}
