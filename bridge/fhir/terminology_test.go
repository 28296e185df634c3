// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir_test

import (
	"encoding/json"
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/fhir"
)

// The published code systems are the words of package bridge, no more, no less,
// and each has a Danish word.
func TestTerminologyIsOurWords(t *testing.T) {
	var topics, purposes []string
	for _, v := range bridge.Topics {
		topics = append(topics, string(v))
	}
	for _, v := range bridge.Purposes {
		purposes = append(purposes, string(v))
	}
	for system, want := range map[string][]string{
		fhir.SystemTopic: topics, fhir.SystemPurpose: purposes,
		fhir.SystemFunction: {
			"own-gp", "treating-psychiatrist", "treating-physician", "contact-nurse",
			"support-worker", "caseworker", "care-manager", "interpreter",
		},
		fhir.SystemSector: {"general-practice", "hospital-psychiatry", "somatic-hospital", "social-care", "employment"},
		fhir.SystemRole:   {"tolk"},
	} {
		data, err := fhir.Terminology.ReadFile("terminology/" + path.Base(system) + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var cs struct {
			URL     string
			Count   int
			Concept []struct {
				Code        string
				Designation []struct{ Language, Value string }
			}
		}
		if err := json.Unmarshal(data, &cs); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range cs.Concept {
			got = append(got, c.Code)
			if len(c.Designation) != 1 || c.Designation[0].Language != "da" || c.Designation[0].Value == "" {
				t.Errorf("%s %s has no Danish word", system, c.Code)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" || cs.URL != system || cs.Count != len(want) {
			t.Errorf("%s (%s, %d) (-want +got):\n%s", system, cs.URL, cs.Count, diff)
		}
	}
}

// Every extension that is read is described under its own name.
func TestExtensionsAreDescribed(t *testing.T) {
	want := map[string]bool{fhir.ExtAccount: true, fhir.ExtSubstitute: true, fhir.ExtScope: true, fhir.ExtEvidence: true, fhir.ExtLine: true, fhir.ExtTier: true}
	names, err := fs.Glob(fhir.Terminology, "terminology/extension-*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := fhir.Terminology.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var sd struct{ URL string }
		if err := json.Unmarshal(data, &sd); err != nil {
			t.Fatal(err)
		}
		if !want[sd.URL] || !strings.Contains(name, path.Base(sd.URL)) {
			t.Errorf("%s describes %q", name, sd.URL)
		}
		delete(want, sd.URL)
	}
	if len(want) > 0 {
		t.Errorf("not described: %v", want)
	}
}
