// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// wholeLedger verifies an export of every leaf: the leaves make the root that was
// signed, so that each can be trusted to say what its entry must be; the entries
// of each patient are 1, 2, 3, ….
func (v *verification) wholeLedger(r *exportReader) error {
	w := ledgerWalk{verification: v, chains: map[string]uint64{}}
	for {
		var x ExportEntry
		err := r.next(&x)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := w.leaf(x); err != nil {
			return fmt.Errorf("line %d: %w", r.line, err)
		}
	}
	w.end()
	return nil
}

// ledgerWalk goes along the leaves.
type ledgerWalk struct {
	*verification
	builder Builder
	next    uint64            // leaf that comes
	chains  map[string]uint64 // seq of each patient's last entry
	changed []misplaced
	out     bool // leaves are missing or out of order: the root can't come out
	early   Hash // the root at the earlier checkpoint's size
}

// misplaced is an entry that does not make its leaf.
type misplaced struct {
	is, must Hash
	finding  Finding
}

// entryHead is what the walk needs of an entry.
type entryHead struct {
	Patient string    `json:"patient"`
	Seq     uint64    `json:"seq"`
	Time    time.Time `json:"time"`
}

var errLeaf = errors.New("it lacks the leaf's hash")

func (w *ledgerWalk) leaf(x ExportEntry) error {
	if x.Tree == nil {
		return errLeaf
	}
	if x.Leaf != w.next {
		w.out = true
		if x.Leaf < w.next {
			w.add(Finding{Fault: FaultReordered, Leaf: int64(x.Leaf), Detail: fmt.Sprintf("stands behind leaf %d", w.next-1)})
			return nil
		}
		for n := w.next; n < x.Leaf && n < w.next+maxFindings; n++ {
			w.add(Finding{Fault: FaultRemoved, Leaf: int64(n), Detail: "it is missing"})
		}
	}
	w.next = x.Leaf + 1
	w.Entries++
	w.builder.Add(*x.Tree)
	if e := w.earlier; e != nil {
		if w.builder.Size() == e.Checkpoint.Size {
			w.early = w.builder.Root()
		}
		if x.Leaf < uint64(len(e.leaves)) && e.leaves[x.Leaf] != *x.Tree {
			w.add(Finding{Fault: FaultForked, Leaf: int64(x.Leaf), Detail: "it was another in the earlier export"})
		}
	}
	if x.Entry == "" && (x.Withheld == Erased || x.Withheld == Untold) {
		w.Sealed++
		return nil
	}
	if x.Entry == "" {
		w.add(Finding{Fault: FaultRemoved, Leaf: int64(x.Leaf), Detail: "its entry is gone"})
		return nil
	}
	w.entry(x)
	return nil
}

func (w *ledgerWalk) entry(x ExportEntry) {
	var e entryHead
	f := Finding{Fault: FaultChanged, Leaf: int64(x.Leaf), Detail: "it is not what the tree was signed with"}
	if err := json.Unmarshal([]byte(x.Entry), &e); err != nil || len(x.Salt) != 32 {
		f.Detail = "it can't be read"
		w.add(f)
		return
	}
	f.Patient, f.Seq = e.Patient, e.Seq
	if is := x.leafHash(); is != *x.Tree {
		w.changed = append(w.changed, misplaced{is, *x.Tree, f})
		return
	}
	w.note(e.Time)
	last := w.chains[e.Patient]
	switch {
	case e.Seq == last+1:
		w.chains[e.Patient] = e.Seq
	case e.Seq <= last:
		f.Fault, f.Detail = FaultForked, fmt.Sprintf("leaf %d: the patient's chain has an entry %d already", x.Leaf, e.Seq)
		w.add(f)
	default:
		w.chains[e.Patient] = e.Seq
		if e.Seq-last-1 > w.Sealed {
			w.gap(f, last, e.Seq)
		}
	}
}

// gap names the entries of a chain between two that follow each other, unless
// they were named as changed. Those that are sealed can be in the gap.
func (w *ledgerWalk) gap(f Finding, last, seq uint64) {
	for n := last + 1; n < seq && n <= last+maxFindings; n++ {
		f.Seq, f.Leaf, f.Fault, f.Detail = n, -1, FaultRemoved, fmt.Sprintf("the patient's chain goes from %d to %d", last, seq)
		w.later(f)
	}
}

// later keeps a finding until it is known what was changed.
func (w *ledgerWalk) later(f Finding) {
	if len(w.changed) < maxFindings {
		w.changed = append(w.changed, misplaced{finding: f})
	}
}

func (w *ledgerWalk) end() {
	for n := w.next; n < w.Size && n < w.next+maxFindings; n++ {
		w.out = true
		w.add(Finding{Fault: FaultRemoved, Leaf: int64(n), Detail: "it is missing"})
	}
	must := map[Hash]bool{}
	named := map[string]bool{}
	for _, m := range w.changed {
		must[m.must] = true
	}
	for _, m := range w.changed {
		if m.is == (Hash{}) {
			continue
		}
		if must[m.is] {
			m.finding.Fault, m.finding.Detail = FaultReordered, "it stands in another's place"
		}
		named[fmt.Sprint(m.finding.Patient, " ", m.finding.Seq)] = true
		w.add(m.finding)
	}
	for _, m := range w.changed {
		if m.is == (Hash{}) && !named[fmt.Sprint(m.finding.Patient, " ", m.finding.Seq)] {
			w.add(m.finding)
		}
	}
	if !w.out && (w.builder.Size() != w.Size || w.builder.Root() != w.Root) {
		w.add(Finding{Fault: FaultForked, Leaf: -1, Detail: fmt.Sprintf("the %d leaves do not make the root that was signed for %d", w.builder.Size(), w.Size)})
	}
	switch e := w.earlier; {
	case e == nil || w.out:
	case e.Checkpoint.Size > w.Size || e.Checkpoint.Size > 0 && w.early != e.Checkpoint.Root:
		w.forked()
	}
}
