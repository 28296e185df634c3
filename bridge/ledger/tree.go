// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package ledger

import (
	"errors"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// Hash is a node of the tree: SHA-256 as RFC 6962 section 2.1 makes it.
type Hash = tlog.Hash

// Hashes reads nodes that are stored, in one dense order: the leaf n, then every
// node that n completes, then the leaf n+1. Indexes are those of LeafIndex and
// StoredCount.
type Hashes func(indexes []int64) ([]Hash, error)

// ReadHashes implements the tree's reader.
func (h Hashes) ReadHashes(indexes []int64) ([]Hash, error) {
	if len(indexes) == 0 {
		return nil, nil
	}
	return h(indexes)
}

// LeafHash is the leaf of an entry: all that the tree knows of it is its
// commitment (RFC 6962: SHA-256 of a zero byte and the commitment).
func LeafHash(commit [32]byte) Hash { return tlog.RecordHash(commit[:]) }

// LeafIndex is where the leaf n is stored.
func LeafIndex(n uint64) int64 { return tlog.StoredHashIndex(0, int64(n)) }

// StoredCount is how many hashes a tree of size leaves stores.
func StoredCount(size uint64) int64 { return tlog.StoredHashCount(int64(size)) }

// Grow returns what a tree of size leaves stores when leaves follow: the hashes
// from index StoredCount(size) on. It reads at most a logarithm of size from old.
func Grow(size uint64, leaves []Hash, old Hashes) ([]Hash, error) {
	b, err := resume(size, old)
	if err != nil {
		return nil, fmt.Errorf("growing the tree: %w", err)
	}
	grown := make([]Hash, 0, 2*len(leaves)+bits.UintSize)
	for _, leaf := range leaves {
		grown = append(grown, b.Add(leaf)...)
	}
	return grown, nil
}

// resume is a builder behind the size leaves of a stored tree.
func resume(size uint64, old Hashes) (*Builder, error) {
	var indexes []int64
	for level, done := bits.Len64(size)-1, uint64(0); level >= 0; level-- {
		if size>>level&1 == 1 {
			indexes = append(indexes, tlog.StoredHashIndex(level, int64(done>>level)))
			done += 1 << level
		}
	}
	edge, err := old.ReadHashes(indexes)
	if err == nil && len(edge) != len(indexes) {
		err = errShort
	}
	return &Builder{size: size, edge: edge}, err
}

var errShort = errors.New("fewer hashes than were asked for")

// Root is the hash of a tree of size leaves.
func Root(size uint64, h Hashes) (Hash, error) {
	root, err := tlog.TreeHash(int64(size), h)
	if err != nil {
		return Hash{}, fmt.Errorf("computing the root: %w", err)
	}
	return root, nil
}

// ProveLeaf returns the path of the leaf n in the tree of size leaves (RFC 6962
// section 2.1.1): at most 64 hashes, from its sibling up.
func ProveLeaf(size, n uint64, h Hashes) ([]Hash, error) {
	if n >= size {
		return nil, fmt.Errorf("proving leaf %d: the tree has %d", n, size)
	}
	p, err := tlog.ProveRecord(int64(size), int64(n), h)
	if err != nil {
		return nil, fmt.Errorf("proving leaf %d: %w", n, err)
	}
	return p, nil
}

// CheckLeaf checks that leaf is number n in the tree of size leaves with this root.
func CheckLeaf(proof []Hash, size uint64, root Hash, n uint64, leaf Hash) error {
	if n >= size || size > 1<<62 {
		return fmt.Errorf("leaf %d: the tree has %d", n, size)
	}
	return tlog.CheckRecord(proof, int64(size), root, int64(n), leaf)
}

// ProvePrefix returns the proof that the tree of size leaves begins with that of
// old leaves (RFC 6962 section 2.1.2). For old 0, or old equal to size, it is empty.
func ProvePrefix(size, old uint64, h Hashes) ([]Hash, error) {
	switch {
	case old > size:
		return nil, fmt.Errorf("proving a prefix of %d: the tree has %d", old, size)
	case old == 0 || old == size:
		return nil, nil
	}
	p, err := tlog.ProveTree(int64(size), int64(old), h)
	if err != nil {
		return nil, fmt.Errorf("proving a prefix of %d: %w", old, err)
	}
	return p, nil
}

// CheckPrefix checks that the tree of size leaves with this root begins with the
// tree of old leaves with oldRoot.
func CheckPrefix(proof []Hash, size uint64, root Hash, old uint64, oldRoot Hash) error {
	switch {
	case old > size || size > 1<<62:
		return fmt.Errorf("a tree of %d leaves does not begin with %d", size, old)
	case old == 0 && len(proof) == 0:
		return nil // everything begins with nothing
	case old == 0:
		return fmt.Errorf("a proof of nothing is not empty")
	case old == size && len(proof) == 0 && root == oldRoot:
		return nil
	case old == size:
		return fmt.Errorf("two trees of %d leaves differ", size)
	}
	return tlog.CheckTree(proof, int64(size), root, int64(old), oldRoot)
}

// Builder computes a tree from its leaves, one after the other, and keeps no more
// than a logarithm of them.
type Builder struct {
	size uint64
	edge []Hash // the roots of the complete trees that make it, largest first
	last []Hash
}

// Add puts the next leaf behind the others, and returns what the tree stores for
// it, in order: the leaf, and each node that it completes. The next call reuses it.
func (b *Builder) Add(leaf Hash) []Hash {
	b.last = append(b.last[:0], leaf)
	// As many trees are completed as the size has ones at its end.
	for range bits.TrailingZeros64(^b.size) {
		left := len(b.edge) - 1
		leaf = tlog.NodeHash(b.edge[left], leaf)
		b.edge, b.last = b.edge[:left], append(b.last, leaf)
	}
	b.edge = append(b.edge, leaf)
	b.size++
	return b.last
}

// Size is how many leaves were added.
func (b *Builder) Size() uint64 { return b.size }

// Root is the root of the leaves added so far.
func (b *Builder) Root() Hash {
	if len(b.edge) == 0 {
		return EmptyRoot
	}
	root := b.edge[len(b.edge)-1]
	for i := len(b.edge) - 2; i >= 0; i-- {
		root = tlog.NodeHash(b.edge[i], root)
	}
	return root
}
