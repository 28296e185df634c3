// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
)

func update(t *testing.T, s bridge.Store, p bridge.PatientID, fn func(bridge.Tx) error) {
	t.Helper()
	if err := s.Update(context.Background(), p, fn); err != nil {
		t.Fatal(err)
	}
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func TestFilesAreForTheOwnerOnly(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a?b #%20", "data")
	path := filepath.Join(folder, "bridge.db")
	s := open(t, path, small)
	defer shut(t, s)
	update(t, s, "a", newPatient("a"))
	info, err := os.Stat(folder)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o700 {
		t.Errorf("folder has mode %o", got)
	}
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", f.Name(), info.Mode().Perm())
		}
		names = append(names, f.Name())
	}
	if got, want := strings.Join(names, " "), "bridge.db bridge.db-lock bridge.db-reserve bridge.db-shm bridge.db-wal"; got != want {
		t.Errorf("files are %s, want %s", got, want)
	}
}

func TestAFileThatWasOpenToOthersIsClosed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bridge.db")
	shut(t, open(t, path, small))
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	shut(t, open(t, path, small))
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("mode is %o", got)
	}
}

func TestOneProcessHasIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bridge.db")
	s := open(t, path, small)
	if _, err := sqlite.Open(path, small); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("opened twice: %v", err)
	}
	if err := sqlite.Restored(path); err == nil {
		t.Error("restored while it is open")
	}
	shut(t, s)
	shut(t, open(t, path, small))
}

func TestSettingsHold(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "bridge.db"), small)
	defer shut(t, s)
	for _, reader := range []bool{false, true} {
		for name, want := range map[string]string{
			"journal_mode": "wal", "foreign_keys": "1", "secure_delete": "1",
			"wal_autocheckpoint": "0", "temp_store": "2",
		} {
			got, err := s.Pragma(name, reader)
			if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("%s is %s, want %s", name, got, want)
			}
		}
	}
}

// foreign makes a database of somebody else's.
func foreign(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if _, err := db.ExecContext(context.Background(), s); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestRefusesWhatIsNotOurs(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(t *testing.T, path string)
		want error
	}{
		{"another program's database", func(t *testing.T, path string) { foreign(t, path, "CREATE TABLE orders (id)") }, nil},
		{"no database", func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(strings.Repeat("not a database\n", 500)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, nil},
		{"a newer version's", func(t *testing.T, path string) {
			shut(t, open(t, path, small))
			foreign(t, path, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
		}, sqlite.ErrNewer},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "bridge.db")
			c.make(t, path)
			s, err := sqlite.Open(path, small)
			if err == nil {
				shut(t, s)
				t.Fatal("opened")
			}
			if c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// The write-ahead log is made long while nobody waits, what was kept is found in
// it after a crash, and it goes with the last to close the file.
func TestTheLogIsMadeLongAhead(t *testing.T) {
	folder := t.TempDir()
	s := open(t, filepath.Join(folder, "bridge.db"), small)
	update(t, s, "a", newPatient("a"))
	if !eventually(t, func() bool { return size(t, filepath.Join(folder, "bridge.db-wal")) >= 200*(4096+24) }) {
		t.Fatal("the log stays short")
	}
	update(t, s, "b", newPatient("b"))
	crashed := t.TempDir() // what a crash now would leave
	for _, name := range []string{"bridge.db", "bridge.db-wal"} {
		b, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(crashed, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	shut(t, s)
	if _, err := os.Stat(filepath.Join(folder, "bridge.db-wal")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the log stays behind: %v", err)
	}
	again := open(t, filepath.Join(crashed, "bridge.db"), small)
	defer shut(t, again)
	if !holds(t, again, "a") || !holds(t, again, "b") {
		t.Error("what was kept is gone")
	}
	if err := again.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// eventually reports whether it comes true while somebody watches.
func eventually(t *testing.T, is func() bool) bool {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); <-tick.C {
		if is() {
			return true
		}
	}
	return false
}
