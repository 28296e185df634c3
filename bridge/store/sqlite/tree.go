// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
)

// tree implements bridge.Tree. An entry's leaf is its row less one.
type tree struct{ *tx }

// pageHashes is how many hashes a page holds. It is part of the schema.
const pageHashes = 256

const hashSize = 32

var (
	errGrown  = &bridge.Error{Code: bridge.CodeConflict, Message: "the tree has grown meanwhile"}
	errNoHash = errors.New("the tree lacks a hash that it must have")
)

func (t tree) Size() (uint64, error) {
	row, err := t.one(`SELECT size FROM tree`)
	if err != nil {
		return 0, err
	}
	return uint64(number(row[0])), nil
}

func (t tree) Pending(most int) ([][32]byte, error) {
	size, err := t.Size()
	if err != nil {
		return nil, err
	}
	var pending [][32]byte
	err = t.each(`SELECT row, commitment FROM entries WHERE row > ? ORDER BY row LIMIT ?`, func(row []driver.Value) error {
		for leaf := uint64(number(row[0])) - 1; size+uint64(len(pending)) < leaf; {
			pending = append(pending, [32]byte{})
		}
		pending = append(pending, hash(row[1]))
		return nil
	}, int64(size), limit(most, 100))
	if len(pending) > most {
		pending = pending[:most]
	}
	return pending, err
}

// Append implements bridge.Tree. The leaves were given out with the rows, so that
// only the size and the hashes are written.
func (t tree) Append(size uint64, pending [][32]byte, hashes []ledger.Hash) error {
	first, end := ledger.StoredCount(size), ledger.StoredCount(size+uint64(len(pending)))
	if end-first != int64(len(hashes)) {
		return fmt.Errorf("growing the tree: %d hashes for %d leaves: %w", len(hashes), len(pending), errNoHash)
	}
	n, err := t.exec(`UPDATE tree SET size = ? WHERE size = ?`, int64(size)+int64(len(pending)), int64(size))
	if err != nil {
		return err
	}
	if n != 1 {
		return errGrown
	}
	for at := first; at < end; {
		page := at / pageHashes
		from := at % pageHashes * hashSize
		blob, err := t.page(page)
		if err != nil && !errors.Is(err, bridge.ErrNotFound) {
			return err
		}
		if int64(len(blob)) < from {
			return errNoHash
		}
		blob = append([]byte(nil), blob[:from]...)
		for ; at < end && at/pageHashes == page; at++ {
			blob = append(blob, hashes[at-first][:]...)
		}
		_, err = t.exec(`INSERT INTO tree_pages (page, hashes) VALUES (?, ?) ON CONFLICT (page) DO UPDATE SET hashes = excluded.hashes`, page, blob)
		if err != nil {
			return err
		}
	}
	return nil
}

func (t tree) page(page int64) ([]byte, error) {
	row, err := t.one(`SELECT hashes FROM tree_pages WHERE page = ?`, page)
	if err != nil {
		return nil, err
	}
	return blob(row[0]), nil
}

func (t tree) Hashes(indexes []int64) ([]ledger.Hash, error) {
	out := make([]ledger.Hash, len(indexes))
	pages := map[int64][]byte{}
	for i, at := range indexes {
		page := at / pageHashes
		all, ok := pages[page]
		if !ok {
			var err error
			if all, err = t.page(page); err != nil {
				return nil, errors.Join(errNoHash, err)
			}
			pages[page] = all
		}
		from := at % pageHashes * hashSize
		if at < 0 || int64(len(all)) < from+hashSize {
			return nil, errNoHash
		}
		out[i] = ledger.Hash(all[from : from+hashSize])
	}
	return out, nil
}

func (t tree) Places(patient bridge.PatientID, seq uint64, most int) ([]uint64, error) {
	h, err := patients(t).head(patient)
	if errors.Is(err, bridge.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var places []uint64
	s := between(seq, limit(most, 100), 1, h.Seq, h.end)
	err = t.walk("entries", "seq", "l.row", s, func(row []driver.Value) error {
		places = append(places, uint64(number(row[0]))-1)
		return nil
	})
	return places, err
}

func (t tree) Leaves(from uint64, most int) ([]ledger.Leaf, error) {
	size, err := t.Size()
	if err != nil || from >= size {
		return nil, err
	}
	end := min(size, from+uint64(limit(most, 100)))
	all := make([]ledger.Leaf, end-from)
	err = t.each(`SELECT `+leafColumns+`, l.row FROM entries l WHERE l.row > ? AND l.row <= ? ORDER BY l.row`, func(row []driver.Value) error {
		l, err := t.leaf(row)
		all[uint64(number(row[7]))-1-from] = l
		return err
	}, int64(from), int64(end))
	return all, err
}
