// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package storetest

import (
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

func consents(_ *testing.T, w *world) {
	whole := bridge.Consent{
		ID: "c1", Patient: "a", Basis: "dk.health-act.43", State: bridge.ConsentActive, GrantedBy: "Patient/a",
		Scope: bridge.Scope{
			From: []bridge.Party{{Ref: "Organization/o"}}, To: []bridge.Party{{Function: bridge.FunctionCaseworker}},
			Both: true, Topics: []bridge.Topic{bridge.TopicMedication}, Purposes: []bridge.Purpose{bridge.PurposeDischarge},
			Case: "case-1", Period: bridge.Period{Start: at(0), End: at(10)},
		},
		Evidence:  bridge.Evidence{Form: bridge.FormSignedIn, Language: "da", TextVersion: "1", TextHash: "ff", RecordedBy: "Patient/a"},
		GrantedAt: at(2), GrantedEpoch: 1, Request: "r1", Supersedes: "c0",
	}
	bare := bridge.Consent{ID: "c2", Patient: "a", State: bridge.ConsentActive, GrantedAt: at(1)}
	no := bridge.Objection{
		ID: "o1", Patient: "a", Parties: []bridge.Party{{Ref: "Organization/o"}}, Topics: []bridge.Topic{bridge.TopicHousing},
		Purposes: []bridge.Purpose{bridge.PurposeTreatment}, MadeBy: "Patient/a", CreatedAt: at(1),
	}
	w.must("a", everyone("a", "b"))
	w.must("a", func(tx bridge.Tx) error {
		return firstOf(tx.Consents().Put(whole), tx.Consents().Put(bare), tx.Consents().Put(no),
			tx.Consents().Put(bridge.Consent{ID: "c3", Patient: "b", State: bridge.ConsentActive, GrantedAt: at(0)}))
	})
	read := func(tx bridge.Tx) error {
		got, err := tx.Consents().Consent("c1")
		same(w, "consent", got, whole)
		if err != nil {
			return err
		}
		all, objections, err := tx.Consents().All("a")
		same(w, "consents, oldest first", all, []bridge.Consent{bare, whole})
		same(w, "objections", objections, []bridge.Objection{no})
		return err
	}
	w.both(read)
	whole.State, whole.EndedAt, whole.EndedEpoch, whole.EndedBy = bridge.ConsentWithdrawn, at(5), 3, "Patient/a"
	no.LiftedAt = at(6)
	w.must("a", func(tx bridge.Tx) error {
		_, err1 := tx.Patients().Bump("a")
		_, err2 := tx.Patients().Bump("a")
		return firstOf(err1, err2, tx.Consents().Put(whole), tx.Consents().Put(no))
	})
	w.both(read)
}

func endedConsents(_ *testing.T, w *world) {
	c := bridge.Consent{ID: "c", Patient: "a", State: bridge.ConsentActive, GrantedAt: at(0)}
	with := func(p bridge.PatientID, s bridge.ConsentState) func(bridge.Tx) error {
		return func(tx bridge.Tx) error {
			c := c
			c.Patient, c.State = p, s
			return tx.Consents().Put(c)
		}
	}
	w.must("a", everyone("a", "b"))
	w.must("a", with("a", bridge.ConsentActive))
	w.refused(bridge.CodeConflict, "b", with("b", bridge.ConsentActive)) // an id is never reused
	w.must("a", with("a", bridge.ConsentWithdrawn))
	w.refused(bridge.CodeConflict, "a", with("a", bridge.ConsentActive)) // nor comes back to life
	w.look(func(tx bridge.Tx) error {
		got, err := tx.Consents().Consent("c")
		same(w, "state", got.State, bridge.ConsentWithdrawn)
		return err
	})
}

func requests(t *testing.T, w *world) {
	request := func(id bridge.RequestID, p bridge.PatientID, by bridge.Ref, s bridge.RequestState, created, expires int) bridge.ConsentRequest {
		return bridge.ConsentRequest{ID: id, Patient: p, By: by, Reason: "since", State: s, CreatedAt: at(created), ExpiresAt: at(expires)}
	}
	all := []bridge.ConsentRequest{
		request("r1", "a", "PractitionerRole/x", bridge.RequestPending, 1, 10),
		request("r2", "a", "PractitionerRole/y", bridge.RequestGranted, 2, 20),
		request("r3", "b", "PractitionerRole/x", bridge.RequestPending, 3, 30),
	}
	w.must("", everyone("a", "b"))
	w.must("", func(tx bridge.Tx) error {
		return firstOf(tx.Consents().PutRequest(all[2]), tx.Consents().PutRequest(all[1]), tx.Consents().PutRequest(all[0]))
	})
	for _, c := range []struct {
		name string
		q    bridge.RequestQuery
		want []bridge.ConsentRequest
	}{
		{"all, oldest first", bridge.RequestQuery{}, all},
		{"of a patient", bridge.RequestQuery{Patient: "a"}, all[:2]},
		{"by somebody", bridge.RequestQuery{By: "PractitionerRole/y"}, all[1:2]},
		{"that wait", bridge.RequestQuery{State: bridge.RequestPending}, []bridge.ConsentRequest{all[0], all[2]}},
		{"that expire before, strictly", bridge.RequestQuery{ExpiresBefore: at(20)}, all[:1]},
		{"that expire a nanosecond later", bridge.RequestQuery{ExpiresBefore: at(20).Add(time.Nanosecond)}, all[:2]},
		{"all fields", bridge.RequestQuery{Patient: "b", By: "PractitionerRole/x", State: bridge.RequestPending, ExpiresBefore: at(99)}, all[2:]},
		{"at most one", bridge.RequestQuery{Limit: 1}, all[:1]},
	} {
		t.Run(c.name, func(*testing.T) {
			w.both(func(tx bridge.Tx) error {
				got, err := tx.Consents().Requests(c.q)
				if err == nil { // otherwise it may run again, with keys
					same(w, "requests", got, c.want)
				}
				return err
			})
		})
	}
	all[0].State, all[0].AnsweredAt, all[0].Consent = bridge.RequestGranted, at(4), "c"
	w.must("a", func(tx bridge.Tx) error { return tx.Consents().PutRequest(all[0]) })
	w.both(func(tx bridge.Tx) error {
		got, err := tx.Consents().Request("r1")
		same(w, "request", got, all[0])
		return err
	})
}

func due(_ *testing.T, w *world) {
	until := func(id bridge.ConsentID, p bridge.PatientID, end time.Time, s bridge.ConsentState) bridge.Consent {
		return bridge.Consent{ID: id, Patient: p, State: s, Scope: bridge.Scope{Period: bridge.Period{Start: at(0), End: end}}}
	}
	one, two := until("one", "a", at(1), bridge.ConsentActive), until("two", "b", at(2), bridge.ConsentActive)
	w.must("", everyone("a", "b"))
	w.must("", func(tx bridge.Tx) error {
		c := tx.Consents()
		return firstOf(c.Put(two), c.Put(one), c.Put(until("open", "a", time.Time{}, bridge.ConsentActive)),
			c.Put(until("gone", "a", at(1), bridge.ConsentWithdrawn)), c.Put(until("later", "a", at(9), bridge.ConsentActive)))
	})
	ended := func(t time.Time, most int, want ...bridge.Consent) {
		w.t.Helper()
		w.both(func(tx bridge.Tx) error {
			got, err := tx.Consents().Due(t, most)
			same(w, "due", got, want)
			return err
		})
	}
	ended(at(1), 10)
	ended(at(3), 10, one, two)
	ended(at(3), 1, one)
	one.State = bridge.ConsentExpired
	w.must("a", func(tx bridge.Tx) error { return tx.Consents().Put(one) })
	ended(at(3), 10, two)
}

func heldRequests(_ *testing.T, w *world) {
	m := said("m", "c", 0)
	m.State, m.Request = bridge.MessageHeld, "r2"
	w.must("a", everyone("a"))
	w.must("a", open(talk("c", "a", 1)))
	w.must("a", func(tx bridge.Tx) error {
		for _, id := range []bridge.RequestID{"r1", "r2"} {
			if err := tx.Consents().PutRequest(bridge.ConsentRequest{ID: id, Patient: "a", State: bridge.RequestGranted}); err != nil {
				return err
			}
		}
		return tx.Messages().Put(m)
	})
	waiting := func(want ...bridge.RequestID) {
		w.t.Helper()
		w.both(func(tx bridge.Tx) error {
			got, err := tx.Consents().Requests(bridge.RequestQuery{Held: true, State: bridge.RequestGranted})
			var ids []bridge.RequestID
			for _, r := range got {
				ids = append(ids, r.ID)
			}
			same(w, "requests with a held message", ids, want)
			return err
		})
	}
	waiting("r2")
	m.State = bridge.MessageReturned
	w.must("a", send(m))
	waiting()
}
