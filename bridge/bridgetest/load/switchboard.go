// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package load

import (
	"fmt"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// The lines of a region, and its practitioners: the callers, and six people of
// each line.
const (
	Switchboards  = 800
	Practitioners = callers + staff*Switchboards

	callers = 200
	staff   = 6
	rung    = 3 // of them are on duty, and rung together
)

// Desk is one line, and a patient of it whose doctor rings it.
type Desk struct{ number int }

// Desks lists the first n desks.
func Desks(n int) []Desk {
	all := make([]Desk, n)
	for i := range all {
		all[i].number = i
	}
	return all
}

// Caller is the doctor who rings; each has the patients of several desks.
func (d Desk) Caller() string { return fmt.Sprintf("load-g%05d", d.number%callers) }

// Person is one of the line's people.
func (d Desk) Person(i int) string { return fmt.Sprintf("load-s%05d-%d", d.number, i) }

func (d Desk) line() bridge.LineID { return bridge.LineID(fmt.Sprintf("load-l%05d", d.number)) }
func (d Desk) unit() string        { return fmt.Sprintf("load-u%05d", d.number) }
func (d Desk) patient() bridge.PatientID {
	return bridge.PatientID(fmt.Sprintf("load-q%05d", d.number))
}

// Who asks for the patient's psychiatrist: behind them stand the contact nurse, the
// line of their unit, its rota and its tiers.
func (d Desk) Who() bridge.WhoQuery {
	return bridge.WhoQuery{Patient: d.patient(), Wanted: bridge.Party{Function: bridge.FunctionTreatingPsychiatrist}, Purpose: bridge.PurposeTreatment}
}

// Region is all desks with their people, lines and patients. A week of a rota
// stands behind each line; the shift of now has three people, two tiers follow.
func Region(issuer string, now time.Time) bridge.ImportBatch {
	b := bridge.ImportBatch{Teams: map[bridge.PatientID][]bridge.CareTeamMember{}}
	b.Resources = append(b.Resources, bridge.Organization{ID: "load-clinic", Name: "Clinic", Sector: bridge.SectorGeneralPractice, Active: true})
	person := func(id, organization string, code bridge.RoleCode) {
		p := bridge.Practitioner{ID: id, Name: "Name " + id, Active: true}
		b.Resources = append(b.Resources, p,
			bridge.PractitionerRole{ID: id, Practitioner: id, Organization: organization, Code: code, Active: true},
			bridge.Account{Subject: bridge.Subject{Issuer: issuer, Name: id}, Person: p.Reference(), Epoch: 1})
	}
	for _, d := range Desks(callers) {
		person(d.Caller(), "load-clinic", "speciallaegeipraksis")
	}
	for _, d := range Desks(Switchboards) {
		b.Resources = append(b.Resources, bridge.Organization{ID: d.unit(), Name: "Outpatient team", Sector: bridge.SectorHospitalPsychiatry, Active: true})
		for i := range staff {
			person(d.Person(i), d.unit(), "overlaege")
		}
		b.Lines = append(b.Lines, d.asLine(now))
		b.Patients = append(b.Patients, bridge.Patient{
			ID: d.patient(), Name: "Patient " + string(d.patient()), Language: "da", Active: true,
			BirthDate: now.AddDate(-40, 0, 0).UTC().Truncate(24 * time.Hour),
		})
		since := bridge.Period{Start: now.AddDate(-1, 0, 0)}
		b.Teams[d.patient()] = []bridge.CareTeamMember{
			{Member: role(d.Caller()), Function: bridge.FunctionOwnGP, Period: since},
			{Member: role(d.Person(0)), Function: bridge.FunctionTreatingPsychiatrist, Period: since},
			{Member: role(d.Person(rung)), Function: bridge.FunctionContactNurse, Period: since},
			{Member: bridge.Ref(bridge.TypeOrganization + "/" + d.unit()), Function: bridge.FunctionTreatingPhysician, Period: since},
		}
	}
	return b
}

func (d Desk) asLine(now time.Time) bridge.Line {
	l := bridge.Line{
		ID: d.line(), Organization: d.unit(), Name: "Direct line " + d.unit(), Active: true, Capacity: 20,
		Opening: bridge.Opening{
			Week:       []bridge.Hours{{Days: []time.Weekday{1, 2, 3, 4, 5}, Start: "08:00", End: "16:00"}},
			Exceptions: []bridge.Exception{{Period: bridge.Period{Start: now.Add(-time.Hour), End: now.Add(24 * time.Hour)}, Open: true, At: now}},
		},
		Promise: bridge.Promise{AnswerSeconds: 30, CallbackMinutes: 120},
	}
	for day := range 7 {
		start := now.Add(-time.Hour).AddDate(0, 0, day).Truncate(time.Second)
		for i := range rung {
			l.Rota = append(l.Rota, bridge.Shift{Period: bridge.Period{Start: start, End: start.Add(12 * time.Hour)}, Member: role(d.Person(i))})
		}
	}
	for _, tier := range [][]int{{3, 4}, {5}} {
		var t bridge.Tier
		for _, i := range tier {
			t.Members = append(t.Members, role(d.Person(i)))
		}
		l.Tiers = append(l.Tiers, t)
	}
	return l
}
