// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package ledger

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// receiptForm is the first line of a receipt (https://c2sp.org/tlog-proof).
const receiptForm = "c2sp.org/tlog-proof@v1"

// maxProof is the most hashes of a proof: a tree has fewer than 2^63 leaves.
const maxProof = 63

// Receipt proves offline that one entry stands in the tree. It is kept as text
// in the form c2sp.org/tlog-proof@v1.
type Receipt struct {
	Opening    []byte // salt and canonical entry, whose SHA-256 is the commitment; empty: it is not told
	Leaf       uint64 // number of the leaf, from 0
	Proof      []Hash
	Checkpoint []byte // as signed
}

// Opening is what opens a commitment: the salt and then the canonical entry. Its
// SHA-256 is the commitment.
func (l Leaf) Opening() ([]byte, error) {
	canonical, err := l.Entry.Canonical()
	return append(l.Salt[:], canonical...), err
}

// Format returns the receipt's text.
func (r Receipt) Format() []byte {
	var b strings.Builder
	b.WriteString(receiptForm + "\n")
	if len(r.Opening) > 0 {
		fmt.Fprintf(&b, "extra %s\n", base64.StdEncoding.EncodeToString(r.Opening))
	}
	fmt.Fprintf(&b, "index %d\n", r.Leaf)
	for _, h := range r.Proof {
		fmt.Fprintf(&b, "%s\n", h)
	}
	b.WriteString("\n")
	b.Write(r.Checkpoint)
	return []byte(b.String())
}

// ParseReceipt reads a receipt's text. It proves nothing yet: see Open.
func ParseReceipt(text []byte) (Receipt, error) {
	wrong := func(what string) (Receipt, error) {
		return Receipt{}, fmt.Errorf("reading a receipt: %s", what)
	}
	head, checkpoint, ok := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	if !ok || len(text) > 2*MaxNote || lines[0] != receiptForm {
		return wrong("want " + receiptForm)
	}
	lines = lines[1:]
	r := Receipt{Checkpoint: []byte(checkpoint)}
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		encoded := strings.TrimPrefix(lines[0], "extra ")
		raw, err := base64.StdEncoding.Strict().DecodeString(encoded)
		if err != nil || len(raw) < 32 {
			return wrong("its extra data are no salt and entry")
		}
		r.Opening, lines = raw, lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") || len(lines) > 1+maxProof {
		return wrong("its index is missing")
	}
	var err error
	if r.Leaf, err = parseSize(strings.TrimPrefix(lines[0], "index ")); err != nil {
		return wrong("its index is no number")
	}
	for _, line := range lines[1:] {
		h, err := parseHash(line)
		if err != nil {
			return wrong("a line of its proof is no hash")
		}
		r.Proof = append(r.Proof, h)
	}
	return r, nil
}

// Open checks the receipt against the keys and returns the entry that it opens.
// A receipt without an opening proves only the given commitment.
func (r Receipt) Open(log *Verifier, witnesses ...*Verifier) (Entry, Checkpoint, error) {
	var e Entry
	if len(r.Opening) < 32 {
		return e, Checkpoint{}, fmt.Errorf("the receipt does not say which entry it is for")
	}
	if err := json.Unmarshal(r.Opening[32:], &e); err != nil {
		return e, Checkpoint{}, fmt.Errorf("the receipt's entry: %w", err)
	}
	c, err := r.Check(Commitment([32]byte(r.Opening[:32]), r.Opening[32:]), log, witnesses...)
	return e, c, err
}

// Check checks that the commitment is the receipt's leaf, in a tree that the log
// has signed.
func (r Receipt) Check(commit [32]byte, log *Verifier, witnesses ...*Verifier) (Checkpoint, error) {
	c, err := OpenCheckpoint(r.Checkpoint, log, witnesses...)
	if err != nil {
		return c, err
	}
	if err := CheckLeaf(r.Proof, c.Size, c.Root, r.Leaf, LeafHash(commit)); err != nil {
		return c, fmt.Errorf("leaf %d is not this entry: %w", r.Leaf, err)
	}
	return c, nil
}
