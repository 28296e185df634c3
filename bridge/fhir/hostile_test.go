// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir_test

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/fhir"
)

const (
	org     = `{"resourceType":"Organization","id":"o","name":"O"}`
	patient = `{"resourceType":"Patient","id":"p","name":[{"text":"P"}]}`
)

func bundle(entries ...string) string {
	return `{"resourceType":"Bundle","type":"collection","entry":[` + strings.Join(entries, ",") + `]}`
}

func entry(r string) string { return `{"resource":` + r + `}` }

// A broken input changes nothing, and says why.
func TestBrokenInput(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     fhir.Reason
	}{
		{"nothing", " \n", fhir.EmptyInput},
		{"XML", "\ufeff <?xml version='1.0'?><Bundle/>", fhir.XMLRefused},
		{"a list", `[` + org + `]`, fhir.NotAResource},
		{"a word", `"Organization"`, fhir.NotAResource},
		{"half a bundle", bundle(entry(org))[:60], fhir.Malformed},
		{"a bundle and half a line", bundle(entry(org)) + `{"resourceType":`, fhir.Malformed},
		{"a stray comma", `{"resourceType":"Organization",}`, fhir.Malformed},
		{"not UTF-8", "{\"resourceType\":\"Organization\",\"id\":\"o\",\"name\":\"\xff\"}", fhir.NotUTF8},
		{"a property twice", `{"resourceType":"Organization","id":"o","name":"O","name":"P"}`, fhir.DuplicateKey},
		{"the same property twice deep inside", bundle(entry(`{"resourceType":"Observation","a":[{"b":1,"b":2}]}`)), fhir.DuplicateKey},
		{"too deep", strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200), fhir.TooDeep},
		{"too deep a list", `{"resourceType":"X","a":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + "}", fhir.TooDeep},
		{"a document", `{"resourceType":"Bundle","type":"document","entry":[]}`, fhir.BundleType},
		{"a bundle without a type", `{"resourceType":"Bundle","entry":[]}`, fhir.BundleType},
		{"entries that are none", `{"resourceType":"Bundle","type":"batch","entry":{}}`, fhir.WrongType},
		{"an entry that is none", bundle(`7`), fhir.WrongType},
		{"a resource that is none", bundle(`{"resource":7}`), fhir.NotAResource},
		{"a resource without a type", bundle(entry(`{"id":"x"}`)), fhir.NotAResource},
		{"a type that is a number", bundle(entry(`{"resourceType":"2509479989"}`)), fhir.NotAResource},
		{"an id twice", bundle(entry(org), entry(org)), fhir.DuplicateID},
		{"a fullUrl twice", bundle(`{"fullUrl":"urn:x:1","resource":`+org+`}`, `{"fullUrl":"urn:x:1","resource":`+patient+`}`), fhir.DuplicateID},
		{"an id that is a CPR number", `{"resourceType":"Patient","id":"2509479989","name":[{"text":"P"}]}`, fhir.IDIsNational},
		{"an id that holds one", `{"resourceType":"Patient","id":"cpr.250947-9989","name":[{"text":"P"}]}`, fhir.IDIsNational},
		{"a fullUrl that holds one", bundle(`{"fullUrl":"https://x.example/Patient/2509479989","resource":{"resourceType":"Patient","name":[{"text":"P"}]}}`), fhir.IDIsNational},
		{"no id at all", `{"resourceType":"Patient","name":[{"text":"P"}]}`, fhir.NoID},
		{"no name", `{"resourceType":"Patient","id":"p"}`, fhir.Missing},
		{"a name of spaces", `{"resourceType":"Organization","id":"o","name":"  "}`, fhir.EmptyValue},
		{"a name that is a list", `{"resourceType":"Organization","id":"o","name":["O"]}`, fhir.WrongType},
		{"a name with a hidden turn of direction", "{\"resourceType\":\"Organization\",\"id\":\"o\",\"name\":\"O\u202eN\"}", fhir.ControlCharacter},
		{"a name with a new line", `{"resourceType":"Organization","id":"o","name":"O\nN"}`, fhir.ControlCharacter},
		{"a long name", `{"resourceType":"Organization","id":"o","name":"` + strings.Repeat("x", 1001) + `"}`, fhir.TooLong},
		{"a flag that is a word", `{"resourceType":"Organization","id":"o","name":"O","active":"yes"}`, fhir.WrongType},
		{"a modifier", `{"resourceType":"Organization","id":"o","name":"O","modifierExtension":[{"url":"u"}]}`, fhir.ModifierExtension},
		{"rules of its own", `{"resourceType":"Organization","id":"o","name":"O","implicitRules":"u"}`, fhir.ModifierExtension},
		{"part of nothing", `{"resourceType":"Organization","id":"o","name":"O","partOf":{"reference":"Organization/x"}}`, fhir.Unresolved},
		{"part of itself", `{"resourceType":"Organization","id":"o","name":"O","partOf":{"reference":"Organization/o"}}`, fhir.Cycle},
		{"part of a part of itself", bundle(entry(`{"resourceType":"Organization","id":"o","name":"O","partOf":{"reference":"Organization/q"}}`),
			entry(`{"resourceType":"Organization","id":"q","name":"Q","partOf":{"reference":"Organization/o"}}`)), fhir.Cycle},
		{"part of a patient", bundle(entry(patient), entry(`{"resourceType":"Organization","id":"o","name":"O","partOf":{"reference":"Patient/p"}}`)), fhir.WrongTarget},
		{"part of something inside", `{"resourceType":"Organization","id":"o","name":"O","partOf":{"reference":"#1"}}`, fhir.Contained},
		{"an unknown sector", `{"resourceType":"Organization","id":"o","name":"O","type":[{"coding":[{"system":"` + fhir.SystemSector + `","code":"army"}]}]}`, fhir.BadCode},
		{"a date that is none", `{"resourceType":"Patient","id":"p","name":[{"text":"P"}],"birthDate":"1970-02-30"}`, fhir.BadDate},
		{"a language that is none", `{"resourceType":"Patient","id":"p","name":[{"text":"P"}],"communication":[{"language":{"coding":[{"code":"da danish"}]}}]}`, fhir.BadCode},
		{"a patient twice", bundle(entry(numbered("p1")), entry(numbered("p2"))), fhir.DuplicateIdent},
		{"a sign-in twice", bundle(entry(signIn("p1")), entry(signIn("p2"))), fhir.DuplicateAccount},
		{"a sign-in without a subject", `{"resourceType":"Patient","id":"p","name":[{"text":"P"}],"extension":[{"url":"` + fhir.ExtAccount + `"}]}`, fhir.Missing},
		{"hours that are none", role(`"availableTime":[{"availableStartTime":"25:00:00"}]`), fhir.BadTime},
		{"a day that is none", role(`"availableTime":[{"daysOfWeek":["man"]}]`), fhir.BadCode},
		{"hours of no length", role(`"availableTime":[{"availableStartTime":"08:00:00","availableEndTime":"08:00:00"}]`), fhir.BadPeriod},
		{"an absence at no time", role(`"notAvailable":[{"description":"x"}]`), fhir.Missing},
		{"an absence that ends before it starts", role(`"notAvailable":[{"during":{"start":"2026-01-02","end":"2026-01-01T10:00:00Z"}}]`), fhir.BadPeriod},
		{"a care team of somebody unknown", `{"resourceType":"CareTeam","id":"t","subject":{"reference":"Patient/x"}}`, fhir.Unresolved},
		{"a care team in an unknown state", bundle(entry(patient), entry(`{"resourceType":"CareTeam","id":"t","status":"odd","subject":{"reference":"Patient/p"}}`)), fhir.BadCode},
		{"a custody holder of nobody", `{"resourceType":"RelatedPerson","id":"r"}`, fhir.Missing},
	} {
		t.Run(c.name, func(t *testing.T) {
			batch, report, err := read(nil, c.in)
			if bridge.CodeOf(err) != bridge.CodeBadRequest || problem(report) != c.want {
				t.Errorf("%v: %q, want %q", err, problem(report), c.want)
			}
			if diff := cmp.Diff(bridge.ImportBatch{}, batch); diff != "" {
				t.Errorf("something was taken:\n%s", diff)
			}
		})
	}
}

func numbered(id string) string {
	return fmt.Sprintf(`{"resourceType":"Patient","id":%q,"name":[{"text":"P"}],"identifier":[{"system":%q,"value":"6101701001"}]}`, id, fhir.SystemCPR)
}

func signIn(id string) string {
	return fmt.Sprintf(`{"resourceType":"Patient","id":%q,"name":[{"text":"P"}],"extension":[{"url":%q,"extension":[
		{"url":"issuer","valueString":"i"},{"url":"subject","valueString":"s"}]}]}`, id, fhir.ExtAccount)
}

func role(more string) string {
	return bundle(entry(org), entry(`{"resourceType":"Practitioner","id":"w","name":[{"text":"W"}]}`),
		entry(`{"resourceType":"PractitionerRole","id":"r","practitioner":{"reference":"Practitioner/w"},"organization":{"reference":"Organization/o"},`+more+`}`))
}

// More than an import may be is refused as such, before it fills the memory.
func TestTooLarge(t *testing.T) {
	for name, in := range map[string]io.Reader{
		"one input": io.LimitReader(spaces{}, fhir.MaxInput+1),
		"resources": strings.NewReader(bundle(strings.Repeat(`{},`, fhir.MaxResources) + `{}`)),
		"lines":     strings.NewReader(strings.Repeat("{}\n", fhir.MaxResources+1)),
	} {
		t.Run(name, func(t *testing.T) {
			_, report, err := fhir.Read(in)
			if bridge.CodeOf(err) != bridge.CodeTooLarge || problem(report) != fhir.TooLarge {
				t.Errorf("%v, %q", err, problem(report))
			}
		})
	}
}

// A small input may hold very many values, each of which takes memory.
func TestTooManyValues(t *testing.T) {
	const text = `{"resourceType":"X","a":[0,0,0,0,0,0,0,0,0,0]}`
	for limit, want := range map[int]fhir.Reason{12: fhir.TooLarge, 13: ""} {
		var reader fhir.Reader
		reader.LimitValues(limit)
		err := reader.Add("", strings.NewReader(text))
		_, report, again := reader.Batch()
		if problem(report) != want || (err != nil) != (want != "") || (again != nil) != (want != "") {
			t.Errorf("limit %d: %q, %v, %v", limit, problem(report), err, again)
		}
	}
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// The input may stop in the middle.
func TestInputThatFails(t *testing.T) {
	batch, report, err := fhir.Read(io.MultiReader(strings.NewReader(org), failing{}))
	if err == nil || len(report.Items) != 1 || len(batch.Resources) != 0 {
		t.Errorf("%v, %+v", err, report)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// Neither report nor error repeats anything of a person, however it is wrong.
func TestReportsHoldNoValues(t *testing.T) {
	const secret = "2509479989"
	for _, in := range []string{
		bundle(entry(`{"resourceType":"Patient","id":"p","birthDate":"x2509479989","name":[{"text":"\u00072509479989"}],
			"identifier":[{"system":"` + fhir.SystemCPR + `","value":"25094799890"},{"system":"2509479989","value":"2509479989"}]}`)),
		bundle(entry(`{"resourceType":"Patient","id":"2509479989"}`)),
		bundle(entry(`{"resourceType":"Patient","id":"250947 9989","name":[{"text":"2509479989"}]}`)),
		bundle(`{"fullUrl":"https://x/2509479989","resource":{"resourceType":"CareTeam","subject":{"reference":"Patient/2509479989"}}}`),
		bundle(entry(`{"resourceType":"CareTeam","id":"t","subject":{"identifier":{"system":"` + fhir.SystemCPR + `","value":"2509479989"}}}`)),
		bundle(entry(`{"resourceType":"X2509479989"}`)),
		`{"resourceType":"Bundle","type":"2509479989"}`,
		`{"2509479989":1,"2509479989":2}`,
		`{"resourceType":"Patient" 2509479989`,
		strings.ReplaceAll(signIn("p"), `"s"`, `"2509479989"`),
	} {
		_, report, err := read(nil, in)
		if err == nil {
			t.Errorf("taken: %s", in)
		}
		told, marshalErr := json.Marshal(report)
		if marshalErr != nil {
			t.Fatal(marshalErr)
		}
		if all := fmt.Sprintf("%s %v %+v", told, err, err); strings.Contains(all, secret) || strings.Contains(all, "250947") {
			t.Errorf("repeated: %s", all)
		}
	}
}

// Ids that FHIR does not allow are derived, and the same each time.
func TestDerivedIDs(t *testing.T) {
	ids := map[string]string{}
	for range 2 {
		for name, in := range map[string]string{
			"underscore": `{"resourceType":"Organization","id":"psyk_team","name":"O"}`,
			"uuid":       bundle(`{"fullUrl":"urn:uuid:0b9b3c1e-7a55-4d0a-8f43-0d3a5a1c2e01","resource":{"resourceType":"Organization","name":"O"}}`),
			"url":        bundle(`{"fullUrl":"https://x.example/Organization/17","resource":{"resourceType":"Organization","name":"O"}}`),
			"oid":        bundle(`{"fullUrl":"urn:oid:1.2.3/é","resource":{"resourceType":"Organization","name":"O"}}`),
			"SOR":        `{"resourceType":"Organization","name":"O","identifier":[{"system":"` + fhir.SystemSOR + `","value":"325371000016006"}]}`,
		} {
			batch, _, err := read(nil, in)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			ref := batch.Resources[0].Reference()
			if err := ref.Validate(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if before, ok := ids[name]; ok && before != ref.ID() {
				t.Errorf("%s: %s, then %s", name, before, ref.ID())
			}
			ids[name] = ref.ID()
		}
	}
	if ids["url"] != "17" || ids["uuid"] != "0b9b3c1e-7a55-4d0a-8f43-0d3a5a1c2e01" {
		t.Errorf("ids that are there were not kept: %v", ids)
	}
}
