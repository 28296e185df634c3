// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/fhir"
)

// MedCom's official examples of CareCommunication 5.0 messages are not ours to
// copy. They are read from $BROBYGGER_MEDCOM_DIR, or from the folder shared
// beside the project.
func medcomFiles(t *testing.T) []string {
	t.Helper()
	dir := os.Getenv("BROBYGGER_MEDCOM_DIR")
	for _, beside := range []string{"../../../shared/data/medcom-send", "../../../../shared/data/medcom-send"} {
		if dir == "" {
			if _, err := os.Stat(beside); err == nil {
				dir = beside
			}
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if dir == "" || len(files) == 0 {
		const absent = "MEDCOM'S EXAMPLE MESSAGES ARE NOT HERE: nothing was checked against them. " +
			"Fetch examples from medcomdk/dk-medcom-carecommunication-testscripts and set BROBYGGER_MEDCOM_DIR"
		t.Log(absent)
		_, _ = os.Stderr.WriteString("bridge/fhir: " + absent + "\n")
	}
	return files
}

func TestMedComMessages(t *testing.T) {
	for _, name := range medcomFiles(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			batch, report, err := readFile(t, nil, name)
			if err != nil {
				t.Fatalf("%v\n%+v", err, report.Items)
			}
			if len(batch.Patients) != 1 || batch.Patients[0].Name == "" || len(batch.Patients[0].Identifiers) == 0 {
				t.Errorf("one named and numbered patient is in every message")
			}
			if batch.Patients[0].BirthDate.IsZero() {
				t.Errorf("no date of birth from the number")
			}
			taken, brought := map[string]int{"Patient": len(batch.Patients)}, map[string]int{}
			for _, r := range batch.Resources {
				taken[r.Reference().Type()]++
			}
			for _, i := range report.Items {
				switch i.Type {
				case "Organization", "CareTeam": // a team is a unit here
					brought["Organization"]++
				case "Practitioner", "PractitionerRole", "Patient":
					brought[i.Type]++
				default:
					if i.Outcome != fhir.Skipped || i.Reason != fhir.TypeNotUsed {
						t.Errorf("%s at %s: %s, %s", i.Type, i.At, i.Outcome, i.Reason)
					}
				}
			}
			if diff := cmp.Diff(brought, taken); diff != "" {
				t.Errorf("taken of what was brought (-want +got):\n%s", diff)
			}
			everyRoleWorksSomewhere(t, batch)
		})
	}
}

// MedCom's authors name no organization; the one that signed their text is theirs.
func everyRoleWorksSomewhere(t *testing.T, batch bridge.ImportBatch) {
	t.Helper()
	there := map[bridge.Ref]bool{}
	for _, r := range batch.Resources {
		there[r.Reference()] = true
	}
	for _, r := range batch.Resources {
		role, ok := r.(bridge.PractitionerRole)
		if !ok {
			continue
		}
		if role.Code == "" && role.Title == "" {
			t.Errorf("%s is nothing", role.Reference())
		}
		if !there[bridge.Ref("Organization/"+role.Organization)] || !there[bridge.Ref("Practitioner/"+role.Practitioner)] {
			t.Errorf("%s refers to what is not in the batch", role.Reference())
		}
	}
}

// The five messages are about two people, whatever ids they give them.
func TestMedComMessagesTogether(t *testing.T) {
	files := medcomFiles(t)
	if len(files) == 0 {
		return // said loudly above
	}
	batch, report := mustJoin(t, files...)
	if len(batch.Patients) != 2 {
		t.Errorf("%d patients, want 2", len(batch.Patients))
	}
	again := 0
	for _, i := range report.Items {
		if i.Reason == fhir.SameAsEarlier {
			again++
		}
	}
	if again == 0 {
		t.Errorf("nobody was met twice")
	}
	everyRoleWorksSomewhere(t, batch)
}
