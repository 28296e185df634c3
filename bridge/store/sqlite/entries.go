// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"crypto/rand"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
)

// entries implements bridge.Entries.
type entries struct{ *tx }

func (e entries) Append(v ledger.Entry) (ledger.Leaf, error) {
	if bare {
		return ledger.Leaf{}, e.headed()
	}
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
	kept, salted, err := e.keep(id, v.Seq, canonical, salt)
	if err != nil {
		return ledger.Leaf{}, err
	}
	row, err := e.newest()
	if err != nil {
		return ledger.Leaf{}, err
	}
	row++
	_, err = e.insert(`INSERT INTO entries (row, patient, seq, prev, mile, salt, before, commitment, head, entry)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		row, v.Patient, int64(v.Seq), h.last, h.mile, salted, leaf.Prev[:], leaf.Commit[:], leaf.Head[:], kept)
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
	err = e.walk("entries", "seq", leafColumns, s, func(row []driver.Value) error {
		l, err := e.leaf(row)
		all = append(all, l)
		return err
	})
	return all, err
}

// Left goes over the whole table: the way from one entry to the one before it,
// which After goes, may lead nowhere.
func (e entries) Left(patient bridge.PatientID, seq uint64) ([]bridge.LeftLeaf, error) {
	var all []bridge.LeftLeaf
	err := e.each(`SELECT `+leafColumns+`, l.row FROM entries l WHERE l.patient = ? AND l.seq > ? ORDER BY l.seq`, func(row []driver.Value) error {
		l := bridge.LeftLeaf{Place: uint64(number(row[7])) - 1}
		var err error
		if l.Leaf, err = e.leaf(row); errors.Is(err, bridge.ErrDamaged) {
			l.Unreadable, l.Entry.Patient, l.Entry.Seq = true, string(patient), uint64(number(row[6]))
			err = nil
		}
		all = append(all, l)
		return err
	}, string(patient), int64(seq))
	return all, err
}

// entryPlace is where an entry stands.
func entryPlace(p bridge.PatientID, seq uint64) bridge.Place {
	return bridge.Place{Patient: p, Kind: bridge.KeyLog, Table: "entries", Column: "entry", Row: strconv.FormatUint(seq, 10)}
}

// keep returns an entry's columns: entry and salt sealed as one, and no salt, or
// both as they are.
func (t *tx) keep(p bridge.PatientID, seq uint64, canonical []byte, salt [32]byte) (entry, salted []byte, err error) {
	if t.store.options.Sealer == nil {
		return canonical, salt[:], nil
	}
	plain := append(append(make([]byte, 0, len(salt)+len(canonical)), salt[:]...), canonical...)
	entry, err = t.seal(entryPlace(p, seq), plain)
	return entry, []byte{}, err
}

// leafColumns are those that leaf reads.
const leafColumns = "l.salt, l.before, l.commitment, l.head, l.entry, l.patient, l.seq"

func (t *tx) leaf(row []driver.Value) (ledger.Leaf, error) {
	p, seq := bridge.PatientID(text(row[5])), uint64(number(row[6]))
	l := ledger.Leaf{Salt: hash(row[0]), Prev: hash(row[1]), Commit: hash(row[2]), Head: hash(row[3])}
	entry := blob(row[4])
	if !isSealed(entry) && t.whole {
		return l, t.plain(entryPlace(p, seq))
	}
	if isSealed(entry) {
		plain, err := t.open(entryPlace(p, seq), entry)
		if errors.Is(err, bridge.ErrErased) {
			l.Entry.Patient, l.Entry.Seq, l.Erased = string(p), seq, true
			return l, nil
		}
		if bridge.CodeOf(err) == bridge.CodeInternal && !lacks(err) {
			err = errors.Join(err, bridge.ErrDamaged)
		}
		if err != nil {
			return l, fmt.Errorf("opening entry: %w", err)
		}
		if len(plain) < len(l.Salt) {
			return l, fmt.Errorf("opening entry: %w", errors.Join(errShort, bridge.ErrDamaged))
		}
		l.Salt, entry = [32]byte(plain), plain[len(l.Salt):]
	}
	if err := json.Unmarshal(entry, &l.Entry); err != nil {
		return l, fmt.Errorf("decoding entry: %w", errors.Join(err, bridge.ErrDamaged))
	}
	return l, nil
}
