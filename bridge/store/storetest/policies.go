// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

func activations(_ *testing.T, w *world) {
	highest := func(want uint64) {
		w.t.Helper()
		w.both(func(tx bridge.Tx) error {
			got, err := tx.Policies().Highest()
			same(w, "highest", got, want)
			return err
		})
	}
	highest(0)
	admit := func(rev, from uint64, sum string) error {
		return bridge.Admit(context.Background(), w, bridge.Activation{Revision: rev, RollbackFrom: from, SHA256: sum, At: at(int(rev))})
	}
	for _, c := range []struct {
		rev, from uint64
		sum       string
		code      bridge.Code
	}{
		{7, 0, "a", ""},
		{7, 0, "a", ""},                  // active already
		{7, 0, "b", bridge.CodeConflict}, // another under the same number
		{6, 0, "c", bridge.CodeConflict}, // older
		{6, 9, "d", bridge.CodeConflict}, // a way back from something else
		{6, 7, "e", ""},                  // the way back
		{6, 7, "e", ""},                  // active already
		{7, 0, "a", bridge.CodeConflict}, // what was rolled back comes back as something newer only
		{8, 0, "f", ""},                  //
		{6, 7, "e", bridge.CodeConflict}, // the way back is spent
		{1 << 62, 0, "g", ""},            //
		{8, 0, "f", bridge.CodeConflict}, //
	} {
		if err := admit(c.rev, c.from, c.sum); bridge.CodeOf(err) != c.code {
			w.t.Errorf("%d (from %d) as %s: %v, want %q", c.rev, c.from, c.sum, err, c.code)
		}
	}
	highest(1 << 62)
	w.both(func(tx bridge.Tx) error {
		got, err := tx.Policies().Activations(3)
		want := []bridge.Activation{
			{Revision: 1 << 62, SHA256: "g", At: at(1 << 62)}, {Revision: 8, SHA256: "f", At: at(8)}, {Revision: 6, RollbackFrom: 7, SHA256: "e", At: at(6)},
		}
		want[0].At = got[0].At
		same(w, "activations", got, want)
		return err
	})
}

func recordedDecisions(_ *testing.T, w *world) {
	ground := bridge.Ground{
		Patient: "a", Epoch: 3, Active: true, Consents: []bridge.ConsentID{"c"}, Objections: []bridge.ObjectionID{"o"},
		Team:        []bridge.CareTeamMember{{Member: "PractitionerRole/r", Function: bridge.FunctionOwnGP, Period: bridge.Period{Start: at(1)}}},
		Emergencies: []bridge.Emergency{{ID: "e", Patient: "a", AskedAt: at(2)}},
	}
	decision := func(n int, epoch uint64) bridge.RecordedDecision {
		return bridge.RecordedDecision{
			At: at(n), Patient: "a", Epoch: epoch, Action: bridge.ActionRead, Purpose: bridge.PurposeTreatment, Case: "2026-1",
			From: bridge.Actor{Ref: "PractitionerRole/r", Organizations: []string{"o", "p"}, Active: true}, To: bridge.Actor{Function: bridge.FunctionOwnGP},
			Topics: []bridge.Topic{bridge.TopicHousing}, Reasons: []bridge.Code{"consent_required"}, Revision: "r1",
			Line: &bridge.Callers{Sectors: []bridge.Sector{bridge.SectorEmployment}, Roles: []bridge.RoleCode{"r"}, Involved: true},
		}
	}
	w.must("a", everyone("a"))
	other := ground
	other.Epoch = 4
	w.must("a", func(tx bridge.Tx) error {
		p := tx.Policies()
		return firstOf(p.Record(ground, decision(10, 3)), p.Record(ground, decision(20, 3)), p.Record(other, decision(30, 4)))
	})
	read := func(since time.Time, after uint64, limit int, want ...int) {
		w.t.Helper()
		w.both(func(tx bridge.Tx) error {
			got, err := tx.Policies().Recorded(since, after, limit)
			if len(got) != len(want) {
				w.t.Errorf("%d decisions since %v behind %d, want %v", len(got), since, after, want)
				return err
			}
			for i, n := range want {
				d := decision(n, map[int]uint64{10: 3, 20: 3, 30: 4}[n])
				d.Number = uint64(n / 10)
				same(w, "decision", got[i], d)
			}
			return err
		})
	}
	read(at(0), 0, 0, 10, 20, 30)
	read(at(20), 0, 0, 20, 30)
	read(at(0), 1, 1, 20)
	grounds := func(epoch uint64, want *bridge.Ground) {
		w.t.Helper()
		w.both(func(tx bridge.Tx) error {
			got, err := tx.Policies().Ground("a", epoch)
			if want == nil {
				missing(w, "ground", err)
				return nil
			}
			same(w, "ground", got, *want)
			return err
		})
	}
	grounds(3, &ground)
	forget := func(t time.Time, limit, want int) {
		w.t.Helper()
		w.must("", func(tx bridge.Tx) error {
			n, err := tx.Policies().Forget(t, limit)
			same(w, "forgotten", n, want)
			return err
		})
	}
	forget(at(20), 10, 1)
	grounds(3, &ground) // a decision still stands on it
	forget(at(31), 1, 1)
	grounds(3, nil)
	grounds(4, &other)
	forget(at(31), 10, 1)
	grounds(4, nil)
	read(at(0), 0, 0)
}
