// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package demo_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/fhir"
	"github.com/brobygger/brobygger/cmd/brobygger/demo"
)

var today = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func load(t *testing.T, now time.Time) (bridge.ImportBatch, fhir.Report) {
	t.Helper()
	files, err := demo.Load(now)
	if err != nil {
		t.Fatal(err)
	}
	var reader fhir.Reader
	for _, f := range files {
		if err := reader.Add(f.Name, bytes.NewReader(f.Data)); err != nil {
			t.Fatal(err)
		}
	}
	batch, report, err := reader.Batch()
	if err != nil {
		t.Fatalf("%v\n%+v", err, report.Items)
	}
	return batch, report
}

// Everything in the files is taken: an import that leaves something out would
// make the demo tell another story than its README.
func TestTheRegionIsTakenWhole(t *testing.T) {
	batch, report := load(t, today)
	if n := report.Count(fhir.Taken); n != len(report.Items) {
		t.Errorf("%d of %d taken", n, len(report.Items))
	}
	for _, i := range report.Items {
		for _, n := range i.Notes {
			if n.Reason != fhir.ReplacementNumber && n.Reason != fhir.NoSector {
				t.Errorf("%s/%s: %s at %s", i.Type, i.ID, n.Reason, n.Path)
			}
		}
	}
	got := map[string]int{
		"Line": len(batch.Lines), "Patient": len(batch.Patients), "Team": len(batch.Teams),
		"Consent": len(batch.Consents), "Objection": len(batch.Objections),
	}
	for _, r := range batch.Resources {
		switch r := r.(type) {
		case bridge.Account:
			got["Account"]++
			if r.Subject.Issuer != demo.Issuer {
				t.Errorf("%s signs in at %q", r.Person, r.Subject.Issuer)
			}
		default:
			got[r.Reference().Type()]++
		}
	}
	want := map[string]int{
		"Organization": 16, "Practitioner": 28, "PractitionerRole": 29, "RelatedPerson": 5, "Account": 45,
		"Line": 16, "Patient": 12, "Team": 12, "Consent": 9, "Objection": 4,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the region (-want +got):\n%s", diff)
	}
}

// Every reference leads to somebody, every person can sign in, every role has
// hours, and every patient has a GP of their own or a reason not to.
func TestEverythingRefersToSomething(t *testing.T) {
	batch, _ := load(t, today)
	there := map[bridge.Ref]bool{}
	signsIn := map[bridge.Ref]bool{}
	for _, r := range batch.Resources {
		if a, ok := r.(bridge.Account); ok {
			signsIn[a.Person] = true
			continue
		}
		there[r.Reference()] = true
	}
	for _, p := range batch.Patients {
		there[p.Reference()] = true
	}
	need := func(from string, refs ...bridge.Ref) {
		t.Helper()
		for _, ref := range refs {
			if !there[ref] {
				t.Errorf("%s refers to %s, who is not there", from, ref)
			}
		}
	}
	parties := func(from string, lists ...[]bridge.Party) {
		t.Helper()
		for _, list := range lists {
			for _, p := range list {
				if p.Function == "" {
					need(from, p.Ref)
				}
			}
		}
	}
	for _, r := range batch.Resources {
		switch r := r.(type) {
		case bridge.Organization:
			if r.PartOf != "" {
				need(r.ID, bridge.Ref("Organization/"+r.PartOf))
			}
		case bridge.PractitionerRole:
			need(r.ID, bridge.Ref("Organization/"+r.Organization), bridge.Ref("Practitioner/"+r.Practitioner))
			if r.Code == "" || r.Title == "" || len(r.Hours) == 0 {
				t.Errorf("%s lacks a code, a title or hours", r.ID)
			}
			for _, a := range r.Absences {
				need(r.ID, a.Substitute)
			}
		case bridge.RelatedPerson:
			need(r.ID, r.Patient.Ref())
		case bridge.Account:
			need(r.Subject.Name, r.Person)
		}
		if _, org := r.(bridge.Organization); !org && r.Reference().Type() != bridge.TypePractitionerRole && !signsIn[r.Reference()] {
			t.Errorf("%s can't sign in", r.Reference())
		}
	}
	for _, p := range batch.Patients {
		if !signsIn[p.Reference()] {
			t.Errorf("%s can't sign in", p.ID)
		}
		gp := false
		for _, m := range batch.Teams[p.ID] {
			need(string(p.ID), m.Member)
			gp = gp || m.Function == bridge.FunctionOwnGP
		}
		if !gp {
			t.Errorf("%s has no GP", p.ID)
		}
	}
	for _, c := range batch.Consents {
		need(string(c.ID), c.Patient.Ref(), c.GrantedBy, c.Evidence.RecordedBy)
		parties(string(c.ID), c.Scope.From, c.Scope.To)
	}
	for _, o := range batch.Objections {
		need(string(o.ID), o.Patient.Ref(), o.MadeBy)
		parties(string(o.ID), o.Parties)
	}
}

