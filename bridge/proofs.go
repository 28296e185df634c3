// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// mayReadRecord lets the patient through, and who decides for the patient.
func (b *Bridge) mayReadRecord(ctx context.Context, c Caller, p PatientID) error {
	if c.Party == p.Ref() {
		return nil
	}
	_, err := b.mayConsent(ctx, c, p)
	return err
}

// Receipt proves that the entry seq of the patient's record stands in the signed
// tree: text in the form c2sp.org/tlog-proof@v1 that opens the entry, for who may
// read it. What was committed a moment ago is taken into the tree first.
func (b *Bridge) Receipt(ctx context.Context, c Caller, p PatientID, seq uint64) ([]byte, error) {
	if err := b.mayReadRecord(ctx, c, p); err != nil {
		return nil, err
	}
	if seq == 0 {
		return nil, BadRequest("entries are numbered from 1")
	}
	if err := b.Sequence(ctx); err != nil && CodeOf(err) != CodeStorageFull {
		return nil, b.told(err)
	}
	var r ledger.Receipt
	err := b.store.View(ctx, func(tx Tx) error {
		if err := sameAccount(tx, c); err != nil {
			return err
		}
		leaves, err1 := tx.Entries().After(p, seq-1, 1)
		places, err2 := tx.Tree().Places(p, seq-1, 1)
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		if len(leaves) == 0 || len(places) == 0 {
			return ErrNotFound
		}
		if leaves[0].Erased {
			return ErrErased
		}
		head, err := b.headOver(tx, places[0])
		if err != nil {
			return err
		}
		r = ledger.Receipt{Leaf: places[0], Checkpoint: head.Note}
		if r.Opening, err = leaves[0].Opening(); err != nil {
			return err
		}
		r.Proof, err = ledger.ProveLeaf(head.Size, r.Leaf, tx.Tree().Hashes)
		return err
	})
	if err != nil {
		return nil, b.told(err)
	}
	return r.Format(), nil
}

// headOver is the newest cosigned head that has the leaf, or the newest.
func (b *Bridge) headOver(tx Tx, leaf uint64) (SignedTree, error) {
	t, err := b.latest(tx, true)
	if err == nil && t.Size > leaf {
		return t, nil
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return t, err
	}
	if t, err = b.latest(tx, false); err == nil && t.Size <= leaf {
		err = ErrNotFound
	}
	return t, err
}

// exportPage is how many entries of an export are read at once.
const exportPage = 500

// Export writes a patient's whole record, for who may read it, so that it can be
// verified without us (ledger.VerifyExport). earlier is the size of a tree that
// the reader has been given before: that this one begins with it is proved; 0
// for none.
func (b *Bridge) Export(ctx context.Context, c Caller, p PatientID, earlier uint64, w io.Writer) error {
	if err := b.mayReadRecord(ctx, c, p); err != nil {
		return err
	}
	if err := b.Sequence(ctx); err != nil && CodeOf(err) != CodeStorageFull {
		return b.told(err)
	}
	err := b.store.View(ctx, func(tx Tx) error {
		if err := sameAccount(tx, c); err != nil {
			return err
		}
		return b.exportPatient(ctx, tx, p, earlier, w)
	})
	if err != nil {
		return b.told(err)
	}
	return nil
}

func (b *Bridge) exportPatient(ctx context.Context, tx Tx, p PatientID, earlier uint64, w io.Writer) error {
	head, err := b.latest(tx, false)
	if err != nil {
		return err
	}
	s, err := b.statement(tx, p, head.Size)
	damaged := errors.Is(err, ErrDamaged)
	if damaged {
		s, err = b.statementOfDamaged(tx, p, head.Size)
	}
	if err != nil {
		return err
	}
	if t, err := b.latest(tx, true); err == nil && t.Size > s.last && t.Size >= earlier {
		head, s.Size = t, t.Size // it is worth more, and nothing of the patient's is behind it
	}
	h := exportHeader(b.signer.Verifier(), b.witnesses, head, b.now())
	if h.Earlier, err = prefixOf(tx, earlier, head.Size); err != nil {
		return err
	}
	h.Patient = string(p)
	statement, err := s.Sign(b.signer)
	if err != nil {
		return err
	}
	h.Statement = string(statement)
	out, err := ledger.NewExport(w, h)
	if err != nil {
		return fmt.Errorf("exporting: %w", err)
	}
	for seq := uint64(0); seq < s.Entries; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := exportEntries(tx, p, seq, s.Statement, out)
		if damaged = damaged || errors.Is(err, ErrDamaged); damaged {
			b.damaged(ctx)
			if err := exportLeft(tx, p, seq, s.Statement, out); err != nil {
				return err
			}
			break
		}
		if err != nil {
			return err
		}
		seq += uint64(n)
	}
	return out.Close()
}

