// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"database/sql/driver"
	"fmt"

	"github.com/brobygger/brobygger/bridge"
)

// directory implements bridge.Directory.
type directory struct{ *tx }

func (d directory) Organization(id string) (o bridge.Organization, err error) {
	err = d.get(&o, `SELECT doc FROM organizations WHERE id = ?`, id)
	return o, err
}

func (d directory) Practitioner(id string) (p bridge.Practitioner, err error) {
	err = d.get(&p, `SELECT doc FROM practitioners WHERE id = ?`, id)
	return p, err
}

func (d directory) Role(id string) (r bridge.PractitionerRole, err error) {
	err = d.get(&r, `SELECT doc FROM roles WHERE id = ?`, id)
	return r, err
}

func (d directory) RelatedPerson(id string) (r bridge.RelatedPerson, err error) {
	err = d.get(&r, `SELECT doc FROM related_persons WHERE id = ?`, id)
	return r, err
}

func (d directory) Account(s bridge.Subject) (a bridge.Account, err error) {
	if err := d.usable(); err != nil {
		return a, err
	}
	if d.heads != nil {
		if a, ok := d.heads.accounts.get(s); ok {
			return a, nil
		}
	}
	err = d.get(&a, `SELECT doc FROM accounts WHERE issuer = ? AND name = ?`, s.Issuer, s.Name)
	if err == nil && d.heads != nil {
		d.heads.accounts.load(s, a)
	}
	return a, err
}

func (d directory) AccountsOf(person bridge.Ref) ([]bridge.Account, error) {
	return list[bridge.Account](d.tx, `SELECT doc FROM accounts WHERE person = ? ORDER BY issuer, name`, string(person))
}

// Find implements bridge.Directory. A role whose practitioner or organization
// is missing has no name, and is not active.
func (d directory) Find(q bridge.DirectoryQuery) ([]bridge.RoleEntry, error) {
	var f filter
	if q.Practitioner != "" {
		f.and("r.practitioner = ?", q.Practitioner)
	}
	if q.Organization != "" {
		f.and(`r.organization IN (WITH RECURSIVE units (id) AS (
			SELECT ? UNION SELECT o.id FROM organizations o JOIN units ON o.part_of = units.id AND o.part_of <> ''
		) SELECT id FROM units)`, q.Organization)
	}
	if q.Code != "" {
		f.and("r.code = ?", string(q.Code))
	}
	if q.Text != "" {
		f.and("(instr(p.folded, ?) > 0 OR instr(o.folded, ?) > 0)", fold(q.Text), fold(q.Text))
	}
	if q.ActiveOnly {
		f.and("r.active AND p.active AND o.active")
	}
	query := `SELECT r.doc, p.name, o.doc FROM roles r
		LEFT JOIN practitioners p ON p.id = r.practitioner
		LEFT JOIN organizations o ON o.id = r.organization` + f.where + `
		ORDER BY coalesce(p.name, ''), r.id LIMIT ?`
	var all []bridge.RoleEntry
	err := d.each(query, func(row []driver.Value) error {
		e := bridge.RoleEntry{Name: text(row[1])}
		if err := decode(row[0], &e.Role); err != nil {
			return err
		}
		if row[2] != nil {
			if err := decode(row[2], &e.Organization); err != nil {
				return err
			}
		}
		all = append(all, e)
		return nil
	}, append(f.args, limit(q.Limit, 100))...)
	return all, err
}

// Put implements bridge.Directory.
func (d directory) Put(r bridge.Resource) error {
	doc, err := encode(r)
	if err != nil {
		return err
	}
	switch r := r.(type) {
	case bridge.Organization:
		_, err = d.exec(`INSERT INTO organizations (id, part_of, folded, active, doc) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET part_of = excluded.part_of, folded = excluded.folded,
				active = excluded.active, doc = excluded.doc`,
			r.ID, r.PartOf, fold(r.Name), flag(r.Active), doc)
	case bridge.Practitioner:
		_, err = d.exec(`INSERT INTO practitioners (id, name, folded, active, doc) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, folded = excluded.folded,
				active = excluded.active, doc = excluded.doc`,
			r.ID, r.Name, fold(r.Name), flag(r.Active), doc)
	case bridge.PractitionerRole:
		_, err = d.exec(`INSERT INTO roles (id, practitioner, organization, active, code, doc) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET practitioner = excluded.practitioner, organization = excluded.organization,
				active = excluded.active, code = excluded.code, doc = excluded.doc`,
			r.ID, r.Practitioner, r.Organization, flag(r.Active), string(r.Code), doc)
	case bridge.RelatedPerson:
		_, err = d.exec(`INSERT INTO related_persons (id, patient, doc) VALUES (?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET patient = excluded.patient, doc = excluded.doc`,
			r.ID, string(r.Patient), doc)
	case bridge.Account:
		_, err = d.exec(`INSERT INTO accounts (issuer, name, person, doc) VALUES (?, ?, ?, ?)
			ON CONFLICT (issuer, name) DO UPDATE SET person = excluded.person, doc = excluded.doc`,
			r.Subject.Issuer, r.Subject.Name, string(r.Person), doc)
		if err == nil {
			asRead(&r)
			d.heads.accounts.note(r.Subject, r)
		}
	default:
		return fmt.Errorf("keeping %T: not a resource of the directory", r)
	}
	return err
}
