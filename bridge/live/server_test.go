// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/live"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is a Redis that a test can treat badly.
type server interface {
	open(t testing.TB, o live.Options) bridge.Live // the first node
	stop()                                         // ends it; it forgets everything
	start()                                        // starts it again, at the same address
	freeze()                                       // it keeps its connections and does not answer
	thaw()
}

// onEach runs a story against the embedded server and against a real one.
func onEach(t *testing.T, story func(t *testing.T, s server)) {
	t.Run("embedded", func(t *testing.T) { story(t, &embedded{}) })
	t.Run("redis-server", func(t *testing.T) { story(t, startRedis(t)) })
}

var key = []byte("an opaque key of this test's own")

// quick shortens what a test waits for. The lifetime of connections stays, and
// questions have longer: a slow machine is no failing server.
func quick() live.Options {
	return live.Options{
		Key: key, Beat: 50 * time.Millisecond, Probe: 100 * time.Millisecond,
		Sweep: 50 * time.Millisecond, Settle: 200 * time.Millisecond, Timeout: 2 * time.Second,
	}
}

func open(t testing.TB, o live.Options) bridge.Live {
	t.Helper()
	l, err := live.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// second opens one more node on the Redis of another.
func second(t testing.TB, first bridge.Live, o live.Options) bridge.Live {
	t.Helper()
	at := live.Client(first).Options()
	o.URL = fmt.Sprintf("redis://:%s@%s", at.Password, at.Addr)
	return open(t, o)
}

// embedded is the server within the process.
type embedded struct{ server *miniredis.Miniredis }

func (e *embedded) open(t testing.TB, o live.Options) bridge.Live {
	o.Embedded = true
	o.OnEmbedded(func(m *miniredis.Miniredis) { e.server = m })
	return open(t, o)
}

func (e *embedded) stop()   { e.server.Close(); e.server.FlushAll() }
func (e *embedded) freeze() { e.server.Lock() }
func (e *embedded) thaw()   { e.server.Unlock() }
func (e *embedded) start() {
	if err := e.server.Restart(); err != nil {
		panic(err)
	}
}

// real is a process of Debian's redis-server.
type real struct {
	t       testing.TB
	port    string
	command *exec.Cmd
	output  sync.WaitGroup
}

func startRedis(t testing.TB) *real {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	r := &real{t: t, port: port}
	r.start()
	t.Cleanup(r.stop)
	return r
}

func (r *real) addr() string { return "127.0.0.1:" + r.port }

func (r *real) open(t testing.TB, o live.Options) bridge.Live {
	o.Addr = r.addr()
	return open(t, o)
}

// start waits for the server's own word that it is ready.
func (r *real) start() {
	dir := r.t.TempDir()
	r.command = exec.Command("redis-server", "--port", r.port, "--bind", "127.0.0.1", "--dir", dir,
		"--save", "", "--appendonly", "no", "--loglevel", "notice", "--logfile", "")
	out, err := r.command.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	r.command.Stderr = os.Stderr
	if err := r.command.Start(); err != nil {
		r.t.Fatalf("the tests need Debian's redis-server: %v", err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "Ready to accept connections") {
			r.output.Go(func() { _, _ = io.Copy(io.Discard, out) })
			return
		}
	}
	r.t.Fatal("redis-server did not start")
}

func (r *real) stop() {
	if r.command == nil {
		return
	}
	_ = r.command.Process.Signal(syscall.SIGCONT)
	_ = r.command.Process.Kill()
	r.output.Wait()
	_ = r.command.Wait()
	r.command = nil
}

func (r *real) signal(s syscall.Signal) {
	if err := r.command.Process.Signal(s); err != nil {
		panic(err)
	}
}

func (r *real) freeze() { r.signal(syscall.SIGSTOP) }
func (r *real) thaw()   { r.signal(syscall.SIGCONT) }

// seen is what a watcher was told, in order.
type seen struct {
	c    chan bridge.Presence
	stop func()
	last bridge.Presence
}

func watch(t testing.TB, l bridge.Live, party bridge.Ref) *seen {
	s := &seen{c: make(chan bridge.Presence, 1024)}
	s.stop = l.Watch(party, func(p bridge.Presence) { s.c <- p })
	t.Cleanup(s.stop)
	return s
}

// patience is what a machine that does much else may need. Nothing waits it out
// but a failure.
const patience = 30 * time.Second

// until waits for a state, and checks on the way that revisions grow.
func (s *seen) until(t testing.TB, want bridge.PresenceState) bridge.Presence {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case p := <-s.c:
			if p.Epoch == s.last.Epoch && p.Rev <= s.last.Rev && s.last != (bridge.Presence{}) {
				t.Errorf("revision %d (%s) after %d (%s)", p.Rev, p.State, s.last.Rev, s.last.State)
			}
			s.last = p
			if p.State == want {
				return p
			}
		case <-deadline:
			t.Fatalf("not %s within %v; last %+v", want, patience, s.last)
		}
	}
}

// anew waits for a state after a loss. The unknown between may have been
// overtaken by the healing.
func (s *seen) anew(t testing.TB, want bridge.PresenceState) bridge.Presence {
	t.Helper()
	before := s.last
	for {
		if p := s.until(t, want); p.Epoch != before.Epoch {
			return p
		}
	}
}

// eventually polls what tells nobody when it changes.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline, tick := time.After(patience), time.NewTicker(2*time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

func one(t testing.TB, l bridge.Live, party bridge.Ref) bridge.Presence {
	t.Helper()
	got := l.Presence(t.Context(), []bridge.Ref{party})
	if len(got) != 1 || got[0].Party != party {
		t.Fatalf("asked for %s, got %+v", party, got)
	}
	return got[0]
}

func becomes(t testing.TB, l bridge.Live, party bridge.Ref, want bridge.PresenceState) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s is %s", party, want), func() bool { return one(t, l, party).State == want })
}

func touch(t testing.TB, l bridge.Live, conns ...bridge.Connection) {
	t.Helper()
	if err := l.Touch(t.Context(), conns); err != nil {
		t.Fatal(err)
	}
}

func healthy(t testing.TB, l bridge.Live) {
	t.Helper()
	eventually(t, "healthy", func() bool { return l.Healthy() == nil })
}

func redisErr(t testing.TB, c redis.Cmder) {
	t.Helper()
	if err := c.Err(); err != nil {
		t.Fatal(err)
	}
}
