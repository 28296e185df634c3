// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package history_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// flow is how bytes pass in one direction.
type flow string

const (
	passing   flow = "passing"
	held      flow = "held"      // kept, and let go later
	trickling flow = "trickling" // a byte each second
)

// proxy stands between clients and the server, and can hold up what passes.
type proxy struct {
	ln     net.Listener
	target string
	work   sync.WaitGroup

	mu       sync.Mutex // guards the following fields
	small    bool       // its own buffers for what comes from the server are small
	up, down flow       // to the server, to the client
	changed  chan struct{}
	open     map[*pipe]bool
}

// pipe is one connection through it.
type pipe struct {
	client, server net.Conn
	ctx            context.Context
	cancel         context.CancelFunc
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{ln: ln, target: target, up: passing, down: passing, changed: make(chan struct{}), open: map[*pipe]bool{}}
	p.work.Go(p.accept)
	t.Cleanup(func() {
		_ = ln.Close()
		p.cut()
		p.work.Wait()
	})
	return p
}

func (p *proxy) url() string { return "http://" + p.ln.Addr().String() }

func (p *proxy) accept() {
	for {
		c, err := p.ln.Accept()
		if err != nil {
			return
		}
		p.work.Go(func() { p.carry(c) })
	}
}

func (p *proxy) carry(client net.Conn) {
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		_ = client.Close()
		return
	}
	p.mu.Lock()
	small := p.small
	p.mu.Unlock()
	if small {
		_ = server.(*net.TCPConn).SetReadBuffer(4 << 10)
		_ = client.(*net.TCPConn).SetWriteBuffer(4 << 10)
	}
	k := &pipe{client: client, server: server}
	k.ctx, k.cancel = context.WithCancel(context.Background())
	p.mu.Lock()
	p.open[k] = true
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { p.pump(k, server, client, true) })
	both.Go(func() { p.pump(k, client, server, false) })
	both.Wait()
	p.mu.Lock()
	delete(p.open, k)
	p.mu.Unlock()
}

// pump carries bytes one way until either side is gone.
func (p *proxy) pump(k *pipe, to, from net.Conn, up bool) {
	defer func() {
		k.cancel()
		_, _ = k.client.Close(), k.server.Close()
	}()
	buf := make([]byte, 4<<10)
	for {
		n, err := from.Read(buf)
		if !p.push(k, to, buf[:n], up) || err != nil && !errors.Is(err, io.ErrNoProgress) {
			return
		}
	}
}

// push writes data as the flow allows.
func (p *proxy) push(k *pipe, to net.Conn, data []byte, up bool) bool {
	for len(data) > 0 {
		p.mu.Lock()
		how, changed := p.down, p.changed
		if up {
			how = p.up
		}
		p.mu.Unlock()
		n, wait := len(data), time.Duration(0)
		switch how {
		case held:
			n, wait = 0, time.Hour
		case trickling:
			n, wait = 1, time.Second
		}
		if _, err := to.Write(data[:n]); err != nil {
			return false
		}
		if data = data[n:]; wait == 0 {
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-changed:
		case <-timer.C:
		case <-k.ctx.Done():
		}
		timer.Stop()
		if k.ctx.Err() != nil {
			return false
		}
	}
	return true
}

// set changes how bytes pass from now on.
func (p *proxy) set(up, down flow) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.up, p.down = up, down
	close(p.changed)
	p.changed = make(chan struct{})
}

// narrow takes the room in between away, so that the server feels a slow reader, or
// gives it back. It begins with fresh connections.
func (p *proxy) narrow(on bool) {
	p.mu.Lock()
	p.small = on
	p.mu.Unlock()
	p.cut()
}

// cut drops every connection.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for k := range p.open {
		k.cancel()
		_, _ = k.client.Close(), k.server.Close()
	}
}
