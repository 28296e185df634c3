// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/fhir"
)

// Whatever is read: no panic; either everything was sound or nothing is
// returned; and what is returned holds no id or reference that is not one.
func FuzzRead(f *testing.F) {
	seeds, err := filepath.Glob("testdata/*.*json")
	if err != nil || len(seeds) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range seeds {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(org + patient))
	f.Add([]byte(role(`"availableTime":[{"allDay":true}]`)))
	f.Add([]byte(`{"resourceType":"Bundle","type":"message","entry":[{"resource":{"resourceType":"Communication","payload":[{}]}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		batch, report, err := fhir.Read(bytes.NewReader(data))
		if (err != nil) != (report.Count(fhir.Invalid) > 0) {
			t.Fatalf("%v with %d invalid", err, report.Count(fhir.Invalid))
		}
		if err != nil {
			if !cmp.Equal(batch, bridge.ImportBatch{}) {
				t.Fatal("an invalid batch was returned")
			}
			return
		}
		for _, r := range batch.Resources {
			if err := r.Reference().Validate(); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range batch.Consents {
			s := c.Scope
			if len(s.From) == 0 || len(s.To) == 0 || len(s.Topics) == 0 || len(s.Purposes) == 0 {
				t.Fatal("a wildcard consent was taken")
			}
			if c.GrantedBy.Validate() != nil || c.Evidence.Form == "" || c.GrantedAt.IsZero() {
				t.Fatal("a consent that can't be shown was taken")
			}
		}
		for _, o := range batch.Objections {
			if len(o.Parties) == 0 {
				t.Fatal("an objection against nobody was taken")
			}
		}
		for _, l := range batch.Lines {
			if bridge.ValidateID(string(l.ID)) != nil || bridge.Ref("Organization/"+l.Organization).Validate() != nil || l.Name == "" || l.Capacity < 0 {
				t.Fatal("a line of nobody was taken")
			}
			for _, s := range l.Callers.Sectors {
				if s == "" {
					t.Fatal("a caller's sector was dropped")
				}
			}
		}
		for id, team := range batch.Teams {
			for _, m := range append(team, bridge.CareTeamMember{Member: id.Ref(), Function: "-"}) {
				if m.Member.Validate() != nil || m.Function == "" {
					t.Fatal("a team of nobody was taken")
				}
			}
		}
	})
}
