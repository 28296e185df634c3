// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"database/sql/driver"
	"strings"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// emergencies implements bridge.Emergencies.
type emergencies struct{ *tx }

// units are organizations as a column in which one of them can be found: no id
// holds a slash.
func units(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return "/" + strings.Join(ids, "/") + "/"
}

// putEmergency keeps an emergency access. A mid that its asker has used for
// another one is a conflict.
func (c consents) putEmergency(e bridge.Emergency, doc []byte) error {
	return c.own(`INSERT INTO emergencies (id, patient, asked, maker, mid, units, confirmed, waiting, doc)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET asked = excluded.asked, maker = excluded.maker, mid = excluded.mid,
			units = excluded.units, confirmed = excluded.confirmed, waiting = excluded.waiting, doc = excluded.doc
		WHERE patient = excluded.patient`,
		e.ID, string(e.Patient), nanos(e.AskedAt), string(e.By), orNull(e.MID), units(e.Organizations), nanos(e.ConfirmedAt),
		flag(!e.ConfirmedAt.IsZero() && !e.Reviewed), doc)
}

func (e emergencies) Emergency(id string) (found bridge.Emergency, err error) {
	err = e.get(&found, `SELECT doc FROM emergencies WHERE id = ?`, id)
	return found, err
}

func (e emergencies) ByMID(by bridge.Ref, mid string) (found bridge.Emergency, err error) {
	err = e.get(&found, `SELECT doc FROM emergencies WHERE maker = ? AND mid = ?`, string(by), mid)
	return found, err
}

// Find implements bridge.Emergencies.
func (e emergencies) Find(q bridge.EmergencyQuery) ([]bridge.Emergency, error) {
	var f filter
	if q.Patient != "" {
		f.and("patient = ?", string(q.Patient))
	}
	if q.Organization != "" {
		f.and("instr(units, ?) > 0", units([]string{q.Organization}))
	}
	if q.Confirmed {
		f.and("confirmed > ?", int64(never))
	}
	order := " ORDER BY asked DESC, id DESC LIMIT ?"
	if q.Waiting {
		f.and("waiting = 1")
		order = " ORDER BY confirmed, id LIMIT ?"
	}
	return list[bridge.Emergency](e.tx, `SELECT doc FROM emergencies`+f.where+order, append(f.args, limit(q.Limit, 100))...)
}

// Waiting implements bridge.Emergencies.
func (e emergencies) Waiting(t time.Time) (all, overdue int, oldest time.Time, err error) {
	var row []driver.Value
	row, err = e.one(`SELECT count(*), count(*) FILTER (WHERE confirmed < ?), min(confirmed) FROM emergencies WHERE waiting = 1`, nanos(t))
	if err != nil {
		return 0, 0, oldest, err
	}
	if row[2] != nil {
		oldest = instant(number(row[2]))
	}
	return int(number(row[0])), int(number(row[1])), oldest, nil
}
