// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package ledger_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// million makes a ledger of a million entries of a thousand patients, as in a year
// of a small region, and its export.
func million(b *testing.B) ([]byte, *ledger.Signer) {
	b.Helper()
	const entries, patients = 1_000_000, 1000
	log, _ := keys(b)
	leaves := make([]ledger.Leaf, entries)
	hashes := make([]ledger.Hash, entries)
	heads := make([]ledger.Leaf, patients)
	for i := range leaves {
		p := i % patients
		l, err := ledger.NewLeaf(heads[p].Head, [32]byte{byte(i), byte(i >> 8), byte(i >> 16)}, ledger.Entry{
			Patient: fmt.Sprint("patient-", p), Seq: heads[p].Entry.Seq + 1, Time: time.Unix(int64(i), 0), Kind: ledger.KindDisclosed, Action: "read",
			By: "PractitionerRole/gp-holm", ByRole: "laege", ByOrg: "clinic", To: "PractitionerRole/psy-lund", ToRole: "overlaege", ToOrg: "team-2",
			Purpose: "treatment", Topics: []string{"medication"}, Message: "0192f0c1-message", Disclosure: "0192f0c1-disclosure", Epoch: 3, Basis: "dk.health-act.41-2-1",
		})
		if err != nil {
			b.Fatal(err)
		}
		leaves[i], heads[p], hashes[i] = l, l, ledger.LeafHash(l.Commit)
	}
	start := time.Now()
	tree, err := ledger.Grow(0, hashes, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("growing the tree: %.0f leaves a second", entries/time.Since(start).Seconds())
	root, err := ledger.Root(entries, stored(tree).read)
	if err != nil {
		b.Fatal(err)
	}
	signed, err := ledger.SignCheckpoint(log, entries, root)
	if err != nil {
		b.Fatal(err)
	}
	var out bytes.Buffer
	w, err := ledger.NewExport(&out, ledger.ExportHeader{Origin: log.Name(), Key: log.VerifierKey(), Checkpoint: string(signed)})
	if err != nil {
		b.Fatal(err)
	}
	for i, l := range leaves {
		opening, err := l.Opening()
		if err != nil {
			b.Fatal(err)
		}
		if err := w.Write(ledger.ExportEntry{Leaf: uint64(i), Tree: &hashes[i], Salt: opening[:32], Entry: string(opening[32:])}); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return out.Bytes(), log
}

// BenchmarkVerifyMillion verifies an export of a million entries; wanted: under
// 60 s.
func BenchmarkVerifyMillion(b *testing.B) {
	export, log := million(b)
	b.SetBytes(int64(len(export)))
	for b.Loop() {
		r, err := ledger.VerifyExport(bytes.NewReader(export), ledger.Trust{Log: log.Verifier()})
		if err != nil || !r.Whole() || r.Entries != 1_000_000 {
			b.Fatalf("%d entries, %v, %v", r.Entries, r.Findings, err)
		}
	}
}
