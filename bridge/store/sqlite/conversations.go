// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"cmp"
	"database/sql/driver"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// conversations implements bridge.Conversations.
type conversations struct{ *tx }

const selectConversation = `SELECT doc, last_seq, changed FROM conversations`

// conversation reads a row, with the head as it is now.
func (c conversations) conversation(row []driver.Value) (v bridge.Conversation, err error) {
	if err := decode(row[0], &v); err != nil {
		return v, err
	}
	if err := c.show(&v); err != nil {
		return v, err
	}
	h, ok, err := c.newest(v.ID)
	if err != nil {
		return v, err
	}
	if !ok {
		h = conversationHead{last: uint64(number(row[1])), changed: number(row[2])}
	}
	v.LastSeq = h.last
	if h.changed != nanos(v.ChangedAt) {
		v.ChangedAt = instant(h.changed)
	}
	return v, nil
}

// newest is a head that may be newer than its row.
func (c conversations) newest(id bridge.ConversationID) (conversationHead, bool, error) {
	if c.heads != nil {
		h, ok := c.heads.conversations.get(id)
		return h, ok, nil
	}
	return changed(c.tx, func(c *changes) map[bridge.ConversationID]conversationHead { return c.conversations }, id)
}

func (c conversations) Conversation(id bridge.ConversationID) (bridge.Conversation, error) {
	row, err := c.one(selectConversation+` WHERE id = ?`, string(id))
	if err != nil {
		return bridge.Conversation{}, err
	}
	return c.conversation(row)
}

func (c conversations) ByMID(opener bridge.Ref, mid string) (bridge.Conversation, error) {
	row, err := c.one(selectConversation+` WHERE opener = ? AND mid = ?`, string(opener), mid)
	if err != nil {
		return bridge.Conversation{}, err
	}
	return c.conversation(row)
}

// head returns the changing part of a conversation's row.
func (c conversations) head(id bridge.ConversationID) (h conversationHead, err error) {
	if err := c.usable(); err != nil {
		return h, err
	}
	if h, ok, err := c.newest(id); ok || err != nil {
		return h, err
	}
	row, err := c.one(`SELECT last_seq, changed, placed, last, mile FROM conversations WHERE id = ?`, string(id))
	if err != nil {
		return h, err
	}
	h = conversationHead{uint64(number(row[0])), number(row[1]), uint64(number(row[2])), end{number(row[3]), number(row[4])}}
	if c.heads != nil {
		c.heads.conversations.load(id, h)
	}
	return h, nil
}

// Put implements bridge.Conversations. The patient and the opener's id of a
// conversation never change: a conflict.
func (c conversations) Put(v bridge.Conversation) error {
	if err := c.hide(&v); err != nil {
		return err
	}
	doc, err := encode(v)
	if err != nil {
		return err
	}
	h, err := c.head(v.ID)
	if err != nil && !errors.Is(err, bridge.ErrNotFound) {
		return err
	}
	h.last, h.changed = v.LastSeq, nanos(v.ChangedAt)
	n, err := c.exec(`INSERT INTO conversations (id, patient, opener, mid, last_seq, changed, placed, last, mile, doc)
		VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0, ?)
		ON CONFLICT (id) DO UPDATE SET last_seq = excluded.last_seq, changed = excluded.changed, doc = excluded.doc
		WHERE patient = excluded.patient AND opener = excluded.opener AND mid = excluded.mid`,
		string(v.ID), string(v.Patient), string(v.OpenedBy), v.MID, int64(h.last), h.changed, doc)
	if err != nil {
		return err
	}
	if n == 0 {
		return conflict("conversation id was used before")
	}
	c.heads.conversations.put(v.ID, h)
	if _, err := c.exec(`DELETE FROM participants WHERE conversation = ?`, string(v.ID)); err != nil {
		return err
	}
	for _, p := range v.Participants {
		_, err := c.exec(`INSERT OR IGNORE INTO participants (party, conversation) VALUES (?, ?)`, string(p), string(v.ID))
		if err != nil {
			return err
		}
	}
	return nil
}

// Find implements bridge.Conversations. The order is that of the heads, which may
// be ahead of the rows.
func (c conversations) Find(q bridge.ConversationQuery) ([]bridge.Conversation, error) {
	var f filter
	if q.Patient != "" {
		f.and("patient = ?", string(q.Patient))
	}
	if q.Participant != "" {
		f.and("id IN (SELECT conversation FROM participants WHERE party = ?)", string(q.Participant))
	}
	type found struct {
		id      bridge.ConversationID
		changed int64
	}
	var some []found
	err := c.each(`SELECT id, changed FROM conversations`+f.where, func(row []driver.Value) error {
		x := found{bridge.ConversationID(text(row[0])), number(row[1])}
		h, ok, err := c.newest(x.id)
		if ok {
			x.changed = h.changed
		}
		if q.Before.IsZero() || x.changed < nanos(q.Before) {
			some = append(some, x)
		}
		return err
	}, f.args...)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(some, func(a, b found) int { return cmp.Or(cmp.Compare(b.changed, a.changed), cmp.Compare(a.id, b.id)) })
	var all []bridge.Conversation
	for _, x := range some[:min(len(some), int(limit(q.Limit, 50)))] {
		v, err := c.Conversation(x.id)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

func (c conversations) NextSeq(id bridge.ConversationID, at time.Time) (uint64, error) {
	if err := c.headed(); err != nil {
		return 0, err
	}
	h, err := c.head(id)
	if err != nil {
		return 0, err
	}
	h.last++
	h.changed = nanos(at)
	c.heads.conversations.put(id, h)
	return h.last, nil
}

func (c conversations) SetMark(id bridge.ConversationID, m bridge.Mark) error {
	_, err := c.exec(`INSERT INTO marks (conversation, party, seq) VALUES (?, ?, ?)
		ON CONFLICT (conversation, party) DO UPDATE SET seq = excluded.seq`,
		string(id), string(m.Party), int64(m.Seq))
	return err
}

func (c conversations) Marks(id bridge.ConversationID) ([]bridge.Mark, error) {
	var all []bridge.Mark
	err := c.each(`SELECT party, seq FROM marks WHERE conversation = ? ORDER BY party`, func(row []driver.Value) error {
		all = append(all, bridge.Mark{Party: bridge.Ref(text(row[0])), Seq: uint64(number(row[1]))})
		return nil
	}, string(id))
	return all, err
}

func (c conversations) Unread(id bridge.ConversationID, m bridge.Mark) (n int, urgent bool, err error) {
	h, err := c.head(id)
	if errors.Is(err, bridge.ErrNotFound) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	s := between(m.Seq, math.MaxInt32, 1, h.placed, h.end)
	err = c.walk("messages", "seq", "l.sender, l.urgent", s, func(row []driver.Value) error {
		if text(row[0]) != string(m.Party) {
			n++
			urgent = urgent || number(row[1]) != 0
		}
		return nil
	})
	return n, urgent, err
}
