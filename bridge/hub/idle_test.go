// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub_test

import (
	"bufio"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/brobygger/brobygger/bridge/hub"
	"github.com/brobygger/brobygger/bridge/wire"
)

// idleServer in the environment makes this test program a server whose memory
// is measured from outside.
const idleServer = "BROBYGGER_IDLE_SERVER"

// idleLimit is what a connection at rest may cost, in bytes resident.
const idleLimit = 7 << 10

// BenchmarkIdle holds 9,000 connections that have proven who they are and then
// say nothing, against a hub in a process of its own.
func BenchmarkIdle(b *testing.B) {
	const connections = 9_000 // with the listener's and the program's own, below the usual limit of files
	for b.Loop() {
		server := startIdleServer(b)
		empty := server.resident()
		conns := make([]*websocket.Conn, 0, connections)
		d := websocket.Dialer{Subprotocols: []string{wire.Subprotocol}, ReadBufferSize: 512, WriteBufferSize: 512}
		for i := range connections {
			conn, _, err := d.Dial(server.url, nil)
			if err != nil {
				b.Fatal(err)
			}
			s := &speaker{b: b, conn: conn}
			s.say(wire.CmdConnect, wire.Connect{Token: strconv.Itoa(i), Fresh: true}, true)
			s.await(func(f wire.Server) bool { return f.ID == 1 })
			conns = append(conns, conn)
		}
		each := float64(server.resident()-empty) / connections
		b.ReportMetric(each, "B/conn")
		b.ReportMetric(0, "ns/op")
		if each > idleLimit {
			b.Errorf("a connection at rest costs %.0f bytes, at most %d", each, idleLimit)
		}
		for _, conn := range conns {
			conn.Close()
		}
		server.stop()
	}
}

type idleProcess struct {
	b   *testing.B
	url string
	ask interface{ Write([]byte) (int, error) }
	say *bufio.Scanner
	end func() error
}

func startIdleServer(b *testing.B) *idleProcess {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run", "^TestIdleServer$")
	cmd.Env = append(os.Environ(), idleServer+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	p := &idleProcess{b: b, ask: in, say: bufio.NewScanner(out)}
	p.end = func() error { in.Close(); return cmd.Wait() }
	p.url = p.answer()
	return p
}

func (p *idleProcess) answer() string {
	p.b.Helper()
	if !p.say.Scan() {
		p.b.Fatalf("the server has gone: %v", p.say.Err())
	}
	return p.say.Text()
}

// resident is the server's resident memory after its garbage is collected.
func (p *idleProcess) resident() int {
	p.b.Helper()
	if _, err := fmt.Fprintln(p.ask, "memory"); err != nil {
		p.b.Fatal(err)
	}
	n, err := strconv.Atoi(p.answer())
	if err != nil {
		p.b.Fatal(err)
	}
	return n
}

func (p *idleProcess) stop() {
	if err := p.end(); err != nil {
		p.b.Errorf("stopping the server: %v", err)
	}
}

// TestIdleServer is the server of BenchmarkIdle; without being asked to be that,
// it checks that it can measure at all.
func TestIdleServer(t *testing.T) {
	if os.Getenv(idleServer) == "" {
		if n := residentMemory(t); n < 1<<20 {
			t.Fatalf("resident memory of %d bytes", n)
		}
		return
	}
	w := newWorld()
	h := hub.New(hub.Config{Gate: w.gate(), Verifier: w, Log: slog.New(slog.DiscardHandler), Programs: true, Handshakes: -1, PerIP: -1, Unidentified: -1})
	w.hub = h
	server := httptest.NewServer(h)
	defer server.Close()
	defer h.Close()
	fmt.Println("ws" + strings.TrimPrefix(server.URL, "http"))
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println(residentMemory(t))
	}
}

func residentMemory(t *testing.T) int {
	t.Helper()
	for range 4 { // a stack that has grown shrinks by half each time
		runtime.GC()
	}
	debug.FreeOSMemory()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if kib, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(kib), "kB")))
			if err != nil {
				t.Fatal(err)
			}
			return n << 10
		}
	}
	t.Fatal("no VmRSS")
	return 0
}
