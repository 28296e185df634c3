// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir

import (
	"strings"

	"github.com/brobygger/brobygger/bridge"
)

// Base is the canonical root of our own code systems and extensions, which the
// folder terminology holds. They say only what no published system can: HL7 has
// neither a purpose nor a label for social care.
const Base = "https://brobygger.github.io/fhir"

// Our code systems.
const (
	SystemTopic    = Base + "/CodeSystem/topic"         // bridge.Topic
	SystemPurpose  = Base + "/CodeSystem/purpose"       // bridge.Purpose
	SystemFunction = Base + "/CodeSystem/care-function" // bridge.CareFunction
	SystemSector   = Base + "/CodeSystem/sector"        // bridge.Sector
	SystemRole     = Base + "/CodeSystem/role"          // bridge.RoleCode, where MedCom has none
)

// Our extensions; terminology/extension-*.json say what each holds.
const (
	ExtAccount    = Base + "/StructureDefinition/account"
	ExtSubstitute = Base + "/StructureDefinition/substitute"
	ExtScope      = Base + "/StructureDefinition/consent-scope"
	ExtEvidence   = Base + "/StructureDefinition/consent-evidence"
	ExtLine       = Base + "/StructureDefinition/line"
	ExtTier       = Base + "/StructureDefinition/line-tier"
	// PolicyBase before a legal basis makes Consent.policy.uri.
	PolicyBase = Base + "/policy/"
)

// Published systems.
const (
	systemMedComSKS  = "http://medcomfhir.dk/ig/terminology/CodeSystem/medcom-core-PractitionerRolesSKSadministrativ"
	systemMedComAuth = "http://medcomfhir.dk/ig/terminology/CodeSystem/medcom-core-PractitionerRolesAutorisationsregistret"
	systemActReason  = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
	systemActCode    = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
	systemConf       = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
	systemRoleCode   = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
	systemPartType   = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
	systemPartFunc   = "http://terminology.hl7.org/CodeSystem/v3-ParticipationFunction"
	systemScope      = "http://terminology.hl7.org/CodeSystem/consentscope"
	systemAction     = "http://terminology.hl7.org/CodeSystem/consentaction"
	systemLOINC      = "http://loinc.org"

	extInterpreter = "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired"
)

// medcomRoles are the codes of MedCom's two systems of roles that our policies
// may name; misspelt twins lead to the right spelling (MedCom terminology 2.0,
// note in PractitionerRolesSKSadministrativ).
var medcomRoles = func() map[string]bridge.RoleCode {
	m := map[string]bridge.RoleCode{
		"pyskolog":                   "psykolog",
		"socialogsundhedsmehjaelper": "socialogsundhedsmedhjaelper",
		"sygeplejesekretear":         "sygeplejesekretaer",
	}
	for _, c := range strings.Fields(`
		speciallaege speciallaegeipraksis cheflaege overlaege afdelingslaege sygehuslaege laege
		sygeplejerske sundhedsplejerske socialogsundhedsassistent socialogsundhedsmedhjaelper sygehjaelper
		plejer plejehjemsassistent tandlaege klinisktandtekniker tandplejer farmaceut behandlerfarmaceut
		apoteker psykolog jordemoder fysioterapeut ergoterapeut bioanalytiker radiograf diaetist
		diaetistassistent kliniskdiaetist audilogiassistent neurofysiologassistent kiropraktor zoneterapeut
		psykoterapeut audiologopaed laegesekretaer ledendelaegesekretaer sygeplejesekretaer fodterapeut
		socialraadgiver ledendesocialraadgiver laerer paedagog beskaeftigelsesvejleder bandagist skomager
		optiker optikerogoptometrist ambulancebehandler osteopat`) {
		m[c] = bridge.RoleCode(c)
	}
	return m
}()

// ownRoles are the codes of SystemRole.
var ownRoles = map[string]bridge.RoleCode{"tolk": "tolk", string(bridge.RoleDataProtection): bridge.RoleDataProtection}

func roleCode(system, code string) bridge.RoleCode {
	switch system {
	case systemMedComSKS, systemMedComAuth:
		return medcomRoles[strings.ToLower(code)] // the systems are not case-sensitive
	case SystemRole:
		return ownRoles[code]
	}
	return ""
}

// careFunctions are the codes of SystemFunction.
var careFunctions = []bridge.CareFunction{
	bridge.FunctionOwnGP, bridge.FunctionTreatingPsychiatrist, bridge.FunctionTreatingPhysician,
	bridge.FunctionContactNurse, bridge.FunctionSupportWorker, bridge.FunctionCaseworker,
	bridge.FunctionCareManager, bridge.FunctionInterpreter,
}

func careFunction(system, code string) bridge.CareFunction {
	switch {
	case system == SystemFunction:
		for _, f := range careFunctions {
			if string(f) == code {
				return f
			}
		}
	case system == systemPartFunc && code == "PCP": // primary care physician
		return bridge.FunctionOwnGP
	case system == systemPartFunc && code == "ATTPHYS": // attending physician
		return bridge.FunctionTreatingPhysician
	}
	return ""
}

// sectors are the codes of SystemSector.
var sectors = []bridge.Sector{
	bridge.SectorGeneralPractice, bridge.SectorHospitalPsychiatry, bridge.SectorSomaticHospital,
	bridge.SectorSocialCare, bridge.SectorEmployment,
}

// authorities are what gives the right to act for a patient. A parent by birth
// (FTH, MTH), a next of kin and a general power of attorney do not.
var authorities = map[string]bridge.Authority{
	"PRN":     bridge.AuthorityCustody,
	"GUARD":   bridge.AuthorityGuardian,
	"HPOWATT": bridge.AuthorityAttorney,
}

// labels are the topics of HL7's sensitivity codes. PSYTHPN and others narrower
// than a topic are left out: they can't be told apart from the topic.
var labels = map[string]bridge.Topic{
	"MH": bridge.TopicMentalHealth, "PSY": bridge.TopicMentalHealth, "BH": bridge.TopicMentalHealth,
	"SUD": bridge.TopicSubstanceUse, "ETH": bridge.TopicSubstanceUse,
	"LIVARG": bridge.TopicHousing, "EMPL": bridge.TopicEmployment,
}

// narrower are sensitivity codes inside a topic.
var narrower = map[string]bridge.Topic{
	"PSYTHPN": bridge.TopicMentalHealth,
	"ETHUD":   bridge.TopicSubstanceUse, "OPIOIDUD": bridge.TopicSubstanceUse,
}

// reasons are the purposes of HL7's codes of purpose of use.
var reasons = map[string]bridge.Purpose{
	"TREAT": bridge.PurposeTreatment, "COC": bridge.PurposeCareCoordination,
	"ELIGDTRM": bridge.PurposeBenefitAssessment,
	"ETREAT":   bridge.PurposeEmergency, "BTG": bridge.PurposeEmergency,
}

func topicOf(system, code string) bridge.Topic {
	switch system {
	case SystemTopic:
		for _, t := range bridge.Topics {
			if string(t) == code {
				return t
			}
		}
	case systemActCode:
		return labels[code]
	}
	return ""
}

func purposeOf(system, code string) bridge.Purpose {
	switch system {
	case SystemPurpose:
		for _, p := range bridge.Purposes {
			if string(p) == code {
				return p
			}
		}
	case systemActReason:
		return reasons[code]
	}
	return ""
}
