# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

package disclosure_test

import data.party_test as people

test_health_personnel_of_the_team_see_each_other if {
	data.disclosure.answer == _yes("dk.health-act.42a", {}) with input as people.see(people.psychiatrist, people.gp)
}

test_a_unit_is_seen if {
	unit := object.union(people.psychiatrist, {"kind": "organization", "ref": "Organization/team-2"})
	data.disclosure.answer == _yes("dk.health-act.42a", {}) with input as people.see(unit, people.gp)
	not data.disclosure.answer.allow with input as people.read(unit, people.gp, "treatment")
}

test_an_objection_hides if {
	every changes in [{}, {"topics": {"mental-health"}}] {
		q := object.union(people.see(people.psychiatrist, people.gp), {"objections": [object.union(people.objection, changes)]})
		data.disclosure.answer == _no({"objection"}, {"emergency", "phone"}, set()) with input as q
	}
}

test_an_objection_about_something_else_does_not if {
	narrow := object.union(people.objection, {"topics": {"housing"}})
	q := object.union(people.see(people.psychiatrist, people.gp), {"objections": [narrow]})
	data.disclosure.answer == _yes("dk.health-act.42a", {}) with input as q
	not data.disclosure.answer.allow with input as people.without(q, "from/reveals")
	not data.disclosure.answer.allow with input as people.without(q, "objections/0/topics")
}

test_colleagues_see_each_other if {
	data.disclosure.answer == _yes("dk.same-authority", {}) with input as people.see(people.worker, people.colleague)
}

test_the_jobcentre_sees_nobody if {
	data.disclosure.answer == _no({"consent_required"}, {"phone"}, set()) with input as people.see(people.worker, people.caseworker)
}

test_named_together_they_see_each_other if {
	q := object.union(people.see(people.psychiatrist, people.worker), {"consents": [people.consent("social-casework")]})
	data.disclosure.answer == _yes("dk.named-in-consent", {}) with input as q
}

test_the_patient_and_a_guardian_see_all if {
	data.disclosure.answer == _yes("dk.patient-own", {}) with input as people.see(people.caseworker, people.jens)
	data.disclosure.answer == _yes("dk.health-act.14", {}) with input as people.see(people.caseworker, people.relative("guardian"))
}

test_who_has_to_do_with_the_patient_sees_the_patient if {
	data.disclosure.answer == _yes("dk.related", {}) with input as people.see(people.jens, people.caseworker)
	data.disclosure.answer == _yes("dk.related", {}) with input as people.see(people.gp, people.gp)
	data.disclosure.answer.reasons == {"no_relation"} with input as people.see(people.ward_doctor, people.ward_doctor)
}

test_in_an_emergency_the_team_is_seen if {
	open := object.union(people.ward_doctor, {"emergencies": [{"start": people.before, "end": people.after}]})
	data.disclosure.answer == _yes("dk.break-glass", {"oblige": ["tell-patient", "review"]}) with input as people.see(people.psychiatrist, open)
}
