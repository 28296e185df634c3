// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"database/sql/driver"
	"fmt"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// policies implements bridge.Policies.
type policies struct{ *tx }

func (p policies) Activations(most int) ([]bridge.Activation, error) {
	return list[bridge.Activation](p.tx, `SELECT doc FROM activations ORDER BY number DESC LIMIT ?`, limit(most, 20))
}

func (p policies) Highest() (uint64, error) {
	row, err := p.one(`SELECT coalesce(max(revision), 0) FROM activations`)
	if err != nil {
		return 0, err
	}
	return uint64(number(row[0])), nil
}

func (p policies) Activate(a bridge.Activation) error {
	doc, err := encode(a)
	if err == nil {
		_, err = p.exec(`INSERT INTO activations (revision, doc) VALUES (?, ?)`, int64(a.Revision), doc)
	}
	return err
}

// Record implements bridge.Policies.
func (p policies) Record(g bridge.Ground, d bridge.RecordedDecision) error {
	doc, err := encode(g)
	if err != nil {
		return err
	}
	if _, err := p.exec(`INSERT INTO grounds (patient, epoch, doc) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
		string(g.Patient), int64(g.Epoch), doc); err != nil {
		return err
	}
	if doc, err = encode(d); err != nil {
		return err
	}
	_, err = p.insert(`INSERT INTO decisions (at, patient, epoch, doc) VALUES (?, ?, ?, ?)`,
		nanos(d.At), string(d.Patient), int64(d.Epoch), doc)
	return err
}

// Recorded implements bridge.Policies.
func (p policies) Recorded(since time.Time, after uint64, most int) ([]bridge.RecordedDecision, error) {
	var all []bridge.RecordedDecision
	err := p.each(`SELECT number, doc FROM decisions WHERE number > ? AND at >= ? ORDER BY number LIMIT ?`,
		func(row []driver.Value) error {
			var d bridge.RecordedDecision
			if err := decode(row[1], &d); err != nil {
				return err
			}
			d.Number = uint64(number(row[0]))
			all = append(all, d)
			return nil
		}, int64(after), nanos(since), limit(most, 100))
	return all, err
}

func (p policies) Ground(patient bridge.PatientID, epoch uint64) (g bridge.Ground, err error) {
	err = p.get(&g, `SELECT doc FROM grounds WHERE patient = ? AND epoch = ?`, string(patient), int64(epoch))
	return g, err
}

// Forget implements bridge.Policies.
func (p policies) Forget(t time.Time, most int) (int, error) {
	n, err := p.exec(`DELETE FROM decisions WHERE number IN (SELECT number FROM decisions WHERE at < ? ORDER BY at LIMIT ?)`,
		nanos(t), limit(most, 100))
	if err != nil || n == 0 {
		return int(n), err
	}
	_, err = p.exec(`DELETE FROM grounds WHERE NOT EXISTS (
		SELECT 1 FROM decisions d WHERE d.patient = grounds.patient AND d.epoch = grounds.epoch)`)
	if err != nil {
		return 0, fmt.Errorf("forgetting grounds: %w", err)
	}
	return int(n), nil
}
