// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"fmt"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// LedgerKeys are the public keys of the ledger, as ledger.ParseVerifier reads them.
type LedgerKeys struct {
	Log       string   `json:"log"`                 // its name is the log's origin
	Witnesses []string `json:"witnesses,omitempty"` // who are asked to cosign
}

// LedgerKeys returns the public keys. What an export is checked with must come
// another way than the export.
func (b *Bridge) LedgerKeys() (LedgerKeys, error) {
	if b.signer == nil {
		return LedgerKeys{}, errNoKey
	}
	k := LedgerKeys{Log: b.signer.VerifierKey()}
	for _, w := range b.witnesses {
		k.Witnesses = append(k.Witnesses, w.String())
	}
	return k, nil
}

// Checkpoint returns the newest signed head of the tree, or the newest that a
// witness has cosigned: a note, with nothing personal in it.
func (b *Bridge) Checkpoint(ctx context.Context, cosigned bool) ([]byte, error) {
	var t SignedTree
	err := b.store.View(ctx, func(tx Tx) (err error) {
		t, err = b.latest(tx, cosigned)
		return err
	})
	if err != nil {
		return nil, b.told(err)
	}
	return t.Note, nil
}

// latest is the newest head of this log.
func (b *Bridge) latest(tx Tx, cosigned bool) (SignedTree, error) {
	if b.signer == nil {
		return SignedTree{}, errNoKey
	}
	t, err := tx.Checkpoints().Latest(cosigned)
	if err != nil {
		return t, err
	}
	c, err := ledger.ReadCheckpoint(t.Note)
	if err == nil && c.Origin != b.signer.Name() {
		err = ErrNotFound // of before a restore
	}
	return t, err
}

// ProvePrefix proves that the tree of size leaves, 0 for that of the newest
// checkpoint, begins with the tree of old leaves.
func (b *Bridge) ProvePrefix(ctx context.Context, old, size uint64) (proof []ledger.Hash, err error) {
	err = b.store.View(ctx, func(tx Tx) error {
		t, err := b.latest(tx, false)
		if err != nil {
			return err
		}
		if size == 0 {
			size = t.Size
		}
		if old > size || size > t.Size {
			return BadRequest("the tree has no such sizes")
		}
		proof, err = ledger.ProvePrefix(size, old, tx.Tree().Hashes)
		return err
	})
	if err != nil {
		return nil, b.told(err)
	}
	return append([]ledger.Hash{}, proof...), nil
}

// Cosigned keeps witnesses' signature lines on a checkpoint of ours. Lines of
// witnesses that are not configured, or that do not verify, are an error.
func (b *Bridge) Cosigned(ctx context.Context, note, lines []byte) error {
	if b.signer == nil {
		return errNoKey
	}
	c, err := ledger.OpenCheckpoint(note, b.signer.Verifier())
	if err != nil {
		return fmt.Errorf("keeping a cosignature: %w", err)
	}
	return b.store.Update(ctx, "", func(tx Tx) error {
		kept, err := tx.Checkpoints().List(c.Size-1, 1)
		if err != nil {
			return err
		}
		if len(kept) == 1 && kept[0].Size == c.Size {
			note = kept[0].Note // with what others have cosigned meanwhile
		}
		signed, err := ledger.WithCosignatures(note, lines, b.signer.Verifier(), b.witnesses...)
		if err != nil {
			return fmt.Errorf("keeping a cosignature: %w", err)
		}
		again, err := ledger.OpenCheckpoint(signed, b.signer.Verifier(), b.witnesses...)
		if err != nil || len(again.Cosigned) == 0 {
			return errors.Join(BadRequest("no cosignature of a known witness"), err)
		}
		return tx.Checkpoints().Put(SignedTree{Size: c.Size, Note: signed, Cosigned: true, At: b.now()})
	})
}
