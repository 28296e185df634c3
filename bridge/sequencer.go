// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// How soon an entry stands in a tree that was signed.
const (
	SequenceEvery = time.Second      // how often the sequencer runs
	SequenceLate  = 10 * time.Second // after which it is an alarm; half of it is promised
)

// sequenceAtOnce is how many entries one step puts into the tree.
const sequenceAtOnce = 8192

var errNoKey = &Error{Code: CodeNotFound, Message: "this bridge has no key for its ledger"}

// growth is what one step adds to the tree.
type growth struct {
	size    uint64
	pending [][32]byte
	hashes  []ledger.Hash
	head    SignedTree // the zero SignedTree: the newest is signed already
}

// Sequence takes what was committed into the tree and signs the tree's head. It
// is called every second, and may run on several nodes at once.
func (b *Bridge) Sequence(ctx context.Context) error {
	if b.signer == nil {
		return errNoKey
	}
	b.sequencing.Lock() // two in one process only waste each other's work
	defer b.sequencing.Unlock()
	for {
		start := b.now()
		g, err := b.nextGrowth(ctx)
		if err == nil {
			err = b.keepGrowth(ctx, g)
		}
		switch {
		case CodeOf(err) == CodeConflict:
			continue // another node was there first: look again
		case err != nil:
			return fmt.Errorf("sequencing: %w", err)
		}
		if g.head.Size > 0 {
			b.signed = g.head
		}
		if len(g.pending) < sequenceAtOnce {
			b.mu.Lock()
			b.sequenced = start
			b.mu.Unlock()
			return nil
		}
	}
}

// SequenceLag is how old the oldest entry may be that is in no signed tree: how
// long ago the sequencer last saw that there was none.
func (b *Bridge) SequenceLag() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now().Sub(b.sequenced)
}

// nextGrowth reads what is pending and computes what it makes of the tree.
func (b *Bridge) nextGrowth(ctx context.Context) (g growth, err error) {
	err = b.store.View(ctx, func(tx Tx) error {
		if g.size, err = tx.Tree().Size(); err != nil {
			return err
		}
		if g.pending, err = tx.Tree().Pending(sequenceAtOnce); err != nil {
			return err
		}
		leaves := make([]ledger.Hash, len(g.pending))
		for i, c := range g.pending {
			if c == ([32]byte{}) {
				b.log.LogAttrs(ctx, slog.LevelError, "an entry was removed before it came into the tree", slog.Uint64("leaf", g.size+uint64(i)))
			}
			leaves[i] = ledger.LeafHash(c)
		}
		if g.hashes, err = ledger.Grow(g.size, leaves, tx.Tree().Hashes); err != nil {
			return err
		}
		return b.signGrowth(tx, &g)
	})
	return g, err
}

// signGrowth signs the grown tree, unless its head is signed already. It signs
// nothing that does not go on from what was signed last.
func (b *Bridge) signGrowth(tx Tx, g *growth) error {
	size := g.size + uint64(len(g.pending))
	if size == 0 {
		return nil
	}
	first := ledger.StoredCount(g.size)
	read := func(indexes []int64) ([]ledger.Hash, error) {
		var old []int64
		for _, at := range indexes {
			if at < first {
				old = append(old, at)
			}
		}
		kept, err := tx.Tree().Hashes(old)
		if err != nil {
			return nil, err
		}
		out := make([]ledger.Hash, len(indexes))
		for i, at := range indexes {
			if at >= first {
				out[i] = g.hashes[at-first]
			} else {
				out[i], kept = kept[0], kept[1:]
			}
		}
		return out, nil
	}
	last, err := tx.Checkpoints().Latest(false)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	for _, t := range []SignedTree{last, b.signed} {
		ours, err := b.goesOn(t, size, read)
		if err != nil {
			return err
		}
		if ours && t.Size == size && last.Size == size {
			return nil
		}
	}
	root, err := ledger.Root(size, read)
	if err != nil {
		return err
	}
	note, err := ledger.SignCheckpoint(b.signer, size, root)
	g.head = SignedTree{Size: size, Note: note, At: b.now()}
	return err
}

// goesOn checks that a tree of size leaves begins with t, and reports whether t
// is of this log: a restore from a backup begins another.
func (b *Bridge) goesOn(t SignedTree, size uint64, read ledger.Hashes) (bool, error) {
	if t.Size == 0 {
		return false, nil
	}
	c, err := ledger.ReadCheckpoint(t.Note)
	if err != nil {
		return false, err
	}
	if c.Origin != b.signer.Name() {
		return false, nil
	}
	if c, err = ledger.OpenCheckpoint(t.Note, b.signer.Verifier()); err != nil {
		return false, fmt.Errorf("the newest checkpoint is by another key: %w", err)
	}
	if c.Size > size {
		return false, fmt.Errorf("%w: %d leaves were signed, and there are %d", ledger.ErrFork, c.Size, size)
	}
	root, err := ledger.Root(c.Size, read)
	if err == nil && root != c.Root {
		err = fmt.Errorf("%w: the first %d leaves were changed", ledger.ErrFork, c.Size)
	}
	return true, err
}

// keepGrowth writes one step, unless there is nothing to write. On a full disk the
// tree waits, and says so; what is in reserve is for those who withdraw.
func (b *Bridge) keepGrowth(ctx context.Context, g growth) error {
	if len(g.pending) == 0 && g.head.Size == 0 {
		return nil
	}
	return b.store.Update(ctx, "", func(tx Tx) error {
		if len(g.pending) > 0 {
			if err := tx.Tree().Append(g.size, g.pending, g.hashes); err != nil {
				return err
			}
		} else if size, err := tx.Tree().Size(); err != nil || size != g.size {
			return errors.Join(err, &Error{Code: CodeConflict})
		}
		if g.head.Size == 0 {
			return nil
		}
		return tx.Checkpoints().Put(g.head)
	})
}
