// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/fhir"
)

// A region sends its directory in one file and its patients in another; the
// second refers to the first.
func TestTwoFilesMakeOneBatch(t *testing.T) {
	batch, report := mustJoin(t, "testdata/patients.ndjson", "testdata/directory.json")

	copenhagen, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		t.Fatal(err)
	}
	local := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, copenhagen).UTC() }
	const onCall = "0b9b3c1e-7a55-4d0a-8f43-0d3a5a1c2e02"
	want := bridge.ImportBatch{
		Resources: []bridge.Resource{
			bridge.Organization{
				ID: "centre", Name: "Psychiatric centre", Sector: bridge.SectorHospitalPsychiatry, Phone: "38 68 38 68", Active: true,
				Identifiers: []bridge.Identifier{
					{System: fhir.SystemSOR, Value: "265161000016000"}, {System: fhir.SystemGLN, Value: "5790000209354"},
				},
			},
			bridge.Organization{ID: "team-2", Name: "Outpatient team 2", Sector: bridge.SectorHospitalPsychiatry, PartOf: "centre", Active: true},
			bridge.Organization{ID: onCall, Name: "On-call team", Sector: bridge.SectorHospitalPsychiatry, PartOf: "team-2", Active: true},
			bridge.Practitioner{
				ID: "lund", Name: "Karen Marie Lund", Active: true,
				Identifiers: []bridge.Identifier{{System: fhir.SystemAuth, Value: "0B4KZ"}},
			},
			bridge.RelatedPerson{
				ID: "jens-mor", Patient: "jens", Name: "Mor Prøve", Authority: bridge.AuthorityGuardian, Active: true,
				Period: bridge.Period{Start: local(2020, 1, 1), End: local(2031, 1, 1)},
			},
			bridge.PractitionerRole{
				ID: "psy-lund", Practitioner: "lund", Organization: "centre", Code: "overlaege", Title: "Consultant psychiatrist", Active: true,
				Hours: []bridge.Hours{
					{Days: []time.Weekday{time.Monday, time.Tuesday, time.Thursday}, Start: "08:00", End: "15:30"},
					{Days: []time.Weekday{time.Saturday}, Start: "22:00", End: "23:59"},
					{Days: []time.Weekday{time.Sunday}, Start: "00:00", End: "06:00"},
				},
				Absences: []bridge.Absence{{
					From: local(2026, 7, 6), Until: local(2026, 7, 27), Reason: "holiday", Substitute: "Organization/" + onCall,
				}},
			},
			bridge.Account{Subject: bridge.Subject{Issuer: "https://login.example", Name: "psy-lund"}, Person: "Practitioner/lund"},
		},
		Patients: []bridge.Patient{{
			ID: "jens", Name: "Jens Prøve", BirthDate: time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC),
			Language: "ar", Interpreter: true, Active: true,
			Identifiers: []bridge.Identifier{{System: fhir.SystemCPR, Value: "6101701001"}},
		}},
		Teams: map[bridge.PatientID][]bridge.CareTeamMember{"jens": {
			{Member: "PractitionerRole/psy-lund", Function: bridge.FunctionTreatingPsychiatrist, Period: bridge.Period{Start: local(2026, 1, 1)}},
			{
				Member: "Organization/team-2", Function: bridge.FunctionContactNurse,
				Period: bridge.Period{Start: time.Date(2026, 2, 1, 7, 0, 0, 0, time.UTC), End: local(2026, 7, 1)},
			},
		}},
	}
	if diff := cmp.Diff(want, batch); diff != "" {
		t.Errorf("batch (-want +got):\n%s", diff)
	}

	wantSkipped := map[string]fhir.Reason{
		"RelatedPerson/jens-kone": fhir.NoAuthority,
		"Observation/":            fhir.TypeNotUsed,
		"/":                       fhir.MethodNotUsed,
	}
	if diff := cmp.Diff(wantSkipped, skipped(report)); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
	wantNotes := map[string]fhir.Reason{
		"Patient.identifier":      fhir.ReplacementNumber,
		"Patient.identifier[1]":   fhir.IdentifierNotKept,
		"CareTeam.participant[2]": fhir.NoFunction,
		"CareTeam":                fhir.UnitOfCareTeam,
		"CareTeam.id":             fhir.IDDerived,
	}
	if diff := cmp.Diff(wantNotes, notes(report)); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

// Reading the same again gives the same again.
func TestReadingTwiceIsReadingOnce(t *testing.T) {
	first, _ := mustJoin(t, "testdata/directory.json", "testdata/patients.ndjson")
	again, _ := mustJoin(t, "testdata/directory.json", "testdata/patients.ndjson")
	if diff := cmp.Diff(first, again); diff != "" {
		t.Error(diff)
	}
}

// The patients alone refer to people who are not there; with what the store
// holds they can be taken.
func TestReferencesToWhatWasImportedBefore(t *testing.T) {
	_, _, err := readFile(t, nil, "testdata/patients.ndjson")
	if bridge.CodeOf(err) != bridge.CodeBadRequest {
		t.Fatalf("without the directory: %v, want bad_request", err)
	}
	before := store{refs: map[bridge.Ref]bool{"PractitionerRole/psy-lund": true, "Organization/team-2": true, "Practitioner/lund": true}}
	// A person known from before has roles that only the import can see.
	_, report, err := readFile(t, before, "testdata/patients.ndjson")
	if err == nil || problem(report) != fhir.NoSingleRole {
		t.Fatalf("a Practitioner as member: %v, %v", err, problem(report))
	}
	text := strings.ReplaceAll(readText(t, "testdata/patients.ndjson"), "Practitioner/lund", "PractitionerRole/psy-lund")
	batch, _, err := read(before, text)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(batch.Teams["jens"]); got != 2 {
		t.Errorf("team of %d, want 2", got)
	}
}

