// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package storetest

import (
	"bytes"
	"testing"

	"github.com/brobygger/brobygger/bridge"
)

// send puts messages as they are.
func send(all ...bridge.Message) func(bridge.Tx) error {
	return func(tx bridge.Tx) error {
		for _, m := range all {
			if err := tx.Messages().Put(m); err != nil {
				return err
			}
		}
		return nil
	}
}

// said is an accepted message of conversation c, patient a, at a place.
func said(id bridge.MessageID, c bridge.ConversationID, seq uint64) bridge.Message {
	return bridge.Message{
		ID: id, MID: "mid-" + string(id), Conversation: c, Patient: "a", Seq: seq, Sender: "PractitionerRole/x",
		Parts:    []bridge.Part{{Topics: []bridge.Topic{bridge.TopicHousing}, Text: "hello"}},
		Priority: bridge.Routine, State: bridge.MessageAccepted, SentAt: at(int(seq)), Version: 1, Purpose: bridge.PurposeTreatment,
	}
}

func messages(_ *testing.T, w *world) {
	m := said("m", "c", 1)
	m.Attachments = []bridge.Attachment{{ID: "f", Patient: "a", Owner: "Patient/a", Name: "f.pdf", Type: "application/pdf", Size: 3, At: at(1)}}
	m.Priority, m.ReplyTo, m.AckRequested, m.Case = bridge.Urgent, "before", true, "case-1"
	m.Basis, m.Consents, m.Revision, m.Epoch = "dk.health-act.43", []bridge.ConsentID{"c1", "c2"}, "rev", 7
	w.must("a", everyone("a"))
	c := talk("c", "a", 1)
	c.LastSeq = 1
	w.must("a", open(c))
	w.must("a", send(m))
	read := func(tx bridge.Tx) error {
		got, err1 := tx.Messages().Message("m")
		same(w, "message", got, m)
		got, err2 := tx.Messages().ByMID("PractitionerRole/x", "mid-m")
		same(w, "message by mid", got, m)
		_, err := tx.Messages().ByMID("Patient/a", "mid-m")
		missing(w, "another's mid", err)
		return firstOf(err1, err2)
	}
	w.both(read)
	m.Edited, m.Version, m.Parts, m.Epoch = true, 2, nil, 8
	w.must("a", send(m))
	w.both(read)
}

func messageKeys(_ *testing.T, w *world) {
	w.must("a", everyone("a"))
	c, d := talk("c", "a", 1), talk("d", "a", 1)
	c.LastSeq, d.LastSeq = 2, 1
	w.must("a", open(c, d))
	w.must("a", send(said("m", "c", 1)))
	change := func(f func(*bridge.Message)) func(bridge.Tx) error {
		m := said("m", "c", 1)
		f(&m)
		return send(m)
	}
	w.refused(bridge.CodeConflict, "a", change(func(m *bridge.Message) { m.ID, m.Seq = "n", 2 }))             // the mid was used
	w.refused(bridge.CodeConflict, "a", change(func(m *bridge.Message) { m.ID, m.MID = "n", "other" }))       // the place is taken
	w.refused(bridge.CodeConflict, "a", change(func(m *bridge.Message) { m.MID = "other" }))                  // would free the mid
	w.refused(bridge.CodeConflict, "a", change(func(m *bridge.Message) { m.Sender = "Patient/a" }))           //
	w.refused(bridge.CodeConflict, "a", change(func(m *bridge.Message) { m.Conversation, m.Seq = "d", 1 }))   // would leave a gap
	w.refused(bridge.CodeConflict, "a", change(func(m *bridge.Message) { m.ID, m.MID, m.Seq = "n", "n", 3 })) // place 2 is free
	w.refused(bridge.CodeConflict, "a", change(func(m *bridge.Message) { m.Seq = 2 }))                        // has a place
	w.refused(bridge.CodeConflict, "a", change(func(m *bridge.Message) { m.Seq = 0 }))                        //
	w.refused(bridge.CodeNotFound, "a", change(func(m *bridge.Message) { m.ID, m.MID, m.Conversation = "n", "n", "no" }))
	w.must("a", change(func(m *bridge.Message) { m.ID, m.Sender, m.Seq = "n", "Patient/a", 2 })) // another sender's mid
	w.must("a", change(func(m *bridge.Message) { m.ID, m.MID, m.Conversation = "o", "o", "d" })) // another conversation's place
}

