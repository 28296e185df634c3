// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"fmt"

	"github.com/brobygger/brobygger/bridge"
)

// heads is the writer's memory of the few rows that nearly every transaction
// changes. A group of transactions changes them here, many times, and each
// changed row is written once, before the commit. What fn changed is undone when
// fn fails; everything is forgotten when the group does.
type heads struct {
	patients      kept[bridge.PatientID, patientHead]
	parties       kept[bridge.Ref, partyHead]
	conversations kept[bridge.ConversationID, conversationHead]
	claims        kept[bridge.ConsentID, int64]        // how many, by consent
	accounts      kept[bridge.Subject, bridge.Account] // written at once, and kept to be read
	deliveries    kept[deliveryKey, bridge.Delivery]   // likewise
	oldest        int64                                // no event of any log is older; never at start
	oldestBefore  int64                                // as it was before the fn that runs
	entries       int64                                // the newest entry's row, 0 when it is not known
	entriesBefore int64                                // as it was before the fn that runs
}

type deliveryKey struct {
	message   bridge.MessageID
	recipient bridge.Ref
}

// patientHead is the changing part of a patient's row.
type patientHead struct {
	bridge.Head
	end
}

// partyHead is the row of a party's log.
type partyHead struct {
	oldest, newest uint64
	end
}

// conversationHead is the part of a conversation that each message changes.
type conversationHead struct {
	last    uint64 // seq given out
	changed int64
	placed  uint64 // seq of the newest message
	end
}

// mostKept bounds each kind of row; when there are more, all are forgotten.
const mostKept = 50_000

// kept is rows of one kind by key.
type kept[K comparable, V any] struct {
	rows  map[K]V
	dirty map[K]bool
	past  []before[K, V] // what the fn that runs has changed, oldest first
}

type before[K comparable, V any] struct {
	key        K
	row        V
	had, dirty bool
}

func (k *kept[K, V]) get(key K) (V, bool) {
	row, ok := k.rows[key]
	return row, ok
}

// load keeps a row as it was read.
func (k *kept[K, V]) load(key K, row V) {
	if k.rows == nil {
		k.rows, k.dirty = map[K]V{}, map[K]bool{}
	}
	k.rows[key] = row
}

// put changes a row.
func (k *kept[K, V]) put(key K, row V) {
	old, had := k.rows[key]
	k.past = append(k.past, before[K, V]{key, old, had, k.dirty[key]})
	k.load(key, row)
	k.dirty[key] = true
}

// note keeps a row as it was just written: it need not be written again.
func (k *kept[K, V]) note(key K, row V) {
	old, had := k.rows[key]
	k.past = append(k.past, before[K, V]{key, old, had, k.dirty[key]})
	k.load(key, row)
}

// undo takes back what was put since the last settle.
func (k *kept[K, V]) undo() {
	for i := len(k.past) - 1; i >= 0; i-- {
		b := k.past[i]
		if b.had {
			k.rows[b.key] = b.row
		} else {
			delete(k.rows, b.key)
		}
		if !b.dirty {
			delete(k.dirty, b.key)
		}
	}
	k.settle()
}

func (k *kept[K, V]) settle() { k.past = k.past[:0] }

func (k *kept[K, V]) forget() {
	clear(k.rows)
	clear(k.dirty)
	k.settle()
}

// clean says that the rows are in the database now.
func (k *kept[K, V]) clean() {
	clear(k.dirty)
	if len(k.rows) > mostKept {
		clear(k.rows)
	}
}

// write calls f with each changed row. The rows stay changed: the caller may be
// inside a savepoint that is rolled back.
func (k *kept[K, V]) write(f func(K, V) error) error {
	for key := range k.dirty {
		if err := f(key, k.rows[key]); err != nil {
			return err
		}
	}
	return nil
}

func (h *heads) undo() {
	h.patients.undo()
	h.parties.undo()
	h.conversations.undo()
	h.claims.undo()
	h.accounts.undo()
	h.deliveries.undo()
	h.oldest = h.oldestBefore
	h.entries = h.entriesBefore
}

func (h *heads) settle() {
	h.patients.settle()
	h.parties.settle()
	h.conversations.settle()
	h.claims.settle()
	h.accounts.settle()
	h.deliveries.settle()
	h.oldestBefore = h.oldest
	h.entriesBefore = h.entries
}

func (h *heads) forget() {
	h.patients.forget()
	h.parties.forget()
	h.conversations.forget()
	h.claims.forget()
	h.accounts.forget()
	h.deliveries.forget()
	h.oldest, h.oldestBefore = never, never
	h.entries, h.entriesBefore = 0, 0
}

func (h *heads) clean() {
	h.patients.clean()
	h.parties.clean()
	h.conversations.clean()
	h.claims.clean()
	h.accounts.clean()
	h.deliveries.clean()
}

// flush writes every changed row.
func (h *heads) flush(c *conn) error {
	err := h.patients.write(func(id bridge.PatientID, p patientHead) error {
		_, err := c.exec(`UPDATE patients SET epoch = ?, seq = ?, head = ?, last = ?, mile = ? WHERE id = ?`,
			int64(p.Epoch), int64(p.Seq), p.Hash[:], p.last, p.mile, string(id))
		return err
	})
	if err != nil {
		return fmt.Errorf("writing patients' heads: %w", err)
	}
	if err := h.flushParties(c); err != nil {
		return err
	}
	if err := h.flushConversations(c); err != nil {
		return err
	}
	err = h.claims.write(func(id bridge.ConsentID, n int64) error {
		_, err := c.exec(`INSERT INTO consent_claims (consent, n) VALUES (?, ?)
			ON CONFLICT (consent) DO UPDATE SET n = excluded.n`, string(id), n)
		return err
	})
	if err != nil {
		return fmt.Errorf("writing counts of claims: %w", err)
	}
	return nil
}

func (h *heads) flushParties(c *conn) error {
	err := h.parties.write(func(party bridge.Ref, p partyHead) error {
		_, err := c.exec(`INSERT INTO event_heads (party, oldest, newest, last, mile) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (party) DO UPDATE SET oldest = excluded.oldest, newest = excluded.newest,
				last = excluded.last, mile = excluded.mile`,
			string(party), int64(p.oldest), int64(p.newest), p.last, p.mile)
		return err
	})
	if err != nil {
		return fmt.Errorf("writing heads of logs: %w", err)
	}
	return nil
}

func (h *heads) flushConversations(c *conn) error {
	err := h.conversations.write(func(id bridge.ConversationID, p conversationHead) error {
		_, err := c.exec(`UPDATE conversations SET last_seq = ?, changed = ?, placed = ?, last = ?, mile = ? WHERE id = ?`,
			int64(p.last), p.changed, int64(p.placed), p.end.last, p.mile, string(id))
		return err
	})
	if err != nil {
		return fmt.Errorf("writing heads of conversations: %w", err)
	}
	return nil
}
