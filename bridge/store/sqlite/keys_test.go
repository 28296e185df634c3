// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite_test

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
	"github.com/brobygger/brobygger/bridge/store/storetest"
)

func openKeys(t *testing.T, path string) *sqlite.Keys {
	t.Helper()
	k, err := sqlite.OpenKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	return k
}

func TestKeys(t *testing.T) {
	storetest.RunKeys(t, func(t *testing.T) (bridge.Keys, func() bridge.Keys) {
		path := filepath.Join(t.TempDir(), "keys.db")
		k := openKeys(t, path)
		id := k.ID()
		return k, func() bridge.Keys {
			if err := k.Close(); err != nil {
				t.Error(err)
			}
			k = openKeys(t, path)
			if k.ID() != id {
				t.Error("the keys have another name now")
			}
			return k
		}
	})
}

// What a destroyed key was must be nowhere in the files, wherever the engine has
// moved its row before.
func TestDestroyedKeysAreGoneFromTheDisk(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "keys.db")
	k := openKeys(t, path)
	secrets := map[bridge.PatientID][]byte{}
	for i := range 300 { // enough for pages to be split, in an order that splits them in the middle
		p := bridge.PatientID([]byte{'p', byte('a' + i*7%26), byte('a' + i*11%26), byte('a' + i/26)})
		w := bridge.WrappedKey{Patient: p, Kind: bridge.KeyContent, Number: 1, Wrapped: make([]byte, 72), Made: time.Now()}
		_, _ = rand.Read(w.Wrapped)
		secrets[p] = w.Wrapped
		if err := k.Add(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	}
	there := func(secret []byte) bool {
		files, err := filepath.Glob(path + "*")
		if err != nil || len(files) < 2 {
			t.Fatalf("files %v: %v", files, err)
		}
		for _, f := range files {
			content, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(content, secret[:32]) {
				return true
			}
		}
		return false
	}
	n := 0
	for p, secret := range secrets {
		if !there(secret) {
			t.Fatal("a key is not in the files: the test looks at the wrong ones")
		}
		if err := k.Destroy(t.Context(), p, time.Time{}, bridge.KeyContent); err != nil {
			t.Fatal(err)
		}
		if there(secret) {
			t.Errorf("the key of %s is still in the files", p)
		}
		if n++; n == 5 {
			break
		}
	}
}

func TestBackupOfKeysIsNoted(t *testing.T) {
	folder := t.TempDir()
	from, to := filepath.Join(folder, "keys.db"), filepath.Join(folder, "copy.db")
	k := openKeys(t, from)
	before := time.Now()
	if err := sqlite.BackupKeys(t.Context(), from, to); err != nil {
		t.Fatal(err)
	}
	for _, k := range []*sqlite.Keys{k, openKeys(t, to)} {
		if at, err := k.BackedUp(t.Context()); err != nil || at.Before(before) {
			t.Errorf("backed up at %v: %v", at, err)
		}
	}
	if openKeys(t, filepath.Join(folder, "other.db")).ID() == k.ID() {
		t.Error("two collections have one name")
	}
	if err := sqlite.BackupKeys(t.Context(), filepath.Join(folder, "none.db"), to+"2"); err == nil {
		t.Error("no file was backed up")
	}
}
