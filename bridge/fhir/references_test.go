// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/fhir"
)

// The ways in which one resource may name another (R4, 2.3.0.2).
func TestWaysToRefer(t *testing.T) {
	const parent = `{"fullUrl":"https://x.example/fhir/Organization/o","resource":{"resourceType":"Organization","id":"o","name":"O",
		"identifier":[{"system":"urn:oid:1.2.208.176.1.1","value":"325371000016006"},{"system":"https://x.example/no","value":"7"},
		{"system":"http://www.gs1.org/gln","value":"5790000209354"}]}}`
	const sameHouse = `{"resource":{"resourceType":"Organization","id":"o2","name":"O2",
		"identifier":[{"system":"http://www.gs1.org/gln","value":"5790000209354"}]}}`
	for _, c := range []struct {
		name, ref string
		want      fhir.Reason // "" when it leads to o
	}{
		{"type and id", `{"reference":"Organization/o"}`, ""},
		{"with a version", `{"reference":"Organization/o/_history/3"}`, ""},
		{"the fullUrl", `{"reference":"https://x.example/fhir/Organization/o"}`, ""},
		{"by a question", `{"reference":"Organization?identifier=https%3A%2F%2Fx.example%2Fno%7C7"}`, ""},
		{"by identifier", `{"identifier":{"system":"urn:oid:1.2.208.176.1.1","value":"325371000016006"}}`, ""},
		{"by identifier and type", `{"type":"Organization","identifier":{"system":"https://x.example/no","value":"7"}}`, ""},
		{"by another's fullUrl", `{"reference":"https://y.example/fhir/Organization/o"}`, fhir.Unresolved},
		{"by an unknown number", `{"identifier":{"system":"https://x.example/no","value":"8"}}`, fhir.Unresolved},
		{"by a number that is none", `{"identifier":{"system":"urn:oid:1.2.208.176.1.1","value":"1"}}`, fhir.BadSOR},
		{"by a number of two", `{"identifier":{"system":"https://www.gs1.org/gln","value":"5790000209354"}}`, fhir.Ambiguous},
		{"by a number of another type", `{"type":"Patient","identifier":{"system":"https://x.example/no","value":"7"}}`, fhir.Unresolved},
		{"by a broken question", `{"reference":"Organization?identifier=%zz"}`, fhir.Unresolved},
		{"by nothing", `{"display":"the centre"}`, fhir.Missing},
		{"by a number in the wrong place", `{"reference":7}`, fhir.WrongType},
	} {
		t.Run(c.name, func(t *testing.T) {
			batch, report, err := read(nil, bundle(parent, sameHouse,
				entry(`{"resourceType":"Organization","id":"unit","name":"U","partOf":`+c.ref+`}`)))
			if problem(report) != c.want || (err != nil) != (c.want != "") {
				t.Fatalf("%v: %q, want %q", err, problem(report), c.want)
			}
			if c.want == "" && batch.Resources[2].(bridge.Organization).PartOf != "o" {
				t.Errorf("led to %+v", batch.Resources[2])
			}
		})
	}
}

// Roles are kept under MedCom's names, rightly spelt; what we have no name for is
// kept as a title, and the policy lets it do nothing.
func TestRoleCodes(t *testing.T) {
	const (
		sks  = "http://medcomfhir.dk/ig/terminology/CodeSystem/medcom-core-PractitionerRolesSKSadministrativ"
		auth = "http://medcomfhir.dk/ig/terminology/CodeSystem/medcom-core-PractitionerRolesAutorisationsregistret"
	)
	for _, c := range []struct {
		system, code string
		want         bridge.RoleCode
	}{
		{sks, "overlaege", "overlaege"},
		{sks, "Socialraadgiver", "socialraadgiver"},
		{sks, "pyskolog", "psykolog"},
		{sks, "sygeplejesekretear", "sygeplejesekretaer"},
		{sks, "socialogsundhedsmehjaelper", "socialogsundhedsmedhjaelper"},
		{auth, "laege", "laege"},
		{fhir.SystemRole, "tolk", "tolk"},
		{fhir.SystemRole, "overlaege", ""},
		{sks, "chef", ""},
		{"https://x.example", "overlaege", ""},
	} {
		t.Run(c.code, func(t *testing.T) {
			batch, _, err := read(nil, role(fmt.Sprintf(`"code":[{"coding":[{"system":%q,"code":%q,"display":"shown"}]}]`, c.system, c.code)))
			if err != nil {
				t.Fatal(err)
			}
			got := batch.Resources[2].(bridge.PractitionerRole)
			if got.Code != c.want || got.Title != "shown" {
				t.Errorf("%q %q, want %q", got.Code, got.Title, c.want)
			}
		})
	}
}

