// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/fhir"
)

var parties = []bridge.Ref{"Patient/jens", "Organization/psyk", "Organization/social", "PractitionerRole/sw-hanne"}

func everybody() store {
	s := store{refs: map[bridge.Ref]bool{}}
	for _, p := range parties {
		s.refs[p] = true
	}
	return s
}

// What is written reads back as it was.
func TestConsentThereAndBack(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 12, 3, 400_000_000, time.UTC)
	consent := bridge.Consent{
		ID: "c-9", Patient: "jens", State: bridge.ConsentActive, Basis: "dk.legal-security-act.11a",
		Scope: bridge.Scope{
			From: []bridge.Party{{Ref: "Organization/psyk"}, {Function: bridge.FunctionOwnGP}},
			To:   []bridge.Party{{Function: bridge.FunctionCaseworker}, {Ref: "PractitionerRole/sw-hanne"}},
			Both: true, Case: "NS-1", Topics: []bridge.Topic{bridge.TopicMedication, bridge.TopicHousing},
			Purposes: []bridge.Purpose{bridge.PurposeSocialCasework},
			Period:   bridge.Period{Start: at, End: at.AddDate(0, 6, 0)},
		},
		GrantedBy: "Patient/jens", GrantedAt: at,
		Evidence: bridge.Evidence{
			Form: bridge.FormSignedIn, Language: "ar", TextVersion: "3", TextHash: strings.Repeat("0a", 32), RecordedBy: "Patient/jens",
		},
	}
	data, err := fhir.EncodeConsent(consent)
	if err != nil {
		t.Fatal(err)
	}
	batch, report, err := read(everybody(), string(data))
	if err != nil {
		t.Fatalf("%v\n%+v\n%s", err, report.Items, data)
	}
	if diff := cmp.Diff([]bridge.Consent{consent}, batch.Consents); diff != "" {
		t.Errorf("(-want +got):\n%s\n%s\n%v", diff, data, skipped(report))
	}

	// An ended one is not taken for an active one.
	consent.State = bridge.ConsentWithdrawn
	data, err = fhir.EncodeConsent(consent)
	if err != nil {
		t.Fatal(err)
	}
	_, report, err = read(everybody(), string(data))
	if err != nil || skipped(report)["Consent/c-9"] != fhir.NotActive {
		t.Errorf("withdrawn: %v %v", err, skipped(report))
	}
}

func TestObjectionThereAndBack(t *testing.T) {
	for name, o := range map[string]bridge.Objection{
		"to all": {Parties: []bridge.Party{{Ref: "Organization/social"}}},
		"to some": {
			Parties: []bridge.Party{{Function: bridge.FunctionCaseworker}, {Ref: "Organization/social"}},
			Topics:  []bridge.Topic{bridge.TopicSubstanceUse}, Purposes: []bridge.Purpose{bridge.PurposeTreatment},
		},
	} {
		t.Run(name, func(t *testing.T) {
			o.ID, o.Patient, o.MadeBy = "o-1", "jens", "Patient/jens"
			o.CreatedAt = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
			data, err := fhir.EncodeObjection(o)
			if err != nil {
				t.Fatal(err)
			}
			batch, report, err := read(everybody(), string(data))
			if err != nil {
				t.Fatalf("%v\n%+v", err, report.Items)
			}
			if diff := cmp.Diff([]bridge.Objection{o}, batch.Objections); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNothingIsWrittenOfHalfAConsent(t *testing.T) {
	if _, err := fhir.EncodeConsent(bridge.Consent{ID: "c"}); err == nil {
		t.Error("a consent of nobody was written")
	}
	if _, err := fhir.EncodeObjection(bridge.Objection{ID: "o", Patient: "p"}); err == nil {
		t.Error("an objection against nobody was written")
	}
}
