// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package lines_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// monday is when the simulated region begins, by the clock on the wall.
var monday = time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC)

// How many of each there are: teams with a line, each with six people; clinics with
// three; and patients, each with an own GP, a psychiatrist and a contact nurse.
const (
	teams    = 4
	ofTeam   = 6
	clinics  = 4
	ofClinic = 3
	patients = 40
)

func staff(team, i int) string { return fmt.Sprintf("p%d-%d", team, i) }
func doctor(n int) string      { return fmt.Sprintf("g%d-%d", n/ofClinic, n%ofClinic) }
func patient(n int) string     { return fmt.Sprintf("q%d", n) }

func role(name string) bridge.Ref { return bridge.Ref(bridge.TypePractitionerRole + "/" + name) }

// identity is who signs in as somebody of the region.
func identity(name string) bridge.Identity {
	return bridge.Identity{
		Subject: bridge.Subject{Issuer: "https://idp.test", Name: name}, Assurance: bridge.AssuranceSubstantial,
		Issued: monday, Expires: monday.AddDate(10, 0, 0),
	}
}

// employ adds somebody who works in a role.
func employ(tx bridge.Tx, name, unit string) error {
	p := bridge.Practitioner{ID: "of-" + name, Name: "Name of " + name, Active: true}
	return errors.Join(
		tx.Directory().Put(p),
		tx.Directory().Put(bridge.PractitionerRole{ID: name, Practitioner: p.ID, Organization: unit, Code: "overlaege", Active: true}),
		tx.Directory().Put(bridge.Account{Subject: identity(name).Subject, Person: p.Reference(), Epoch: 1}),
	)
}

// found puts the region into an empty store.
func found(tx bridge.Tx) error {
	var errs []error
	unit := func(id string, s bridge.Sector) {
		errs = append(errs, tx.Directory().Put(bridge.Organization{ID: id, Name: id, Sector: s, Active: true, Phone: "12345678"}))
	}
	for t := range teams {
		id := fmt.Sprintf("t%d", t)
		unit(id, bridge.SectorHospitalPsychiatry)
		l := bridge.Line{
			ID: bridge.LineID("l" + id), Organization: id, Name: "Line of " + id, Active: true, Capacity: 3, Tiers: make([]bridge.Tier, 2),
			Rota:    []bridge.Shift{{Period: bridge.Period{Start: monday.AddDate(-1, 0, 0)}, Member: role(staff(t, 5))}},
			Opening: bridge.Opening{Week: []bridge.Hours{{Days: []time.Weekday{0, 1, 2, 3, 4, 5, 6}, Start: "00:00", End: "24:00"}}},
			Promise: bridge.Promise{AnswerSeconds: 30, CallbackMinutes: 60},
		}
		for i := range ofTeam {
			errs = append(errs, employ(tx, staff(t, i), id))
			if i < 5 {
				tier := &l.Tiers[i/3]
				tier.Members = append(tier.Members, role(staff(t, i)))
			}
		}
		errs = append(errs, tx.Lines().Put(l))
	}
	for n := range clinics * ofClinic {
		clinic := fmt.Sprintf("c%d", n/ofClinic)
		unit(clinic, bridge.SectorGeneralPractice)
		errs = append(errs, employ(tx, doctor(n), clinic))
	}
	for n := range patients {
		id, always := bridge.PatientID(patient(n)), bridge.Period{Start: monday.AddDate(-1, 0, 0)}
		errs = append(errs, tx.Patients().Put(bridge.Patient{ID: id, Name: "Name", Active: true}), tx.Patients().SetCareTeam(id, []bridge.CareTeamMember{
			{Member: role(doctor(n % (clinics * ofClinic))), Function: bridge.FunctionOwnGP, Period: always},
			{Member: role(staff(n%teams, n/teams%ofTeam)), Function: bridge.FunctionTreatingPsychiatrist, Period: always},
			{Member: role(staff(n%teams, (n/teams+1)%ofTeam)), Function: bridge.FunctionContactNurse, Period: always},
		}))
	}
	return errors.Join(errs...)
}

// gate says no to some, each for five minutes: as if the patients said so. The
// policy itself has tests of its own; what a ring makes of its answers is the
// simulation's.
type gate struct{ bridge.Decider }

const mood = 5 * time.Minute

func (gate) Decide(_ context.Context, q *bridge.Question) (bridge.Decision, error) {
	d := bridge.Decision{Allow: true, Basis: "simulated", Revision: "1", ValidUntil: q.Now.Truncate(mood).Add(mood)}
	h := fnv.New32()
	_, _ = fmt.Fprint(h, q.From.Ref, q.To.Ref, q.Patient.Patient.ID, q.Now.Truncate(mood).Unix())
	if q.Action == bridge.ActionRing && h.Sum32()%15 == 0 {
		d.Allow, d.Reasons = false, []bridge.Code{"objection"}
	}
	return d, nil
}

// Revision is that of its decisions.
func (gate) Revision() string { return "1" }
