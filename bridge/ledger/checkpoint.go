// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package ledger

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// MaxNote is the longest note that is read, in bytes.
const MaxNote = 64 << 10

// Checkpoint is the head of a tree (https://c2sp.org/tlog-checkpoint).
type Checkpoint struct {
	Origin string // of which log
	Size   uint64 // how many leaves
	Root   Hash
	// Cosigned is who else signed it, as far as their keys were known.
	Cosigned []Cosignature
}

// Cosignature is a witness's word that at that time it knew no larger tree of
// the log, and that this one begins with every one that it had seen before.
type Cosignature struct {
	Witness string    `json:"witness"`
	At      time.Time `json:"at"` // whole seconds, UTC
}

// Errors of notes. Another log's checkpoint is ErrOrigin.
var (
	ErrSignature = errors.New("not signed by the log's key")
	ErrOrigin    = errors.New("checkpoint of another log")
	errForm      = errors.New("not a checkpoint: want origin, size and root, one on a line")
)

// SignCheckpoint is the signed note of the signer's tree.
func SignCheckpoint(s *Signer, size uint64, root Hash) ([]byte, error) {
	text := fmt.Sprintf("%s\n%d\n%s\n", s.name, size, root)
	signed, err := note.Sign(&note.Note{Text: text}, s)
	if err != nil {
		return nil, fmt.Errorf("signing a checkpoint: %w", err)
	}
	return signed, nil
}

// ReadCheckpoint reads a checkpoint's text without looking at who signed it.
func ReadCheckpoint(signed []byte) (Checkpoint, error) {
	text, _, ok := parts(signed)
	if !ok {
		return Checkpoint{}, errForm
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) < 3 || lines[0] == "" {
		return Checkpoint{}, errForm
	}
	size, err := parseSize(lines[1])
	if err != nil {
		return Checkpoint{}, errForm
	}
	root, err := parseHash(lines[2])
	if err != nil {
		return Checkpoint{}, errForm
	}
	return Checkpoint{Origin: lines[0], Size: size, Root: root}, nil
}

// parts splits a note into its text, without the last newline, and its signatures.
// A checkpoint has one empty line only.
func parts(signed []byte) (text, signatures []byte, ok bool) {
	text, signatures, ok = bytes.Cut(signed, []byte("\n\n"))
	return text, signatures, ok && len(signed) <= MaxNote && !bytes.Contains(signatures, []byte("\n\n"))
}

// OpenCheckpoint reads a checkpoint that the log has signed. Cosignatures of the
// given witnesses are checked and listed, a wrong one refuses the whole; those of
// others count for nothing. What is wrong with the signature is ErrSignature.
func OpenCheckpoint(signed []byte, log *Verifier, witnesses ...*Verifier) (Checkpoint, error) {
	c, err := ReadCheckpoint(signed)
	if err != nil {
		return c, err
	}
	if c.Origin != log.name {
		return Checkpoint{}, fmt.Errorf("%w: %.100q", ErrOrigin, c.Origin)
	}
	n, err := openNote(signed, log, witnesses)
	if err != nil {
		return Checkpoint{}, err
	}
	for _, sig := range n.Sigs {
		if at, ok := cosignedAt(sig, witnesses); ok {
			c.Cosigned = append(c.Cosigned, Cosignature{Witness: sig.Name, At: at})
		}
	}
	return c, nil
}

// openNote wants the log's signature among those that verify.
func openNote(signed []byte, log *Verifier, witnesses []*Verifier) (*note.Note, error) {
	known := []note.Verifier{log}
	for _, w := range witnesses {
		known = append(known, w)
	}
	n, err := note.Open(signed, note.VerifierList(known...))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	if !slices.ContainsFunc(n.Sigs, func(sig note.Signature) bool { return rank(sig, log) == 0 }) {
		return nil, ErrSignature
	}
	return n, nil
}

func cosignedAt(sig note.Signature, witnesses []*Verifier) (time.Time, bool) {
	for _, w := range witnesses {
		if !w.Witness() || sig.Name != w.name || sig.Hash != w.KeyHash() {
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(sig.Base64)
		if err != nil || len(raw) < 12 {
			return time.Time{}, false
		}
		return time.Unix(int64(binary.BigEndian.Uint64(raw[4:])), 0).UTC(), true
	}
	return time.Time{}, false
}

// Cosign is the witness's signature line on a checkpoint: what add-checkpoint
// answers (https://c2sp.org/tlog-witness).
func Cosign(w *Signer, signed []byte) ([]byte, error) {
	text, _, ok := parts(signed)
	if !ok || w.kind != typeWitness {
		return nil, errForm
	}
	n, err := note.Sign(&note.Note{Text: string(text) + "\n"}, w)
	if err != nil {
		return nil, fmt.Errorf("cosigning: %w", err)
	}
	return n[len(text)+2:], nil
}

// WithCosignatures returns the checkpoint with the lines of cosignatures beside
// those that it has, as far as they are of these witnesses. A new line takes the
// place of an older one of the same witness.
func WithCosignatures(signed, lines []byte, log *Verifier, witnesses ...*Verifier) ([]byte, error) {
	text, old, ok := parts(signed)
	if !ok {
		return nil, errForm
	}
	joined := slices.Concat(text, []byte("\n\n"), lines, old) // of one key's signatures the first counts
	n, err := openNote(joined, log, witnesses)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(n.Sigs, func(a, b note.Signature) int { return rank(a, log) - rank(b, log) })
	var out bytes.Buffer
	out.WriteString(n.Text + "\n")
	for _, sig := range n.Sigs {
		fmt.Fprintf(&out, "— %s %s\n", sig.Name, sig.Base64)
	}
	return out.Bytes(), nil
}

// rank puts the log's own signature first.
func rank(sig note.Signature, log *Verifier) int {
	if sig.Name == log.name && sig.Hash == log.KeyHash() {
		return 0
	}
	return 1
}

// parseSize reads a decimal without leading zeros.
func parseSize(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 62)
	if err != nil || strconv.FormatUint(n, 10) != text {
		return 0, errForm
	}
	return n, nil
}

// parseHash reads 32 bytes in base64 (RFC 4648 section 4).
func parseHash(text string) (h Hash, err error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != len(h) || base64.StdEncoding.EncodeToString(raw) != text {
		return h, errForm
	}
	return Hash(raw), nil
}
