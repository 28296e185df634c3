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

// Fault is what is wrong with an entry.
type Fault string

// The faults.
const (
	FaultChanged   Fault = "changed"   // it is not what the tree was signed with
	FaultRemoved   Fault = "removed"   // it is gone
	FaultReordered Fault = "reordered" // it stands in another's place
	FaultForked    Fault = "forked"    // two histories were signed
)

// Finding is one thing that is wrong, and where.
type Finding struct {
	Fault   Fault  `json:"fault"`
	Patient string `json:"patient,omitempty"`
	Seq     uint64 `json:"seq,omitempty"` // the entry's number in its patient's chain
	Leaf    int64  `json:"leaf"`          // its number in the tree, -1 when that is not known
	Detail  string `json:"detail"`
}

// String is the finding in words.
func (f Finding) String() string {
	where := "the tree"
	switch {
	case f.Seq > 0:
		where = fmt.Sprintf("entry %d", f.Seq)
		if f.Patient != "" {
			where += " of patient " + f.Patient
		}
	case f.Leaf >= 0:
		where = fmt.Sprintf("leaf %d", f.Leaf)
	}
	return fmt.Sprintf("%s: %s: %s", where, f.Fault, f.Detail)
}

// maxFindings bounds a report.
const maxFindings = 1000

// Report is what came out of verifying an export.
type Report struct {
	Origin   string        `json:"origin"`
	Patient  string        `json:"patient,omitempty"` // empty: the whole ledger
	Size     uint64        `json:"size"`              // leaves of the tree that was signed
	Root     Hash          `json:"root"`
	Entries  uint64        `json:"entries"` // that were read and are whole, or are named below
	Sealed   uint64        `json:"sealed"`  // of those, told without their content
	First    time.Time     `json:"first,omitzero"`
	Last     time.Time     `json:"last,omitzero"`
	Cosigned []Cosignature `json:"cosigned,omitempty"`
	Earlier  bool          `json:"earlier"` // it was compared with something earlier
	Findings []Finding     `json:"findings,omitempty"`
	More     uint64        `json:"more,omitempty"` // findings beyond those listed
}

// Whole reports whether nothing is wrong.
func (r *Report) Whole() bool { return len(r.Findings) == 0 }

func (r *Report) add(f Finding) {
	if len(r.Findings) >= maxFindings {
		r.More++
		return
	}
	r.Findings = append(r.Findings, f)
}

// Trust is what somebody knows who verifies: keys that came another way than the
// export, and what they were given before.
type Trust struct {
	Log       *Verifier
	Witnesses []*Verifier
	Earlier   *Earlier // nil: nothing
}

// VerifyExport checks an export alone: every entry, the chain, its place in the
// tree, the log's signature, and that it goes on from the earlier one. What is
// wrong with entries is in the report; an error is of the export as a whole: it
// can't be read, or is of another log, or not signed.
func VerifyExport(in io.Reader, trust Trust) (Report, error) {
	r, h, err := openExport(in)
	if err != nil {
		return Report{}, err
	}
	c, err := OpenCheckpoint([]byte(h.Checkpoint), trust.Log, trust.Witnesses...)
	if err != nil {
		return Report{}, fmt.Errorf("the export's checkpoint: %w", err)
	}
	v := &verification{
		Report: Report{Origin: c.Origin, Patient: h.Patient, Size: c.Size, Root: c.Root, Cosigned: c.Cosigned, Earlier: trust.Earlier != nil},
		header: h, earlier: trust.Earlier,
	}
	if err := v.earlier.fits(v.Report); err != nil {
		return v.Report, err
	}
	if h.Patient == "" {
		err = v.wholeLedger(r)
	} else {
		err = v.ofPatient(r, trust.Log)
	}
	return v.Report, err
}

// verification is one export on its way.
type verification struct {
	Report
	header  ExportHeader
	earlier *Earlier
}

// note takes the times of what was read.
func (v *verification) note(at time.Time) {
	if v.First.IsZero() || at.Before(v.First) {
		v.First = at
	}
	if at.After(v.Last) {
		v.Last = at
	}
}

// prefix checks the export's own proof that its tree begins with the earlier one.
func (v *verification) prefix() {
	e, p := v.earlier, v.header.Earlier
	if e == nil {
		return
	}
	same := e.Checkpoint.Size == v.Size
	if p == nil && !same {
		return // the entries are compared; the tree behind them is not proved
	}
	proof := []Hash(nil)
	if !same {
		if p.Size != e.Checkpoint.Size {
			return
		}
		proof = p.Proof
	}
	if err := CheckPrefix(proof, v.Size, v.Root, e.Checkpoint.Size, e.Checkpoint.Root); err != nil {
		v.forked()
	}
}

