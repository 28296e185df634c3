// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"crypto/rand"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
)

// entries implements bridge.Entries.
type entries struct{ *tx }

func (e entries) Append(v ledger.Entry) (ledger.Leaf, error) {
	if err := e.writable(); err != nil {
		return ledger.Leaf{}, err
	}
	id := bridge.PatientID(v.Patient)
	h, err := patients(e).head(id)
	if err != nil {
		return ledger.Leaf{}, err
	}
	v.Seq = h.Seq + 1
	v.Time = v.Time.UTC()
	var salt [32]byte
	_, _ = rand.Read(salt[:]) // never fails (crypto/rand, since Go 1.24)
	canonical, err := v.Canonical()
	if err != nil {
		return ledger.Leaf{}, err
	}
	// As ledger.NewLeaf does, with the bytes that are kept.
	leaf := ledger.Leaf{Entry: v, Salt: salt, Prev: h.Hash, Commit: ledger.Commitment(salt, canonical)}
	leaf.Head = ledger.Link(leaf.Prev, leaf.Commit)
	row, err := e.newest()
	if err != nil {
		return ledger.Leaf{}, err
	}
	row++
	_, err = e.insert(`INSERT INTO entries (row, patient, seq, prev, mile, salt, before, commitment, head, entry)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		row, v.Patient, int64(v.Seq), h.last, h.mile, leaf.Salt[:], leaf.Prev[:], leaf.Commit[:], leaf.Head[:], canonical)
	if err != nil {
		return ledger.Leaf{}, err
	}
	h.Seq, h.Hash, h.end = v.Seq, leaf.Head, h.after(row, v.Seq)
	e.heads.patients.put(id, h)
	e.heads.entries = row
	return leaf, nil
}

// newest is the row of the newest entry. A row is never given out twice, also not
// when somebody removed the last: it is the entry's leaf, and one.
func (e entries) newest() (int64, error) {
	if e.heads.entries == 0 {
		row, err := e.one(`SELECT max((SELECT size FROM tree), coalesce((SELECT max(row) FROM entries), 0))`)
		if err != nil {
			return 0, err
		}
		return number(row[0]), nil
	}
	return e.heads.entries, nil
}

func (e entries) After(patient bridge.PatientID, seq uint64, most int) ([]ledger.Leaf, error) {
	h, err := patients(e).head(patient)
	if errors.Is(err, bridge.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []ledger.Leaf
	s := between(seq, limit(most, 100), 1, h.Seq, h.end)
	err = e.walk("entries", "seq", "l.salt, l.before, l.commitment, l.head, l.entry", s, func(row []driver.Value) error {
		l, err := readLeaf(row)
		all = append(all, l)
		return err
	})
	return all, err
}

// readLeaf reads salt, before, commitment, head and entry.
func readLeaf(row []driver.Value) (ledger.Leaf, error) {
	l := ledger.Leaf{Salt: hash(row[0]), Prev: hash(row[1]), Commit: hash(row[2]), Head: hash(row[3])}
	if err := json.Unmarshal(blob(row[4]), &l.Entry); err != nil {
		return l, fmt.Errorf("decoding entry: %w", err)
	}
	return l, nil
}
