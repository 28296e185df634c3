// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"database/sql/driver"
	"errors"

	"github.com/brobygger/brobygger/bridge"
)

// signed implements bridge.Checkpoints.
type signed struct{ *tx }

const hour = int64(3600 * 1e9)

const selectSigned = `SELECT size, at, cosigned, note FROM checkpoints`

func signedTree(row []driver.Value) bridge.SignedTree {
	return bridge.SignedTree{Size: uint64(number(row[0])), At: instant(number(row[1])), Cosigned: number(row[2]) != 0, Note: blob(row[3])}
}

// Put implements bridge.Checkpoints. What is kept of an hour is its last, and the
// last that was cosigned until a later one is.
func (s signed) Put(t bridge.SignedTree) error {
	_, err := s.exec(`INSERT INTO checkpoints (size, at, cosigned, note) VALUES (?1, ?2, ?3, ?4)
		ON CONFLICT (size) DO UPDATE SET at = excluded.at, cosigned = excluded.cosigned, note = excluded.note`,
		int64(t.Size), nanos(t.At), flag(t.Cosigned), t.Note)
	if err != nil {
		return err
	}
	_, err = s.exec(`DELETE FROM checkpoints AS c WHERE c.size < ?1 AND c.at / ?2 = ?3 / ?2
		AND c.size <> coalesce((SELECT max(size) FROM checkpoints WHERE cosigned = 1), -1)`,
		int64(t.Size), hour, nanos(t.At))
	return err
}

func (s signed) Latest(cosigned bool) (bridge.SignedTree, error) {
	row, err := s.one(selectSigned+` WHERE cosigned >= ? ORDER BY size DESC LIMIT 1`, flag(cosigned))
	if err != nil {
		return bridge.SignedTree{}, err
	}
	return signedTree(row), nil
}

func (s signed) List(size uint64, most int) ([]bridge.SignedTree, error) {
	var all []bridge.SignedTree
	err := s.each(selectSigned+` WHERE size > ? ORDER BY size LIMIT ?`, func(row []driver.Value) error {
		all = append(all, signedTree(row))
		return nil
	}, int64(size), limit(most, 100))
	return all, err
}

func (s signed) Witnessed(origin string) (bridge.SignedTree, error) {
	row, err := s.one(`SELECT size, at, 1, note FROM witnessed WHERE origin = ?`, origin)
	if err != nil {
		return bridge.SignedTree{}, err
	}
	return signedTree(row), nil
}

func (s signed) PutWitnessed(origin string, old uint64, t bridge.SignedTree) error {
	last, err := s.Witnessed(origin)
	if err != nil && !errors.Is(err, bridge.ErrNotFound) {
		return err
	}
	if last.Size != old {
		return &bridge.Error{Code: bridge.CodeConflict, Message: "another tree was cosigned meanwhile"}
	}
	_, err = s.exec(`INSERT INTO witnessed (origin, size, at, note) VALUES (?, ?, ?, ?)
		ON CONFLICT (origin) DO UPDATE SET size = excluded.size, at = excluded.at, note = excluded.note`,
		origin, int64(t.Size), nanos(t.At), t.Note)
	return err
}
