// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite_test

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 123456789, time.UTC)

func newTalk(p bridge.PatientID, c bridge.ConversationID) func(bridge.Tx) error {
	return func(tx bridge.Tx) error {
		return tx.Conversations().Put(bridge.Conversation{
			ID: c, MID: string(c), Patient: p, Purpose: bridge.PurposeTreatment,
			OpenedBy: from(p), Participants: []bridge.Ref{from(p), to(p)}, OpenedAt: noon, ChangedAt: noon,
		})
	}
}

func from(p bridge.PatientID) bridge.Ref { return bridge.Ref("PractitionerRole/gp-of-" + string(p)) }

func to(p bridge.PatientID) bridge.Ref { return bridge.Ref("PractitionerRole/nurse-of-" + string(p)) }

// textOf is as long as a message of everyday.
var textOf = strings.Repeat("The patient was home with the new medication. ", 6)

// accepted is what one message writes when it is taken: message, delivery, an
// event for each of the two, entry.
func accepted(p bridge.PatientID, c bridge.ConversationID, n int) func(bridge.Tx) error {
	return func(tx bridge.Tx) error {
		id := fmt.Sprintf("%012d-%s", n, c)
		seq, err := tx.Conversations().NextSeq(c, noon)
		if err != nil {
			return err
		}
		m := bridge.Message{
			ID: bridge.MessageID(id), Conversation: c, Patient: p, Seq: seq, MID: id, Sender: from(p),
			Parts:    []bridge.Part{{Topics: []bridge.Topic{bridge.TopicMedication}, Text: textOf}},
			Priority: bridge.Routine, State: bridge.MessageAccepted, SentAt: noon, Version: 1,
			Purpose: bridge.PurposeTreatment, Basis: "dk.health-act.43", Consents: consentsOf(p), Revision: "r1", Epoch: 1,
		}
		d := bridge.Delivery{Message: m.ID, Recipient: to(p), State: bridge.DeliveryPending, Basis: m.Basis, Consents: m.Consents}
		if err := errors.Join(tx.Messages().Put(m), tx.Disclosures().PutDelivery(d)); err != nil {
			return err
		}
		for _, party := range []bridge.Ref{from(p), to(p)} {
			e := bridge.Event{Party: party, Kind: bridge.EventMessage, At: noon, Patient: p, Conversation: c, Message: m.ID, By: m.Sender}
			if _, err := tx.Events().Append(e); err != nil {
				return err
			}
		}
		_, err = tx.Entries().Append(entry(ledger.KindAccepted, p, c, id))
		return err
	}
}

func consentsOf(p bridge.PatientID) []bridge.ConsentID {
	return []bridge.ConsentID{bridge.ConsentID("consent-of-" + string(p))}
}

func entry(k ledger.Kind, p bridge.PatientID, c bridge.ConversationID, id string) ledger.Entry {
	return ledger.Entry{
		Patient: string(p), Time: noon, Kind: k, Action: "send", By: string(from(p)), ByRole: "overlaege", ByOrg: "clinic",
		To: string(to(p)), ToRole: "sygeplejerske", ToOrg: "ward", Purpose: "treatment", Topics: []string{"medication"},
		Conversation: string(c), Message: id, Consents: []string{string(consentsOf(p)[0])}, Epoch: 1, Basis: "dk.health-act.43", Revision: "r1",
	}
}

// disclosed is what handing it over writes: claim, delivery, receipt, entry.
func disclosed(p bridge.PatientID, c bridge.ConversationID, n int) func(bridge.Tx) error {
	return func(tx bridge.Tx) error {
		id := fmt.Sprintf("%012d-%s", n, c)
		e := entry(ledger.KindDisclosed, p, c, id)
		e.Disclosure = "d-" + id
		leaf, err := tx.Entries().Append(e)
		if err != nil {
			return err
		}
		d := bridge.Disclosure{
			ID: bridge.DisclosureID(e.Disclosure), Patient: p, Message: bridge.MessageID(id), Recipient: to(p),
			Session: "s", Beat: 4, Epoch: 1, Seq: leaf.Entry.Seq, Consents: consentsOf(p), State: bridge.DisclosureOpen, ClaimedAt: noon,
		}
		delivery := bridge.Delivery{
			Message: d.Message, Recipient: d.Recipient, State: bridge.DeliveryDelivered,
			Basis: "dk.health-act.43", Consents: d.Consents, ShownAt: noon,
		}
		receipt := bridge.Event{Party: from(p), Kind: bridge.EventReceipt, At: noon, Patient: p, Conversation: c, Message: d.Message, By: to(p)}
		_, err = tx.Events().Append(receipt)
		return errors.Join(err, tx.Disclosures().Claim(d), tx.Disclosures().PutDelivery(delivery))
	}
}

// wholePath is both in one.
func wholePath(p bridge.PatientID, c bridge.ConversationID, n int) func(bridge.Tx) error {
	return func(tx bridge.Tx) error {
		if err := accepted(p, c, n)(tx); err != nil {
			return err
		}
		return disclosed(p, c, n)(tx)
	}
}
