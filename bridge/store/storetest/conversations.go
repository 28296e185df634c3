// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package storetest

import (
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// talk is a conversation of patient p opened by PractitionerRole/x.
func talk(id bridge.ConversationID, p bridge.PatientID, changed int, participants ...bridge.Ref) bridge.Conversation {
	return bridge.Conversation{
		ID: id, MID: "mid-" + string(id), Patient: p, Purpose: bridge.PurposeTreatment,
		Members: []bridge.Party{{Ref: "PractitionerRole/x"}, {Function: bridge.FunctionCaseworker}}, Participants: participants,
		OpenedBy: "PractitionerRole/x", OpenedAt: at(0), ChangedAt: at(changed),
	}
}

func open(all ...bridge.Conversation) func(bridge.Tx) error {
	return func(tx bridge.Tx) error {
		for _, c := range all {
			if err := tx.Conversations().Put(c); err != nil {
				return err
			}
		}
		return nil
	}
}

func conversations(_ *testing.T, w *world) {
	c := talk("c", "a", 1, "PractitionerRole/x", "PractitionerRole/y")
	c.Case, c.Subject = "case-1", "A meeting"
	w.must("a", everyone("a", "b"))
	w.must("a", open(c))
	read := func(tx bridge.Tx) error {
		got, err1 := tx.Conversations().Conversation("c")
		same(w, "conversation", got, c)
		got, err2 := tx.Conversations().ByMID("PractitionerRole/x", "mid-c")
		same(w, "conversation by mid", got, c)
		_, err := tx.Conversations().ByMID("PractitionerRole/y", "mid-c")
		missing(w, "another's mid", err)
		return firstOf(err1, err2)
	}
	w.both(read)
	c.Participants, c.ChangedAt, c.Subject = c.Participants[1:], at(7), ""
	w.must("a", open(c))
	w.both(read)
	other := talk("d", "a", 1)
	other.MID = "mid-c"
	w.refused(bridge.CodeConflict, "a", open(other)) // one opener, one mid, two conversations
	moved := c
	moved.Patient = "b"
	w.refused(bridge.CodeConflict, "b", open(moved))
	w.both(read)
}

func conversationFind(t *testing.T, w *world) {
	w.must("", everyone("a", "b"))
	w.must("", open(
		talk("c1", "a", 1, "PractitionerRole/x", "Patient/a"), talk("c2", "a", 3, "PractitionerRole/x"),
		talk("c3", "b", 2, "PractitionerRole/x", "PractitionerRole/y"), talk("c4", "b", 4)))
	for _, c := range []struct {
		name string
		q    bridge.ConversationQuery
		want []bridge.ConversationID
	}{
		{"all, last changed first", bridge.ConversationQuery{}, []bridge.ConversationID{"c4", "c2", "c3", "c1"}},
		{"of a patient", bridge.ConversationQuery{Patient: "a"}, []bridge.ConversationID{"c2", "c1"}},
		{"of a participant", bridge.ConversationQuery{Participant: "PractitionerRole/x"}, []bridge.ConversationID{"c2", "c3", "c1"}},
		{"of both", bridge.ConversationQuery{Participant: "PractitionerRole/x", Patient: "b"}, []bridge.ConversationID{"c3"}},
		{"of nobody", bridge.ConversationQuery{Participant: "PractitionerRole/z"}, nil},
		{"before, strictly", bridge.ConversationQuery{Before: at(3)}, []bridge.ConversationID{"c3", "c1"}},
		{"at most one", bridge.ConversationQuery{Limit: 1}, []bridge.ConversationID{"c4"}},
	} {
		t.Run(c.name, func(*testing.T) {
			w.both(func(tx bridge.Tx) error {
				got, err := tx.Conversations().Find(c.q)
				var ids []bridge.ConversationID
				for _, v := range got {
					ids = append(ids, v.ID)
				}
				same(w, "conversations", ids, c.want)
				return err
			})
		})
	}
}

func nextSeq(_ *testing.T, w *world) {
	w.must("a", everyone("a"))
	w.must("a", open(talk("c", "a", 1, "Patient/a"), talk("d", "a", 2, "Patient/a")))
	w.must("a", func(tx bridge.Tx) error {
		for want := uint64(1); want <= 3; want++ {
			got, err := tx.Conversations().NextSeq("c", at(10+int(want)))
			if err != nil {
				return err
			}
			same(w, "seq", got, want)
			if err := put1(tx, "c", got); err != nil {
				return err
			}
		}
		got, err := tx.Conversations().Conversation("c")
		same(w, "last seq within the transaction", got.LastSeq, 3)
		if err != nil {
			return err
		}
		found, err := tx.Conversations().Find(bridge.ConversationQuery{Participant: "Patient/a"})
		same(w, "changed last within the transaction", found[0].ID, "c")
		return err
	})
	w.both(func(tx bridge.Tx) error {
		got, err := tx.Conversations().Conversation("c")
		same(w, "last seq", got.LastSeq, 3)
		same(w, "changed at", got.ChangedAt, at(13))
		if err != nil {
			return err
		}
		found, err := tx.Conversations().Find(bridge.ConversationQuery{Patient: "a"})
		same(w, "changed last", found[0].ID, "c")
		_, none := tx.Conversations().Conversation("e")
		missing(w, "conversation", none)
		return err
	})
}

// put1 puts an accepted message of its own at a place.
func put1(tx bridge.Tx, c bridge.ConversationID, seq uint64) error {
	id := string(c) + "-" + time.Unix(int64(seq), 0).UTC().Format("150405")
	return tx.Messages().Put(bridge.Message{
		ID: bridge.MessageID(id), Conversation: c, Patient: "a", Seq: seq, MID: id,
		Sender: "PractitionerRole/x", State: bridge.MessageAccepted, SentAt: at(int(seq)), Version: 1,
	})
}

func marks(_ *testing.T, w *world) {
	w.must("a", func(tx bridge.Tx) error {
		c := tx.Conversations()
		return firstOf(c.SetMark("c", bridge.Mark{Party: "Patient/b", Seq: 2}), c.SetMark("c", bridge.Mark{Party: "Patient/a", Seq: 1}),
			c.SetMark("d", bridge.Mark{Party: "Patient/a", Seq: 9}), c.SetMark("c", bridge.Mark{Party: "Patient/b", Seq: 4}))
	})
	w.both(func(tx bridge.Tx) error {
		got, err := tx.Conversations().Marks("c")
		same(w, "marks", got, []bridge.Mark{{Party: "Patient/a", Seq: 1}, {Party: "Patient/b", Seq: 4}})
		none, err2 := tx.Conversations().Marks("e")
		same(w, "marks of another", none, nil)
		return firstOf(err, err2)
	})
}

func unread(t *testing.T, w *world) {
	w.must("a", everyone("a"))
	w.must("a", open(talk("c", "a", 1)))
	w.must("a", func(tx bridge.Tx) error {
		for i, m := range []bridge.Message{
			{Sender: "Patient/a", Priority: bridge.Routine},
			{Sender: "Patient/a", Priority: bridge.Urgent},
			{Sender: "Patient/b", Priority: bridge.Routine},
		} {
			seq, err := tx.Conversations().NextSeq("c", at(i))
			if err != nil {
				return err
			}
			m.ID, m.MID = bridge.MessageID(rune('m'+i)), "mid"+string(rune('a'+i))
			m.Conversation, m.Patient, m.Seq, m.State = "c", "a", seq, bridge.MessageAccepted
			if err := tx.Messages().Put(m); err != nil {
				return err
			}
		}
		return tx.Messages().Put(bridge.Message{
			ID: "h", MID: "h", Conversation: "c", Patient: "a", Sender: "Patient/a",
			State: bridge.MessageHeld, Priority: bridge.Urgent,
		})
	})
	for _, c := range []struct {
		mark   bridge.Mark
		n      int
		urgent bool
	}{
		{bridge.Mark{Party: "Patient/c"}, 3, true},
		{bridge.Mark{Party: "Patient/c", Seq: 1}, 2, true},
		{bridge.Mark{Party: "Patient/c", Seq: 2}, 1, false},
		{bridge.Mark{Party: "Patient/c", Seq: 3}, 0, false},
		{bridge.Mark{Party: "Patient/a"}, 1, false},
	} {
		w.both(func(tx bridge.Tx) error {
			n, urgent, err := tx.Conversations().Unread("c", c.mark)
			if n != c.n || urgent != c.urgent {
				t.Errorf("behind %v: got %d, %t, want %d, %t", c.mark, n, urgent, c.n, c.urgent)
			}
			return err
		})
	}
}
