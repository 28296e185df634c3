// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"fmt"

	"github.com/brobygger/brobygger/bridge"
)

// heads is the writer's memory of the few rows that nearly every transaction
// changes. A group of transactions changes them here, many times, and each commit
// writes those that it changed to the tail, in one row; now and then one writes
// all to their own tables. What fn changed is undone when fn fails; everything is
// forgotten, and read again, when the group does.
type heads struct {
	known         bool  // the tail has been read
	first, last   int64 // rows of the tail
	written       bool  // the group that runs has written all to their tables
	added         bool  // it has put a row behind the tail
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

// table is what all kinds of rows have in common.
type table interface {
	undo()
	undoAll()
	settle()
	forget()
	kept(written bool)
	lates() int
}

func (h *heads) each(f func(table)) {
	f(&h.patients)
	f(&h.parties)
	f(&h.conversations)
	f(&h.claims)
	f(&h.accounts)
	f(&h.deliveries)
}

// undo takes back what the fn that runs has changed.
func (h *heads) undo() {
	h.each(table.undo)
	h.oldest, h.entries = h.oldestBefore, h.entriesBefore
}

// settle says that fn is over.
func (h *heads) settle() {
	h.each(table.settle)
	h.oldestBefore, h.entriesBefore = h.oldest, h.entries
}

// undoAll takes back what the group has changed.
func (h *heads) undoAll() {
	h.each(table.undoAll)
	h.oldest, h.oldestBefore = never, never
	h.entries, h.entriesBefore = 0, 0
}

// forget is for when it is not known what the database holds.
func (h *heads) forget() {
	h.each(table.forget)
	h.oldest, h.oldestBefore = never, never
	h.entries, h.entriesBefore = 0, 0
	h.known = false
}

// recall reads what was forgotten: the heads that are in no table yet.
func (h *heads) recall(c *conn, t *tails) error {
	if h.known {
		return nil
	}
	all, first, last, err := readTails(c)
	if err != nil {
		return err
	}
	for i, one := range all {
		h.patients.restore(one.patients)
		h.parties.restore(one.parties)
		h.conversations.restore(one.conversations)
		h.claims.restore(one.claims)
		t.put(first+1+int64(i), one)
	}
	h.first, h.last, h.known = first, last, true
	return nil
}

// How long the tail may become.
const (
	mostTails = 64   // rows of the table
	mostLate  = 8192 // heads that their tables do not have
)

// keep writes what the group has changed: behind the tail, or, when that is long,
// everything to its own table.
func (h *heads) keep(c *conn, t *tails) error {
	late := 0
	h.each(func(x table) { late += x.lates() })
	if h.written = h.first == 0 || h.last-h.first >= mostTails || late > mostLate; h.written {
		return h.flush(c)
	}
	one := &changes{h.patients.changed(), h.parties.changed(), h.conversations.changed(), h.claims.changed()}
	if one.none() {
		return nil
	}
	h.last++
	h.added = true
	t.put(h.last, one)
	if _, err := c.exec(`INSERT INTO tails (number, doc) VALUES (?, ?)`, h.last, one.encoded()); err != nil {
		return fmt.Errorf("writing a tail: %w", err)
	}
	return nil
}

// kept says that the group is in the database now.
func (h *heads) kept(t *tails) {
	if h.written {
		t.forget(h.first) // those behind it are still read by views that began before
		h.first = h.last
	}
	h.each(func(x table) { x.kept(h.written) })
	h.written, h.added = false, false
}

// lost says that the group is not in the database, or that this is not known.
func (h *heads) lost(t *tails) {
	if h.added {
		t.drop(h.last)
	}
	h.written, h.added = false, false
	h.forget()
}

// flush writes every head to its table, and begins the tail anew.
func (h *heads) flush(c *conn) error {
	if err := h.flushPatients(c); err != nil {
		return err
	}
	if err := h.flushParties(c); err != nil {
		return err
	}
	if err := h.flushConversations(c); err != nil {
		return err
	}
	if err := h.flushClaims(c); err != nil {
		return err
	}
	h.last++
	if _, err := c.exec(`DELETE FROM tails`); err != nil {
		return fmt.Errorf("cutting the tail: %w", err)
	}
	if _, err := c.exec(`INSERT INTO tails (number, doc) VALUES (?, x'')`, h.last); err != nil {
		return fmt.Errorf("beginning a tail: %w", err)
	}
	return nil
}

func (h *heads) flushPatients(c *conn) error {
	err := h.patients.write(func(id bridge.PatientID, p patientHead) error {
		_, err := c.exec(`UPDATE patients SET epoch = ?, seq = ?, head = ?, last = ?, mile = ? WHERE id = ?`,
			int64(p.Epoch), int64(p.Seq), p.Hash[:], p.last, p.mile, string(id))
		return err
	})
	if err != nil {
		return fmt.Errorf("writing patients' heads: %w", err)
	}
	return nil
}

func (h *heads) flushClaims(c *conn) error {
	err := h.claims.write(func(id bridge.ConsentID, n int64) error {
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
