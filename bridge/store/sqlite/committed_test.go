// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
)

// TestCommitsAreTold, each before those who shared it are answered.
func TestCommitsAreTold(t *testing.T) {
	var mu sync.Mutex // guards the following two
	var transactions int
	var took time.Duration
	s, err := sqlite.Open(filepath.Join(t.TempDir(), "bridge.db"), sqlite.Options{Reserve: -1, Committed: func(n int, d time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		transactions += n
		took += d
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			err := s.Update(context.Background(), "", func(tx bridge.Tx) error {
				return tx.Directory().Put(bridge.Organization{ID: "region", Name: "Region", Active: true})
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	mu.Lock()
	defer mu.Unlock()
	if transactions != 20 || took <= 0 {
		t.Errorf("%d transactions in %s, want 20", transactions, took)
	}
}