func messageFind(t *testing.T, w *world) {
	w.must("a", everyone("a"))
	c, d := talk("c", "a", 1), talk("d", "a", 1)
	c.LastSeq, d.LastSeq = 5, 1
	w.must("a", open(c, d))
	w.must("a", send(said("m1", "c", 1), said("m2", "c", 2), said("n1", "d", 1), said("m3", "c", 3), said("m4", "c", 4), said("m5", "c", 5)))
	for _, c := range []struct {
		name string
		q    bridge.MessageQuery
		want []bridge.MessageID
	}{
		{"of a conversation", bridge.MessageQuery{Conversation: "c"}, []bridge.MessageID{"m1", "m2", "m3", "m4", "m5"}},
		{"after", bridge.MessageQuery{Conversation: "c", After: 3}, []bridge.MessageID{"m4", "m5"}},
		{"after, at most one", bridge.MessageQuery{Conversation: "c", After: 1, Limit: 1}, []bridge.MessageID{"m2"}},
		{"before", bridge.MessageQuery{Conversation: "c", Before: 3}, []bridge.MessageID{"m1", "m2"}},
		{"before, the newest two", bridge.MessageQuery{Conversation: "c", Before: 5, Limit: 2}, []bridge.MessageID{"m3", "m4"}},
		{"between", bridge.MessageQuery{Conversation: "c", After: 1, Before: 4}, []bridge.MessageID{"m2", "m3"}},
		{"of a patient", bridge.MessageQuery{Patient: "a", Before: 2}, []bridge.MessageID{"m1", "n1"}},
		{"of another patient", bridge.MessageQuery{Patient: "b"}, nil},
		{"held", bridge.MessageQuery{Conversation: "c", State: bridge.MessageHeld}, nil},
	} {
		t.Run(c.name, func(*testing.T) {
			w.both(func(tx bridge.Tx) error {
				got, err := tx.Messages().Find(c.q)
				same(w, "messages", ids(got), c.want)
				return err
			})
		})
	}
}

func ids(all []bridge.Message) []bridge.MessageID {
	var found []bridge.MessageID
	for _, m := range all {
		found = append(found, m.ID)
	}
	return found
}

func heldMessages(_ *testing.T, w *world) {
	hold := func(id bridge.MessageID, r bridge.RequestID, sent int) bridge.Message {
		m := said(id, "c", 0)
		m.State, m.Request, m.SentAt = bridge.MessageHeld, r, at(sent)
		return m
	}
	w.must("a", everyone("a"))
	w.must("a", open(talk("c", "a", 1)))
	w.must("a", send(hold("m1", "r", 3), hold("m2", "r", 1), hold("m3", "s", 2)))
	find := func(q bridge.MessageQuery, want ...bridge.MessageID) {
		w.t.Helper()
		w.both(func(tx bridge.Tx) error {
			got, err := tx.Messages().Find(q)
			same(w, "messages", ids(got), want)
			return err
		})
	}
	find(bridge.MessageQuery{State: bridge.MessageHeld, Request: "r"}, "m2", "m1")
	find(bridge.MessageQuery{State: bridge.MessageHeld, Patient: "a"}, "m2", "m3", "m1")
	find(bridge.MessageQuery{Conversation: "c"})
	w.must("a", func(tx bridge.Tx) error { // the patient says yes
		m := hold("m1", "r", 3)
		seq, err := tx.Conversations().NextSeq("c", at(9))
		m.Seq, m.State = seq, bridge.MessageAccepted
		return firstOf(err, tx.Messages().Put(m))
	})
	w.must("a", func(tx bridge.Tx) error { // and no
		m := hold("m3", "s", 2)
		m.State, m.Parts = bridge.MessageReturned, nil
		return tx.Messages().Put(m)
	})
	find(bridge.MessageQuery{State: bridge.MessageHeld, Conversation: "c"}, "m2")
	find(bridge.MessageQuery{State: bridge.MessageReturned, Request: "s"}, "m3")
	find(bridge.MessageQuery{Conversation: "c"}, "m1")
	find(bridge.MessageQuery{Request: "r"}, "m1")
}

