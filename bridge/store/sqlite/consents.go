// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"fmt"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// consents implements bridge.Consents.
type consents struct{ *tx }

func (c consents) Consent(id bridge.ConsentID) (consent bridge.Consent, err error) {
	err = c.get(&consent, `SELECT doc FROM consents WHERE id = ?`, string(id))
	return consent, err
}

func (c consents) All(patient bridge.PatientID) ([]bridge.Consent, []bridge.Objection, error) {
	all, err := list[bridge.Consent](c.tx,
		`SELECT doc FROM consents WHERE patient = ? ORDER BY granted, id`, string(patient))
	if err != nil {
		return nil, nil, err
	}
	no, err := list[bridge.Objection](c.tx,
		`SELECT doc FROM objections WHERE patient = ? ORDER BY created, id`, string(patient))
	return all, no, err
}

// Due implements bridge.Consents.
func (c consents) Due(t time.Time, most int) ([]bridge.Consent, error) {
	return list[bridge.Consent](c.tx, `SELECT doc FROM consents WHERE state = 'active' AND ends < ? ORDER BY ends, id LIMIT ?`,
		nanos(t), limit(most, 100))
}

// Put implements bridge.Consents. An id stays with its patient, and a consent
// that has ended does not become active again (I6): both are conflicts.
func (c consents) Put(r bridge.Ruling) error {
	switch r := r.(type) {
	case bridge.Consent:
		doc, err := c.document(&r)
		if err != nil {
			return err
		}
		var ends any // null: it has no end
		if !r.Scope.Period.End.IsZero() {
			ends = nanos(r.Scope.Period.End)
		}
		return c.own(`INSERT INTO consents (id, patient, state, granted, ends, doc) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET state = excluded.state, granted = excluded.granted,
				ends = excluded.ends, doc = excluded.doc
			WHERE patient = excluded.patient AND (state = 'active' OR excluded.state <> 'active')`,
			string(r.ID), string(r.Patient), string(r.State), nanos(r.GrantedAt), ends, doc)
	case bridge.Objection:
		doc, err := encode(r)
		if err != nil {
			return err
		}
		return c.own(`INSERT INTO objections (id, patient, created, lifted, doc) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET created = excluded.created, lifted = excluded.lifted, doc = excluded.doc
			WHERE patient = excluded.patient`,
			string(r.ID), string(r.Patient), nanos(r.CreatedAt), flag(!r.LiftedAt.IsZero()), doc)
	case bridge.Emergency:
		doc, err := c.document(&r)
		if err != nil {
			return err
		}
		return c.putEmergency(r, doc)
	case bridge.Erasure:
		return c.putErasure(r)
	}
	return fmt.Errorf("keeping %T: not a ruling", r)
}

// document is a noun without its free text, which goes elsewhere.
func (c consents) document(v any) ([]byte, error) {
	if err := c.hide(v); err != nil {
		return nil, err
	}
	return encode(v)
}

func (c consents) Request(id bridge.RequestID) (r bridge.ConsentRequest, err error) {
	err = c.get(&r, `SELECT doc FROM requests WHERE id = ?`, string(id))
	return r, err
}

func (c consents) Requests(q bridge.RequestQuery) ([]bridge.ConsentRequest, error) {
	var f filter
	if q.Patient != "" {
		f.and("patient = ?", string(q.Patient))
	}
	if q.By != "" {
		f.and("asker = ?", string(q.By))
	}
	if q.State != "" {
		f.and("state = ?", string(q.State))
	}
	if !q.ExpiresBefore.IsZero() {
		f.and("expires < ?", nanos(q.ExpiresBefore))
	}
	if q.Held {
		f.and("EXISTS (SELECT 1 FROM messages m WHERE m.request = requests.id AND m.state = 'held')")
	}
	return list[bridge.ConsentRequest](c.tx, `SELECT doc FROM requests`+f.where+` ORDER BY created, id LIMIT ?`,
		append(f.args, limit(q.Limit, 100))...)
}

func (c consents) PutRequest(r bridge.ConsentRequest) error {
	if err := c.hide(&r); err != nil {
		return err
	}
	doc, err := encode(r)
	if err != nil {
		return err
	}
	return c.own(`INSERT INTO requests (id, patient, asker, state, created, expires, doc) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET asker = excluded.asker, state = excluded.state,
			created = excluded.created, expires = excluded.expires, doc = excluded.doc
		WHERE patient = excluded.patient`,
		string(r.ID), string(r.Patient), string(r.By), string(r.State), nanos(r.CreatedAt), nanos(r.ExpiresAt), doc)
}

// own runs an upsert that leaves another patient's row alone.
func (c consents) own(query string, args ...any) error {
	n, err := c.exec(query, args...)
	if err == nil && n == 0 {
		err = conflict("id was used before")
	}
	return err
}

// conflict is the error for a key that is taken.
func conflict(message string) error {
	return fmt.Errorf("keeping: %w", &bridge.Error{Code: bridge.CodeConflict, Message: message})
}
