// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package load

import (
	"fmt"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// People is a region for n pairs of people who write to each other about a
// patient of theirs. Half of the pairs treat the patient; the others stand on two
// sides of the border between health and social care, and rely on a consent.
func People(n int, issuer string, now time.Time) bridge.ImportBatch {
	b := bridge.ImportBatch{Teams: map[bridge.PatientID][]bridge.CareTeamMember{}}
	for _, o := range []bridge.Organization{
		{ID: "load-clinic", Name: "Clinic", Sector: bridge.SectorGeneralPractice, Active: true},
		{ID: "load-team", Name: "Outpatient team", Sector: bridge.SectorHospitalPsychiatry, Active: true},
		{ID: "load-social", Name: "Social psychiatry", Sector: bridge.SectorSocialCare, Active: true},
	} {
		b.Resources = append(b.Resources, o)
	}
	person := func(id, organization string, code bridge.RoleCode) {
		p := bridge.Practitioner{ID: id, Name: "Name " + id, Active: true}
		b.Resources = append(b.Resources, p,
			bridge.PractitionerRole{ID: id, Practitioner: id, Organization: organization, Code: code, Active: true},
			bridge.Account{Subject: bridge.Subject{Issuer: issuer, Name: id}, Person: p.Reference(), Epoch: 1})
	}
	for i := range n {
		p := Talk{i}
		person(p.Sender(), map[bool]string{true: "load-social", false: "load-clinic"}[p.crosses()],
			map[bool]bridge.RoleCode{true: "paedagog", false: "speciallaegeipraksis"}[p.crosses()])
		reader := map[bool]string{true: "load-clinic", false: "load-team"}[p.crosses()]
		person(p.Reader(), reader, map[bool]bridge.RoleCode{true: "speciallaegeipraksis", false: "overlaege"}[p.crosses()])
		b.Patients = append(b.Patients, bridge.Patient{
			ID: p.patient(), Name: "Patient " + string(p.patient()), Language: "da", Active: true,
			BirthDate: now.AddDate(-40, 0, 0).UTC().Truncate(24 * time.Hour),
		})
		p.involve(&b, now)
	}
	return b
}

// Talk is one pair's conversation.
type Talk struct{ number int }

// Talks lists the conversations of the first n pairs.
func Talks(n int) []Talk {
	all := make([]Talk, n)
	for i := range all {
		all[i].number = i
	}
	return all
}

// Sender and Reader are who signs in.
func (t Talk) Sender() string { return fmt.Sprintf("load-a%05d", t.number) }

// Reader is the other one.
func (t Talk) Reader() string { return fmt.Sprintf("load-b%05d", t.number) }

func (t Talk) patient() bridge.PatientID {
	return bridge.PatientID(fmt.Sprintf("load-p%05d", t.number))
}

// crosses reports whether the two are of different regimes.
func (t Talk) crosses() bool { return t.number%2 == 1 }

const matter = "load-1"

func role(id string) bridge.Ref { return bridge.Ref(bridge.TypePractitionerRole + "/" + id) }

// involve puts the two in the patient's care team, and adds consents.
func (t Talk) involve(b *bridge.ImportBatch, now time.Time) {
	since := bridge.Period{Start: now.AddDate(-1, 0, 0)}
	sender, reader := bridge.FunctionOwnGP, bridge.FunctionTreatingPsychiatrist
	if t.crosses() {
		sender, reader = bridge.FunctionSupportWorker, bridge.FunctionOwnGP
	}
	b.Teams[t.patient()] = []bridge.CareTeamMember{
		{Member: role(t.Sender()), Function: sender, Period: since},
		{Member: role(t.Reader()), Function: reader, Period: since},
		{Member: bridge.TypeOrganization + "/load-team", Function: bridge.FunctionContactNurse, Period: since},
	}
	if !t.crosses() {
		return
	}
	given := now.AddDate(0, 0, -7)
	for i, topic := range []bridge.Topic{bridge.TopicMedication, bridge.TopicHousing} {
		b.Consents = append(b.Consents, bridge.Consent{
			ID: bridge.ConsentID(fmt.Sprintf("%s-c%d", t.patient(), i)), Patient: t.patient(), State: bridge.ConsentActive,
			Scope: bridge.Scope{
				From: []bridge.Party{{Ref: role(t.Sender())}}, To: []bridge.Party{{Ref: role(t.Reader())}}, Both: true,
				Topics: []bridge.Topic{topic}, Purposes: []bridge.Purpose{bridge.PurposeSocialCasework}, Case: matter,
				Period: bridge.Period{Start: given, End: given.AddDate(0, 2, 0)},
			},
			GrantedBy: t.patient().Ref(), GrantedAt: given,
			Evidence: bridge.Evidence{
				Form: bridge.FormPaper, Language: "da", TextVersion: "1", RecordedBy: role(t.Reader()),
				TextHash: "0000000000000000000000000000000000000000000000000000000000000000",
			},
		})
	}
}

// conversation is what the sender opens.
func (t Talk) conversation() bridge.NewConversation {
	n := bridge.NewConversation{
		MID: fmt.Sprintf("load-conv-%05d", t.number), Patient: t.patient(), Purpose: bridge.PurposeTreatment,
		Members: []bridge.Party{{Ref: role(t.Reader())}},
	}
	if t.crosses() {
		n.Purpose, n.Case = bridge.PurposeSocialCasework, matter
	}
	return n
}
