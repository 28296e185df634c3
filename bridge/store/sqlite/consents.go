// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"fmt"

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

// Put implements bridge.Consents. An id stays with its patient, and a consent
// that has ended does not become active again (I6): both are conflicts.
func (c consents) Put(consent bridge.Consent) error {
	doc, err := encode(consent)
	if err != nil {
		return err
	}
	n, err := c.exec(`INSERT INTO consents (id, patient, state, granted, doc) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, granted = excluded.granted, doc = excluded.doc
		WHERE patient = excluded.patient AND (state = 'active' OR excluded.state <> 'active')`,
		string(consent.ID), string(consent.Patient), string(consent.State), nanos(consent.GrantedAt), doc)
	if err != nil {
		return err
	}
	if n == 0 {
		return conflict("consent id was used before")
	}
	return nil
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
	return list[bridge.ConsentRequest](c.tx, `SELECT doc FROM requests`+f.where+` ORDER BY created, id LIMIT ?`,
		append(f.args, limit(q.Limit, 100))...)
}

func (c consents) PutRequest(r bridge.ConsentRequest) error {
	doc, err := encode(r)
	if err != nil {
		return err
	}
	return c.own("request", `INSERT INTO requests (id, patient, asker, state, created, expires, doc) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET asker = excluded.asker, state = excluded.state,
			created = excluded.created, expires = excluded.expires, doc = excluded.doc
		WHERE patient = excluded.patient`,
		string(r.ID), string(r.Patient), string(r.By), string(r.State), nanos(r.CreatedAt), nanos(r.ExpiresAt), doc)
}

func (c consents) PutObjection(o bridge.Objection) error {
	doc, err := encode(o)
	if err != nil {
		return err
	}
	return c.own("objection", `INSERT INTO objections (id, patient, created, lifted, doc) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET created = excluded.created, lifted = excluded.lifted, doc = excluded.doc
		WHERE patient = excluded.patient`,
		string(o.ID), string(o.Patient), nanos(o.CreatedAt), flag(!o.LiftedAt.IsZero()), doc)
}

func (c consents) PutEmergency(e bridge.Emergency) error {
	doc, err := encode(e)
	if err != nil {
		return err
	}
	return c.own("emergency", `INSERT INTO emergencies (id, patient, asked, doc) VALUES (?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET asked = excluded.asked, doc = excluded.doc
		WHERE patient = excluded.patient`,
		e.ID, string(e.Patient), nanos(e.AskedAt), doc)
}

// own runs an upsert that leaves another patient's row alone.
func (c consents) own(what, query string, args ...any) error {
	n, err := c.exec(query, args...)
	if err == nil && n == 0 {
		err = conflict(what + " id is another patient's")
	}
	return err
}

// conflict is the error for a key that is taken.
func conflict(message string) error {
	return fmt.Errorf("keeping: %w", &bridge.Error{Code: bridge.CodeConflict, Message: message})
}