// Who takes part in a care team, and who is left out of it.
func TestWhoIsInACareTeam(t *testing.T) {
	const people = `{"resourceType":"Organization","id":"a","name":"A"}{"resourceType":"Organization","id":"b","name":"B"}
		{"resourceType":"Practitioner","id":"w","name":[{"text":"W"}]}{"resourceType":"Patient","id":"p","name":[{"text":"P"}]}
		{"resourceType":"PractitionerRole","id":"wa","practitioner":{"reference":"Practitioner/w"},"organization":{"reference":"Organization/a"}}
		{"resourceType":"PractitionerRole","id":"wb","practitioner":{"reference":"Practitioner/w"},"organization":{"reference":"Organization/b"}}
		{"resourceType":"PractitionerRole","id":"nowhere","practitioner":{"reference":"Practitioner/w"}}
		{"resourceType":"CareTeam","id":"unit","name":"Unit","managingOrganization":[{"reference":"Organization/a"}]}
		{"resourceType":"CareTeam","id":"old","status":"inactive","name":"Old","managingOrganization":[{"reference":"Organization/a"}]}
		{"resourceType":"CareTeam","id":"adrift","name":"Adrift"}`
	gp := `"role":[{"coding":[{"system":"` + fhir.SystemFunction + `","code":"own-gp"}]}]`
	for _, c := range []struct {
		name, status, participant string
		want                      []bridge.Ref
		note                      fhir.Reason
		problem                   fhir.Reason
	}{
		{"a role", "active", `"member":{"reference":"PractitionerRole/wa"},` + gp, []bridge.Ref{"PractitionerRole/wa"}, "", ""},
		{"a unit", "active", `"member":{"reference":"CareTeam/unit"},` + gp, []bridge.Ref{"Organization/unit"}, "", ""},
		{"a person for one of two places", "active", `"member":{"reference":"Practitioner/w"},"onBehalfOf":{"reference":"Organization/b"},` + gp, []bridge.Ref{"PractitionerRole/wb"}, "", ""},
		{"a person with two places", "active", `"member":{"reference":"Practitioner/w"},` + gp, nil, "", fhir.NoSingleRole},
		{"a team that is over", "inactive", `"member":{"reference":"PractitionerRole/wa"},` + gp, nil, "", ""},
		{"the patient", "active", `"member":{"reference":"Patient/p"},` + gp, nil, fhir.PartyNotSupported, ""},
		{"a role that was left out", "active", `"member":{"reference":"PractitionerRole/nowhere"},` + gp, nil, fhir.RefersToSkipped, ""},
		{"a unit that is over", "active", `"member":{"reference":"CareTeam/old"},` + gp, nil, fhir.RefersToSkipped, ""},
		{"nobody", "active", gp, nil, fhir.Missing, ""},
		{"somebody without a function", "active", `"member":{"reference":"PractitionerRole/wa"}`, nil, fhir.NoFunction, ""},
		{"the same twice", "active", `"member":{"reference":"PractitionerRole/wa"},` + gp + `},{"member":{"reference":"PractitionerRole/wa"},` + gp, []bridge.Ref{"PractitionerRole/wa"}, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			batch, report, err := read(nil, people+fmt.Sprintf(
				`{"resourceType":"CareTeam","id":"t","status":%q,"subject":{"reference":"Patient/p"},"participant":[{%s}]}`, c.status, c.participant))
			if problem(report) != c.problem || (err != nil) != (c.problem != "") {
				t.Fatalf("%v: %q, want %q", err, problem(report), c.problem)
			}
			if err != nil {
				return
			}
			var got []bridge.Ref
			for _, m := range batch.Teams["p"] {
				got = append(got, m.Member)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			var noted fhir.Reason
			for path, r := range notes(report) {
				if strings.HasPrefix(path, "CareTeam.participant") {
					noted = r
				}
			}
			if noted != c.note {
				t.Errorf("noted %q, want %q", noted, c.note)
			}
			left := skipped(report)
			if left["PractitionerRole/nowhere"] != fhir.NoOrganization || left["CareTeam/old"] != fhir.NotActive || left["CareTeam/adrift"] != fhir.NoOrganization {
				t.Errorf("left out: %v", left)
			}
		})
	}
}

