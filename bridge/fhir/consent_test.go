// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/fhir"
)

// A consent from psychiatry to the jobcentre (Sundhedsloven s. 43) in the shape
// of IHE PCF's advanced profile.
func TestConsentInThePCFShape(t *testing.T) {
	batch, report, err := readFile(t, nil, "testdata/jobcentre.json")
	if err != nil {
		t.Fatal(err)
	}
	given := time.Date(2026, 3, 1, 9, 12, 0, 0, time.UTC)
	paper := sha256.Sum256([]byte("Jeg giver lov."))
	want := []bridge.Consent{{
		ID: "c1", Patient: "p1", State: bridge.ConsentActive, Basis: "dk.health-act.43-1",
		Scope: bridge.Scope{
			From: []bridge.Party{{Ref: "Organization/psyk"}}, To: []bridge.Party{{Ref: "Organization/sickness-2"}},
			Topics: []bridge.Topic{bridge.TopicMentalHealth, bridge.TopicEmployment},
			// HL7's code beside ours is the nearest, not one more purpose.
			Purposes: []bridge.Purpose{bridge.PurposeEmploymentFollowup},
			Period: bridge.Period{
				Start: time.Date(2026, 2, 28, 23, 0, 0, 0, time.UTC), End: time.Date(2027, 2, 28, 23, 0, 0, 0, time.UTC),
			},
		},
		GrantedBy: "Patient/p1", GrantedAt: given,
		Evidence: bridge.Evidence{
			Form: bridge.FormPaper, Language: "da", TextHash: hex.EncodeToString(paper[:]), RecordedBy: "Organization/psyk",
		},
	}}
	if diff := cmp.Diff(want, batch.Consents); diff != "" {
		t.Errorf("consents (-want +got):\n%s", diff)
	}
	if got := notes(report)["Consent.provision.securityLabel[0]"]; got != fhir.LabelIgnored {
		t.Errorf("the confidentiality label: %q, want a note", got)
	}
}

// change is a story told by changing one thing about the consent above.
type change struct {
	name string
	edit func(consent, provision map[string]any)
	want fhir.Reason
}

func coded(system, code string) map[string]any { return map[string]any{"system": system, "code": code} }

func party(ref string, role string) map[string]any {
	return map[string]any{
		"reference": map[string]any{"reference": ref},
		"role":      map[string]any{"coding": []any{coded("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", role)}},
	}
}

const actCode = "http://terminology.hl7.org/CodeSystem/v3-ActCode"

