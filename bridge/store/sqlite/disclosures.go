// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"cmp"
	"database/sql/driver"
	"errors"
	"slices"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// disclosures implements bridge.Disclosures.
type disclosures struct{ *tx }

const selectDisclosure = `SELECT doc, state, closed FROM disclosures`

func disclosure(row []driver.Value) (d bridge.Disclosure, err error) {
	err = decode(row[0], &d)
	if state := bridge.DisclosureState(text(row[1])); d.State != state {
		d.State, d.ClosedAt = state, instant(number(row[2]))
	}
	return d, err
}

// Claim implements bridge.Disclosures. An id that was used before is a conflict.
func (d disclosures) Claim(v bridge.Disclosure) error {
	if bare {
		return nil
	}
	doc, err := encode(v)
	if err != nil {
		return err
	}
	_, err = d.exec(`INSERT INTO disclosures (id, patient, state, closed, doc) VALUES (?, ?, ?, ?, ?)`,
		string(v.ID), string(v.Patient), string(v.State), nanos(v.ClosedAt), doc)
	if err != nil {
		return err
	}
	for _, c := range distinct(v.Consents) {
		n, err := d.count(c)
		if err != nil {
			return err
		}
		d.heads.claims.put(c, n+1)
	}
	return nil
}

// distinct is ids with each once.
func distinct(ids []bridge.ConsentID) []bridge.ConsentID {
	if len(ids) < 2 {
		return ids
	}
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (d disclosures) Disclosure(id bridge.DisclosureID) (bridge.Disclosure, error) {
	row, err := d.one(selectDisclosure+` WHERE id = ?`, string(id))
	if err != nil {
		return bridge.Disclosure{}, err
	}
	return disclosure(row)
}

func (d disclosures) Close(id bridge.DisclosureID, s bridge.DisclosureState, at time.Time) (bool, error) {
	if s == bridge.DisclosureOpen || s == "" {
		return false, bridge.BadRequest("closing a claim needs an end")
	}
	if bare {
		return true, nil
	}
	n, err := d.exec(`UPDATE disclosures SET state = ?1, closed = ?2 WHERE id = ?3 AND (state = 'open' OR state = 'unknown' AND ?1 <> 'unknown')`,
		string(s), nanos(at), string(id))
	if err != nil || n > 0 {
		return n > 0, err
	}
	_, err = d.one(`SELECT 1 FROM disclosures WHERE id = ?`, string(id))
	return false, err
}

// Find implements bridge.Disclosures. Few claims are open or unknown at any time:
// both have an index of their own, by patient.
func (d disclosures) Find(q bridge.DisclosureQuery) ([]bridge.Disclosure, error) {
	query := selectDisclosure
	switch q.State {
	case bridge.DisclosureOpen, "":
		query += ` INDEXED BY disclosures_open WHERE state = 'open'`
	case bridge.DisclosureUnknown:
		query += ` INDEXED BY disclosures_unknown WHERE state = 'unknown'`
	default:
		return nil, bridge.BadRequest("claims are found that are open or unknown")
	}
	var args []any
	if q.Patient != "" {
		query, args = query+` AND patient = ?`, append(args, string(q.Patient))
	}
	var all []bridge.Disclosure
	err := d.each(query, func(row []driver.Value) error {
		v, err := disclosure(row)
		if err == nil && q.Selects(v) {
			all = append(all, v)
		}
		return err
	}, args...)
	slices.SortFunc(all, func(a, b bridge.Disclosure) int {
		return cmp.Or(a.ClaimedAt.Compare(b.ClaimedAt), cmp.Compare(a.ID, b.ID))
	})
	return all, err
}

func (d disclosures) Count(consent bridge.ConsentID) (int, error) {
	n, err := d.count(consent)
	return int(n), err
}

func (d disclosures) count(consent bridge.ConsentID) (int64, error) {
	if err := d.usable(); err != nil {
		return 0, err
	}
	if d.heads != nil {
		if n, ok := d.heads.claims.get(consent); ok {
			return n, nil
		}
	} else if n, ok, err := changed(d.tx, func(c *changes) map[bridge.ConsentID]int64 { return c.claims }, consent); ok || err != nil {
		return n, err
	}
	row, err := d.one(`SELECT n FROM consent_claims WHERE consent = ?`, string(consent))
	switch {
	case errors.Is(err, bridge.ErrNotFound):
		row = []driver.Value{int64(0)}
	case err != nil:
		return 0, err
	}
	if d.heads != nil {
		d.heads.claims.load(consent, number(row[0]))
	}
	return number(row[0]), nil
}

func (d disclosures) PutDelivery(v bridge.Delivery) error {
	doc, err := encode(v)
	if err != nil {
		return err
	}
	var asked any // null, and in no index, unless it waits
	if !v.AskedAt.IsZero() {
		asked = nanos(v.AskedAt)
	}
	_, err = d.exec(`INSERT INTO deliveries (message, recipient, asked, doc) VALUES (?, ?, ?, ?)
		ON CONFLICT (message, recipient) DO UPDATE SET asked = excluded.asked, doc = excluded.doc`,
		string(v.Message), string(v.Recipient), asked, doc)
	if err == nil {
		asRead(&v)
		d.heads.deliveries.note(deliveryKey{v.Message, v.Recipient}, v)
	}
	return err
}

func (d disclosures) Delivery(m bridge.MessageID, recipient bridge.Ref) (v bridge.Delivery, err error) {
	if err := d.usable(); err != nil {
		return v, err
	}
	if d.heads != nil {
		if v, ok := d.heads.deliveries.get(deliveryKey{m, recipient}); ok {
			return v, nil
		}
	}
	err = d.get(&v, `SELECT doc FROM deliveries WHERE message = ? AND recipient = ?`, string(m), string(recipient))
	return v, err
}

func (d disclosures) Deliveries(q bridge.DeliveryQuery) ([]bridge.Delivery, error) {
	switch {
	case q.Message != "":
		return list[bridge.Delivery](d.tx, `SELECT doc FROM deliveries WHERE message = ? ORDER BY recipient`, string(q.Message))
	case !q.Waiting:
		return nil, bridge.BadRequest("deliveries of a message, or those that wait")
	}
	query, args := `SELECT d.doc FROM deliveries d INDEXED BY deliveries_asked JOIN messages m ON m.id = d.message WHERE d.asked IS NOT NULL`, []any{}
	if q.Patient != "" {
		query, args = query+` AND m.patient = ?`, append(args, string(q.Patient))
	}
	if !q.AskedBefore.IsZero() {
		query, args = query+` AND d.asked < ?`, append(args, nanos(q.AskedBefore))
	}
	return list[bridge.Delivery](d.tx, query+` ORDER BY d.asked, d.message, d.recipient LIMIT ?`, append(args, limit(q.Limit, 100))...)
}
