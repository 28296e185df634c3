// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
)

// An imported line is there once, and what its people put in by hand outlives the
// next import.
func TestAnImportBringsLinesAndKeepsWhatWasPutInByHand(t *testing.T) {
	w := bridgetest.New(t)
	day := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	nurse := bridgetest.Role("nurse")
	line := bridge.Line{
		ID: "team-2-line", Organization: "team-2", Name: "Team 2", Active: true, Capacity: 1, Tiers: []bridge.Tier{{Members: []bridge.Ref{nurse}}},
		Opening: bridge.Opening{
			Week:       []bridge.Hours{{Days: []time.Weekday{time.Monday}, Start: "08:00", End: "15:00"}},
			Exceptions: []bridge.Exception{{Period: bridge.Period{Start: day, End: day.Add(time.Hour)}, Reason: "course"}},
		},
	}
	imported := func(l bridge.Line) bridge.ImportReport {
		t.Helper()
		r, err := w.Import(t.Context(), bridge.Caller{Admin: true}, bridge.ImportBatch{Lines: []bridge.Line{l}})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	kept := func() (l bridge.Line) {
		t.Helper()
		err := w.Store().View(t.Context(), func(tx bridge.Tx) (err error) {
			l, err = tx.Lines().Line("team-2-line")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	if r := imported(line); r.Created != 1 || r.ByType["Line"] != 1 {
		t.Fatalf("first: %+v", r)
	}
	if r := imported(line); r.Unchanged != 1 || r.Created+r.Updated != 0 {
		t.Fatalf("again: %+v", r)
	}
	byHand := kept()
	byHand.Rota = []bridge.Shift{{Member: nurse, Period: bridge.Period{Start: day, End: day.Add(8 * time.Hour)}}}
	opened := bridge.Exception{Period: bridge.Period{Start: day.Add(9 * time.Hour), End: day.Add(10 * time.Hour)}, Open: true, By: nurse, At: day}
	byHand.Opening.Exceptions = append(byHand.Opening.Exceptions, opened)
	if _, err := w.PutLine(t.Context(), w.As("admin"), byHand); err != nil {
		t.Fatal(err)
	}
	if r := imported(line); r.Unchanged != 1 {
		t.Fatalf("after a hand: %+v", r)
	}
	line.Name, line.Opening.Exceptions = "Team 2, direct", nil
	if r := imported(line); r.Updated != 1 {
		t.Fatalf("renamed: %+v", r)
	}
	got := kept()
	if got.Name != "Team 2, direct" {
		t.Errorf("%+v", got)
	}
	if d := cmp.Diff([]bridge.Exception{opened}, got.Opening.Exceptions); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(byHand.Rota, got.Rota); d != "" {
		t.Error(d)
	}
}

func TestAnImportRefusesALineThatIsNone(t *testing.T) {
	w := bridgetest.New(t)
	whole := bridge.Line{ID: "l", Organization: "team-2", Name: "L", Capacity: 1, Tiers: []bridge.Tier{{Members: []bridge.Ref{bridgetest.Role("nurse")}}}}
	for name, change := range map[string]func(*bridge.Line){
		"without capacity":         func(l *bridge.Line) { l.Capacity = 0 },
		"of an owner unknown here": func(l *bridge.Line) { l.Organization = "elsewhere" },
		"answered by a stranger":   func(l *bridge.Line) { l.Tiers = []bridge.Tier{{Members: []bridge.Ref{"PractitionerRole/nobody"}}} },
		"in no time zone":          func(l *bridge.Line) { l.Opening.Zone = "Mars/Olympus" },
	} {
		l := whole
		change(&l)
		_, err := w.Import(t.Context(), bridge.Caller{Admin: true}, bridge.ImportBatch{Lines: []bridge.Line{l}})
		if bridge.CodeOf(err) != bridge.CodeBadRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
}
