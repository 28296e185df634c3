# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

package line_test

import data.party_test as people

_treating := people.ring(people.gp, people.psychiatrist, "treatment")

_consented := object.union(
	people.ring(people.worker, people.gp, "social-casework"),
	{"consents": [people.consent("social-casework")]},
)

_across := people.ring(people.worker, people.gp, "social-casework")

_callers(sectors, roles, involved) := {"line": {"sectors": sectors, "roles": roles, "involved": involved}}

_yes(basis, changes) := object.union(
	{"allow": true, "basis": basis, "consents": [], "redact": set(), "oblige": []},
	changes,
)

_no(reasons, remedies, lacking) := {"allow": false, "reasons": reasons, "remedies": remedies, "lacking": lacking}

test_in_treatment_they_ring_each_other if {
	data.line.answer == _yes("dk.health-act.41-2-1", {}) with input as _treating
	data.line.answer == _yes("dk.health-act.41-2-1", {}) with input as object.union(_treating, {"line": null})
}

test_a_consent_carries_a_ring if {
	data.line.answer == _yes("dk.legal-security-act.11a", {"consents": {"c1"}, "oblige": ["no-forward"]}) with input as _consented
}

test_a_part_of_the_topics_may_be_talked_about if {
	q := object.union(_consented, {"topics": {"medication", "housing"}})
	answer := data.line.answer with input as q
	answer.allow
	answer.redact == {"housing"}
	answer.reasons == {"consent_required", "consent_wrong_topic"}
}

test_without_a_consent_nobody_is_rung_across_the_border if {
	data.line.answer == _no({"consent_required"}, {"ask-patient", "phone"}, {"medication"}) with input as _across
}

# Who rings about a patient tells that there is one (Sundhedsloven s. 40, Forvaltningsloven s. 28).
test_practical_topics_carry_nothing_by_themselves if {
	q := object.union(_across, {"topics": {"practical"}})
	data.line.answer == _no({"consent_required"}, {"ask-patient", "phone"}, {"practical"}) with input as q
	reported := object.union(q, {"line": null})
	data.line.answer == _no({"consent_required"}, {"ask-patient", "phone"}, {"practical"}) with input as reported
}

test_they_ring_about_what_a_consent_carries_instead if {
	practical := object.union(people.consent("social-casework"), {"topics": {"practical"}})
	q := object.union(_across, {"consents": [practical]})
	data.line.answer == _no({"consent_required", "consent_wrong_topic"}, {"ask-patient", "ring", "phone"}, {"medication"}) with input as q
	closed := object.union(q, _callers({"general-practice"}, set(), false))
	reasons := {"consent_required", "consent_wrong_topic", "line_other_sector"}
	data.line.answer == _no(reasons, {"ask-patient", "phone"}, {"medication"}) with input as closed
}

test_the_line_s_callers if {
	every callers in [
		_callers({"general-practice", "social-care"}, set(), false),
		_callers(set(), {"speciallaegeipraksis"}, false),
		_callers(set(), set(), true),
		_callers({"general-practice"}, {"speciallaegeipraksis"}, true),
	] {
		data.line.answer.allow with input as object.union(_treating, callers)
	}
}

test_others_are_told_to_write if {
	every reason, callers in {
		"line_other_sector": _callers({"social-care", ""}, set(), false),
		"line_other_role": _callers(set(), {"overlaege"}, false),
	} {
		data.line.answer == _no({reason}, {"phone", "write"}, set()) with input as object.union(_treating, callers)
	}
}

test_every_reason_of_the_line_is_named if {
	others := _callers({"employment"}, {"overlaege"}, false)
	data.line.answer == _no({"line_other_sector", "line_other_role"}, {"phone", "write"}, set()) with input as object.union(_treating, others)
	reasons := {"consent_required", "line_other_sector", "line_other_role"}
	data.line.answer == _no(reasons, {"ask-patient", "phone"}, {"medication"}) with input as object.union(_across, others)
}

test_a_line_for_the_care_team if {
	outside := object.union(_consented, {"from": object.union(people.worker, {"team": []}), "named": true})
	q := object.union(outside, _callers(set(), set(), true))
	data.line.answer == _no({"line_not_involved"}, {"phone", "write"}, set()) with input as q
	left := object.union(people.worker, {"team": [{"function": "support-worker", "start": people.before, "end": people.now}]})
	data.line.answer == _no({"line_not_involved"}, {"phone", "write"}, set()) with input as object.union(q, {"from": left})
}

