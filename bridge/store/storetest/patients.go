// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package storetest

import (
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

func patients(_ *testing.T, w *world) {
	jens := bridge.Patient{
		ID: "jens", Name: "Jens", BirthDate: time.Date(1931, 5, 1, 0, 0, 0, 0, time.UTC), Language: "da", Active: true,
		Identifiers: []bridge.Identifier{{System: "cpr", Value: "1"}},
	}
	team := []bridge.CareTeamMember{
		{Member: "PractitionerRole/r", Function: bridge.FunctionOwnGP, Period: bridge.Period{Start: at(0)}},
		{Member: "Organization/o", Function: bridge.FunctionCaseworker, Period: bridge.Period{Start: at(0), End: at(9)}},
	}
	read := func(tx bridge.Tx) error {
		got, err := tx.Patients().Patient("jens")
		if err != nil {
			return err
		}
		same(w, "patient", got, jens)
		gotTeam, err := tx.Patients().CareTeam("jens")
		same(w, "care team", gotTeam, team)
		return err
	}
	w.must("jens", func(tx bridge.Tx) error {
		if err := tx.Patients().Put(jens); err != nil {
			return err
		}
		none, err := tx.Patients().CareTeam("jens")
		same(w, "care team at first", none, nil)
		return firstOf(err, tx.Patients().SetCareTeam("jens", team))
	})
	w.both(read)
	jens.Interpreter, jens.Identifiers, team = true, nil, team[1:]
	w.must("jens", func(tx bridge.Tx) error {
		return firstOf(tx.Patients().Put(jens), tx.Patients().SetCareTeam("jens", team))
	})
	w.both(read)
	team = nil
	w.must("jens", func(tx bridge.Tx) error { return tx.Patients().SetCareTeam("jens", nil) })
	w.both(read)
}

func patientIdentifiers(_ *testing.T, w *world) {
	id := func(v string) bridge.Identifier { return bridge.Identifier{System: "cpr", Value: v} }
	with := func(p bridge.PatientID, ids ...bridge.Identifier) func(bridge.Tx) error {
		return func(tx bridge.Tx) error { return tx.Patients().Put(bridge.Patient{ID: p, Identifiers: ids}) }
	}
	w.must("a", with("a", id("1"), bridge.Identifier{System: "x", Value: "2"}))
	w.must("b", with("b", id("2")))
	w.both(func(tx bridge.Tx) error {
		a, err1 := tx.Patients().ByIdentifier(id("1"))
		b, err2 := tx.Patients().ByIdentifier(id("2"))
		same(w, "found", []bridge.PatientID{a, b}, []bridge.PatientID{"a", "b"})
		_, err := tx.Patients().ByIdentifier(id("3"))
		missing(w, "unknown identifier", err)
		return firstOf(err1, err2)
	})
	w.refused(bridge.CodeConflict, "b", with("b", id("1")))
	w.must("a", with("a", id("4")))
	w.must("b", with("b", id("1")))
	w.both(func(tx bridge.Tx) error {
		b, err := tx.Patients().ByIdentifier(id("1"))
		same(w, "found after it moved", b, "b")
		return err
	})
}

func patientHeads(_ *testing.T, w *world) {
	w.must("a", everyone("a", "b"))
	head := func(want bridge.Head) func(bridge.Tx) error {
		return func(tx bridge.Tx) error {
			h, err := tx.Patients().Head("a")
			same(w, "head", h, want)
			return err
		}
	}
	w.both(head(bridge.Head{Epoch: 1}))
	w.must("a", func(tx bridge.Tx) error {
		for want := uint64(2); want <= 3; want++ {
			got, err := tx.Patients().Bump("a")
			if err != nil {
				return err
			}
			same(w, "epoch", got, want)
		}
		return head(bridge.Head{Epoch: 3})(tx)
	})
	w.both(head(bridge.Head{Epoch: 3}))
	w.must("a", everyone("a")) // put again, the head stays
	w.both(head(bridge.Head{Epoch: 3}))
	w.look(func(tx bridge.Tx) error {
		h, err := tx.Patients().Head("b")
		same(w, "head of the other", h, bridge.Head{Epoch: 1})
		return err
	})
}

func snapshot(_ *testing.T, w *world) {
	grant := func(id bridge.ConsentID, s bridge.ConsentState, n int) bridge.Consent {
		return bridge.Consent{ID: id, Patient: "a", State: s, GrantedAt: at(n), Scope: bridge.Scope{
			From: []bridge.Party{{Ref: "Organization/o"}}, To: []bridge.Party{{Function: bridge.FunctionCaseworker}},
			Topics: []bridge.Topic{bridge.TopicHousing}, Purposes: []bridge.Purpose{bridge.PurposeSocialCasework},
			Period: bridge.Period{Start: at(0), End: at(100)},
		}}
	}
	no := bridge.Objection{ID: "no", Patient: "a", Parties: []bridge.Party{{Ref: "Organization/x"}}, CreatedAt: at(1)}
	lifted := bridge.Objection{ID: "lifted", Patient: "a", CreatedAt: at(0), LiftedAt: at(1)}
	mother := bridge.RelatedPerson{ID: "m", Patient: "a", Name: "M", Active: true}
	team := []bridge.CareTeamMember{{Member: "PractitionerRole/r", Function: bridge.FunctionOwnGP}}
	glass := bridge.Emergency{ID: "e", Patient: "a", By: "PractitionerRole/r", Reason: "unconscious", AskedAt: at(5)}
	old := bridge.Emergency{ID: "old", Patient: "a", AskedAt: at(5).Add(-48 * time.Hour)}
	w.must("a", everyone("a", "b"))
	w.must("a", func(tx bridge.Tx) error {
		c := tx.Consents()
		_, err := tx.Patients().Bump("a")
		return firstOf(err, tx.Patients().SetCareTeam("a", team), tx.Directory().Put(mother),
			tx.Directory().Put(bridge.RelatedPerson{ID: "n", Patient: "b"}),
			c.Put(grant("late", bridge.ConsentActive, 2)), c.Put(grant("gone", bridge.ConsentWithdrawn, 0)),
			c.Put(grant("early", bridge.ConsentActive, 1)), c.Put(no), c.Put(lifted),
			c.Put(old), c.Put(glass))
	})
	w.both(func(tx bridge.Tx) error {
		got, err := tx.Patients().Snapshot("a")
		if err != nil {
			return err
		}
		same(w, "snapshot", *got, bridge.Snapshot{
			Patient: bridge.Patient{ID: "a", Name: "n", Active: true}, Epoch: 2, Team: team,
			Consents:   []bridge.Consent{grant("early", bridge.ConsentActive, 1), grant("late", bridge.ConsentActive, 2)},
			Objections: []bridge.Objection{no}, Representatives: []bridge.RelatedPerson{mother},
			Emergencies: []bridge.Emergency{glass},
		})
		return nil
	})
}
