// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/seal"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
	"github.com/brobygger/brobygger/bridge/store/storetest"
)

// small keeps tests off the disk as far as that goes.
var small = sqlite.Options{Reserve: 1 << 20, Checkpoint: 200}

// shut closes s and reports an error.
func shut(t *testing.T, s bridge.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
}

// open opens a store without closing it.
func open(t *testing.T, path string, o sqlite.Options) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) (bridge.Store, func() bridge.Store) {
		path := filepath.Join(t.TempDir(), "bridge.db")
		s := open(t, path, small)
		t.Cleanup(func() { shut(t, s) })
		return s, func() bridge.Store {
			shut(t, s)
			s = open(t, path, small)
			return s
		}
	})
}

// sealer opens keys in the folder and a sealer with them.
func sealer(t *testing.T, folder string) (*seal.Sealer, string) {
	t.Helper()
	keys := openKeys(t, filepath.Join(folder, "keys.db"))
	kek, err := seal.OpenFile(filepath.Join(folder, "kek.json"), true)
	if err != nil {
		t.Fatal(err)
	}
	s, err := seal.Open(t.Context(), keys, kek, seal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, keys.ID()
}

// The suite once more, with everything sealed.
func TestSealedStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) (bridge.Store, func() bridge.Store) {
		folder := t.TempDir()
		path := filepath.Join(folder, "bridge.db")
		o := small
		o.Sealer, o.Keys = sealer(t, folder)
		s := open(t, path, o)
		t.Cleanup(func() { shut(t, s) })
		return s, func() bridge.Store {
			shut(t, s)
			s = open(t, path, o)
			return s
		}
	})
}
