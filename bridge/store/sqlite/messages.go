// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"cmp"
	"database/sql/driver"
	"errors"
	"slices"
	"strconv"

	"github.com/brobygger/brobygger/bridge"
)

// messages implements bridge.Messages.
type messages struct{ *tx }

const selectMessage = `SELECT doc, epoch, id, patient FROM messages`

// message reads doc, epoch, id and patient.
func (m messages) message(row []driver.Value) (v bridge.Message, err error) {
	id := bridge.MessageID(text(row[2]))
	doc, err := m.open(messageDoc(bridge.PatientID(text(row[3])), id), row[0])
	if errors.Is(err, bridge.ErrErased) {
		return m.erased(id)
	}
	if err == nil {
		err = decode(doc, &v)
	}
	v.Epoch = uint64(number(row[1]))
	return v, err
}

func messageDoc(p bridge.PatientID, id bridge.MessageID) bridge.Place {
	return bridge.Place{Patient: p, Kind: bridge.KeyContent, Table: "messages", Column: "doc", Row: string(id)}
}

// erased is what is left of a message whose key was destroyed.
func (m messages) erased(id bridge.MessageID) (bridge.Message, error) {
	row, err := m.one(`SELECT conversation, seq, patient, sender, mid, state, urgent, sent, request FROM messages WHERE id = ?`, string(id))
	if err != nil {
		return bridge.Message{}, err
	}
	v := bridge.Message{
		ID: id, Conversation: bridge.ConversationID(text(row[0])), Seq: uint64(number(row[1])), Patient: bridge.PatientID(text(row[2])),
		Sender: bridge.Ref(text(row[3])), MID: text(row[4]), State: bridge.MessageState(text(row[5])), Priority: bridge.Routine,
		SentAt: instant(number(row[7])), Request: bridge.RequestID(text(row[8])), Erased: true,
	}
	if number(row[6]) != 0 {
		v.Priority = bridge.Urgent
	}
	return v, nil
}

func (m messages) Message(id bridge.MessageID) (bridge.Message, error) {
	row, err := m.one(selectMessage+` WHERE id = ?`, string(id))
	if err != nil {
		return bridge.Message{}, err
	}
	return m.message(row)
}

func (m messages) ByMID(sender bridge.Ref, mid string) (bridge.Message, error) {
	row, err := m.one(selectMessage+` WHERE sender = ? AND mid = ?`, string(sender), mid)
	if err != nil {
		return bridge.Message{}, err
	}
	return m.message(row)
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
	doc, err := m.encode(messageDoc(v.Patient, v.ID), v)
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
	err = m.walk("messages", "seq", "l.doc, l.epoch, l.id, l.patient", s, func(row []driver.Value) error {
		v, err := m.message(row)
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
		v, err := m.message(row)
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
	doc, err := m.encode(versionDoc(by.Patient, v.Message, int64(v.Number)), v)
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
	var all []bridge.Version
	err := m.each(`SELECT v.doc, v.number, m.patient FROM versions v JOIN messages m ON m.id = v.message
		WHERE v.message = ? ORDER BY v.number`, func(row []driver.Value) error {
		var v bridge.Version
		err := m.decode(versionDoc(bridge.PatientID(text(row[2])), id, number(row[1])), row[0], &v)
		all = append(all, v)
		return err
	}, string(id))
	return all, err
}

func versionDoc(p bridge.PatientID, id bridge.MessageID, n int64) bridge.Place {
	return bridge.Place{Patient: p, Kind: bridge.KeyContent, Table: "versions", Column: "doc", Row: string(id) + "/" + strconv.FormatInt(n, 10)}
}

func attachmentPlace(p bridge.PatientID, id bridge.AttachmentID, table, column string) bridge.Place {
	return bridge.Place{Patient: p, Kind: bridge.KeyContent, Table: table, Column: column, Row: string(id)}
}

func (m messages) PutAttachment(a bridge.Attachment, content []byte) error {
	doc, err := m.encode(attachmentPlace(a.Patient, a.ID, "attachments", "doc"), a)
	if err != nil {
		return err
	}
	_, err = m.exec(`INSERT INTO attachments (id, patient, doc) VALUES (?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET doc = excluded.doc, patient = excluded.patient`, string(a.ID), string(a.Patient), doc)
	if err != nil {
		return err
	}
	query := `INSERT INTO attachment_content (id, content) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET content = excluded.content`
	if content == nil {
		content, query = []byte{}, `INSERT OR IGNORE INTO attachment_content (id, content) VALUES (?, ?)`
	}
	if content, err = m.seal(attachmentPlace(a.Patient, a.ID, "attachment_content", "content"), content); err != nil {
		return err
	}
	_, err = m.exec(query, string(a.ID), content)
	return err
}

func (m messages) Attachment(id bridge.AttachmentID, content bool) (a bridge.Attachment, bytes []byte, err error) {
	row, err := m.one(`SELECT doc, patient FROM attachments WHERE id = ?`, string(id))
	if err != nil {
		return a, nil, err
	}
	p := bridge.PatientID(text(row[1]))
	if err := m.decode(attachmentPlace(p, id, "attachments", "doc"), row[0], &a); err != nil || !content {
		return a, nil, err
	}
	if row, err = m.one(`SELECT content FROM attachment_content WHERE id = ?`, string(id)); err != nil {
		return a, nil, err
	}
	bytes, err = m.open(attachmentPlace(p, id, "attachment_content", "content"), row[0])
	return a, bytes, err
}
