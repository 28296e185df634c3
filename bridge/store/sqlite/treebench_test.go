// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"path/filepath"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
)

// BenchmarkTreeOfAMillion puts a million leaves into the stored tree, 20 000 at a
// time as a sequencer under full load would, and then proves leaves of it; wanted:
// 20 000 leaves in far less than a second, a proof under 5 ms.
func BenchmarkTreeOfAMillion(b *testing.B) {
	const entries, step = 1_000_000, 20_000
	s, err := sqlite.Open(filepath.Join(b.TempDir(), "bridge.db"), sqlite.Options{Reserve: -1})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	commit := func(n int) (c [32]byte) {
		return sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(n)))
	}
	start := time.Now()
	for size := 0; size < entries; size += step {
		pending := make([][32]byte, step)
		leaves := make([]ledger.Hash, step)
		for i := range pending {
			pending[i] = commit(size + i)
			leaves[i] = ledger.LeafHash(pending[i])
		}
		err := s.Update(context.Background(), "", func(tx bridge.Tx) error {
			grown, err := ledger.Grow(uint64(size), leaves, tx.Tree().Hashes)
			if err != nil {
				return err
			}
			return tx.Tree().Append(uint64(size), pending, grown)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	growing := time.Since(start)
	n := uint64(0)
	for b.Loop() {
		n = (n + 7_919) % entries
		err := s.View(context.Background(), func(tx bridge.Tx) error {
			root, err := ledger.Root(entries, tx.Tree().Hashes)
			if err != nil {
				return err
			}
			proof, err := ledger.ProveLeaf(entries, n, tx.Tree().Hashes)
			if err != nil {
				return err
			}
			return ledger.CheckLeaf(proof, entries, root, n, ledger.LeafHash(commit(int(n))))
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(growing.Milliseconds())/(entries/step), "ms/20k-leaves")
}