func exportHeader(log *ledger.Verifier, witnesses []*ledger.Verifier, head SignedTree, now time.Time) ledger.ExportHeader {
	h := ledger.ExportHeader{Origin: log.Name(), Key: log.String(), Made: now.UTC().Truncate(time.Second), Checkpoint: string(head.Note)}
	for _, v := range witnesses {
		h.Witnesses = append(h.Witnesses, v.String())
	}
	return h
}

// prefixOf proves that the tree of size leaves begins with that of earlier ones;
// what is larger was never ours, and can't be proved.
func prefixOf(tx Tx, earlier, size uint64) (*ledger.Prefix, error) {
	if earlier == 0 || earlier > size {
		return nil, nil
	}
	proof, err := ledger.ProvePrefix(size, earlier, tx.Tree().Hashes)
	return &ledger.Prefix{Size: earlier, Proof: proof}, err
}

// standing is a statement, with the leaf of the last entry that it counts.
type standing struct {
	ledger.Statement
	last uint64
}

// statement counts the patient's entries in the tree of size leaves.
func (b *Bridge) statement(tx Tx, p PatientID, size uint64) (standing, error) {
	s := standing{Statement: ledger.Statement{Origin: b.signer.Name(), Patient: string(p), Size: size}}
	head, err := tx.Patients().Head(p)
	if err != nil {
		return s, err
	}
	// From the end: few are behind the tree, or none.
	for seq := head.Seq; seq > 0; seq-- {
		places, err := tx.Tree().Places(p, seq-1, 1)
		if err != nil {
			return s, err
		}
		if len(places) == 1 && places[0] < size {
			leaves, err := tx.Entries().After(p, seq-1, 1)
			if err != nil || len(leaves) != 1 {
				return s, errors.Join(err, ErrNotFound)
			}
			s.Entries, s.Head, s.last = seq, leaves[0].Head, places[0]
			return s, nil
		}
	}
	return s, nil
}

// exportEntries writes a page of entries behind seq.
func exportEntries(tx Tx, p PatientID, seq uint64, s ledger.Statement, out *ledger.ExportWriter) (int, error) {
	limit := int(min(exportPage, s.Entries-seq))
	leaves, err1 := tx.Entries().After(p, seq, limit)
	places, err2 := tx.Tree().Places(p, seq, limit)
	if err := errors.Join(err1, err2); err != nil {
		return 0, err
	}
	if len(leaves) != limit || len(places) != limit {
		return 0, fmt.Errorf("exporting: entries are missing behind %d: %w", seq, ErrDamaged)
	}
	for i, l := range leaves {
		if l.Erased {
			return 0, ErrErased
		}
		if err := exportEntry(tx, LeftLeaf{Leaf: l, Place: places[i]}, s, out); err != nil {
			return 0, err
		}
	}
	return limit, nil
}

// ExportLedger writes every leaf of a store's tree, as far as it was signed, for
// who operates it: with the entries, which are everybody's health information, or
// with nothing but hashes, for whoever watches the tree.
func ExportLedger(ctx context.Context, store Store, log *ledger.Verifier, entries bool, now time.Time, w io.Writer) error {
	return store.View(ctx, func(tx Tx) error {
		head, err := tx.Checkpoints().Latest(false)
		if err != nil {
			return fmt.Errorf("exporting: reading the newest checkpoint: %w", err)
		}
		out, err := ledger.NewExport(w, exportHeader(log, nil, head, now))
		if err != nil {
			return fmt.Errorf("exporting: %w", err)
		}
		for from := uint64(0); from < head.Size; {
			leaves, err := tx.Tree().Leaves(from, int(min(exportPage, head.Size-from)))
			if err := errors.Join(err, ctx.Err()); err != nil || len(leaves) == 0 {
				return errors.Join(err, fmt.Errorf("exporting: behind leaf %d", from))
			}
			if err := exportLeaves(tx, from, leaves, entries, out); err != nil {
				return err
			}
			from += uint64(len(leaves))
		}
		return out.Close()
	})
}

func exportLeaves(tx Tx, from uint64, leaves []ledger.Leaf, entries bool, out *ledger.ExportWriter) error {
	indexes := make([]int64, len(leaves))
	for i := range leaves {
		indexes[i] = ledger.LeafIndex(from + uint64(i))
	}
	hashes, err := tx.Tree().Hashes(indexes)
	if err != nil {
		return err
	}
	for i, l := range leaves {
		x := ledger.ExportEntry{Leaf: from + uint64(i), Tree: &hashes[i]}
		switch {
		case !entries:
			x.Withheld = ledger.Untold
		case l.Erased:
			x.Withheld = ledger.Erased
		case l.Entry.Seq > 0: // else somebody has removed it
			opening, err := l.Opening()
			if err != nil {
				return err
			}
			x.Salt, x.Entry = opening[:32], string(opening[32:])
		}
		if err := out.Write(x); err != nil {
			return fmt.Errorf("exporting: %w", err)
		}
	}
	return nil
}