// What is too general, or can't be kept as the patient meant it, is no consent;
// the rest of the batch stands.
func TestPermitsThatDoNotCount(t *testing.T) {
	for _, c := range []change{
		{"to nobody in particular", func(_, p map[string]any) { delete(p, "actor") }, fhir.TooGeneral},
		{"about everything", func(_, p map[string]any) { delete(p, "securityLabel") }, fhir.TooGeneral},
		{"about a label that we have no topic for", func(_, p map[string]any) { p["securityLabel"] = []any{coded(actCode, "HIV")} }, fhir.TooGeneral},
		{"for no purpose", func(_, p map[string]any) { delete(p, "purpose") }, fhir.NoPurpose},
		{"for a purpose that we do not know", func(_, p map[string]any) {
			p["purpose"] = []any{coded("http://terminology.hl7.org/CodeSystem/v3-ActReason", "HRESCH")}
		}, fhir.NoPurpose},
		{"from anybody", func(c, _ map[string]any) { delete(c, "organization") }, fhir.NoDiscloser},
		{"a policy and no rule", func(c, _ map[string]any) {
			delete(c, "provision")
			c["policyRule"] = map[string]any{"coding": []any{coded(actCode, "OPTIN")}}
		}, fhir.TooGeneral},
		{"given by nobody", func(c, _ map[string]any) { delete(c, "performer") }, fhir.NoGrantor},
		{"with no date", func(c, _ map[string]any) { delete(c, "dateTime") }, fhir.NoDate},
		{"with nothing to show for it", func(c, _ map[string]any) { delete(c, "sourceAttachment") }, fhir.NoEvidence},
		{"withdrawn", func(c, _ map[string]any) { c["status"] = "inactive" }, fhir.NotActive},
		{"to research", func(c, _ map[string]any) {
			c["scope"] = map[string]any{"coding": []any{coded("http://terminology.hl7.org/CodeSystem/consentscope", "research")}}
		}, fhir.ScopeNotPrivacy},
		{"only to collect", func(_, p map[string]any) {
			p["action"] = []any{map[string]any{"coding": []any{coded("http://terminology.hl7.org/CodeSystem/consentaction", "collect")}}}
		}, fhir.RestrictionNotSup},
		{"only about one episode", func(_, p map[string]any) {
			p["data"] = []any{map[string]any{"meaning": "related", "reference": map[string]any{"reference": "EpisodeOfCare/e1"}}}
		}, fhir.RestrictionNotSup},
		{"except therapy notes, which are all of it here", func(_, p map[string]any) {
			p["securityLabel"] = []any{coded(actCode, "MH")}
			p["provision"] = []any{map[string]any{"type": "deny", "securityLabel": []any{coded(actCode, "PSYTHPN")}}}
		}, fhir.ExceptionNotKept},
		{"except what we have no topic for", func(_, p map[string]any) {
			p["provision"] = []any{map[string]any{"type": "deny", "securityLabel": []any{coded(actCode, "HIV")}}}
		}, fhir.ExceptionNotKept},
		{"except to one person", func(_, p map[string]any) {
			p["provision"] = []any{map[string]any{
				"type": "deny", "securityLabel": []any{coded(actCode, "MH")}, "actor": []any{party("Organization/job", "IRCP")},
			}}
		}, fhir.ExceptionNotKept},
		{"with a permit inside", func(_, p map[string]any) {
			p["provision"] = []any{map[string]any{"type": "permit"}}
		}, fhir.NestedPermit},
		{"to somebody in an unknown part", func(_, p map[string]any) {
			p["actor"] = []any{party("Organization/job", "GUAR")}
		}, fhir.PartyNotSupported},
		{"signed for without a text", func(c, _ map[string]any) {
			delete(c, "sourceAttachment")
			c["extension"] = []any{map[string]any{"url": fhir.ExtEvidence, "extension": []any{map[string]any{"url": "form", "valueCode": "signed-in"}}}}
		}, fhir.NoEvidence},
		{"put on record by nobody", func(c, p map[string]any) {
			p["actor"] = []any{party("Organization/job", "IRCP"), party("Organization/psyk", "CST")}
			delete(c, "organization")
		}, fhir.NoEvidence},
		{"to a patient's whole team", func(_, p map[string]any) { p["actor"] = []any{party("CareTeam/mine", "IRCP")} }, fhir.PartyNotSupported},
		{"waived without a reason", func(c, _ map[string]any) {
			c["extension"] = []any{map[string]any{"url": fhir.ExtEvidence, "extension": []any{map[string]any{"url": "form", "valueCode": "waived"}}}}
		}, fhir.NoEvidence},
	} {
		t.Run(c.name, func(t *testing.T) {
			batch, report, err := read(nil, edited(t, c)+`{"resourceType":"CareTeam","id":"mine","subject":{"reference":"Patient/p1"}}`)
			if err != nil {
				t.Fatalf("%v\n%+v", err, report.Items)
			}
			if len(batch.Consents) != 0 || len(batch.Objections) != 0 {
				t.Fatalf("it counted: %+v", batch.Consents)
			}
			if got := skipped(report)["Consent/c1"]; got != c.want {
				t.Errorf("refused because %q, want %q", got, c.want)
			}
			if len(batch.Patients) != 1 {
				t.Errorf("the rest did not stand")
			}
		})
	}
}

// An exception about part of a topic takes the whole topic out.
func TestExceptionsNarrow(t *testing.T) {
	batch, _, err := read(nil, edited(t, change{edit: func(_, p map[string]any) {
		p["provision"] = []any{map[string]any{"type": "deny", "securityLabel": []any{coded(actCode, "PSYTHPN")}}}
	}}))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]bridge.Topic{bridge.TopicEmployment}, batch.Consents[0].Scope.Topics); diff != "" {
		t.Error(diff)
	}
}

// Our own codes say exactly what is meant; HL7's beside them only come near, and
// may be wider.
func TestOwnCodesSpeakAlone(t *testing.T) {
	batch, _, err := read(nil, edited(t, change{edit: func(_, p map[string]any) {
		p["securityLabel"] = []any{coded(actCode, "EMPL"), coded(fhir.SystemTopic, "medication"), coded(actCode, "MH"), coded(fhir.SystemTopic, "medication")}
	}}))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]bridge.Topic{bridge.TopicMedication}, batch.Consents[0].Scope.Topics); diff != "" {
		t.Error(diff)
	}
}

// Who may disclose can be said as an actor, and as a function of the care team.
func TestWhoMayDisclose(t *testing.T) {
	batch, _, err := read(nil, edited(t, change{edit: func(_, p map[string]any) {
		gp := party("", "CST")
		gp["reference"] = map[string]any{"identifier": map[string]any{"system": fhir.SystemFunction, "value": "own-gp"}}
		p["actor"] = []any{party("Organization/job", "PRCP"), gp, party("Organization/psyk", "AUT"), gp}
	}}))
	if err != nil {
		t.Fatal(err)
	}
	want := []bridge.Party{{Function: bridge.FunctionOwnGP}, {Ref: "Organization/psyk"}}
	if diff := cmp.Diff(want, batch.Consents[0].Scope.From); diff != "" {
		t.Error(diff)
	}
}

