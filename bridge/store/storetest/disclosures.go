// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package storetest

import (
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
)

// claimed claims and appends the entry, as the bridge does.
func claimed(d bridge.Disclosure) func(bridge.Tx) error {
	return func(tx bridge.Tx) error {
		leaf, err := tx.Entries().Append(ledger.Entry{
			Patient: string(d.Patient), Time: d.ClaimedAt, Kind: ledger.KindDisclosed,
			Disclosure: string(d.ID), Message: string(d.Message),
		})
		if err != nil {
			return err
		}
		d.Seq = leaf.Entry.Seq
		return tx.Disclosures().Claim(d)
	}
}

// claim is an open claim of patient p.
func claim(id bridge.DisclosureID, p bridge.PatientID, n int, relied ...bridge.ConsentID) bridge.Disclosure {
	return bridge.Disclosure{
		ID: id, Patient: p, Message: "m", Recipient: "Patient/a", Session: "s", Beat: 4, Epoch: 1,
		Consents: relied, State: bridge.DisclosureOpen, ClaimedAt: at(n),
	}
}

func claims(_ *testing.T, w *world) {
	w.must("", everyone("a", "b"))
	d := claim("d", "a", 2, "c1")
	w.must("a", claimed(d))
	d.Seq = 1
	for _, other := range []bridge.Disclosure{claim("e", "a", 1), claim("f", "b", 1, "c1")} {
		other.Recipient = "Patient/b"
		w.must(other.Patient, claimed(other))
	}
	w.refused(bridge.CodeConflict, "a", claimed(claim("d", "a", 3)))
	open := func(q bridge.DisclosureQuery, want ...bridge.DisclosureID) {
		w.t.Helper()
		w.both(func(tx bridge.Tx) error {
			got, err := tx.Disclosures().Find(q)
			var found []bridge.DisclosureID
			for _, d := range got {
				found = append(found, d.ID)
			}
			same(w, "claims found", found, want)
			return err
		})
	}
	type query = bridge.DisclosureQuery
	const unknown = bridge.DisclosureUnknown
	open(query{Patient: "a"}, "e", "d")
	open(query{}, "e", "f", "d")
	open(query{Patient: "a", Consents: []bridge.ConsentID{"c1", "c9"}}, "d")
	open(query{Patient: "a", Consents: []bridge.ConsentID{"c9"}})
	open(query{Consents: []bridge.ConsentID{"c1"}}, "f", "d")
	open(query{Recipients: []bridge.Ref{"Patient/z", "Patient/b"}}, "e", "f")
	open(query{Recipients: []bridge.Ref{"Patient/z"}})
	open(query{State: unknown})
	closing := func(id bridge.DisclosureID, s bridge.DisclosureState, n int, want bool) {
		w.t.Helper()
		w.must("a", func(tx bridge.Tx) error {
			got, err := tx.Disclosures().Close(id, s, at(n))
			same(w, "closed now", got, want)
			return err
		})
	}
	closing("d", bridge.DisclosureShown, 5, true)
	closing("d", bridge.DisclosureStale, 6, false) // once only
	d.State, d.ClosedAt = bridge.DisclosureShown, at(5)
	w.both(func(tx bridge.Tx) error {
		got, err := tx.Disclosures().Disclosure("d")
		same(w, "disclosure", got, d)
		return err
	})
	open(query{Patient: "a"}, "e")
	closing("e", unknown, 7, true)
	closing("e", unknown, 8, false)
	open(query{Patient: "a"})
	open(query{State: unknown}, "e")
	open(query{State: unknown, Patient: "b"})
	w.refused(bridge.CodeBadRequest, "a", func(tx bridge.Tx) error {
		_, err := tx.Disclosures().Find(query{State: bridge.DisclosureShown})
		return err
	})
	closing("e", bridge.DisclosureShown, 9, true) // the word came late
	closing("e", unknown, 10, false)
	open(query{State: unknown})
	w.refused(bridge.CodeNotFound, "a", func(tx bridge.Tx) error {
		_, err := tx.Disclosures().Close("z", bridge.DisclosureShown, at(1))
		return err
	})
	w.refused(bridge.CodeBadRequest, "a", func(tx bridge.Tx) error {
		_, err := tx.Disclosures().Close("f", bridge.DisclosureOpen, at(1))
		return err
	})
}

