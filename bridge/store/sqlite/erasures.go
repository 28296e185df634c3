// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

var errUnsealed = &bridge.Error{Code: bridge.CodeBusy, Message: "rows of before there were keys are still being sealed"}

// erasureID is a patient's one of each kind.
func erasureID(e bridge.Erasure) string {
	if e.Log {
		return "all/" + string(e.Patient)
	}
	return "content/" + string(e.Patient)
}

// Erasures implements bridge.Consents.
func (c consents) Erasures() ([]bridge.Erasure, error) {
	return list[bridge.Erasure](c.tx, `SELECT doc FROM erasures ORDER BY at, id`)
}

// putErasure keeps an erasure, and unless it is done takes away what no key seals.
func (c consents) putErasure(e bridge.Erasure) error {
	if !e.Done {
		if err := c.wipe(e); err != nil {
			return err
		}
	}
	doc, err := encode(e)
	if err != nil {
		return err
	}
	_, err = c.exec(`INSERT INTO erasures (id, at, doc) VALUES (?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET at = excluded.at, doc = excluded.doc`, erasureID(e), nanos(e.At), doc)
	return err
}

func (c consents) wipe(e bridge.Erasure) error {
	done, err := c.allSealed()
	if err != nil {
		return err
	}
	if !done {
		return errUnsealed
	}
	if err := c.expire(e.Patient); err != nil {
		return err
	}
	if _, err := c.exec(`DELETE FROM texts WHERE patient = ?`, string(e.Patient)); err != nil || !e.Log {
		return err
	}
	if err := c.resealOf(e.Patient); err != nil {
		return err
	}
	return c.anonymous(e.Patient)
}

