// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package storetest

import (
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// region is a small directory: a hospital with a ward that has a team, a clinic,
// and five roles.
func region() []bridge.Resource {
	role := func(id, practitioner, organization string, active bool) bridge.PractitionerRole {
		return bridge.PractitionerRole{ID: id, Practitioner: practitioner, Organization: organization, Code: "overlaege", Active: active}
	}
	return []bridge.Resource{
		bridge.Organization{ID: "hospital", Name: "Østerbro Hospital", Sector: bridge.SectorHospitalPsychiatry, Active: true},
		bridge.Organization{ID: "ward", Name: "Ward 2", PartOf: "hospital", Active: true},
		bridge.Organization{ID: "team", Name: "Team A", PartOf: "ward", Active: true},
		bridge.Organization{ID: "clinic", Name: "Clinic", Active: true},
		bridge.Organization{ID: "closed", Name: "Closed clinic"},
		bridge.Practitioner{ID: "anna", Name: "Anna Ærø", Active: true},
		bridge.Practitioner{ID: "bo", Name: "Bo Ågård", Active: true},
		bridge.Practitioner{ID: "cy", Name: "Cy", Active: false},
		role("r-anna-team", "anna", "team", true),
		role("r-bo-ward", "bo", "ward", true),
		role("r-bo-clinic", "bo", "clinic", false),
		role("r-cy-clinic", "cy", "clinic", true),
		role("r-anna-closed", "anna", "closed", true),
	}
}

func put(all ...bridge.Resource) func(bridge.Tx) error {
	return func(tx bridge.Tx) error {
		for _, r := range all {
			if err := tx.Directory().Put(r); err != nil {
				return err
			}
		}
		return nil
	}
}

func directory(_ *testing.T, w *world) {
	org := bridge.Organization{
		ID: "o", Name: "O", Sector: bridge.SectorSocialCare, PartOf: "p", Phone: "1", Active: true,
		Identifiers: []bridge.Identifier{{System: "sor", Value: "7"}},
	}
	person := bridge.Practitioner{ID: "p", Name: "P", Active: true}
	role := bridge.PractitionerRole{
		ID: "r", Practitioner: "p", Organization: "o", Code: "sygeplejerske", Title: "Nurse", Active: true,
		Hours:    []bridge.Hours{{Days: []time.Weekday{time.Monday}, Start: "08:00", End: "15:30"}},
		Absences: []bridge.Absence{{From: at(1), Until: at(2), Reason: "holiday", Substitute: "Organization/o"}},
	}
	related := bridge.RelatedPerson{
		ID: "m", Patient: "jens", Name: "M", Authority: bridge.AuthorityCustody,
		Period: bridge.Period{Start: at(0)}, Active: true,
	}
	read := func(tx bridge.Tx) error {
		d := tx.Directory()
		gotOrg, err1 := d.Organization("o")
		gotPerson, err2 := d.Practitioner("p")
		gotRole, err3 := d.Role("r")
		gotRelated, err4 := d.RelatedPerson("m")
		same(w, "organization", gotOrg, org)
		same(w, "practitioner", gotPerson, person)
		same(w, "role", gotRole, role)
		same(w, "related person", gotRelated, related)
		return firstOf(err1, err2, err3, err4)
	}
	w.must("", put(org, person, role, related))
	w.both(read)
	org.Active, person.Name, role.Absences, related.Authority = false, "Q", nil, bridge.AuthorityGuardian
	w.must("", put(org, person, role, related))
	w.both(read)
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func directoryFind(t *testing.T, w *world) {
	w.must("", put(region()...))
	for _, c := range []struct {
		name string
		q    bridge.DirectoryQuery
		want []string
	}{
		{"everybody, by name and id", bridge.DirectoryQuery{}, []string{"r-anna-closed", "r-anna-team", "r-bo-clinic", "r-bo-ward", "r-cy-clinic"}},
		{"one person", bridge.DirectoryQuery{Practitioner: "bo"}, []string{"r-bo-clinic", "r-bo-ward"}},
		{"an organization with its units", bridge.DirectoryQuery{Organization: "hospital"}, []string{"r-anna-team", "r-bo-ward"}},
		{"a unit", bridge.DirectoryQuery{Organization: "team"}, []string{"r-anna-team"}},
		{"a name in other case", bridge.DirectoryQuery{Text: "ÆRØ"}, []string{"r-anna-closed", "r-anna-team"}},
		{"a name of an organization", bridge.DirectoryQuery{Text: "ward"}, []string{"r-bo-ward"}},
		{"a name that is a pattern", bridge.DirectoryQuery{Text: "%"}, nil},
		{"role, person and organization active", bridge.DirectoryQuery{ActiveOnly: true}, []string{"r-anna-team", "r-bo-ward"}},
		{"all fields", bridge.DirectoryQuery{Practitioner: "bo", Organization: "hospital", Text: "gård", ActiveOnly: true}, []string{"r-bo-ward"}},
		{"at most two", bridge.DirectoryQuery{Limit: 2}, []string{"r-anna-closed", "r-anna-team"}},
		{"nobody", bridge.DirectoryQuery{Practitioner: "no"}, nil},
	} {
		t.Run(c.name, func(*testing.T) {
			w.both(func(tx bridge.Tx) error {
				found, err := tx.Directory().Find(c.q)
				var ids []string
				for _, e := range found {
					ids = append(ids, e.Role.ID)
				}
				same(w, "ids", ids, c.want)
				return err
			})
		})
	}
	w.both(func(tx bridge.Tx) error {
		found, err := tx.Directory().Find(bridge.DirectoryQuery{Organization: "ward", Text: "bo"})
		all := region()
		same(w, "entries", found, []bridge.RoleEntry{{
			Role: all[9].(bridge.PractitionerRole), Name: "Bo Ågård", Organization: all[1].(bridge.Organization),
		}})
		return err
	})
}

func accounts(_ *testing.T, w *world) {
	one := bridge.Account{Subject: bridge.Subject{Issuer: "a", Name: "x"}, Person: "Practitioner/p", Epoch: 1}
	two := bridge.Account{Subject: bridge.Subject{Issuer: "b", Name: "x"}, Person: "Practitioner/p", DNDUntil: at(3)}
	other := bridge.Account{Subject: bridge.Subject{Issuer: "a", Name: "y"}, Person: "Patient/jens"}
	w.must("", put(two, other, one))
	w.both(func(tx bridge.Tx) error {
		got, err := tx.Directory().Account(bridge.Subject{Issuer: "b", Name: "x"})
		same(w, "account", got, two)
		if err != nil {
			return err
		}
		all, err := tx.Directory().AccountsOf("Practitioner/p")
		same(w, "accounts", all, []bridge.Account{one, two})
		return err
	})
	one.Disabled, one.Epoch = true, 2
	w.must("", put(one))
	w.both(func(tx bridge.Tx) error {
		got, err := tx.Directory().Account(one.Subject)
		same(w, "account", got, one)
		_, none := tx.Directory().Account(bridge.Subject{Issuer: "c", Name: "x"})
		missing(w, "account of another issuer", none)
		return err
	})
}