func amend(_ *testing.T, w *world) {
	w.must("a", everyone("a"))
	c := talk("c", "a", 1)
	c.LastSeq = 1
	m := said("m", "c", 1)
	w.must("a", open(c))
	w.must("a", send(m))
	v1 := bridge.Version{Message: "m", Number: 1, Parts: m.Parts, By: m.Sender, At: at(5), Reason: "typing error"}
	m.Parts, m.Version, m.Edited = []bridge.Part{{Text: "better", Topics: []bridge.Topic{bridge.TopicPractical}}}, 2, true
	w.must("a", func(tx bridge.Tx) error { return tx.Messages().Amend(v1, m) })
	v2 := bridge.Version{Message: "m", Number: 2, Parts: m.Parts, By: m.Sender, At: at(6), Reason: "wrong patient", Retracted: true}
	m.Parts, m.Version, m.Retracted = nil, 3, true
	w.must("a", func(tx bridge.Tx) error { return tx.Messages().Amend(v2, m) })
	w.both(func(tx bridge.Tx) error {
		got, err1 := tx.Messages().Message("m")
		same(w, "message", got, m)
		versions, err2 := tx.Messages().Versions("m")
		same(w, "versions", versions, []bridge.Version{v1, v2})
		none, err3 := tx.Messages().Versions("n")
		same(w, "versions of another", none, nil)
		return firstOf(err1, err2, err3)
	})
	w.refused(bridge.CodeConflict, "a", func(tx bridge.Tx) error { return tx.Messages().Amend(v2, m) })
	w.refused(bridge.CodeNotFound, "a", func(tx bridge.Tx) error {
		return tx.Messages().Amend(bridge.Version{Message: "n", Number: 1}, said("n", "c", 2))
	})
}

func attachments(_ *testing.T, w *world) {
	a := bridge.Attachment{
		ID: "f", Patient: "a", Owner: "Patient/a", Name: "scan.png", Type: "image/png", Size: 4, SHA256: "ab",
		Topics: []bridge.Topic{bridge.TopicSomaticHealth}, At: at(1),
	}
	content := []byte{0, 1, 0, 255}
	empty := bridge.Attachment{ID: "e", Patient: "a", At: at(1)}
	keep := func(a bridge.Attachment, content []byte) {
		w.must("a", func(tx bridge.Tx) error { return tx.Messages().PutAttachment(a, content) })
	}
	read := func(a bridge.Attachment, want []byte) {
		w.t.Helper()
		w.both(func(tx bridge.Tx) error {
			got, bytesOf, err := tx.Messages().Attachment(a.ID, true)
			same(w, "attachment", got, a)
			if !bytes.Equal(bytesOf, want) {
				w.t.Errorf("content is %v, want %v", bytesOf, want)
			}
			if err != nil {
				return err
			}
			got, bytesOf, err = tx.Messages().Attachment(a.ID, false)
			same(w, "attachment without content", got, a)
			same(w, "content that was not wanted", bytesOf, nil)
			return err
		})
	}
	keep(a, content)
	keep(empty, []byte{})
	read(a, content)
	read(empty, nil)
	a.Message = "m"
	keep(a, nil) // a message carries it now: the content stays
	read(a, content)
	large := bytes.Repeat([]byte("0123456789abcdef"), bridge.MaxAttachment/16)
	keep(a, large)
	read(a, large)
}
