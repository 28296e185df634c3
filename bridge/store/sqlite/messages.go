// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"cmp"
	"database/sql/driver"
	"errors"
	"slices"

	"github.com/brobygger/brobygger/bridge"
)

// messages implements bridge.Messages.
type messages struct{ *tx }

const selectMessage = `SELECT doc, epoch FROM messages`

func message(row []driver.Value) (m bridge.Message, err error) {
	err = decode(row[0], &m)
	m.Epoch = uint64(number(row[1]))
	return m, err
}

func (m messages) Message(id bridge.MessageID) (bridge.Message, error) {
	row, err := m.one(selectMessage+` WHERE id = ?`, string(id))
	if err != nil {
		return bridge.Message{}, err
	}
	return message(row)
}

func (m messages) ByMID(sender bridge.Ref, mid string) (bridge.Message, error) {
	row, err := m.one(selectMessage+` WHERE sender = ? AND mid = ?`, string(sender), mid)
	if err != nil {
		return bridge.Message{}, err
	}
	return message(row)
}

// Put implements bridge.Messages. A message keeps its conversation, patient,
// sender, mid and place for ever: a change of them is a conflict too, and so is
// a place other than the next that is free.
func (m messages) Put(v bridge.Message) error {
	var h conversationHead
	if v.Seq > 0 {
		var err error
		if h, err = conversations(m).head(v.Conversation); err != nil {
			return err
		}
		if v.Seq > h.placed+1 {
			return conflict("place behind a free one")
		}
	}
	doc, err := encode(v)
	if err != nil {
		return err
	}
	row := int64(0)
	if v.Seq == 0 || v.Seq == h.placed+1 {
		if row, err = m.add(v, h.end, doc); err != nil {
			return err
		}
	}
	if row == 0 {
		if row, err = m.replace(v, h, doc); err != nil {
			return err
		}
	}
	if v.Seq > h.placed {
		h.placed, h.end = v.Seq, h.after(row, v.Seq)
		m.heads.conversations.put(v.Conversation, h)
	}
	return nil
}

// placeOf is a seq as a column.
func placeOf(seq uint64) any {
	if seq == 0 {
		return nil
	}
	return int64(seq)
}

// add inserts a message behind e and returns its row, 0 when the id is there.
func (m messages) add(v bridge.Message, e end, doc []byte) (int64, error) {
	if err := m.writing(); err != nil {
		return 0, err
	}
	r, err := m.c.run(`INSERT INTO messages
			(id, conversation, seq, prev, mile, patient, sender, mid, state, urgent, sent, request, epoch, doc)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`, []any{
		string(v.ID), string(v.Conversation), placeOf(v.Seq), e.last, e.mile, string(v.Patient), string(v.Sender), v.MID,
		string(v.State), flag(v.Priority == bridge.Urgent), nanos(v.SentAt), orNull(string(v.Request)), int64(v.Epoch), doc,
	})
	if err != nil {
		return 0, m.note(err) // an INSERT that met a key has written nothing
	}
	if n, err := r.RowsAffected(); n == 0 || err != nil {
		return 0, err
	}
	m.wrote = true
	return r.LastInsertId()
}

// replace changes the message with v's id, and gives it its place if it had none.
func (m messages) replace(v bridge.Message, h conversationHead, doc []byte) (int64, error) {
	before := v.Seq
	if v.Seq > h.placed {
		before = 0 // it was held
	}
	row, err := m.one(`SELECT row FROM messages WHERE id = ? AND conversation = ? AND patient = ?
		AND sender = ? AND mid = ? AND seq IS ?`,
		string(v.ID), string(v.Conversation), string(v.Patient), string(v.Sender), v.MID, placeOf(before))
	if errors.Is(err, bridge.ErrNotFound) {
		return 0, conflict("message id was used before, or the place is taken")
	}
	if err != nil {
		return 0, err
	}
	_, err = m.exec(`UPDATE messages SET seq = ?1, prev = iif(seq IS ?1, prev, ?2), mile = iif(seq IS ?1, mile, ?3),
			state = ?4, urgent = ?5, sent = ?6, request = ?7, epoch = ?8, doc = ?9 WHERE row = ?10`,
		placeOf(v.Seq), h.end.last, h.mile, string(v.State), flag(v.Priority == bridge.Urgent), nanos(v.SentAt),
		orNull(string(v.Request)), int64(v.Epoch), doc, number(row[0]))
	return number(row[0]), err
}

func (m messages) Find(q bridge.MessageQuery) ([]bridge.Message, error) {
	if q.State == "" {
		q.State = bridge.MessageAccepted
	}
	switch {
	case q.State != bridge.MessageAccepted || q.Request != "" || q.Conversation == "" && q.Patient == "":
		return m.search(q)
	case q.Conversation != "":
		return m.said(q)
	}
	return m.saidOf(q)
}

