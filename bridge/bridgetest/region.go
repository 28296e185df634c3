// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridgetest

import (
	"context"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// The region: a clinic, psychiatry with two teams, a ward, a municipality with
// social psychiatry and a jobcentre, and four patients.
//
//	gp            own GP of jens and amir
//	gp-other      a GP who knows none of them
//	psy           jens's treating psychiatrist, team-2
//	psy-other     of team-1, knows none of them
//	nurse         jens's contact nurse, team-2
//	sw            jens's support worker, social psychiatry
//	sw-other      of social psychiatry, knows none of them
//	cw            jens's caseworker at the jobcentre
//	dpo           the region's data-protection officer
//	dpo-other     the municipality's
//	jens          38 years old
//	amir          13 years old; mother has custody
//	bo            nobody's patient
//	admin         may import
var organizations = []bridge.Organization{
	{ID: "region", Name: "Region Test", Active: true},
	{ID: "psychiatry", Name: "Psychiatry", PartOf: "region", Sector: bridge.SectorHospitalPsychiatry, Active: true},
	{ID: "team-1", Name: "Team 1", PartOf: "psychiatry", Sector: bridge.SectorHospitalPsychiatry, Active: true},
	{ID: "team-2", Name: "Team 2", PartOf: "psychiatry", Sector: bridge.SectorHospitalPsychiatry, Active: true},
	{ID: "clinic", Name: "Clinic", Sector: bridge.SectorGeneralPractice, Active: true},
	{ID: "clinic-other", Name: "Other clinic", Sector: bridge.SectorGeneralPractice, Active: true},
	{ID: "municipality", Name: "Municipality", Active: true},
	{ID: "social-psychiatry", Name: "Social psychiatry", PartOf: "municipality", Sector: bridge.SectorSocialCare, Active: true},
	{ID: "jobcentre", Name: "Jobcentre", PartOf: "municipality", Sector: bridge.SectorEmployment, Active: true},
}

var roles = []bridge.PractitionerRole{
	{ID: "gp", Organization: "clinic", Code: "speciallaegeipraksis"},
	{ID: "gp-other", Organization: "clinic-other", Code: "speciallaegeipraksis"},
	{ID: "psy", Organization: "team-2", Code: "overlaege"},
	{ID: "psy-other", Organization: "team-1", Code: "overlaege"},
	{ID: "nurse", Organization: "team-2", Code: "sygeplejerske"},
	{ID: "sw", Organization: "social-psychiatry", Code: "paedagog"},
	{ID: "sw-other", Organization: "social-psychiatry", Code: "paedagog"},
	{ID: "cw", Organization: "jobcentre", Code: "beskaeftigelsesvejleder"},
	{ID: "dpo", Organization: "region", Code: bridge.RoleDataProtection},
	{ID: "dpo-other", Organization: "municipality", Code: bridge.RoleDataProtection},
}

func person(id string) string { return "person-" + id }

func account(name string, p bridge.Ref) bridge.Account {
	return bridge.Account{Subject: bridge.Subject{Issuer: Issuer, Name: name}, Person: p, Epoch: 1}
}

// Region is the region as an import would bring it.
func Region(now time.Time) bridge.ImportBatch {
	var b bridge.ImportBatch
	for _, o := range organizations {
		b.Resources = append(b.Resources, o)
	}
	admin := bridge.Practitioner{ID: "admin", Name: "Admin", Active: true}
	b.Resources = append(b.Resources, admin, account("admin", admin.Reference()),
		bridge.PractitionerRole{ID: "admin", Practitioner: "admin", Organization: "region", Active: true})
	for _, r := range roles {
		p := bridge.Practitioner{ID: person(r.ID), Name: "Name of " + r.ID, Active: true}
		r.Practitioner, r.Active = p.ID, true
		b.Resources = append(b.Resources, p, r, account(r.ID, p.Reference()))
	}
	for id, born := range map[bridge.PatientID]time.Time{
		"jens": now.AddDate(-38, -1, 0), "amir": now.AddDate(-13, -1, 0), "bo": now.AddDate(-50, -1, 0),
	} {
		b.Patients = append(b.Patients, bridge.Patient{ID: id, Name: "Name of " + string(id), BirthDate: born.UTC().Truncate(24 * time.Hour), Language: "da", Active: true})
		b.Resources = append(b.Resources, account(string(id), id.Ref()))
	}
	long := bridge.Period{Start: now.AddDate(-1, 0, 0)}
	mother := bridge.RelatedPerson{ID: "mother", Patient: "amir", Name: "Name of mother", Authority: bridge.AuthorityCustody, Period: long, Active: true}
	b.Resources = append(b.Resources, mother, account("mother", mother.Reference()))
	b.Teams = map[bridge.PatientID][]bridge.CareTeamMember{
		"jens": {
			{Member: Role("gp"), Function: bridge.FunctionOwnGP, Period: long},
			{Member: Role("psy"), Function: bridge.FunctionTreatingPsychiatrist, Period: long},
			{Member: Role("nurse"), Function: bridge.FunctionContactNurse, Period: long},
			{Member: Role("sw"), Function: bridge.FunctionSupportWorker, Period: long},
			{Member: Role("cw"), Function: bridge.FunctionCaseworker, Period: long},
		},
		"amir": {
			{Member: Role("gp"), Function: bridge.FunctionOwnGP, Period: long},
			{Member: Role("sw"), Function: bridge.FunctionSupportWorker, Period: long},
		},
	}
	return b
}

// seed puts the people in as the first import does, before there is an account
// that could import.
func seed(tb testing.TB, s bridge.Store, now time.Time) error {
	tb.Helper()
	batch := Region(now)
	return s.Update(context.Background(), "", func(tx bridge.Tx) error {
		for _, r := range batch.Resources {
			if err := tx.Directory().Put(r); err != nil {
				return err
			}
		}
		for _, p := range batch.Patients {
			if err := tx.Patients().Put(p); err != nil {
				return err
			}
		}
		for p, team := range batch.Teams {
			if err := tx.Patients().SetCareTeam(p, team); err != nil {
				return err
			}
		}
		return nil
	})
}
