// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"database/sql/driver"
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
// sender and mid for ever: a change of them is a conflict too.
func (m messages) Put(v bridge.Message) error {
	doc, err := encode(v)
	if err != nil {
		return err
	}
	var seq any
	if v.Seq > 0 {
		seq = int64(v.Seq)
	}
	n, err := m.exec(`INSERT INTO messages (id, conversation, seq, patient, sender, mid, state, urgent, sent, request, epoch, doc)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, state = excluded.state, urgent = excluded.urgent,
			sent = excluded.sent, request = excluded.request, epoch = excluded.epoch, doc = excluded.doc
		WHERE conversation = excluded.conversation AND patient = excluded.patient
			AND sender = excluded.sender AND mid = excluded.mid`,
		string(v.ID), string(v.Conversation), seq, string(v.Patient), string(v.Sender), v.MID, string(v.State),
		flag(v.Priority == bridge.Urgent), nanos(v.SentAt), orNull(string(v.Request)), int64(v.Epoch), doc)
	if err == nil && n == 0 {
		err = conflict("message id was used before")
	}
	return err
}

func (m messages) Find(q bridge.MessageQuery) ([]bridge.Message, error) {
	var f filter
	state := q.State
	if state == "" {
		state = bridge.MessageAccepted
	}
	f.and("state = ?", string(state))
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
	order := " ORDER BY seq, id LIMIT ?"
	backwards := q.Before > 0
	switch {
	case backwards:
		f.and("seq < ?", int64(q.Before))
		order = " ORDER BY seq DESC, id DESC LIMIT ?"
	case state != bridge.MessageAccepted:
		order = " ORDER BY sent, id LIMIT ?"
	}
	// The planner takes an index on places only when told that there is one.
	if state == bridge.MessageAccepted {
		f.and("seq IS NOT NULL")
	} else {
		f.and("seq IS NULL")
	}
	var all []bridge.Message
	err := m.each(selectMessage+f.where+order, func(row []driver.Value) error {
		v, err := message(row)
		all = append(all, v)
		return err
	}, append(f.args, limit(q.Limit, 100))...)
	if backwards {
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