// expire ends the pending deliveries of a patient's messages (I8).
func (c consents) expire(p bridge.PatientID) error {
	var talks []bridge.ConversationID
	err := c.each(`SELECT id FROM conversations WHERE patient = ?`, func(v []driver.Value) error {
		talks = append(talks, bridge.ConversationID(text(v[0])))
		return nil
	}, string(p))
	if err != nil {
		return err
	}
	var due []bridge.MessageID
	for _, id := range talks {
		h, err := conversations(c).head(id)
		if err != nil {
			return err
		}
		s := between(0, int64(h.placed)+1, 1, h.placed, h.end)
		err = c.walk("messages", "seq", "l.id", s, func(v []driver.Value) error {
			due = append(due, bridge.MessageID(text(v[0])))
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, id := range due {
		all, err := disclosures(c).Deliveries(bridge.DeliveryQuery{Message: id})
		if err != nil {
			return err
		}
		for _, d := range all {
			if d.State != bridge.DeliveryPending && d.AskedAt.IsZero() {
				continue
			}
			d.State, d.Reasons, d.AskedAt = bridge.DeliveryExpired, []bridge.Code{bridge.ReasonErased}, time.Time{}
			if err := disclosures(c).PutDelivery(d); err != nil {
				return err
			}
		}
	}
	return nil
}

// resealOf gives entries that the spare key sealed the patient's own, which goes
// next.
func (c consents) resealOf(p bridge.PatientID) error {
	var all []found
	err := c.each(`SELECT row, seq, entry FROM entries WHERE substr(entry, 1, 1) = x'02' AND patient = ?`, func(v []driver.Value) error {
		all = append(all, found{at: entryPlace(p, uint64(number(v[1]))), row: v[0], plain: append([]byte(nil), blob(v[2])...)})
		return nil
	}, string(p))
	if err != nil {
		return err
	}
	for _, f := range all {
		plain, err := c.open(f.at, f.plain)
		if err != nil {
			return err
		}
		kept, err := c.seal(f.at, plain)
		if err != nil {
			return err
		}
		if _, err := c.exec(`UPDATE entries SET entry = ? WHERE row = ?`, kept, number(f.row)); err != nil {
			return err
		}
	}
	return nil
}

// anonymous removes who a patient is, and what was decided about them. The row
// stays: the chain's end is in it.
func (c consents) anonymous(p bridge.PatientID) error {
	doc, err := encode(bridge.Patient{ID: p})
	if err != nil {
		return err
	}
	if _, err := c.exec(`UPDATE patients SET doc = ? WHERE id = ?`, doc, string(p)); err != nil {
		return err
	}
	if err := c.signedOff(p); err != nil {
		return err
	}
	for _, query := range []string{
		`DELETE FROM patient_identifiers WHERE patient = ?`,
		`DELETE FROM related_persons WHERE patient = ?`,
		`DELETE FROM care_teams WHERE patient = ?`,
		`DELETE FROM objections WHERE patient = ?`,
		`DELETE FROM emergencies WHERE patient = ?`,
		`DELETE FROM requests WHERE patient = ?`,
		`DELETE FROM decisions WHERE patient = ?`,
		`DELETE FROM consents WHERE patient = ?`,
		`DELETE FROM participants WHERE conversation IN (SELECT id FROM conversations WHERE patient = ?)`,
		`DELETE FROM marks WHERE conversation IN (SELECT id FROM conversations WHERE patient = ?)`,
		`UPDATE messages SET sender = '', mid = id WHERE patient = ?`,
		`DELETE FROM grounds WHERE patient = ?`,
		`DELETE FROM ring_parties WHERE ring IN (SELECT id FROM rings WHERE patient = ?)`,
		`DELETE FROM rings WHERE patient = ?`,
		`DELETE FROM callbacks WHERE patient = ?`,
	} {
		if _, err := c.exec(query, string(p)); err != nil {
			return err
		}
	}
	return c.emptied(p)
}

// signedOff removes the accounts of a patient, and of who acts for them: their names
// at an issuer tell who they are. Whoever is signed in is refused from here on.
func (c consents) signedOff(p bridge.PatientID) error {
	var all []bridge.Subject
	err := c.each(`SELECT issuer, name FROM accounts WHERE person = ?
		OR person IN (SELECT 'RelatedPerson/' || id FROM related_persons WHERE patient = ?)`, func(v []driver.Value) error {
		all = append(all, bridge.Subject{Issuer: text(v[0]), Name: text(v[1])})
		return nil
	}, string(p.Ref()), string(p))
	if err != nil {
		return err
	}
	for _, s := range all {
		if _, err := c.exec(`DELETE FROM accounts WHERE issuer = ? AND name = ?`, s.Issuer, s.Name); err != nil {
			return err
		}
		c.heads.accounts.note(s, bridge.Account{Subject: s, Disabled: true})
	}
	return nil
}

// emptied leaves of a patient's conversations what the places of their messages
// need: not who took part, nor in what.
func (c consents) emptied(p bridge.PatientID) error {
	all, err := list[bridge.Conversation](c.tx, `SELECT doc FROM conversations WHERE patient = ?`, string(p))
	if err != nil {
		return err
	}
	for _, v := range all {
		doc, err := encode(bridge.Conversation{ID: v.ID, MID: string(v.ID), Patient: p})
		if err != nil {
			return err
		}
		if _, err := c.exec(`UPDATE conversations SET opener = '', mid = id, doc = ? WHERE id = ?`, doc, string(v.ID)); err != nil {
			return err
		}
	}
	return nil
}

// mayBeErased wants an erasure behind an entry that no key opens: otherwise
// somebody took the entry away. It knows nothing when there are no keys at all.
func (c *check) mayBeErased(p bridge.PatientID) error {
	if c.store.options.Sealer == nil {
		return nil
	}
	return c.erasedBy(bridge.Erasure{Patient: p, Log: true})
}

func (c *check) erasedBy(e bridge.Erasure) error {
	_, err := c.one(`SELECT 1 FROM erasures WHERE id = ? UNION ALL SELECT 1 FROM meta WHERE key = 'unpaired'`, erasureID(e))
	if errors.Is(err, bridge.ErrNotFound) {
		err = errUnopened
	}
	return err
}

var errUnopened = errors.New("no key opens it, and its patient was not erased")

// sealedMessages wants every message to open in its place, but for those of who was
// erased.
func (c *check) sealedMessages() error {
	if c.store.options.Sealer == nil {
		return nil
	}
	return c.rows(selectMessage, func(v []driver.Value) error {
		m, err := messages{c.tx}.message(v)
		if err == nil && m.Erased {
			if err = c.erasedBy(bridge.Erasure{Patient: m.Patient, Log: true}); err != nil {
				err = c.erasedBy(bridge.Erasure{Patient: m.Patient})
			}
		}
		if err != nil {
			return fmt.Errorf("message %s: %w", text(v[2]), err)
		}
		return nil
	})
}
