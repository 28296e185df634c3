// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"encoding/base32"
	"encoding/binary"
	"errors"
	"hash/maphash"
	"slices"
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// NobodyPatient is whose record keeps the denials to those who asked about a
// patient who does not exist. They cost what a denial about somebody costs, down
// to the commit, so that neither words nor time tell which of the two it was; and
// whoever guesses at patients leaves a trace.
const NobodyPatient PatientID = "brobygger-nobody"

// reserved lists the patients who are the bridge's own: no import brings them.
var reserved = []PatientID{CanaryPatient, NobodyPatient}

// reasonNoRelation is the reason given to who has nothing to do with a patient,
// whether there is one or not.
const reasonNoRelation Code = "no_relation"

// missing is the empty record of a patient who does not exist. Each has one of
// its own, since what is kept of decisions is kept under it.
func missing(p PatientID) *Snapshot {
	return &Snapshot{Patient: Patient{ID: p}, Epoch: 1, Missing: true}
}

// record is the snapshot as it goes on record: of a patient who does not exist,
// that of nobody, and nothing of what was asked for.
func (s *Snapshot) record() *Snapshot {
	if s.Missing {
		return missing(NobodyPatient)
	}
	return s
}

// stillThere checks the patient's row: it is at the snapshot's epoch, or there is
// none still.
func (s *Snapshot) stillThere(tx Tx) error {
	head, err := tx.Patients().Head(s.Patient.ID)
	switch {
	case s.Missing && (errors.Is(err, ErrNotFound) || s.Patient.ID == NobodyPatient):
		return nil
	case s.Missing && err == nil:
		return errEpochMoved
	case err != nil:
		return err
	case head.Epoch != s.Epoch && !replica:
		return errEpochMoved
	}
	return nil
}

// again reads the snapshot anew, as it goes on record.
func (s *Snapshot) again(tx Tx) (*Snapshot, error) {
	fresh, err := tx.Patients().Snapshot(s.Patient.ID)
	switch {
	case s.Missing && (errors.Is(err, ErrNotFound) || s.Patient.ID == NobodyPatient):
		return s.record(), nil
	case s.Missing && err == nil:
		return nil, &Error{Code: CodeBusy, Message: "the patient's record is changing"}
	}
	return fresh, err
}

// append puts an entry into the record, and nobody into the store before the
// first one about them.
func (g *passage) append(e ledger.Entry) (ledger.Leaf, error) {
	l, err := g.tx.Entries().Append(e)
	if !g.snapshot.Missing || !errors.Is(err, ErrNotFound) {
		return l, err
	}
	born := time.Date(1900, time.January, 1, 0, 0, 0, 0, time.UTC)
	if err := g.tx.Patients().Put(Patient{ID: NobodyPatient, Name: "Nobody", BirthDate: born}); err != nil {
		return l, err
	}
	return g.tx.Entries().Append(e)
}

// unrelated reports whether the no is that to somebody who has nothing to do with
// the patient, so that it is the same for whatever they ask.
func (d Decision) unrelated() bool {
	return !d.Allow && slices.Equal(d.Reasons, []Code{reasonNoRelation})
}

// unknownID is an id that no patient has, always the same for one identifier: to
// look for it takes what it takes to look for somebody's.
func unknownID(i Identifier) PatientID {
	var h maphash.Hash
	h.SetSeed(recordSeed)
	_, _ = h.WriteString(i.System)
	_ = h.WriteByte(0)
	_, _ = h.WriteString(i.Value)
	return PatientID("unknown-" + base32.HexEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, h.Sum64()))[:13])
}
