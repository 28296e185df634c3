// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/fhir"
)

// A HealthcareService that can be rung is a line: its hours, who may ring it, what
// it promises, who answers in which tier, and who is on duty.
func TestAHealthcareServiceIsALine(t *testing.T) {
	batch, report := mustJoin(t, "testdata/lines.json")
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v.UTC()
	}
	want := []bridge.Line{{
		ID: "team-2-line", Organization: "team-2", Name: "Team 2, direct line", Active: true,
		Tiers: []bridge.Tier{{Members: []bridge.Ref{"PractitionerRole/nurse"}}, {Members: []bridge.Ref{"PractitionerRole/psychiatrist"}}},
		Rota: []bridge.Shift{{
			Member: "PractitionerRole/nurse",
			Period: bridge.Period{Start: at("2026-11-23T07:00:00Z"), End: at("2026-11-23T14:30:00Z")},
		}},
		Opening: bridge.Opening{
			Zone: "Europe/Copenhagen", Holidays: true,
			Week: []bridge.Hours{
				{Days: []time.Weekday{time.Monday, time.Tuesday}, Start: "08:00", End: "15:30"},
				{Days: []time.Weekday{time.Friday}, Start: "22:00", End: "24:00"},
				{Days: []time.Weekday{time.Saturday}, Start: "00:00", End: "06:00"},
			},
			Exceptions: []bridge.Exception{
				{Period: bridge.Period{Start: at("2026-12-23T23:00:00Z"), End: at("2026-12-26T23:00:00Z")}, Reason: "course"},
				{Period: bridge.Period{Start: at("2026-11-28T08:00:00Z"), End: at("2026-11-28T11:00:00Z")}, Open: true},
			},
		},
		Promise: bridge.Promise{AnswerSeconds: 30, CallbackMinutes: 120}, Capacity: 2, Inbox: "Organization/centre",
		Callers: bridge.Callers{
			Sectors: []bridge.Sector{bridge.SectorGeneralPractice, bridge.SectorSocialCare}, Roles: []bridge.RoleCode{"speciallaegeipraksis"}, Involved: true,
		},
	}}
	if diff := cmp.Diff(want, batch.Lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]fhir.Reason{"HealthcareService/physio": fhir.NoLine}, skipped(report)); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
	got := notes(report)
	for path, reason := range map[string]fhir.Reason{
		"HealthcareService.telecom": fhir.ContactNotKept, "PractitionerRole.healthcareService[1]": fhir.LineElsewhere,
	} {
		if got[path] != reason {
			t.Errorf("%s: %q, want %q", path, got[path], reason)
		}
	}
	again, _ := mustJoin(t, "testdata/lines.json")
	if diff := cmp.Diff(batch, again); diff != "" {
		t.Errorf("read twice: %s", diff)
	}
}

// What narrows who may ring, or says when, is never dropped because it is wrong.
func TestALineThatIsWrongBreaksTheBatch(t *testing.T) {
	whole := readText(t, "testdata/lines.json")
	for name, tt := range map[string]struct {
		old, with string
		want      fhir.Reason
	}{
		"a sector that nobody knows":   {`"valueCode":"social-care"`, `"valueCode":"church"`, fhir.BadCode},
		"a role that nobody knows":     {`"code":"speciallaegeipraksis"`, `"code":"wizard"`, fhir.BadCode},
		"an owner who is not there":    {`"providedBy":{"reference":"Organization/team-2"}`, `"providedBy":{"reference":"Organization/gone"}`, fhir.Unresolved},
		"a capacity in words":          {`"valuePositiveInt":2`, `"valuePositiveInt":"two"`, fhir.WrongType},
		"a promise below nothing":      {`"valueInteger":30`, `"valueInteger":-30`, fhir.BadCode},
		"a promise that is no number":  {`"valueInteger":30`, `"valueInteger":1e3000`, fhir.BadCode},
		"hours that are none":          {`"22:00:00"`, `"25:00:00"`, fhir.BadTime},
		"a closure without a start":    {`"start":"2026-12-24","end"`, `"end"`, fhir.Missing},
		"a shift that never ends":      {`,"end":"2026-11-23T15:30:00+01:00"`, ``, fhir.Missing},
		"a shift of nobody":            {`{"url":"member","valueReference":{"reference":"PractitionerRole/nurse"}},`, ``, fhir.Missing},
		"a shift of somebody unknown":  {`"valueReference":{"reference":"PractitionerRole/nurse"}`, `"valueReference":{"reference":"PractitionerRole/gone"}`, fhir.Unresolved},
		"an inbox that is somebody's":  {`"valueReference":{"reference":"Organization/centre"}`, `"valueReference":{"reference":"PractitionerRole/nurse"}`, fhir.WrongTarget},
		"a line without a name":        {`"name":"Team 2, direct line",`, ``, fhir.Missing},
		"a tier that is not a number":  {`"valuePositiveInt":7`, `"valuePositiveInt":true`, fhir.WrongType},
		"who may ring is not a yes/no": {`"involved","valueBoolean":true`, `"involved","valueBoolean":"yes"`, fhir.WrongType},
	} {
		if !strings.Contains(whole, tt.old) {
			t.Fatalf("%s: %q is not in the file", name, tt.old)
		}
		batch, report, err := read(nil, strings.Replace(whole, tt.old, tt.with, 1))
		if err == nil || problem(report) != tt.want || len(batch.Lines) > 0 {
			t.Errorf("%s: %v, %s, want %s", name, err, problem(report), tt.want)
		}
	}
}

// A message from another organization makes nobody's line.
func TestAMessageBringsNoLine(t *testing.T) {
	text := strings.Replace(readText(t, "testdata/lines.json"), `"type":"collection"`, `"type":"message"`, 1)
	batch, report, _ := read(nil, text)
	if len(batch.Lines) > 0 || skipped(report)["HealthcareService/team-2-line"] != fhir.NotFromMessage {
		t.Errorf("%+v, %v", batch.Lines, skipped(report))
	}
}
