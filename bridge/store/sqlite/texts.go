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

// written points at the free texts of a noun, those too that are empty.
func written(v any) []writing {
	switch v := v.(type) {
	case *bridge.Consent:
		return []writing{{"consents", string(v.ID), v.Patient, &v.Evidence.Reason}}
	case *bridge.ConsentRequest:
		return []writing{{"requests", string(v.ID), v.Patient, &v.Reason}}
	case *bridge.Emergency:
		return []writing{{"emergencies", v.ID, v.Patient, &v.Reason}}
	case *bridge.Conversation:
		return []writing{{"conversations", string(v.ID), v.Patient, &v.Subject}}
	case *bridge.Ring:
		return ringTexts(v)
	}
	return nil
}

// hide seals the free texts of a noun that is to be written, and leaves marks.
func (t *tx) hide(v any) error {
	if t.store.options.Sealer == nil {
		return nil
	}
	for _, w := range written(v) {
		if *w.text == "" || *w.text == elsewhere {
			continue
		}
		sealed, err := t.seal(w.place(), []byte(*w.text))
		if err != nil {
			return err
		}
		*w.text = elsewhere
		_, err = t.exec(`INSERT INTO texts (noun, id, patient, text) VALUES (?, ?, ?, ?)
			ON CONFLICT (noun, id) DO UPDATE SET text = excluded.text WHERE patient = excluded.patient`,
			w.noun, w.id, string(w.patient), sealed)
		if err != nil {
			return err
		}
	}
	return nil
}

// show puts the free texts back into a noun that was read; an erased one is empty.
// Where the writer needs the noun for what is essential and has no key, the mark
// stays, and writing the noun again changes nothing of the text.
func (t *tx) show(v any) error {
	for _, w := range written(v) {
		if *w.text == "" {
			continue
		}
		if *w.text != elsewhere {
			if err := t.showPlain(w); err != nil {
				return err
			}
			continue
		}
		plain, err := t.textOf(w)
		switch {
		case errors.Is(err, bridge.ErrErased), errors.Is(err, bridge.ErrNotFound):
			*w.text = ""
		case t.need == bridge.NeedEssential && (lacks(err) || bridge.CodeOf(err) == bridge.CodeBusy):
		case err != nil:
			return err
		default:
			*w.text = string(plain)
		}
	}
	return nil
}

func (t *tx) textOf(w writing) ([]byte, error) {
	row, err := t.one(`SELECT text FROM texts WHERE noun = ? AND id = ?`, w.noun, w.id)
	if err != nil {
		return nil, err
	}
	return t.open(w.place(), row[0])
}

// showPlain is show for a text that stands in the noun itself. Where everything was
// sealed somebody has put it there: it is not shown, and for what is essential what
// was sealed takes its place again.
func (t *tx) showPlain(w writing) error {
	if !t.whole {
		return nil
	}
	err := t.plain(w.place())
	if t.need == bridge.NeedEssential {
		*w.text = elsewhere
		return nil
	}
	return err
}