func claimCounts(t *testing.T, w *world) {
	w.must("", everyone("a"))
	count := func(want map[bridge.ConsentID]int) func(bridge.Tx) error {
		return func(tx bridge.Tx) error {
			for c, n := range want {
				got, err := tx.Disclosures().Count(c)
				if err != nil {
					return err
				}
				if got != n {
					t.Errorf("count of %s is %d, want %d", c, got, n)
				}
			}
			return nil
		}
	}
	w.both(count(map[bridge.ConsentID]int{"c1": 0}))
	w.must("a", func(tx bridge.Tx) error {
		return firstOf(claimed(claim("d", "a", 1, "c1", "c2"))(tx), claimed(claim("e", "a", 1, "c1", "c1"))(tx),
			count(map[bridge.ConsentID]int{"c1": 2, "c2": 1, "c3": 0})(tx))
	})
	w.must("a", func(tx bridge.Tx) error {
		_, err := tx.Disclosures().Close("d", bridge.DisclosureShown, at(2))
		return err
	})
	w.both(count(map[bridge.ConsentID]int{"c1": 2, "c2": 1, "c3": 0})) // ever made, not still open
}

func deliveries(_ *testing.T, w *world) {
	one := bridge.Delivery{
		Message: "m", Recipient: "Patient/b", Via: bridge.Party{Function: bridge.FunctionOwnGP},
		State: bridge.DeliveryPending, Basis: "x", Consents: []bridge.ConsentID{"c"}, Redact: []bridge.Topic{bridge.TopicHousing},
	}
	two := bridge.Delivery{Message: "m", Recipient: "Patient/a", State: bridge.DeliveryWithheld, Reasons: []bridge.Code{"objection"}}
	keep := func(all ...bridge.Delivery) {
		w.must("a", func(tx bridge.Tx) error {
			for _, d := range all {
				if err := tx.Disclosures().PutDelivery(d); err != nil {
					return err
				}
			}
			return nil
		})
	}
	read := func() {
		w.t.Helper()
		w.both(func(tx bridge.Tx) error {
			got, err := tx.Disclosures().Delivery("m", "Patient/b")
			same(w, "delivery", got, one)
			all, err2 := tx.Disclosures().Deliveries(bridge.DeliveryQuery{Message: "m"})
			same(w, "deliveries, by recipient", all, []bridge.Delivery{two, one})
			return firstOf(err, err2)
		})
	}
	w.must("a", everyone("a"))
	c := talk("c", "a", 1)
	c.LastSeq = 1
	w.must("a", open(c))
	w.must("a", send(said("m", "c", 1)))
	keep(one, two)
	read()
	waiting := func(q bridge.DeliveryQuery, want ...bridge.Delivery) {
		w.t.Helper()
		q.Waiting = true
		w.both(func(tx bridge.Tx) error {
			got, err := tx.Disclosures().Deliveries(q)
			same(w, "deliveries that wait", got, want)
			return err
		})
	}
	waiting(bridge.DeliveryQuery{})
	w.refused(bridge.CodeBadRequest, "a", func(tx bridge.Tx) error {
		_, err := tx.Disclosures().Deliveries(bridge.DeliveryQuery{})
		return err
	})
	late, early := one, two
	late.State, late.AskedAt = bridge.DeliveryWithheld, at(9)
	early.AskedAt = at(8)
	keep(late, early)
	waiting(bridge.DeliveryQuery{Patient: "a"}, early, late)
	waiting(bridge.DeliveryQuery{Patient: "b"})
	waiting(bridge.DeliveryQuery{AskedBefore: at(9)}, early)
	waiting(bridge.DeliveryQuery{Limit: 1}, early)
	keep(one, two)
	waiting(bridge.DeliveryQuery{})
	d := claim("d", "a", 2)
	d.Recipient = one.Recipient
	w.must("a", claimed(d))
	one.State, one.ShownAt, one.ReadAt, one.AckedAt = bridge.DeliveryDelivered, at(1), at(2), at(3).Add(time.Nanosecond)
	keep(one)
	read()
}
