// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

// ImportBatch is what an import brings, checked and in our words; made by
// bridge/fhir. It is taken whole or not at all, and taking it twice is the same
// as taking it once.
type ImportBatch struct {
	Resources  []Resource // organizations, practitioners, roles, related persons, accounts
	Patients   []Patient
	Teams      map[PatientID][]CareTeamMember
	Consents   []Consent   // a consent that is there already, ended or not, stays as it is
	Objections []Objection // likewise
	Lines      []Line      // what was put in by hand stays: exceptions, and a rota where the line brings none
}

// ImportReport counts what became of a batch.
type ImportReport struct {
	Created   int            `json:"created"`
	Updated   int            `json:"updated"`
	Unchanged int            `json:"unchanged"`
	ByType    map[string]int `json:"by_type"` // taken, by resource type
}
