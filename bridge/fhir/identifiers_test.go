// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/fhir"
)

// A CPR number is a date of birth whose century is in the seventh digit; the
// check digit is no longer asked for.
func TestCPRNumbers(t *testing.T) {
	for _, c := range []struct {
		number string
		born   string // "" when it is no CPR number
	}{
		{"2509479989", "1947-09-25"}, // MedCom's test person
		{"250947-9989", "1947-09-25"},
		{"0101000001", "1900-01-01"},
		{"0101993999", "1999-01-01"},
		{"0101364000", "2036-01-01"},
		{"0101374000", "1937-01-01"},
		{"0101575000", "2057-01-01"},
		{"0101585000", "1858-01-01"},
		{"0101008999", "2000-01-01"},
		{"0101998999", "1899-01-01"},
		{"0101369000", "2036-01-01"},
		{"0101379000", "1937-01-01"},
		{"2902004000", "2000-02-29"},
		{"2902000000", ""}, // 1900 had no 29 February
		{"3104801000", ""},
		{"0013801000", ""},
		{"0113801000", ""},
		{"3201801000", ""},
		{"6101701001", "1970-01-01"}, // a replacement number: 60 more in the day
		{"9112701001", "1970-12-31"},
		{"9212701001", ""},
		{"6000701001", ""},
		{"250947998", ""},
		{"25094799890", ""},
		{"250947998A", ""},
		{"２509479989", ""},
	} {
		t.Run(c.number, func(t *testing.T) {
			batch, report, err := read(nil, fmt.Sprintf(`{"resourceType":"Patient","id":"p","name":[{"text":"P"}],
				"identifier":[{"system":%q,"value":%q}]}`, fhir.SystemCPR, c.number))
			if c.born == "" {
				if err == nil || problem(report) != fhir.BadCPR {
					t.Errorf("%v, %q; want bad_cpr", err, problem(report))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := batch.Patients[0].BirthDate.Format(time.DateOnly); got != c.born {
				t.Errorf("born %s, want %s", got, c.born)
			}
		})
	}
}

func TestOtherNumbers(t *testing.T) {
	for _, c := range []struct {
		typ, system, value string
		want               fhir.Reason // "" when it is right
		kept               string      // as kept, "" when it is not
	}{
		{"Patient", fhir.SystemXECPR, "0703921vj6", "", "0703921VJ6"},
		{"Patient", fhir.SystemXECPR, "0703921VJ", fhir.BadECPR, ""},
		{"Patient", fhir.SystemDECPR + ".177", "1206550VK9", "", "1206550VK9"},
		{"Patient", "https://journal.example", "anything", "", ""},
		{"Organization", fhir.SystemSOR, "1017421000016003", "", "1017421000016003"},
		{"Organization", fhir.SystemSOR, "325371000016006", "", "325371000016006"},
		{"Organization", fhir.SystemSOR, "325371000016007", fhir.BadSOR, ""},  // check digit
		{"Organization", fhir.SystemSOR, "22298006", fhir.BadSOR, ""},         // SNOMED CT's own
		{"Organization", fhir.SystemSOR, "3253710000160061", fhir.BadSOR, ""}, // one digit too many
		{"Organization", fhir.SystemSOR, "32537100001600６", fhir.BadSOR, ""},  // not ASCII
		{"Organization", "https://www.gs1.org/gln", "5790000209354", "", "5790000209354"},
		{"Organization", "http://www.gs1.org/gln", "5790000209354", "", "5790000209354"},
		{"Organization", "http://www.gs1.org/gln", "5790000209355", fhir.BadGLN, ""},
		{"Organization", "http://www.gs1.org/gln", "579000020935", fhir.BadGLN, ""},
		{"Organization", fhir.SystemYder, "012345", "", "012345"},
		{"Organization", fhir.SystemYder, "12345", fhir.BadYder, ""},
		{"Organization", fhir.SystemKombit, "urn:uuid:0B9B3C1E-7A55-4D0A-8F43-0D3A5A1C2E01", "", "0b9b3c1e-7a55-4d0a-8f43-0d3a5a1c2e01"},
		{"Organization", fhir.SystemKombit, "0b9b3c1e", fhir.BadUUID, ""},
		{"Practitioner", fhir.SystemAuth, "0b4kz", "", "0B4KZ"},
		{"Practitioner", fhir.SystemAuth, "0b4k", fhir.BadAuthorisation, ""},
		{"Practitioner", fhir.SystemCPR, "2509479989", "", ""}, // checked, and not kept
		{"Practitioner", fhir.SystemCPR, "9909479989", fhir.BadCPR, ""},
	} {
		t.Run(c.typ+c.system+c.value, func(t *testing.T) {
			name := `"n"`
			if c.typ != "Organization" {
				name = `[{"text":"n"}]`
			}
			batch, report, err := read(nil, fmt.Sprintf(`{"resourceType":%q,"id":"x","name":%s,"identifier":[{"system":%q,"value":%q}]}`,
				c.typ, name, c.system, c.value))
			if problem(report) != c.want || (err != nil) != (c.want != "") {
				t.Fatalf("%v, %q; want %q", err, problem(report), c.want)
			}
			if c.want != "" {
				return
			}
			var ids []bridge.Identifier
			for _, p := range batch.Patients {
				ids = p.Identifiers
			}
			for _, r := range batch.Resources {
				switch r := r.(type) {
				case bridge.Organization:
					ids = r.Identifiers
				case bridge.Practitioner:
					ids = r.Identifiers
				}
			}
			if c.kept == "" && len(ids) != 0 || c.kept != "" && (len(ids) != 1 || ids[0].Value != c.kept) {
				t.Errorf("kept %d, want %q", len(ids), c.kept)
			}
		})
	}
}

// Two numbers that disagree with the stated date of birth: a CPR number can't, a
// hospital's guess can.
func TestDatesOfBirth(t *testing.T) {
	const patient = `{"resourceType":"Patient","id":"p","name":[{"text":"P"}],"birthDate":%q,"identifier":[{"system":%q,"value":%q}]}`
	_, report, err := read(nil, fmt.Sprintf(patient, "1947-09-26", fhir.SystemCPR, "2509479989"))
	if err == nil || problem(report) != fhir.BirthDateDiffers {
		t.Errorf("%v, %q", err, problem(report))
	}
	batch, _, err := read(nil, fmt.Sprintf(patient, "1990-01-02", fhir.SystemXECPR, "0703921VJ6"))
	if err != nil || batch.Patients[0].BirthDate.Format(time.DateOnly) != "1990-01-02" {
		t.Errorf("%v", err)
	}
	batch, report, err = read(nil, fmt.Sprintf(patient, "1990", fhir.SystemDECPR, "1206550VK9"))
	if err != nil || !batch.Patients[0].BirthDate.IsZero() || notes(report)["Patient.birthDate"] != fhir.NoBirthDate {
		t.Errorf("%v: half a date is no date; %v", err, notes(report))
	}
}

// Nothing is said about somebody who has died.
func TestTheDeadAreNotActive(t *testing.T) {
	for _, died := range []string{`"deceasedBoolean":true`, `"deceasedDateTime":"2024-09-14"`, `"active":false`} {
		batch, _, err := read(nil, `{"resourceType":"Patient","id":"p","name":[{"text":"P"}],`+died+`}`)
		if err != nil || batch.Patients[0].Active {
			t.Errorf("%s: %v, active", died, err)
		}
	}
}
