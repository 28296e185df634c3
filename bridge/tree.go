// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// Record is what stands against forgetting: the patients' chains, and the one
// tree over all of their entries with its signed checkpoints.
type Record interface {
	Entries() Entries
	Tree() Tree
	Checkpoints() Checkpoints
}

// Tree keeps the Merkle tree over the commitments of all entries, in an order
// that is the store's and never changes: an entry's number in it, from 0, is its
// leaf. Entries come into the tree behind their commit, by a sequencer; two
// sequencers are harmless, since Append compares the size and sets it.
type Tree interface {
	// Size is how many leaves the tree has.
	Size() (uint64, error)
	// Pending lists at most limit commitments of entries that are not in the tree
	// yet, the first of which becomes leaf Size. The zero commitment stands for an
	// entry that somebody removed before it came so far.
	Pending(limit int) ([][32]byte, error)
	// Append puts pending, as Pending gave it, behind the size leaves, and keeps
	// the hashes that this adds (ledger.Grow). CodeConflict: the tree has another
	// size by now. A store that gives out leaves here needs to know no more.
	Append(size uint64, pending [][32]byte, hashes []ledger.Hash) error
	// Hashes reads stored hashes (ledger.Hashes).
	Hashes(indexes []int64) ([]ledger.Hash, error)
	// Places lists the leaves of at most limit entries with Seq > seq, in order of
	// seq, as far as they have one: a leaf at or behind Size is not in the tree yet.
	Places(patient PatientID, seq uint64, limit int) ([]uint64, error)
	// Leaves lists at most limit entries by leaf, from this one on, as far as the
	// tree goes. One whose entry is gone has the zero Entry.
	Leaves(from uint64, limit int) ([]ledger.Leaf, error)
}

// Checkpoints keeps signed heads: our own tree's, and those that we have
// witnessed of others. A note's form is ledger's.
type Checkpoints interface {
	// Put keeps a checkpoint of our tree, or replaces that of the same size. Of the
	// older ones the last of each hour is kept.
	Put(SignedTree) error
	// Latest is the largest tree, or the largest that was cosigned.
	Latest(cosigned bool) (SignedTree, error)
	// List lists those of more than size leaves, in order.
	List(size uint64, limit int) ([]SignedTree, error)
	// Witnessed is the newest checkpoint of another log that we cosigned.
	Witnessed(origin string) (SignedTree, error)
	// PutWitnessed keeps it when the one before has old leaves, 0 for none;
	// CodeConflict: it has not.
	PutWitnessed(origin string, old uint64, t SignedTree) error
}

// SignedTree is a checkpoint as it was signed.
type SignedTree struct {
	Size     uint64    `json:"size"`
	Note     []byte    `json:"note"`
	Cosigned bool      `json:"cosigned"` // by a witness, too
	At       time.Time `json:"at"`
}
