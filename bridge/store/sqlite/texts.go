// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"errors"

	"github.com/brobygger/brobygger/bridge"
)

// elsewhere stands in a document for a text that is sealed in table texts.
const elsewhere = "\x01"

// writing is what somebody wrote into a noun, and where it stands.
type writing struct {
	noun    string
	id      string
	patient bridge.PatientID
	text    *string
}

func (w writing) place() bridge.Place {
	return bridge.Place{Patient: w.patient, Kind: bridge.KeyContent, Table: "texts", Column: w.noun, Row: w.id}
}

// written points at the free text of a noun; nil text: it has none.
func written(v any) writing {
	switch v := v.(type) {
	case *bridge.Consent:
		return writing{"consents", string(v.ID), v.Patient, &v.Evidence.Reason}
	case *bridge.ConsentRequest:
		return writing{"requests", string(v.ID), v.Patient, &v.Reason}
	case *bridge.Emergency:
		return writing{"emergencies", v.ID, v.Patient, &v.Reason}
	case *bridge.Conversation:
		return writing{"conversations", string(v.ID), v.Patient, &v.Subject}
	}
	return writing{}
}

// hide seals the free text of a noun that is to be written, and leaves a mark.
func (t *tx) hide(v any) error {
	w := written(v)
	if t.store.options.Sealer == nil || w.text == nil || *w.text == "" || *w.text == elsewhere {
		return nil
	}
	sealed, err := t.seal(w.place(), []byte(*w.text))
	if err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO texts (noun, id, patient, text) VALUES (?, ?, ?, ?)
		ON CONFLICT (noun, id) DO UPDATE SET text = excluded.text WHERE patient = excluded.patient`,
		w.noun, w.id, string(w.patient), sealed)
	*w.text = elsewhere
	return err
}

// show puts the free text back into a noun that was read; an erased one is empty.
// Where the writer needs the noun for what is essential and has no key, the mark
// stays, and writing the noun again changes nothing of the text.
func (t *tx) show(v any) error {
	w := written(v)
	if w.text == nil || *w.text != elsewhere {
		return nil
	}
	row, err := t.one(`SELECT text FROM texts WHERE noun = ? AND id = ?`, w.noun, w.id)
	if errors.Is(err, bridge.ErrNotFound) {
		*w.text = ""
		return nil
	}
	if err != nil {
		return err
	}
	plain, err := t.open(w.place(), row[0])
	switch {
	case errors.Is(err, bridge.ErrErased):
		*w.text = ""
		return nil
	case t.need == bridge.NeedEssential && (lacks(err) || bridge.CodeOf(err) == bridge.CodeBusy):
		return nil
	case err != nil:
		return err
	}
	*w.text = string(plain)
	return nil
}
