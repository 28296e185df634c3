// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
)

// atOnce runs f n times at once and reports the errors.
func atOnce(t *testing.T, n int, f func(i int) error) {
	t.Helper()
	var wg sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}

// exchange is a message from one to the other with all that goes with it.
func exchange(p bridge.PatientID, c bridge.ConversationID, id string) func(bridge.Tx) error {
	return func(tx bridge.Tx) error {
		seq, err := tx.Conversations().NextSeq(c, at(1))
		if err != nil {
			return err
		}
		m := said(bridge.MessageID(id), c, seq)
		m.Patient = p
		if err := tx.Messages().Put(m); err != nil {
			return err
		}
		d := bridge.Delivery{Message: m.ID, Recipient: "Patient/both", State: bridge.DeliveryPending}
		_, err1 := tx.Events().Append(bridge.Event{Party: "Patient/both", At: at(1), Message: m.ID})
		_, err2 := tx.Entries().Append(ledger.Entry{Patient: string(p), Time: at(1), Kind: ledger.KindAccepted, Message: id})
		return firstOf(tx.Disclosures().PutDelivery(d), err1, err2)
	}
}

func onePatientAtOnce(t *testing.T, w *world) {
	const writers, each = 32, 8
	ready(w)
	atOnce(t, writers, func(i int) error {
		for k := range each {
			if err := w.Update(context.Background(), "a", exchange("a", "c", fmt.Sprint("m-", i, "-", k))); err != nil {
				return err
			}
		}
		return nil
	})
	w.look(func(tx bridge.Tx) error {
		found, err1 := tx.Messages().Find(bridge.MessageQuery{Conversation: "c", Limit: 2 * writers * each})
		for i, m := range found {
			if m.Seq != uint64(i)+1 {
				return fmt.Errorf("message %d has seq %d", i+1, m.Seq)
			}
		}
		told, err2 := tx.Events().After("Patient/both", 0, 2*writers*each)
		for i, e := range told {
			if e.N != uint64(i)+1 || e.Message != found[i].ID {
				return fmt.Errorf("event %d has n %d and tells of %s, want %s", i+1, e.N, e.Message, found[i].ID)
			}
		}
		head, err3 := tx.Patients().Head("a")
		if len(found) != writers*each || len(told) != writers*each || head.Seq != writers*each {
			t.Errorf("%d messages, %d events, %d entries, want %d", len(found), len(told), head.Seq, writers*each)
		}
		return firstOf(err1, err2, err3)
	})
}

func manyPatientsAtOnce(t *testing.T, w *world) {
	const people, each = 16, 12
	atOnce(t, people, func(i int) error {
		p, c := bridge.PatientID(fmt.Sprint("p", i)), bridge.ConversationID(fmt.Sprint("c", i))
		if err := w.Update(context.Background(), p, everyone(p)); err != nil {
			return err
		}
		if err := w.Update(context.Background(), p, open(talk(c, p, 1))); err != nil {
			return err
		}
		for k := range each {
			if err := w.Update(context.Background(), p, exchange(p, c, fmt.Sprint(c, "-", k))); err != nil {
				return err
			}
		}
		return nil
	})
	w.look(func(tx bridge.Tx) error {
		_, n, err := tx.Events().Bounds("Patient/both")
		same(w, "events of the one who is told of all", n, people*each)
		return err
	})
}

// Half of the functions fail, after they have written. What they wrote is gone,
// and nothing of the others is, though they may have shared a commit.
func failuresBesideSuccesses(t *testing.T, w *world) {
	const writers, each = 16, 16
	ready(w)
	atOnce(t, writers, func(i int) error {
		for k := range each {
			fails := (i+k)%2 == 0
			err := w.Update(context.Background(), "a", func(tx bridge.Tx) error {
				err := exchange("a", "c", fmt.Sprint("m-", i, "-", k))(tx)
				if err == nil && fails {
					err = errOwn
				}
				return err
			})
			if fails != errors.Is(err, errOwn) {
				return fmt.Errorf("writer %d, update %d: got %w", i, k, err)
			}
		}
		return nil
	})
	w.look(func(tx bridge.Tx) error {
		found, err1 := tx.Messages().Find(bridge.MessageQuery{Conversation: "c", Limit: 2 * writers * each})
		head, err2 := tx.Patients().Head("a")
		c, err3 := tx.Conversations().Conversation("c")
		if want := writers * each / 2; len(found) != want || head.Seq != uint64(want) || c.LastSeq != uint64(want) {
			t.Errorf("%d messages, %d entries, last seq %d, want %d", len(found), head.Seq, c.LastSeq, want)
		}
		return firstOf(err1, err2, err3)
	})
}