func (v *verification) forked() {
	v.add(Finding{Fault: FaultForked, Leaf: -1, Detail: fmt.Sprintf("the tree of %d leaves does not begin with the %d that were signed before", v.Size, v.earlier.Checkpoint.Size)})
}

// Earlier is what was given out before: a checkpoint, and with an export also
// which entry stood where.
type Earlier struct {
	Checkpoint Checkpoint
	patient    string
	export     bool
	leaves     []Hash   // by seq, less one, of a patient's export; by leaf, of a whole one
	places     []uint64 // leaf of each, of a patient's
}

// ReadEarlier reads an export, a receipt or a checkpoint that was given out
// before. An export is verified first: one that is not whole is an error.
func ReadEarlier(in io.ReadSeeker, log *Verifier, witnesses ...*Verifier) (*Earlier, error) {
	text, err := io.ReadAll(io.LimitReader(in, 2*MaxNote))
	if err != nil {
		return nil, fmt.Errorf("reading what came before: %w", err)
	}
	if receipt, err := ParseReceipt(text); err == nil {
		c, err := OpenCheckpoint(receipt.Checkpoint, log, witnesses...)
		return &Earlier{Checkpoint: c}, err
	}
	if c, err := OpenCheckpoint(text, log, witnesses...); err == nil {
		return &Earlier{Checkpoint: c}, nil
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("reading what came before: %w", err)
	}
	r, err := VerifyExport(in, Trust{Log: log, Witnesses: witnesses})
	if err != nil {
		return nil, fmt.Errorf("reading what came before: %w", err)
	}
	if !r.Whole() {
		return nil, fmt.Errorf("what came before is not whole itself: %s", r.Findings[0])
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("reading what came before: %w", err)
	}
	return earlierExport(in, r)
}

// earlierExport keeps the leaves of an export that was verified.
func earlierExport(in io.Reader, r Report) (*Earlier, error) {
	e := &Earlier{Checkpoint: Checkpoint{Origin: r.Origin, Size: r.Size, Root: r.Root}, patient: r.Patient, export: true}
	lines, _, err := openExport(in)
	if err != nil {
		return nil, err
	}
	for {
		var x ExportEntry
		switch err := lines.next(&x); {
		case errors.Is(err, io.EOF):
			return e, nil
		case err != nil:
			return nil, err
		}
		h := x.leafHash()
		if r.Patient == "" {
			h = *x.Tree
		}
		e.leaves, e.places = append(e.leaves, h), append(e.places, x.Leaf)
	}
}

// fits refuses to compare what can't be compared.
func (e *Earlier) fits(r Report) error {
	switch {
	case e == nil:
		return nil
	case e.Checkpoint.Origin != r.Origin:
		return fmt.Errorf("what came before is of another log: %.100q", e.Checkpoint.Origin)
	case e.export && e.patient != r.Patient:
		return errors.New("what came before is about another patient")
	}
	return nil
}

// leafHash is the leaf that salt and entry make.
func (x ExportEntry) leafHash() Hash {
	var salt [32]byte
	copy(salt[:], x.Salt)
	return LeafHash(Commitment(salt, []byte(x.Entry)))
}

// SizeOf reads the size of the tree of an export, a receipt or a checkpoint,
// without believing it.
func SizeOf(in io.ReadSeeker) (uint64, error) {
	text, err := io.ReadAll(io.LimitReader(in, 2*MaxNote))
	if err != nil {
		return 0, fmt.Errorf("reading what came before: %w", err)
	}
	if r, err := ParseReceipt(text); err == nil {
		text = r.Checkpoint
	}
	if c, err := ReadCheckpoint(text); err == nil {
		return c.Size, nil
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return 0, fmt.Errorf("reading what came before: %w", err)
	}
	_, h, err := openExport(in)
	if err != nil {
		return 0, err
	}
	c, err := ReadCheckpoint([]byte(h.Checkpoint))
	return c.Size, err
}

// ReadEntries calls f with each entry of an export that can be read, without
// verifying anything.
func ReadEntries(in io.Reader, f func(Entry) error) error {
	r, _, err := openExport(in)
	if err != nil {
		return err
	}
	for {
		var x ExportEntry
		switch err := r.next(&x); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		var e Entry
		if json.Unmarshal([]byte(x.Entry), &e) != nil {
			continue // sealed, or not whole: for the verifier to say
		}
		if err := f(e); err != nil {
			return err
		}
	}
}
