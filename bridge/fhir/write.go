// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// values is a JSON object on its way out; encoding/json sorts its keys, so the
// same consent gives the same bytes.
type values map[string]any

// EncodeConsent writes a consent as an R4 Consent within the limits of IHE PCF's
// advanced profile; what PCF has no place for is in our extensions, so that Read
// gives the same consent back. One that does not count any more is inactive.
func EncodeConsent(c bridge.Consent) ([]byte, error) {
	if c.ID == "" || c.Patient == "" {
		return nil, fmt.Errorf("encoding consent: without id or patient")
	}
	scope := []values{{"url": "bothWays", "valueBoolean": c.Scope.Both}}
	for _, p := range c.Scope.From {
		scope = append(scope, values{"url": "discloser", "valueReference": reference(p)})
	}
	if c.Scope.Case != "" {
		scope = append(scope, values{"url": "case", "valueString": c.Scope.Case})
	}
	provision := provisionOf("permit", c.Scope.To, c.Scope.Topics, c.Scope.Purposes)
	provision["period"] = period(c.Scope.Period)
	out := consentOf(string(c.ID), c.Patient, c.GrantedBy, c.GrantedAt, provision)
	out["status"] = "inactive"
	if c.State == bridge.ConsentActive {
		out["status"] = "active"
	}
	uri := PolicyBase + c.Basis
	if c.Basis == "" {
		uri = Base + "/policy"
	}
	out["policy"] = []values{{"uri": uri}}
	out["extension"] = []values{
		{"url": ExtScope, "extension": scope},
		{"url": ExtEvidence, "extension": evidenceOf(c.Evidence)},
	}
	return encode(out)
}

// EncodeObjection writes an objection as an R4 Consent that denies.
func EncodeObjection(o bridge.Objection) ([]byte, error) {
	if o.ID == "" || o.Patient == "" || len(o.Parties) == 0 {
		return nil, fmt.Errorf("encoding objection: without id, patient or party")
	}
	provision := provisionOf("deny", o.Parties, o.Topics, o.Purposes)
	out := consentOf(string(o.ID), o.Patient, o.MadeBy, o.CreatedAt, provision)
	out["status"] = "inactive"
	if o.LiftedAt.IsZero() {
		out["status"] = "active"
	}
	out["policy"] = []values{{"uri": Base + "/policy"}}
	return encode(out)
}

func encode(v values) ([]byte, error) {
	out, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding consent: %w", err)
	}
	return append(out, '\n'), nil
}

func consentOf(id string, patient bridge.PatientID, by bridge.Ref, at time.Time, provision values) values {
	return values{
		"resourceType": "Consent",
		"id":           id,
		"scope":        values{"coding": []values{{"system": systemScope, "code": "patient-privacy"}}},
		"category":     []values{{"coding": []values{{"system": systemLOINC, "code": "59284-0"}}}},
		"patient":      values{"reference": string(patient.Ref())},
		"dateTime":     at.UTC().Format(time.RFC3339Nano),
		"performer":    []values{{"reference": string(by)}},
		"provision":    provision,
	}
}

func provisionOf(kind string, parties []bridge.Party, topics []bridge.Topic, purposes []bridge.Purpose) values {
	p := values{"type": kind}
	var actors, topicLabels, purposeLabels []values
	for _, party := range parties {
		actors = append(actors, values{
			"role":      values{"coding": []values{{"system": systemPartType, "code": "IRCP"}}},
			"reference": reference(party),
		})
	}
	for _, t := range topics {
		topicLabels = append(topicLabels, values{"system": SystemTopic, "code": string(t)})
	}
	for _, u := range purposes {
		purposeLabels = append(purposeLabels, values{"system": SystemPurpose, "code": string(u)})
	}
	for key, list := range map[string][]values{"actor": actors, "securityLabel": topicLabels, "purpose": purposeLabels} {
		if len(list) > 0 {
			p[key] = list
		}
	}
	return p
}

func reference(p bridge.Party) values {
	if p.Function != "" {
		return values{"identifier": values{"system": SystemFunction, "value": string(p.Function)}}
	}
	return values{"reference": string(p.Ref)}
}

func period(p bridge.Period) values {
	v := values{}
	if !p.Start.IsZero() {
		v["start"] = p.Start.UTC().Format(time.RFC3339Nano)
	}
	if !p.End.IsZero() {
		v["end"] = p.End.UTC().Format(time.RFC3339Nano)
	}
	return v
}

func evidenceOf(e bridge.Evidence) []values {
	list := []values{{"url": "form", "valueCode": string(e.Form)}}
	add := func(url, kind, value string) {
		if strings.TrimSpace(value) != "" {
			list = append(list, values{"url": url, kind: value})
		}
	}
	add("language", "valueCode", e.Language)
	add("textVersion", "valueString", e.TextVersion)
	add("textHash", "valueString", e.TextHash)
	add("reason", "valueString", e.Reason)
	if e.RecordedBy != "" {
		list = append(list, values{"url": "recordedBy", "valueReference": values{"reference": string(e.RecordedBy)}})
	}
	return list
}
