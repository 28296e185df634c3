// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package history_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest/history"
)

// crew is a process of readers, and the proxy that they reach the server through.
type crew struct {
	t      *testing.T
	device string
	proxy  *proxy
	cmd    *exec.Cmd
	work   sync.WaitGroup

	mu    sync.Mutex // guards the following field
	stdin *json.Encoder
}

// start starts the process and waits until everybody in it is connected. What
// they report goes into the recorder.
func startCrew(t *testing.T, program string, s *server, device string, chatty bool, readers ...string) *crew {
	t.Helper()
	k := &crew{t: t, device: device, proxy: newProxy(t, strings.TrimPrefix(s.url, "http://"))}
	k.cmd = exec.Command(program)
	k.cmd.Stderr = os.Stderr
	in, err := k.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := k.cmd.StdoutPipe()
	if err == nil {
		err = k.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	k.stdin = json.NewEncoder(in)
	ready := make(chan struct{})
	k.work.Go(func() { listen(out, s.rec, ready) })
	t.Cleanup(func() {
		_ = k.cmd.Process.Kill() // also what is stopped
		k.work.Wait()
		_ = k.cmd.Wait()
	})
	if err := k.stdin.Encode(map[string]any{
		"server": k.proxy.url(), "issuer": s.issuer.URL(), "device": device, "readers": readers, "chatty": chatty,
	}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ready:
	case <-time.After(patience):
		t.Fatalf("the readers on %s do not connect", device)
	}
	return k
}

func listen(out io.Reader, rec *history.Recorder, ready chan struct{}) {
	for lines := json.NewDecoder(bufio.NewReader(out)); ; {
		var o history.Op
		if lines.Decode(&o) != nil {
			return
		}
		if o.Note == "ready" {
			close(ready)
			continue
		}
		rec.Add(o)
	}
}

// order has a reader read a conversation again.
func (k *crew) order(reader string, conv bridge.ConversationID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	_ = k.stdin.Encode(map[string]any{"reader": reader, "conv": conv})
}

func (k *crew) freeze() { k.signal(syscall.SIGSTOP) }
func (k *crew) thaw()   { k.signal(syscall.SIGCONT) }

func (k *crew) signal(s syscall.Signal) {
	if err := k.cmd.Process.Signal(s); err != nil {
		k.t.Errorf("signalling the readers on %s: %v", k.device, err)
	}
}

// redis is a redis-server in a process of its own.
type redis struct {
	t       *testing.T
	address string
	cmd     *exec.Cmd
	output  sync.WaitGroup
}

func startRedis(t *testing.T) *redis {
	t.Helper()
	r := &redis{t: t, address: freeAddress(t)}
	r.start()
	t.Cleanup(r.kill)
	return r
}

// start waits for the server's own word that it is ready.
func (r *redis) start() {
	_, port, err := net.SplitHostPort(r.address)
	if err != nil {
		r.t.Error(err)
		return
	}
	r.cmd = exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", os.TempDir(),
		"--save", "", "--appendonly", "no", "--loglevel", "notice", "--logfile", "")
	out, err := r.cmd.StdoutPipe()
	if err == nil {
		err = r.cmd.Start()
	}
	if err != nil {
		r.t.Errorf("the tests need Debian's redis-server: %v", err)
		return
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), "Ready to accept connections") {
			r.output.Go(func() { _, _ = io.Copy(io.Discard, out) })
			return
		}
	}
	r.t.Error("redis-server did not start")
}

func (r *redis) kill() {
	_ = r.cmd.Process.Kill()
	r.output.Wait()
	_ = r.cmd.Wait()
}

// flush has it forget everything.
func (r *redis) flush() {
	c, err := net.Dial("tcp", r.address)
	if err == nil {
		_, err = io.WriteString(c, "FLUSHALL\r\n")
		answer := make([]byte, 5)
		if err == nil {
			_, err = io.ReadFull(c, answer)
		}
		if err == nil && string(answer) != "+OK\r\n" {
			err = errors.New(string(answer))
		}
		_ = c.Close()
	}
	if err != nil {
		r.t.Errorf("flushing Redis: %v", err)
	}
}