test_rings_are_between_staff if {
	every q in [
		people.ring(people.jens, people.psychiatrist, "treatment"),
		people.ring(people.gp, people.jens, "treatment"),
		people.ring(people.relative("guardian"), people.gp, "treatment"),
	] {
		answer := data.line.answer with input as q
		not answer.allow
		"ring_between_staff" in answer.reasons
		"write" in answer.remedies
	}
}

test_nobody_rings_themselves if {
	q := people.ring(people.gp, people.gp, "treatment")
	data.line.answer == _no({"ring_oneself"}, {"phone", "write"}, set()) with input as q
}

# A letter may go to the own GP from a doctor who is in no care team, and so may a ring.
test_a_hospital_doctor_rings_the_own_gp if {
	q := people.ring(people.ward_doctor, people.gp, "discharge")
	data.line.answer == _yes("dk.health-act.41-2-2", {}) with input as q
}

test_who_has_nothing_to_do_with_the_patient_is_told_nothing if {
	closed := _callers({"employment"}, set(), true)
	every q in [
		people.ring(people.ward_doctor, people.gp, "treatment"),
		object.union(people.ring(people.ward_doctor, people.gp, "treatment"), closed),
		object.union(people.ring(people.ward_doctor, people.gp, "discharge"), closed),
		people.ring(people.ward_doctor, people.ward_doctor, "treatment"),
		object.union(_treating, {"patient": {"known": false, "active": false}}),
	] {
		data.line.answer == _no({"no_relation"}, {"emergency", "phone"}, set()) with input as q
	}
	stranger := people.ring(object.union(people.worker, {"team": []}), people.gp, "social-casework")
	data.line.answer == _no({"no_relation"}, {"phone"}, set()) with input as stranger
}

_denied(q) if not data.line.answer.allow with input as q

_denied_without(path) if {
	_denied(people.without(_treating, path))
	_denied(people.without(_consented, path))
}

test_denied_without_action if _denied_without("action")

test_denied_with_another_action if _denied(object.union(_treating, {"action": "send"}))

test_denied_without_now if _denied_without("now")

test_denied_without_patient if _denied_without("patient")

test_denied_without_patient_known if _denied_without("patient/known")

test_denied_without_patient_active if _denied_without("patient/active")

test_denied_without_purpose if _denied(people.without(_consented, "purpose"))

test_denied_without_topics if _denied_without("topics")

test_denied_without_strange if _denied_without("strange")

test_denied_without_case if _denied(people.without(_consented, "case"))

test_denied_without_from if _denied_without("from")

test_denied_without_from_ref if _denied_without("from/ref")

test_denied_without_from_kind if _denied_without("from/kind")

test_denied_without_from_active if _denied_without("from/active")

test_denied_without_from_employed if _denied_without("from/employed")

test_denied_without_from_team if _denied(people.without(object.union(_treating, _callers(set(), set(), true)), "from/team"))

test_denied_without_from_sector if _denied(people.without(object.union(_treating, _callers({"general-practice"}, set(), false)), "from/sector"))

test_denied_without_from_role if _denied(people.without(object.union(_treating, _callers(set(), {"speciallaegeipraksis"}, false)), "from/role"))

test_denied_without_to if _denied_without("to")

test_denied_without_to_ref if _denied_without("to/ref")

test_denied_without_to_kind if _denied_without("to/kind")

test_denied_without_to_active if _denied_without("to/active")

test_denied_without_to_employed if _denied_without("to/employed")

test_denied_without_to_team if _denied(people.without(_treating, "to/team"))

test_denied_without_caller if _denied_without("caller")

test_denied_without_caller_assured if _denied_without("caller/assured")

test_denied_without_route if _denied_without("route")

test_denied_without_strict if _denied(people.without(_consented, "strict"))

test_denied_without_consents if _denied(people.without(_consented, "consents"))

test_denied_without_objections if _denied_without("objections")

test_denied_without_line if _denied_without("line")

test_denied_without_line_sectors if _denied_without("line/sectors")

test_denied_without_line_roles if _denied_without("line/roles")

test_denied_without_line_involved if {
	_denied(people.without(object.union(_treating, {"from": object.union(people.gp, {"team": []})}), "line/involved"))
	_denied(people.without(object.union(_consented, {"from": object.union(people.worker, {"team": []}), "named": true}), "line/involved"))
}