// said reads accepted messages of one conversation.
func (m messages) said(q bridge.MessageQuery) ([]bridge.Message, error) {
	h, err := conversations(m).head(q.Conversation)
	if errors.Is(err, bridge.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	most := limit(q.Limit, 100)
	s := between(q.After, most, 1, h.placed, h.end)
	if q.Before > 0 && s.high > 0 {
		s.high = min(q.Before-1, h.placed)
		if s.high >= s.low && s.high-s.low >= uint64(most) {
			s.low = s.high + 1 - uint64(most)
		}
	}
	var all []bridge.Message
	err = m.walk("messages", "seq", "l.doc, l.epoch", s, func(row []driver.Value) error {
		v, err := message(row)
		if q.Patient == "" || v.Patient == q.Patient {
			all = append(all, v)
		}
		return err
	})
	return all, err
}

// saidOf reads accepted messages of all conversations about a patient.
func (m messages) saidOf(q bridge.MessageQuery) ([]bridge.Message, error) {
	var about []bridge.ConversationID
	err := m.each(`SELECT id FROM conversations WHERE patient = ?`, func(row []driver.Value) error {
		about = append(about, bridge.ConversationID(text(row[0])))
		return nil
	}, string(q.Patient))
	if err != nil {
		return nil, err
	}
	var all []bridge.Message
	for _, c := range about {
		one := q
		one.Conversation, one.Patient = c, ""
		some, err := m.said(one)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, func(a, b bridge.Message) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.ID, b.ID))
	})
	if over := len(all) - int(limit(q.Limit, 100)); over > 0 && q.Before > 0 {
		all = all[over:]
	} else if over > 0 {
		all = all[:len(all)-over]
	}
	return all, nil
}

// search reads messages of any state in the table's own order.
func (m messages) search(q bridge.MessageQuery) ([]bridge.Message, error) {
	var f filter
	f.and("state = ?", string(q.State))
	if q.State == bridge.MessageAccepted {
		f.and("seq IS NOT NULL")
	} else {
		f.and("seq IS NULL") // lets SQLite take the index on those
	}
	if q.Conversation != "" {
		f.and("conversation = ?", string(q.Conversation))
	}
	if q.Patient != "" {
		f.and("conversation IN (SELECT id FROM conversations WHERE patient = ?)", string(q.Patient))
	}
	if q.Request != "" {
		f.and("request = ?", string(q.Request))
	}
	if q.After > 0 {
		f.and("seq > ?", int64(q.After))
	}
	order := " ORDER BY sent, id LIMIT ?"
	switch {
	case q.Before > 0:
		f.and("seq < ?", int64(q.Before))
		order = " ORDER BY seq DESC, id DESC LIMIT ?"
	case q.State == bridge.MessageAccepted:
		order = " ORDER BY seq, id LIMIT ?"
	}
	var all []bridge.Message
	err := m.each(selectMessage+f.where+order, func(row []driver.Value) error {
		v, err := message(row)
		all = append(all, v)
		return err
	}, append(f.args, limit(q.Limit, 100))...)
	if q.Before > 0 {
		slices.Reverse(all)
	}
	return all, err
}

// Amend implements bridge.Messages.
func (m messages) Amend(v bridge.Version, by bridge.Message) error {
	if _, err := m.one(`SELECT 1 FROM messages WHERE id = ?`, string(by.ID)); err != nil {
		return err
	}
	doc, err := encode(v)
	if err != nil {
		return err
	}
	_, err = m.exec(`INSERT INTO versions (message, number, doc) VALUES (?, ?, ?)`, string(v.Message), int64(v.Number), doc)
	if err != nil {
		return err
	}
	return m.Put(by)
}

func (m messages) Versions(id bridge.MessageID) ([]bridge.Version, error) {
	return list[bridge.Version](m.tx, `SELECT doc FROM versions WHERE message = ? ORDER BY number`, string(id))
}

func (m messages) PutAttachment(a bridge.Attachment, content []byte) error {
	doc, err := encode(a)
	if err != nil {
		return err
	}
	_, err = m.exec(`INSERT INTO attachments (id, doc) VALUES (?, ?)
		ON CONFLICT (id) DO UPDATE SET doc = excluded.doc`, string(a.ID), doc)
	if err != nil {
		return err
	}
	if content == nil {
		_, err = m.exec(`INSERT OR IGNORE INTO attachment_content (id, content) VALUES (?, x'')`, string(a.ID))
		return err
	}
	_, err = m.exec(`INSERT INTO attachment_content (id, content) VALUES (?, ?)
		ON CONFLICT (id) DO UPDATE SET content = excluded.content`, string(a.ID), content)
	return err
}

func (m messages) Attachment(id bridge.AttachmentID, content bool) (a bridge.Attachment, bytes []byte, err error) {
	if err := m.get(&a, `SELECT doc FROM attachments WHERE id = ?`, string(id)); err != nil || !content {
		return a, nil, err
	}
	row, err := m.one(`SELECT content FROM attachment_content WHERE id = ?`, string(id))
	if err != nil {
		return a, nil, err
	}
	return a, blob(row[0]), nil
}
