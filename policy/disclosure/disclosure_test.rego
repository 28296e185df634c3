# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

package disclosure_test

import data.party_test as people

_treating := people.ask(people.gp, people.psychiatrist, "treatment")

_consented := object.union(
	people.ask(people.gp, people.worker, "social-casework"),
	{"consents": [people.consent("social-casework")]},
)

_yes(basis, changes) := object.union(
	{"allow": true, "basis": basis, "consents": [], "redact": set(), "oblige": []},
	changes,
)

_no(reasons, remedies, lacking) := {"allow": false, "reasons": reasons, "remedies": remedies, "lacking": lacking}

test_plain_in_treatment if {
	data.disclosure.plain == {["dk.health-act.41-2-1"]} with input as _treating
	data.disclosure.answer == _yes("dk.health-act.41-2-1", {}) with input as _treating
}

test_plain_by_consent if {
	data.disclosure.plain == {["dk.health-act.43-1", "c1"]} with input as _consented
	data.disclosure.answer == _yes("dk.health-act.43-1", {"consents": {"c1"}, "oblige": ["no-forward"]}) with input as _consented
}

test_not_plain_but_yes_with_the_jobcentre if {
	q := object.union(
		object.union(people.ask(people.gp, people.caseworker, "employment-followup"), {"topics": {"employment"}}),
		{"consents": [object.union(people.consent("employment-followup"), {"topics": {"employment"}})]},
	)
	data.disclosure.plain == set() with input as q
	data.disclosure.answer == _yes("dk.health-act.43-1", {"consents": {"c1"}, "oblige": ["no-forward"]}) with input as q
}

test_a_part_says_why_not_the_rest if {
	q := object.union(_consented, {"topics": {"medication", "housing"}})
	data.disclosure.plain == set() with input as q
	data.disclosure.answer == _yes("dk.health-act.43-1", {
		"consents": {"c1"}, "oblige": ["no-forward"], "redact": {"housing"}, "lacking": {"housing"},
		"reasons": {"consent_required", "consent_wrong_topic"}, "remedies": {"ask-patient", "emergency", "phone"},
	}) with input as q
}

test_one_s_own_words if {
	q := people.read(people.ward_doctor, people.ward_doctor, "treatment")
	data.disclosure.answer == _yes("dk.own-words", {}) with input as q
}

test_the_patient_s_own_conversation if {
	every q in [
		people.ask(people.jens, people.ward_doctor, "treatment"),
		people.read(people.jens, people.ward_doctor, "treatment"),
		people.ask(people.gp, people.jens, "treatment"),
		people.read(people.caseworker, people.jens, "employment-followup"),
	] {
		data.disclosure.answer == _yes("dk.patient-own", {}) with input as q
	}
}

test_a_representative_s_conversation if {
	guardian := people.relative("guardian")
	every q in [people.ask(guardian, people.gp, "treatment"), people.read(people.gp, guardian, "treatment"), people.ask(guardian, guardian, "treatment")] {
		data.disclosure.answer.basis in {"dk.health-act.14", "dk.own-words"} with input as q
	}
	data.disclosure.answer == _yes("dk.health-act.14", {}) with input as people.ask(people.gp, guardian, "treatment")
	data.disclosure.answer == _yes("dk.health-act.14", {}) with input as people.ask(guardian, people.gp, "treatment")
}

test_a_discharge_letter_to_the_own_gp if {
	q := people.read(people.ward_doctor, people.gp, "discharge")
	data.disclosure.answer == _yes("dk.health-act.41-2-2", {}) with input as q
}

test_emergency_gives_all if {
	open := object.union(people.ward_doctor, {"emergencies": [{"start": people.before, "end": people.after}]})
	data.disclosure.answer == _yes("dk.break-glass", {"oblige": ["no-forward", "tell-patient", "review"]}) with input as people.read(people.psychiatrist, open, "treatment")
}

test_an_objection_to_everything if {
	q := object.union(_treating, {"objections": [people.objection]})
	data.disclosure.plain == set() with input as q
	data.disclosure.answer == _no(
		{"consent_required", "objection"},
		{"ask-patient", "emergency", "phone"}, {"medication"},
	) with input as q
}

test_in_treatment_they_ring_about_what_is_not_objected_to if {
	some_topics := object.union(people.objection, {"topics": {"medication"}})
	q := object.union(_treating, {"objections": [some_topics]})
	data.disclosure.answer == _no(
		{"consent_required", "objection"},
		{"ask-patient", "ring", "emergency", "phone"}, {"medication"},
	) with input as q
	everything := object.union(q, {"objections": [some_topics, object.union(people.objection, {"topics": {"practical"}})]})
	not "ring" in data.disclosure.answer.remedies with input as everything
	empty := object.union(q, {"topics": set()})
	not "ring" in data.disclosure.answer.remedies with input as empty
	not "ring" in data.disclosure.answer.remedies with input as object.union(people.read(people.gp, people.psychiatrist, "treatment"), {"objections": [some_topics]})
}

test_nobody_is_told_more_than_no_relation if {
	unrelated := people.ask(people.ward_doctor, people.gp, "treatment")
	unknown := object.union(unrelated, {"patient": {"known": false, "active": false}})
	data.disclosure.answer.reasons == {"no_relation"} with input as unrelated
	data.disclosure.answer.remedies == {"emergency", "phone"} with input as unrelated
	data.disclosure.answer.reasons == {"no_relation"} with input as unknown
	data.disclosure.answer.remedies == {"emergency", "phone"} with input as unknown
}

