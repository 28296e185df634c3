// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package history_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/brobygger/brobygger/bridge/bridgetest/history"
)

// The kernel is the witness: between one message that is acknowledged and the next,
// and between a withdrawal and its answer, the file was synced. Killing a process
// can't show that, since what it wrote outlives it.
func TestTheDiskHasItBeforeAnybodyIsTold(t *testing.T) {
	t.Parallel()
	s := lay(t, seed(t), shape{patients: 1, crews: 1})
	s.crews[0].freeze() // what it would say to the bridge is synced, too
	traced := s.trace()
	const messages = 20
	l := s.lives[0]
	for range messages {
		l.send()
	}
	w := l.withdraw()
	if w.Result != history.OK {
		t.Fatalf("the withdrawal is %s", w.Result)
	}
	lines := traced()
	s.crews[0].thaw()
	sync := regexp.MustCompile(`\b(fdatasync|fsync)(\(| resumed).*= 0$`)
	answered, synced := 0, 0
	for _, line := range lines {
		switch {
		case sync.MatchString(line):
			synced++
		case strings.Contains(line, `\"ok\":{\"message\":\"`), strings.Contains(line, `\"ok\":{\"consent\":\"`):
			if answered++; synced == 0 {
				t.Errorf("answer %d was written before a sync: %s", answered, line)
			}
			synced = 0
		}
	}
	if answered != messages+1 {
		t.Errorf("%d answers were seen, want %d; the trace has %d lines", answered, messages+1, len(lines))
		for _, line := range lines[:min(len(lines), 40)] {
			t.Log(line)
		}
	}
	s.judge("durable")
}

// trace watches the server's writes and syncs; what it returns ends that and tells
// what was seen.
func (s *siege) trace() func() []string {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "trace")
	c := exec.Command("strace", "-f", "-s", "4096", "-e", "trace=fdatasync,fsync,write,writev,sendto", "-o", path, "-p", fmt.Sprint(s.server.process.Process.Pid))
	said, err := c.StderrPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		s.t.Fatalf("this test needs Debian's strace: %v", err)
	}
	words := bufio.NewScanner(said)
	if !words.Scan() || !strings.Contains(words.Text(), "attached") {
		s.t.Fatalf("strace may not watch: %q", words.Text())
	}
	go func() {
		for words.Scan() { // a line for each thread
		}
	}()
	return func() []string {
		_ = c.Process.Signal(os.Interrupt)
		_ = c.Wait()
		text, err := os.ReadFile(path)
		if err != nil {
			s.t.Fatal(err)
		}
		return strings.Split(strings.TrimSpace(string(text)), "\n")
	}
}
