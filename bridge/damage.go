// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"fmt"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// ErrDamaged says that what is kept was changed behind the program's back: an entry
// is gone, or is not what was written. Acts on it fail; the patient's export shows
// what is left, so that a verifier can name what is not.
var ErrDamaged = errors.New("what is kept is damaged")

// DamagedExports is how many exports of this process showed a damaged record.
func (b *Bridge) DamagedExports() uint64 { return b.damagedExports.Load() }

func (b *Bridge) damaged(ctx context.Context) {
	b.damagedExports.Add(1)
	b.log.ErrorContext(ctx, "a record is damaged, and was exported with its gap: check the data")
}

// statementOfDamaged is statement from what a damaged record still has: the
// patient's row says how far it goes, and what is left how much of it is not in
// the tree yet.
func (b *Bridge) statementOfDamaged(tx Tx, p PatientID, size uint64) (standing, error) {
	s := standing{Statement: ledger.Statement{Origin: b.signer.Name(), Patient: string(p), Size: size}}
	head, err := tx.Patients().Head(p)
	if err != nil {
		return s, err
	}
	left, err := tx.Entries().Left(p, 0)
	if err != nil {
		return s, err
	}
	s.Entries, s.Head = head.Seq, head.Hash
	for _, l := range left {
		if l.Place >= size {
			s.Entries, s.Head = l.Entry.Seq-1, l.Prev
			break
		}
		s.last = l.Place
	}
	return s, nil
}

// exportLeft writes what is left of a damaged record behind seq. Of what can't be
// read there is the place only.
func exportLeft(tx Tx, p PatientID, seq uint64, s ledger.Statement, out *ledger.ExportWriter) error {
	left, err := tx.Entries().Left(p, seq)
	if err != nil {
		return err
	}
	for _, l := range left {
		if l.Entry.Seq > s.Entries || l.Place >= s.Size {
			continue
		}
		if l.Erased {
			return ErrErased
		}
		if err := exportEntry(tx, l, s, out); err != nil {
			return err
		}
	}
	return nil
}

func exportEntry(tx Tx, l LeftLeaf, s ledger.Statement, out *ledger.ExportWriter) (err error) {
	x := ledger.ExportEntry{Leaf: l.Place, Seq: l.Entry.Seq}
	if !l.Unreadable {
		opening, err := l.Opening()
		if err != nil {
			return err
		}
		x.Salt, x.Entry = opening[:32], string(opening[32:])
	}
	if x.Proof, err = ledger.ProveLeaf(s.Size, x.Leaf, tx.Tree().Hashes); err != nil {
		return err
	}
	if err := out.Write(x); err != nil {
		return fmt.Errorf("exporting: %w", err)
	}
	return nil
}

// readable is what of a damaged record can still be read: the numbers show what
// is gone.
func readable(tx Tx, p PatientID, after uint64, limit int) ([]ledger.Leaf, error) {
	left, err := tx.Entries().Left(p, after)
	var leaves []ledger.Leaf
	for _, l := range left {
		if !l.Unreadable && len(leaves) < limit {
			leaves = append(leaves, l.Leaf)
		}
	}
	return leaves, err
}