// A message comes from outside: it brings people and a no, and no rights.
func TestMessagesGiveNoRights(t *testing.T) {
	message := func(text string) string { return strings.Replace(text, `"collection"`, `"message"`, 1) }

	batch, report, err := read(nil, message(readText(t, "testdata/jobcentre.json")))
	if err != nil || len(batch.Consents) != 0 || skipped(report)["Consent/c1"] != fhir.NotFromMessage {
		t.Errorf("a consent: %v, %v", err, skipped(report))
	}
	batch, _, err = read(nil, message(edited(t, change{edit: func(_, p map[string]any) {
		p["type"], p["provision"] = "deny", []any{}
		p["securityLabel"] = []any{coded(actCode, "SUD")}
		p["purpose"] = []any{}
	}})))
	if err != nil || len(batch.Objections) != 1 {
		t.Errorf("an objection: %v, %d", err, len(batch.Objections))
	}
	batch, report, err = read(nil, message(bundle(entry(signIn("p")), entry(
		`{"resourceType":"RelatedPerson","id":"r","patient":{"reference":"Patient/p"},"name":[{"text":"R"}],
		 "relationship":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-RoleCode","code":"GUARD"}]}]}`))))
	if err != nil || len(batch.Resources) != 0 || skipped(report)["RelatedPerson/r"] != fhir.NotFromMessage {
		t.Errorf("a sign-in and a guardian: %v, %+v", err, batch.Resources)
	}
}

// An author whose text two organizations signed could work at either.
func TestAuthorOfTwoOrganizations(t *testing.T) {
	signed := func(orgs ...string) string {
		var payload []string
		for _, o := range orgs {
			payload = append(payload, `{"extension":[
				{"url":"http://medcomfhir.dk/ig/core/StructureDefinition/medcom-core-identifier-extension","valueIdentifier":{"assigner":{"reference":"Organization/`+o+`"}}},
				{"url":"http://medcomfhir.dk/ig/core/StructureDefinition/medcom-core-practitioner-extension","valueReference":{"reference":"PractitionerRole/r"}}]}`)
		}
		return strings.Replace(bundle(
			entry(`{"resourceType":"Organization","id":"a","name":"A"}`), entry(`{"resourceType":"Organization","id":"b","name":"B"}`),
			entry(`{"resourceType":"Practitioner","id":"w","name":[{"text":"W"}]}`),
			entry(`{"resourceType":"PractitionerRole","id":"r","practitioner":{"reference":"Practitioner/w"}}`),
			entry(`{"resourceType":"Communication","payload":[`+strings.Join(payload, ",")+`]}`)), `"collection"`, `"message"`, 1)
	}
	for text, want := range map[string]fhir.Reason{
		signed("a"): "", signed("b", "b"): "", signed("a", "b"): fhir.NoOrganization, signed("c"): fhir.NoOrganization, signed(): fhir.NoOrganization,
	} {
		_, report, err := read(nil, text)
		if err != nil || skipped(report)["PractitionerRole/r"] != want {
			t.Errorf("%v: %q, want %q", err, skipped(report)["PractitionerRole/r"], want)
		}
	}
}
