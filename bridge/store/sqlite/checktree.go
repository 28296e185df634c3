// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"database/sql/driver"
	"fmt"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// tree wants every entry at its leaf, none gone, and every stored hash to be the
// one that the entries make. The chains were checked before: each commitment is
// that of its entry.
func (c *check) tree() error {
	size, err := tree{c.tx}.Size()
	if err != nil {
		return err
	}
	w := treeWalk{check: c, size: size}
	err = c.rows(`SELECT row, commitment, patient, seq FROM entries ORDER BY row`, func(v []driver.Value) error {
		leaf := uint64(number(v[0])) - 1
		if leaf != w.next {
			return fmt.Errorf("leaf %d of the tree: its entry is gone", w.next)
		}
		w.next++
		if leaf >= size {
			return nil // not in the tree yet
		}
		return w.grow(leaf, hash(v[1]), func(what string) error {
			return fmt.Errorf("leaf %d of the tree: %s entry %d of patient %s", leaf, what, number(v[3]), text(v[2]))
		})
	})
	if err != nil {
		return err
	}
	if w.next < size {
		return fmt.Errorf("leaf %d of the tree: its entry is gone", w.next)
	}
	row, err := c.one(`SELECT coalesce(sum(length(hashes)), 0) FROM tree_pages`)
	if err == nil && number(row[0]) != ledger.StoredCount(size)*hashSize {
		err = fmt.Errorf("the tree of %d leaves has %d hashes, want %d", size, number(row[0])/hashSize, ledger.StoredCount(size))
	}
	return err
}

// treeWalk compares the stored tree with the one that the entries make.
type treeWalk struct {
	*check
	size, next uint64
	builder    ledger.Builder
	page       int64
	hashes     []byte // of the page; nil before the first
}

func (w *treeWalk) grow(leaf uint64, commit [32]byte, wrong func(string) error) error {
	at := ledger.LeafIndex(leaf)
	for level, h := range w.builder.Add(ledger.LeafHash(commit)) {
		kept, err := w.stored(at + int64(level))
		switch {
		case err != nil:
			return wrong("no hash is kept for")
		case kept == h:
		case level == 0:
			return wrong("is not")
		default:
			return wrong(fmt.Sprintf("a node above the %d leaves that end here was changed; they end with", 1<<level))
		}
	}
	return nil
}

// stored reads one hash; they are asked for in order.
func (w *treeWalk) stored(at int64) (h ledger.Hash, err error) {
	if page := at / pageHashes; w.hashes == nil || page != w.page {
		if w.hashes, err = (tree{w.tx}).page(page); err != nil {
			return h, err
		}
		w.page = page
	}
	from := at % pageHashes * hashSize
	if int64(len(w.hashes)) < from+hashSize {
		return h, errNoHash
	}
	return ledger.Hash(w.hashes[from : from+hashSize]), nil
}

// checkpoints wants each kept checkpoint to be one of this tree.
func (c *check) checkpoints() error {
	size, err := tree{c.tx}.Size()
	if err != nil {
		return err
	}
	return c.rows(`SELECT size, note FROM checkpoints ORDER BY size`, func(v []driver.Value) error {
		signed, err := ledger.ReadCheckpoint(blob(v[1]))
		if err != nil {
			return fmt.Errorf("checkpoint of %d leaves: %w", number(v[0]), err)
		}
		if signed.Size != uint64(number(v[0])) || signed.Size > size {
			return fmt.Errorf("checkpoint of %d leaves: signed for %d, and the tree has %d", number(v[0]), signed.Size, size)
		}
		root, err := ledger.Root(signed.Size, tree{c.tx}.Hashes)
		if err == nil && root != signed.Root {
			err = fmt.Errorf("checkpoint of %d leaves: the tree has forked from what was signed", signed.Size)
		}
		return err
	})
}
