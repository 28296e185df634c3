// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ofPatient verifies a patient's export: the entries 1, 2, 3, … to the number
// that was signed, each in the tree, chained to the head that was signed.
func (v *verification) ofPatient(r *exportReader, log *Verifier) error {
	s, err := OpenStatement([]byte(v.header.Statement), log)
	if err != nil {
		return fmt.Errorf("the export's statement: %w", err)
	}
	if s.Patient != v.Patient || s.Size != v.Size {
		return fmt.Errorf("the export's statement is about another patient or tree")
	}
	if e := v.earlier; e != nil && e.Checkpoint.Size > v.Size {
		v.add(Finding{Fault: FaultForked, Leaf: -1, Detail: fmt.Sprintf("the tree has %d leaves, and had %d before", v.Size, e.Checkpoint.Size)})
	}
	v.prefix()
	p := patientWalk{verification: v}
	for {
		var x ExportEntry
		err := r.next(&x)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		p.entry(x)
	}
	last := s.Entries
	if e := v.earlier; e != nil && e.export {
		last = max(last, uint64(len(e.leaves))) // what was signed since may say less
	}
	for seq := p.next + 1; seq <= last && seq <= p.next+maxFindings; seq++ {
		p.missing(seq)
	}
	if v.Whole() && (p.head != s.Head || p.next != s.Entries) {
		v.add(Finding{Fault: FaultForked, Patient: v.Patient, Seq: p.next, Leaf: -1, Detail: "the chain ends elsewhere than was signed"})
	}
	return nil
}

// patientWalk goes along a patient's chain.
type patientWalk struct {
	*verification
	next   uint64 // seq of the last entry
	head   [32]byte
	placed map[uint64]bool // leaves that were taken
}

func (p *patientWalk) entry(x ExportEntry) {
	p.Entries++
	wrong := func(f Fault, detail string) {
		p.add(Finding{Fault: f, Patient: p.Patient, Seq: x.Seq, Leaf: int64(x.Leaf), Detail: detail})
	}
	if x.Seq <= p.next {
		wrong(FaultReordered, fmt.Sprintf("stands behind entry %d", p.next))
		return
	}
	for seq := p.next + 1; seq < x.Seq && seq < p.next+maxFindings; seq++ {
		p.missing(seq)
	}
	p.next = x.Seq
	var e Entry
	if err := json.Unmarshal([]byte(x.Entry), &e); err != nil || len(x.Salt) != 32 {
		wrong(FaultChanged, "it can't be read")
		return
	}
	p.note(e.Time)
	commit := Commitment([32]byte(x.Salt), []byte(x.Entry))
	p.head = Link(p.head, commit)
	if p.placed == nil {
		p.placed = map[uint64]bool{}
	}
	switch {
	case e.Patient != p.Patient:
		wrong(FaultChanged, "it is about another patient")
	case e.Seq != x.Seq:
		wrong(FaultReordered, fmt.Sprintf("it is entry %d", e.Seq))
	case p.placed[x.Leaf]:
		wrong(FaultReordered, fmt.Sprintf("leaf %d is another entry's", x.Leaf))
	default:
		if err := CheckLeaf(x.Proof, p.Size, p.Root, x.Leaf, LeafHash(commit)); err != nil {
			wrong(FaultChanged, fmt.Sprintf("it is not leaf %d of the tree that was signed", x.Leaf))
		}
	}
	p.placed[x.Leaf] = true
	p.compare(x)
}

// compare holds an entry against the earlier export.
func (p *patientWalk) compare(x ExportEntry) {
	e := p.earlier
	if e == nil || !e.export || x.Seq > uint64(len(e.leaves)) {
		return
	}
	if e.leaves[x.Seq-1] != x.leafHash() || e.places[x.Seq-1] != x.Leaf {
		p.add(Finding{Fault: FaultForked, Patient: p.Patient, Seq: x.Seq, Leaf: int64(x.Leaf), Detail: "it was another in the earlier export"})
	}
}

func (p *patientWalk) missing(seq uint64) {
	detail := "it is missing"
	leaf := int64(-1)
	if e := p.earlier; e != nil && e.export && seq <= uint64(len(e.places)) {
		leaf, detail = int64(e.places[seq-1]), "it is missing, and stands in the earlier export"
	}
	p.add(Finding{Fault: FaultRemoved, Patient: p.Patient, Seq: seq, Leaf: leaf, Detail: detail})
}
