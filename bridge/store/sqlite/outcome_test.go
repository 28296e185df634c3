// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
)

func TestFailedCommits(t *testing.T) {
	for _, c := range []struct {
		name    string
		commit  func(commit func() error) error
		kept    bool
		unknown bool
		code    bridge.Code
		goesOn  bool
	}{
		{"full before the commit frame", func(func() error) error { return sqlite.Full() }, false, false, bridge.CodeStorageFull, true},
		{"an index that can't grow", func(func() error) error { return sqlite.IOFailed() }, false, true, bridge.CodeInternal, true},
		{"a sync that fails", func(func() error) error { return sqlite.SyncFailed() }, false, true, bridge.CodeInternal, false},
		{"a sync that fails when all was kept", func(commit func() error) error {
			return errors.Join(commit(), sqlite.SyncFailed())
		}, true, true, bridge.CodeInternal, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "bridge.db")
			s := open(t, path, sqlite.Options{Reserve: -1})
			failing := true
			s.OnCommit(func(commit func() error) error {
				if failing {
					failing = false
					return c.commit(commit)
				}
				return commit()
			})
			err := s.Update(context.Background(), "a", newPatient("a"))
			if got := errors.Is(err, bridge.ErrOutcomeUnknown); got != c.unknown {
				t.Errorf("outcome unknown is %t in %v, want %t", got, err, c.unknown)
			}
			if got := bridge.CodeOf(err); got != c.code {
				t.Errorf("code is %q, want %q", got, c.code)
			}
			err = s.Update(context.Background(), "b", newPatient("b"))
			if (err == nil) != c.goesOn || errors.Is(err, bridge.ErrOutcomeUnknown) {
				t.Errorf("the next update got %v", err)
			}
			shut(t, s)
			s = open(t, path, small)
			defer shut(t, s)
			if got := holds(t, s, "a"); got != c.kept {
				t.Errorf("kept is %t, want %t", got, c.kept)
			}
			if got := holds(t, s, "b"); got != c.goesOn {
				t.Errorf("the next is kept: %t, want %t", got, c.goesOn)
			}
		})
	}
}

// What waits while a commit runs shares the next one.
func TestWaitingUpdatesShareACommit(t *testing.T) {
	const waiting = 100
	s := open(t, filepath.Join(t.TempDir(), "bridge.db"), small)
	defer shut(t, s)
	var commits atomic.Int64
	entered, leave := make(chan struct{}), make(chan struct{})
	s.OnCommit(func(commit func() error) error {
		if commits.Add(1) == 1 {
			close(entered)
			<-leave
		}
		return commit()
	})
	var wg sync.WaitGroup
	errs := make([]error, waiting+1)
	wg.Go(func() { errs[waiting] = s.Update(context.Background(), "", newPatient("first")) })
	<-entered
	var started sync.WaitGroup
	for i := range waiting {
		started.Add(1)
		wg.Go(func() {
			started.Done()
			errs[i] = s.Update(context.Background(), "", newPatient(bridge.PatientID(fmt.Sprint("p", i))))
		})
	}
	started.Wait()
	for s.Waiting() < waiting {
		runtime.Gosched()
	}
	close(leave)
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if got := commits.Load(); got != 2 {
		t.Errorf("%d commits for %d updates, want 2", got, waiting+1)
	}
}

// A function that ends its goroutine, as FailNow does in a test, ends neither
// the writer nor the group that it was in for good.
func TestAFunctionThatLeaves(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "bridge.db"), small)
	defer shut(t, s)
	err := s.Update(context.Background(), "a", func(tx bridge.Tx) error {
		if err := newPatient("a")(tx); err != nil {
			return err
		}
		runtime.Goexit()
		return nil
	})
	if err == nil {
		t.Error("was kept")
	}
	update(t, s, "b", newPatient("b"))
	if holds(t, s, "a") || !holds(t, s, "b") {
		t.Error("kept what it must not, or lost what it must not")
	}
}

func TestNothingRunsAfterClose(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "bridge.db"), small)
	update(t, s, "a", newPatient("a"))
	shut(t, s)
	goleak.VerifyNone(t)
}

// The log starts over instead of growing, though somebody always writes.
func TestTheLogStartsOver(t *testing.T) {
	const pages = 64
	path := filepath.Join(t.TempDir(), "bridge.db")
	s := open(t, path, sqlite.Options{Reserve: -1, Checkpoint: pages})
	defer shut(t, s)
	update(t, s, "a", newPatient("a"))
	update(t, s, "a", newTalk("a", "c"))
	// SQLite writes another salt into the log's head when it begins it again. How
	// long that takes is the machine's affair; that it happens while there is no
	// pause in writing is ours.
	first := salt(t, path)
	for n := 0; salt(t, path) == first; n++ {
		if n == 20_000 {
			t.Fatalf("the log never started over, and has %d bytes", size(t, path+"-wal"))
		}
		update(t, s, "a", wholePath("a", "c", n))
	}
}

// salt reads the first salt of the write-ahead log (https://sqlite.org/walformat.html, 2.1).
func salt(t *testing.T, path string) [4]byte {
	t.Helper()
	f, err := os.Open(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b [4]byte
	if _, err := f.ReadAt(b[:], 16); err != nil {
		t.Fatal(err)
	}
	return b
}
