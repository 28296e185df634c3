// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"time"

	"github.com/brobygger/brobygger/bridge"
)

func exampleLines() map[string]example {
	line := bridge.Line{
		ID: "l-01", Organization: "noerregade", Name: "Clinic Nørregade, professionals' line", Active: true, Capacity: 2,
		Tiers:   []bridge.Tier{{Members: []bridge.Ref{exGP}}},
		Rota:    []bridge.Shift{{Period: bridge.Period{Start: exTime, End: exTime.Add(4 * time.Hour)}, Member: exGP}},
		Opening: bridge.Opening{Week: []bridge.Hours{{Days: []time.Weekday{1, 2, 3, 4, 5}, Start: "09:00", End: "15:00"}}, Exceptions: []bridge.Exception{}},
		Promise: bridge.Promise{AnswerSeconds: 30},
		Inbox:   "Organization/noerregade",
	}
	view := bridge.LineView{
		Line: line.ID, Name: line.Name, Organization: line.Organization, Owner: "Clinic Nørregade", Open: true,
		Until: exTime.Add(4 * time.Hour), Promise: line.Promise, Waiting: 1, Mine: true, Manages: true, On: true,
	}
	hand := byHand{exTime.Add(time.Hour), "Open at noon today."}
	counts := bridge.LineCounts{Calls: 12, Answered: 11, InTime: 10, Abandoned: 1, AnsweredShare: 0.9167, MedianMS: 8200, P90MS: 21_000}
	return map[string]example{
		"list-lines":       {nil, list[bridge.LineView]{[]bridge.LineView{view}}},
		"get-line":         {nil, line},
		"put-line":         {line, line},
		"open-line":        {hand, view},
		"close-line":       {hand, view},
		"open-line-window": {newWindow{bridge.Period{Start: exTime, End: exTime.Add(time.Hour)}, hand.Reason}, view},
		"get-line-state": {nil, bridge.LineState{
			LineView: view, People: []bridge.OnDuty{{Party: exGP, Name: "Anne Holm", Via: "tier-1"}}, Ringing: 1,
		}},
		"get-line-report": {nil, bridge.LineReport{
			Line: line.ID, Period: bridge.Period{Start: exTime, End: exTime.AddDate(0, 0, 28)}, Zone: "Europe/Copenhagen", Promise: line.Promise,
			LineCounts: counts, Cells: []bridge.LineCell{{Weekday: time.Monday, Hour: 9, LineCounts: counts}},
		}},
		"import-line-rota": {nil, bridge.RotaImport{Shifts: 40, Skipped: []bridge.SkippedShift{{Event: 3, Reason: "nobody of the line is called that"}}}},
	}
}