// A patient that the store has under another id is that patient, and is not
// overwritten.
func TestKnownPatientKeepsTheirID(t *testing.T) {
	before := store{idents: map[bridge.Identifier]bridge.Ref{{System: fhir.SystemCPR, Value: "6101701001"}: "Patient/p-17"}}
	batch, report, err := read(before, `
		{"resourceType":"Patient","id":"other","identifier":[{"system":"urn:oid:1.2.208.176.1.2","value":"6101701001"}],"name":[{"text":"J"}]}
		{"resourceType":"Organization","id":"o","name":"O"}
		{"resourceType":"CareTeam","id":"t","subject":{"reference":"Patient/other"},"participant":[{"member":{"reference":"Organization/o"},
		 "role":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ParticipationFunction","code":"PCP"}]}]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	want := map[bridge.PatientID][]bridge.CareTeamMember{"p-17": {{Member: "Organization/o", Function: bridge.FunctionOwnGP}}}
	if diff := cmp.Diff(want, batch.Teams); diff != "" {
		t.Error(diff)
	}
	if len(batch.Patients) != 0 || skipped(report)["Patient/other"] != fhir.KnownAlready {
		t.Errorf("patients %d, skipped %v", len(batch.Patients), skipped(report))
	}
}

// A role counts while somebody is employed in it; an absence without an end is
// taken for a year; an old number is nobody's.
func TestWhatTimeHasEnded(t *testing.T) {
	text := role(`"period":{"start":"2020-01-01","end":"2026-02-28"},"notAvailable":[{"during":{"start":"2026-01-01T00:00:00Z"}}]`) +
		`{"resourceType":"Patient","id":"p","name":[{"text":"P"}],"identifier":[{"use":"old","system":"` + fhir.SystemCPR + `","value":"6101701001"}]}
		 {"resourceType":"Patient","id":"q","name":[{"text":"Q"}],"identifier":[{"system":"` + fhir.SystemCPR + `","value":"6101701001"}]}`
	for now, want := range map[string]bool{"2026-02-28T22:00:00Z": true, "2026-02-28T23:00:00Z": false, "2019-12-31T22:00:00Z": false} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		reader := fhir.Reader{Now: func() time.Time { return at }}
		if err := reader.Add("", strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
		batch, report, err := reader.Batch()
		if err != nil {
			t.Fatalf("%v\n%+v", err, report.Items)
		}
		got := batch.Resources[2].(bridge.PractitionerRole)
		if got.Active != want {
			t.Errorf("at %s active: %v", now, got.Active)
		}
		if until := got.Absences[0].Until.Format(time.DateOnly); until != "2027-01-01" {
			t.Errorf("away until %s", until)
		}
		if len(batch.Patients[0].Identifiers) != 0 || len(batch.Patients[1].Identifiers) != 1 {
			t.Errorf("the old number was kept")
		}
	}
}

type store struct {
	refs   map[bridge.Ref]bool
	idents map[bridge.Identifier]bridge.Ref
}

func (s store) Has(r bridge.Ref) bool                         { return s.refs[r] }
func (s store) Find(_ string, i bridge.Identifier) bridge.Ref { return s.idents[i] }

func read(known fhir.Known, text string) (bridge.ImportBatch, fhir.Report, error) {
	reader := fhir.Reader{Known: known}
	_ = reader.Add("", strings.NewReader(text)) // Batch says it again
	return reader.Batch()
}

func readFile(t *testing.T, known fhir.Known, name string) (bridge.ImportBatch, fhir.Report, error) {
	t.Helper()
	return read(known, readText(t, name))
}

func readText(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func mustJoin(t *testing.T, names ...string) (bridge.ImportBatch, fhir.Report) {
	t.Helper()
	var reader fhir.Reader
	for _, name := range names {
		if err := reader.Add(name, strings.NewReader(readText(t, name))); err != nil {
			t.Fatal(err)
		}
	}
	batch, report, err := reader.Batch()
	if err != nil {
		t.Fatalf("%v\n%+v", err, report.Items)
	}
	return batch, report
}

// skipped maps "Type/id" to the reason.
func skipped(r fhir.Report) map[string]fhir.Reason {
	m := map[string]fhir.Reason{}
	for _, i := range r.Items {
		if i.Outcome == fhir.Skipped {
			m[i.Type+"/"+i.ID] = i.Reason
		}
	}
	return m
}

// notes maps paths to reasons.
func notes(r fhir.Report) map[string]fhir.Reason {
	m := map[string]fhir.Reason{}
	for _, i := range r.Items {
		for _, n := range i.Notes {
			m[n.Path] = n.Reason
		}
	}
	return m
}

// problem is the first reason for which something is invalid.
func problem(r fhir.Report) fhir.Reason {
	for _, i := range r.Items {
		if len(i.Problems) > 0 {
			return i.Problems[0].Reason
		}
	}
	return ""
}
