// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package history_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge/bridgetest/history"
)

var (
	seedFlag = flag.Uint64("seed", 0, "what happens when, in a random run; 0 takes a new one")
	keepFlag = flag.String("keep", "", "folder to write histories to; of a run that failed they are kept anyhow")
)

// patience is how long a test waits for what has to come, on a machine that is
// busy with other things.
const patience = 2 * time.Minute

// programs is where what was built lies, for all tests of this run.
var programs string

func TestMain(m *testing.M) {
	flag.Parse()
	var err error
	if programs, err = os.MkdirTemp("", "brobygger-history-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(programs)
	os.Exit(code)
}

// number is a number of the environment, by which make soak asks for more.
func number(t *testing.T, name string, usual int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q, want a number from 1", name, text)
	}
	return n
}

// built holds what was built: each program once for each set of tags.
var built struct {
	mu  sync.Mutex
	all map[string]func() (string, error)
}

// program builds one of the module's programs with these tags, and returns where
// it lies.
func program(t *testing.T, pkg string, tags ...string) string {
	t.Helper()
	with := strings.Join(tags, ",")
	key := pkg + " " + with
	built.mu.Lock()
	if built.all == nil {
		built.all = map[string]func() (string, error){}
	}
	if built.all[key] == nil {
		path := filepath.Join(programs, strconv.Itoa(len(built.all)), filepath.Base(pkg))
		built.all[key] = sync.OnceValues(func() (string, error) {
			c := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-tags", with, "-o", path, pkg)
			c.Dir = filepath.Join("..", "..", "..")
			if out, err := c.CombinedOutput(); err != nil {
				return "", fmt.Errorf("building %s with tags %q: %w\n%s", pkg, with, err, out)
			}
			return path, nil
		})
	}
	build := built.all[key]
	built.mu.Unlock()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func brobyggerProgram(t *testing.T, tags ...string) string {
	return program(t, "./cmd/brobygger", tags...)
}

func readerProgram(t *testing.T, tags ...string) string {
	return program(t, "./bridge/bridgetest/history/reader", tags...)
}

// pause lets d pass, and reports whether it did before ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// keep writes a history where a person can look at it.
func keep(t *testing.T, name string, ops []history.Op) {
	t.Helper()
	folder := *keepFlag
	if folder == "" {
		if !t.Failed() {
			return
		}
		folder = os.TempDir()
	}
	path := filepath.Join(folder, fmt.Sprintf("%s-%d.jsonl", name, time.Now().UnixNano()))
	f, err := os.Create(path)
	if err == nil {
		err = errors.Join(history.Write(f, ops), f.Close())
	}
	if err != nil {
		t.Errorf("keeping the history: %v", err)
		return
	}
	t.Logf("the history is in %s", path)
}