// Every organization can be rung, by people whom it knows, and where its hours say.
func TestEveryOrganizationHasALine(t *testing.T) {
	batch, _ := load(t, today)
	has, known := map[string]bool{}, map[bridge.Ref]bool{}
	for _, r := range batch.Resources {
		known[r.Reference()] = true
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range batch.Lines {
		has[l.Organization] = true
		if len(l.Tiers) == 0 || len(l.Opening.Week) == 0 || l.Capacity < 1 || !l.Active || len(l.Callers.Sectors) == 0 {
			t.Errorf("%+v", l)
		}
		if !strings.Contains(string(readme), "`"+string(l.ID)+"`") {
			t.Errorf("README.md does not name the line %s", l.ID)
		}
		people := map[bridge.Ref]bool{}
		for _, tier := range l.Tiers {
			for _, m := range tier.Members {
				people[m] = true
			}
		}
		for _, s := range l.Rota {
			if !people[s.Member] {
				t.Errorf("%s has a shift of %s, who is in no tier", l.ID, s.Member)
			}
		}
		for m := range people {
			if !known[m] {
				t.Errorf("%s is answered by %s, who is not there", l.ID, m)
			}
		}
	}
	for _, r := range batch.Resources {
		if o, ok := r.(bridge.Organization); ok && !has[o.ID] {
			t.Errorf("%s can't be rung", o.ID)
		}
	}
}

// A clinic's line for professionals is shut while patients ring.
func TestProfessionalsRingClinicsOutsideThePatientsHour(t *testing.T) {
	batch, _ := load(t, today)
	monday := time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)
	for _, l := range batch.Lines {
		if l.ID != "noerregade-fagfolk" && l.ID != "havnen-fagfolk" && l.ID != "bakken-fagfolk" {
			continue
		}
		hours, err := bridge.NewTimetable(l.Opening, nil)
		if err != nil {
			t.Fatal(err)
		}
		opened := false
		for minute := range 24 * 60 {
			at := monday.Add(time.Duration(minute) * time.Minute)
			open := hours.At(at).Open
			opened = opened || open
			if local := minute/60 + 1; open && local == 8 { // Copenhagen is an hour ahead in winter
				t.Errorf("%s is open at %s", l.ID, at)
			}
		}
		if !opened {
			t.Errorf("%s is never open", l.ID)
		}
	}
}

// The story needs Jens: everybody around him is there, and nobody on one side of
// the border may yet speak with anybody on the other.
func TestJensHasEverybodyAndNoConsent(t *testing.T) {
	batch, _ := load(t, today)
	got := map[bridge.CareFunction]bridge.Ref{}
	for _, m := range batch.Teams["jens"] {
		got[m.Function] = m.Member
	}
	want := map[bridge.CareFunction]bridge.Ref{
		bridge.FunctionOwnGP:                "PractitionerRole/gp-holm",
		bridge.FunctionTreatingPsychiatrist: "PractitionerRole/psy-lund",
		bridge.FunctionContactNurse:         "PractitionerRole/nur-skov",
		bridge.FunctionSupportWorker:        "PractitionerRole/sw-hanne",
		bridge.FunctionCaseworker:           "PractitionerRole/cw-mette",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, c := range batch.Consents {
		if c.Patient == "jens" {
			t.Errorf("jens consented already: %s", c.ID)
		}
	}
}

// On whatever day the demo runs, Emil is 13, Freja is 16, Dr Friis is away, and
// one of Maja's consents has run out while the others run.
func TestTheDemoDoesNotAge(t *testing.T) {
	for _, now := range []time.Time{
		today, today.AddDate(0, 9, 30), today.AddDate(7, 0, 0),
		time.Date(2028, 2, 29, 23, 30, 0, 0, time.UTC), time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		t.Run(now.Format(time.DateOnly), func(t *testing.T) {
			batch, _ := load(t, now)
			ages := map[bridge.PatientID]int{"emil": 13, "freja": 16}
			for _, p := range batch.Patients {
				want, young := ages[p.ID]
				if young && (p.BirthDate.AddDate(want, 0, 0).After(now) || !p.BirthDate.AddDate(want+1, 0, 0).After(now)) {
					t.Errorf("%s is not %d", p.ID, want)
				}
			}
			for _, c := range batch.Consents {
				if runs := c.Scope.Period.Contains(now); runs != (c.ID != "maja-social-gammelt") {
					t.Errorf("%s runs: %v", c.ID, runs)
				}
				if c.Scope.Period.End.After(c.GrantedAt.AddDate(1, 0, 0)) {
					t.Errorf("%s runs for more than a year (Sundhedsloven s. 44)", c.ID)
				}
			}
			for _, r := range batch.Resources {
				if role, ok := r.(bridge.PractitionerRole); ok && role.ID == "gp-friis" {
					if a, away := role.At(now); !away || a.Substitute != "PractitionerRole/gp-aziz" {
						t.Errorf("gp-friis away: %v, substitute %s", away, a.Substitute)
					}
				}
			}
		})
	}
}

// The README's tables are the demo's people.
func TestReadmeListsEverybody(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	batch, _ := load(t, today)
	for _, r := range batch.Resources {
		var name string
		switch r := r.(type) {
		case bridge.Account:
			name = r.Subject.Name
		case bridge.PractitionerRole:
			name = r.ID
		case bridge.Organization:
			name = r.ID
		default:
			continue
		}
		if !strings.Contains(string(readme), "`"+name+"`") {
			t.Errorf("README.md does not name %s", name)
		}
	}
}

// The evidence of the demo's paper consents is the hash of a form that exists.
func TestTheFormsAreThePaperOnFile(t *testing.T) {
	form, err := os.ReadFile("paper-da.txt")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(form)
	batch, _ := load(t, today)
	for _, c := range batch.Consents {
		if c.Evidence.TextHash != hex.EncodeToString(sum[:]) || c.Evidence.Form != bridge.FormPaper {
			t.Errorf("%s was not given on the form", c.ID)
		}
	}
}

// Demo numbers are replacement numbers (day plus 60), which belong to no person.
func TestNobodyHasARealNumber(t *testing.T) {
	batch, _ := load(t, today)
	for _, p := range batch.Patients {
		for _, i := range p.Identifiers {
			if i.System == fhir.SystemCPR && i.Value[0] < '6' {
				t.Errorf("%s has a number that somebody could have", p.ID)
			}
		}
	}
}
