// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package ledger

import (
	"errors"
	"fmt"
	"strings"
)

// Submission is what a log asks a witness with: the body of add-checkpoint
// (https://c2sp.org/tlog-witness).
type Submission struct {
	Old        uint64 // size of the tree that the witness has cosigned last
	Proof      []Hash // that the tree begins with that one
	Checkpoint []byte // as the log has signed it
}

// Format returns the body.
func (s Submission) Format() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "old %d\n", s.Old)
	for _, h := range s.Proof {
		fmt.Fprintf(&b, "%s\n", h)
	}
	b.WriteString("\n")
	b.Write(s.Checkpoint)
	return []byte(b.String())
}

var errSubmission = errors.New("not a submission: want old, a proof, an empty line and a checkpoint")

// ParseSubmission reads a body.
func ParseSubmission(body []byte) (Submission, error) {
	head, checkpoint, ok := strings.Cut(string(body), "\n\n")
	lines := strings.Split(head, "\n")
	number, isOld := strings.CutPrefix(lines[0], "old ")
	if !ok || !isOld || len(body) > 2*MaxNote || len(lines) > 1+maxProof {
		return Submission{}, errSubmission
	}
	s := Submission{Checkpoint: []byte(checkpoint)}
	var err error
	if s.Old, err = parseSize(number); err != nil {
		return Submission{}, errSubmission
	}
	for _, line := range lines[1:] {
		h, err := parseHash(line)
		if err != nil {
			return Submission{}, errSubmission
		}
		s.Proof = append(s.Proof, h)
	}
	return s, nil
}

// Why a witness does not cosign; the words of its refusal.
var (
	ErrBackwards = errors.New("the old tree is larger than the new one")
	ErrStale     = errors.New("another tree was cosigned last")
	ErrFork      = errors.New("the tree does not begin with the one that was cosigned last: the log has forked")
)

// Extends checks that the submitted tree begins with the one that was cosigned
// last: the zero Checkpoint when none was. next is of the submitted one.
func (s Submission) Extends(last, next Checkpoint) error {
	switch {
	case s.Old > next.Size:
		return ErrBackwards
	case s.Old != last.Size:
		return ErrStale
	case next.Size == 0 && next.Root != EmptyRoot:
		return ErrFork
	}
	if err := CheckPrefix(s.Proof, next.Size, next.Root, last.Size, last.Root); err != nil {
		return fmt.Errorf("%w: %w", ErrFork, err)
	}
	return nil
}
