// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"database/sql/driver"
	"fmt"

	"github.com/brobygger/brobygger/bridge"
)

// patients implements bridge.Patients.
type patients struct{ *tx }

func (p patients) Patient(id bridge.PatientID) (patient bridge.Patient, err error) {
	err = p.get(&patient, `SELECT doc FROM patients WHERE id = ?`, string(id))
	return patient, err
}

func (p patients) ByIdentifier(i bridge.Identifier) (bridge.PatientID, error) {
	row, err := p.one(`SELECT patient FROM patient_identifiers WHERE system = ? AND value = ?`, i.System, i.Value)
	if err != nil {
		return "", err
	}
	return bridge.PatientID(text(row[0])), nil
}

// Put implements bridge.Patients. An identifier that is another patient's is a
// conflict.
func (p patients) Put(patient bridge.Patient) error {
	doc, err := encode(patient)
	if err != nil {
		return err
	}
	id := string(patient.ID)
	n, err := p.exec(`UPDATE patients SET doc = ? WHERE id = ?`, doc, id)
	if err != nil {
		return err
	}
	if n == 0 {
		first := patientHead{Head: bridge.Head{Epoch: 1}}
		_, err := p.exec(`INSERT INTO patients (id, epoch, seq, head, last, mile, doc) VALUES (?, 1, 0, ?, 0, 0, ?)`,
			id, first.Hash[:], doc)
		if err != nil {
			return err
		}
		p.heads.patients.put(patient.ID, first)
	}
	if _, err := p.exec(`DELETE FROM patient_identifiers WHERE patient = ?`, id); err != nil {
		return err
	}
	for _, i := range patient.Identifiers {
		_, err := p.exec(`INSERT INTO patient_identifiers (system, value, patient) VALUES (?, ?, ?)`, i.System, i.Value, id)
		if err != nil {
			return fmt.Errorf("keeping an identifier: %w", err)
		}
	}
	return nil
}

func (p patients) Head(id bridge.PatientID) (bridge.Head, error) {
	h, err := p.head(id)
	return h.Head, err
}

func (p patients) head(id bridge.PatientID) (h patientHead, err error) {
	if p.heads != nil {
		if err := p.usable(); err != nil {
			return h, err
		}
		if h, ok := p.heads.patients.get(id); ok {
			return h, nil
		}
	} else if h, ok, err := changed(p.tx, func(c *changes) map[bridge.PatientID]patientHead { return c.patients }, id); ok || err != nil {
		return h, err
	}
	row, err := p.one(`SELECT epoch, seq, head, last, mile FROM patients WHERE id = ?`, string(id))
	if err != nil {
		return h, err
	}
	h.Head = bridge.Head{Epoch: uint64(number(row[0])), Seq: uint64(number(row[1])), Hash: hash(row[2])}
	h.end = end{number(row[3]), number(row[4])}
	if p.heads != nil {
		p.heads.patients.load(id, h)
	}
	return h, nil
}

func (p patients) Bump(id bridge.PatientID) (uint64, error) {
	if err := p.headed(); err != nil {
		return 0, err
	}
	h, err := p.head(id)
	if err != nil {
		return 0, err
	}
	h.Epoch++
	p.heads.patients.put(id, h)
	return h.Epoch, nil
}

func (p patients) CareTeam(id bridge.PatientID) ([]bridge.CareTeamMember, error) {
	var team []bridge.CareTeamMember
	row, err := p.one(`SELECT t.doc FROM patients p LEFT JOIN care_teams t ON t.patient = p.id WHERE p.id = ?`, string(id))
	if err != nil || row[0] == nil {
		return nil, err
	}
	err = decode(row[0], &team)
	return team, err
}

func (p patients) SetCareTeam(id bridge.PatientID, team []bridge.CareTeamMember) error {
	if _, err := p.Head(id); err != nil {
		return err
	}
	doc, err := encode(team)
	if err != nil {
		return err
	}
	_, err = p.exec(`INSERT INTO care_teams (patient, doc) VALUES (?, ?)
		ON CONFLICT (patient) DO UPDATE SET doc = excluded.doc`, string(id), doc)
	return err
}

// Snapshot implements bridge.Patients. The store has no clock: of emergencies it
// returns those asked for within a day before the newest, and the reader of the
// snapshot looks at their times.
func (p patients) Snapshot(id bridge.PatientID) (*bridge.Snapshot, error) {
	head, err := p.Head(id)
	if err != nil {
		return nil, err
	}
	s := &bridge.Snapshot{Epoch: head.Epoch}
	if s.Patient, err = p.Patient(id); err != nil {
		return nil, err
	}
	if s.Team, err = p.CareTeam(id); err != nil {
		return nil, err
	}
	s.Consents, err = list[bridge.Consent](p.tx, `SELECT doc FROM consents
		WHERE patient = ? AND state = 'active' ORDER BY granted, id`, string(id))
	if err != nil {
		return nil, err
	}
	s.Objections, err = list[bridge.Objection](p.tx, `SELECT doc FROM objections
		WHERE patient = ? AND NOT lifted ORDER BY created, id`, string(id))
	if err != nil {
		return nil, err
	}
	s.Representatives, err = list[bridge.RelatedPerson](p.tx, `SELECT doc FROM related_persons
		WHERE patient = ? ORDER BY id`, string(id))
	if err != nil {
		return nil, err
	}
	s.Emergencies, err = p.glasses(id)
	return s, err
}

func (p patients) glasses(id bridge.PatientID) ([]bridge.Emergency, error) {
	const day = int64(24 * 60 * 60 * 1e9)
	var all []bridge.Emergency
	newest := int64(never)
	err := p.each(`SELECT doc, asked FROM emergencies WHERE patient = ? ORDER BY asked DESC, id LIMIT 100`,
		func(row []driver.Value) error {
			asked := number(row[1])
			newest = max(newest, asked)
			if newest > never+day && asked < newest-day {
				return nil
			}
			var e bridge.Emergency
			if err := decode(row[0], &e); err != nil {
				return err
			}
			if err := p.show(&e); err != nil {
				return err
			}
			all = append(all, e)
			return nil
		}, string(id))
	return all, err
}