// A deny becomes an objection; where it can't be kept as it is it is kept wider.
func TestDenyIsAnObjection(t *testing.T) {
	batch, report, err := read(nil, edited(t, change{edit: func(_, p map[string]any) {
		p["type"] = "deny"
		p["securityLabel"] = []any{coded(actCode, "OPIOIDUD")}
		p["purpose"] = []any{coded("http://terminology.hl7.org/CodeSystem/v3-ActReason", "TREAT")}
		p["provision"] = []any{map[string]any{"type": "permit"}}
	}}))
	if err != nil {
		t.Fatal(err)
	}
	want := []bridge.Objection{{
		ID: "c1", Patient: "p1", MadeBy: "Patient/p1", CreatedAt: time.Date(2026, 3, 1, 9, 12, 0, 0, time.UTC),
		Parties: []bridge.Party{{Ref: "Organization/sickness-2"}},
		Topics:  []bridge.Topic{bridge.TopicSubstanceUse}, Purposes: []bridge.Purpose{bridge.PurposeTreatment},
	}}
	if diff := cmp.Diff(want, batch.Objections); diff != "" {
		t.Error(diff)
	}
	n := notes(report)
	if n["Consent.provision.period"] != fhir.PeriodIgnored || n["Consent.provision.provision[0]"] != fhir.ExceptionIgnored {
		t.Errorf("what was not kept is not said: %v", n)
	}
}

// A no that can't be kept at all breaks the batch: it must not get lost.
func TestObjectionsAreNotDropped(t *testing.T) {
	for _, c := range []change{
		{"against nobody", func(_, p map[string]any) { delete(p, "actor") }, fhir.NoParty},
		{"about a label that we have no topic for", func(_, p map[string]any) { p["securityLabel"] = []any{coded(actCode, "HIV")} }, fhir.UnknownLabel},
		{"about a purpose that we do not know", func(_, p map[string]any) {
			p["purpose"] = []any{coded("http://terminology.hl7.org/CodeSystem/v3-ActReason", "HRESCH")}
		}, fhir.UnknownPurpose},
		{"with one more no inside", func(_, p map[string]any) {
			p["provision"] = []any{map[string]any{"type": "deny"}}
		}, fhir.ExceptionNotKept},
		{"against somebody who is not there", func(_, p map[string]any) {
			p["actor"] = []any{party("Organization/other", "IRCP")}
		}, fhir.Unresolved},
		{"without a date", func(c, _ map[string]any) { delete(c, "dateTime") }, fhir.Missing},
		{"that does not say that it is one", func(_, p map[string]any) { delete(p, "type") }, fhir.Missing},
		{"that is a policy only", func(c, _ map[string]any) {
			delete(c, "provision")
			c["policyRule"] = map[string]any{"coding": []any{coded(actCode, "OPTOUT")}}
		}, fhir.Missing},
	} {
		t.Run(c.name, func(t *testing.T) {
			edit := c.edit
			c.edit = func(consent, p map[string]any) {
				p["type"] = "deny"
				p["securityLabel"] = []any{coded(actCode, "SUD")}
				p["provision"] = []any{}
				edit(consent, p)
			}
			batch, report, err := read(nil, edited(t, c))
			if bridge.CodeOf(err) != bridge.CodeBadRequest || problem(report) != c.want {
				t.Errorf("%v: %q, want %q", err, problem(report), c.want)
			}
			if diff := cmp.Diff(bridge.ImportBatch{}, batch); diff != "" {
				t.Errorf("something was taken:\n%s", diff)
			}
		})
	}
}

// Somebody else's consent for the patient counts when they act for that patient.
func TestWhoMayGive(t *testing.T) {
	guardian := `{"resourceType":"RelatedPerson","id":"g","patient":{"reference":"Patient/%s"},"name":[{"text":"G"}],
		"relationship":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-RoleCode","code":"GUARD"}]}]}
		{"resourceType":"Patient","id":"p2","name":[{"text":"P2"}]}`
	by := change{edit: func(c, _ map[string]any) { c["performer"] = []any{map[string]any{"reference": "RelatedPerson/g"}} }}
	for patient, want := range map[string]int{"p1": 1, "p2": 0} {
		batch, report, err := read(nil, edited(t, by)+strings.ReplaceAll(guardian, "%s", patient))
		if err != nil {
			t.Fatalf("%v\n%+v", err, report.Items)
		}
		if len(batch.Consents) != want {
			t.Errorf("guardian of %s: %d consents, want %d", patient, len(batch.Consents), want)
		}
	}
}

// edited is jobcentre.json with its consent changed.
func edited(t *testing.T, c change) string {
	t.Helper()
	var bundle map[string]any
	if err := json.Unmarshal([]byte(readText(t, "testdata/jobcentre.json")), &bundle); err != nil {
		t.Fatal(err)
	}
	entries := bundle["entry"].([]any)
	consent := entries[len(entries)-1].(map[string]any)["resource"].(map[string]any)
	c.edit(consent, consent["provision"].(map[string]any))
	out, err := json.Marshal(bundle)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
