// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
)

func TestBackupIsRestoredWithAnotherLog(t *testing.T) {
	ctx := context.Background()
	folder := t.TempDir()
	s := open(t, filepath.Join(folder, "bridge.db"), small)
	defer shut(t, s)
	update(t, s, "a", newPatient("a"))
	path := filepath.Join(folder, "copy.db")
	if err := s.Backup(ctx, path); err != nil {
		t.Fatal(err)
	}
	update(t, s, "b", newPatient("b"))
	if err := s.Backup(ctx, path); err == nil {
		t.Error("a backup was replaced")
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("backup has mode %o", info.Mode().Perm())
	}
	if err := sqlite.Restored(path); err != nil {
		t.Fatal(err)
	}
	old := open(t, path, small)
	defer shut(t, old)
	if old.Log() == s.Log() || len(old.Log()) != 32 {
		t.Errorf("log of the restored store is %s, was %s", old.Log(), s.Log())
	}
	if !holds(t, old, "a") || holds(t, old, "b") {
		t.Error("backup is not the store as it was")
	}
	if err := old.Check(ctx); err != nil {
		t.Error(err)
	}
}

func TestBackupWhileOthersWrite(t *testing.T) {
	ctx := context.Background()
	folder := t.TempDir()
	s := open(t, filepath.Join(folder, "bridge.db"), small)
	defer shut(t, s)
	update(t, s, "a", newPatient("a"))
	update(t, s, "a", newTalk("a", "c"))
	stop, stopped := make(chan struct{}), make(chan error, 1)
	go func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				stopped <- nil
				return
			default:
			}
			if err := s.Update(ctx, "a", wholePath("a", "c", n)); err != nil {
				stopped <- err
				return
			}
		}
	}()
	for _, name := range []string{"one.db", "two.db", "three.db"} {
		path := filepath.Join(folder, name)
		if err := s.Backup(ctx, path); err != nil {
			t.Fatal(err)
		}
		b := open(t, path, small)
		if err := b.Check(ctx); err != nil {
			t.Error(err)
		}
		shut(t, b)
	}
	close(stop)
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestBackupGivesUp(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "bridge.db"), small)
	defer shut(t, s)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := s.Backup(ctx, path); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want cancelled", err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestRestoredWantsTheFileAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bridge.db")
	if err := sqlite.Restored(path); err == nil {
		t.Error("restored nothing")
	}
	shut(t, open(t, path, small))
	if err := os.WriteFile(path+"-wal", []byte("of the lost database"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Restored(path); err == nil {
		t.Error("restored beside another's log")
	}
}

var _ bridge.Store = (*sqlite.Store)(nil)
