// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"slices"
	"strings"

	"github.com/brobygger/brobygger/bridge"
)

// functions are the care functions that may stand for a person.
var functions = []bridge.CareFunction{
	bridge.FunctionOwnGP, bridge.FunctionTreatingPsychiatrist, bridge.FunctionTreatingPhysician, bridge.FunctionContactNurse,
	bridge.FunctionSupportWorker, bridge.FunctionCaseworker, bridge.FunctionCareManager, bridge.FunctionInterpreter,
}

// asRef makes a reference of a name: "gp-holm" of a role, or "Type/id" as it is.
func asRef(kind, name string) bridge.Ref {
	if strings.Contains(name, "/") {
		return bridge.Ref(name)
	}
	return bridge.Ref(kind + "/" + name)
}

// party says whom a name on the command line means: a care function, the
// patient, a unit ("unit:psyk-team-2"), or a role ("gp-holm").
func party(name string, patient bridge.PatientID) (bridge.Party, error) {
	var p bridge.Party
	switch unit, isUnit := strings.CutPrefix(name, "unit:"); {
	case slices.Contains(functions, bridge.CareFunction(name)):
		return bridge.Party{Function: bridge.CareFunction(name)}, nil
	case isUnit:
		p.Ref = asRef(bridge.TypeOrganization, unit)
	case name == "patient" || name == string(patient):
		p.Ref = patient.Ref()
	default:
		p.Ref = asRef(bridge.TypePractitionerRole, name)
	}
	if err := p.Ref.Validate(); err != nil {
		return p, usagef("%q names nobody: want a role (gp-holm), a function (%s), unit:ID, or patient", name, functions[1])
	}
	return p, nil
}

func parties(names []string, patient bridge.PatientID) ([]bridge.Party, error) {
	all := make([]bridge.Party, len(names))
	for i, n := range names {
		p, err := party(n, patient)
		if err != nil {
			return nil, err
		}
		all[i] = p
	}
	return all, nil
}

// patientID takes "jens" and "Patient/jens".
func patientID(name string) (bridge.PatientID, error) {
	id := strings.TrimPrefix(name, bridge.TypePatient+"/")
	if err := bridge.ValidateID(id); err != nil {
		return "", usagef("--patient %q: %v", name, err)
	}
	return bridge.PatientID(id), nil
}

// topics reads "medication,practical", and refuses what is no topic.
func topics(names []string) ([]bridge.Topic, error) {
	var all []bridge.Topic
	for _, n := range names {
		t := bridge.Topic(n)
		if !slices.Contains(bridge.Topics, t) {
			return nil, usagef("%q is no topic: want one of %s", n, listed(bridge.Topics))
		}
		all = append(all, t)
	}
	return all, nil
}

func purpose(name string) (bridge.Purpose, error) {
	p := bridge.Purpose(name)
	if !slices.Contains(bridge.Purposes, p) {
		return "", usagef("%q is no purpose: want one of %s", name, listed(bridge.Purposes))
	}
	return p, nil
}

func purposes(names []string) ([]bridge.Purpose, error) {
	var all []bridge.Purpose
	for _, n := range names {
		p, err := purpose(n)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

func listed[T ~string](all []T) string {
	texts := make([]string, len(all))
	for i, t := range all {
		texts[i] = string(t)
	}
	return strings.Join(texts, ", ")
}

// short is a party as it is typed on the command line.
func short(p bridge.Party) string {
	switch {
	case p.Function != "":
		return string(p.Function)
	case p.Ref.Type() == bridge.TypeOrganization:
		return "unit:" + p.Ref.ID()
	case p.Ref.Type() == bridge.TypePractitionerRole || p.Ref.Type() == bridge.TypePatient:
		return p.Ref.ID()
	}
	return string(p.Ref)
}

func shortRef(r bridge.Ref) string { return short(bridge.Party{Ref: r}) }