test_every_fault_of_the_parties_is_named if {
	weak := object.union(people.gp, {"assured": false, "active": false})
	every other, reason in {"not_employed": "not_employed", "role_unknown": "role_unknown", "not_entitled": "not_entitled", "party_unknown": "party_unknown"} {
		q := object.union(people.ask(weak, _bad[other], "treatment"), {"patient": {"known": true, "active": false}})
		data.disclosure.answer.reasons == {"assurance_low", "not_active", "patient_inactive", reason} with input as q
		data.disclosure.answer.remedies == {"sign-in-higher", "emergency", "phone"} with input as q
	}
}

_bad := {
	"not_employed": object.remove(people.psychiatrist, ["employed", "side", "active"]),
	"role_unknown": object.remove(people.psychiatrist, ["side"]),
	"not_entitled": people.relative("neighbour"),
	"party_unknown": people.stranger,
}

test_a_sender_that_can_not_be_placed if {
	lost := object.remove(people.gp, ["employed"])
	"not_employed" in data.disclosure.answer.reasons with input as people.ask(lost, people.psychiatrist, "treatment")
}

test_what_is_not_asked_is_named if {
	empty := object.union(people.ask(people.gp, people.psychiatrist, ""), {"topics": set()})
	data.disclosure.answer == _no(
		{"purpose_missing", "topic_missing"},
		{"name-purpose", "name-topics", "emergency", "phone"}, set(),
	) with input as empty
	odd := object.union(people.ask(people.gp, people.psychiatrist, "curiosity"), {"topics": {"gossip"}, "strange": {"gossip"}})
	data.disclosure.answer == _no(
		{"purpose_unknown", "topic_unknown"},
		{"name-purpose", "name-topics", "emergency", "phone"}, set(),
	) with input as odd
	data.disclosure.answer == _no({"action_unknown"}, {"emergency", "phone"}, set()) with input as object.union(_treating, {"action": "forward"})
}

test_a_purpose_without_a_route if {
	data.disclosure.answer == _no(
		{"purpose_not_allowed"},
		{"name-purpose", "emergency", "phone"}, set(),
	) with input as people.ask(people.gp, people.worker, "treatment")
}

test_a_case_is_asked_for if {
	q := object.union(people.ask(people.worker, people.gp, "social-casework"), {"case": ""})
	data.disclosure.answer == _no({"case_missing", "consent_required"}, {"name-case", "phone"}, {"medication"}) with input as q
}

test_outside_the_team_the_team_is_asked if {
	data.disclosure.answer == _no(
		{"consent_required", "not_in_team"},
		{"ask-patient", "ask-treating-team", "emergency", "phone"}, {"medication"},
	) with input as people.ask(people.gp, people.ward_doctor, "treatment")
	some_objection := object.union(people.objection, {"purposes": {"discharge"}})
	q := object.union(people.ask(people.gp, people.ward_doctor, "treatment"), {"objections": [some_objection]})
	data.disclosure.answer.reasons == {"consent_required", "not_in_team"} with input as q
}

_denied(q) if {
	not data.disclosure.answer.allow with input as q
	count(data.disclosure.plain) == 0 with input as q
}

_denied_without(path) if {
	_denied(people.without(_treating, path))
	_denied(people.without(_consented, path))
}

test_denied_without_action if _denied_without("action")

test_denied_without_now if _denied_without("now")

test_denied_without_patient if _denied_without("patient")

test_denied_without_patient_known if _denied_without("patient/known")

test_denied_without_patient_active if _denied_without("patient/active")

test_denied_without_purpose if {
	_denied(object.remove(_treating, ["purpose", "route"]))
	_denied(people.without(_consented, "purpose"))
}

test_denied_without_topics if _denied_without("topics")

test_denied_without_strange if _denied_without("strange")

test_denied_without_case if _denied(people.without(_consented, "case"))

test_denied_without_from if _denied_without("from")

test_denied_without_from_active if _denied_without("from/active")

test_denied_without_from_employed if _denied_without("from/employed")

test_denied_without_from_team if _denied(people.without(_treating, "from/team"))

test_denied_without_to if _denied_without("to")

test_denied_without_to_active if _denied_without("to/active")

test_denied_without_to_employed if _denied_without("to/employed")

test_denied_without_to_team if _denied(people.without(_treating, "to/team"))

test_denied_without_caller if _denied_without("caller")

test_denied_without_caller_assured if _denied_without("caller/assured")

test_denied_without_objections_fields if {
	every field in ["id", "made", "parties", "topics", "purposes"] {
		_denied(object.union(_treating, {"objections": [object.remove(people.objection, [field])]}))
		_denied(object.union(_consented, {"objections": [object.remove(people.objection, [field])]}))
	}
}

test_denied_without_strict if _denied(people.without(_consented, "strict"))

test_denied_without_route if _denied_without("route")

test_denied_without_consents if _denied(people.without(_consented, "consents"))

test_denied_without_objections if _denied_without("objections")

test_denied_without_from_kind if _denied_without("from/kind")

test_denied_without_to_kind if _denied_without("to/kind")
