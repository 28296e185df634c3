# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

package consent_test

import data.party_test as people

_by(party) := {"now": people.now, "patient": people.patient, "by": party}

_child(party) := {"now": people.now, "patient": {"known": true, "active": true, "of_age": people.after}, "by": party}

test_an_adult_decides if {
	data.consent.may == {"allow": true, "basis": "dk.patient-own"} with input as _by(people.jens)
}

test_below_15_the_holder_of_custody_decides if {
	data.consent.may == {"allow": false} with input as _child(people.jens)
	data.consent.refusals == {"under_age"} with input as _child(people.jens)
	data.consent.may == {"allow": true, "basis": "dk.health-act.17"} with input as _child(people.relative("custody"))
}

test_from_15_the_holder_of_custody_does_not if {
	data.consent.may == {"allow": false} with input as _by(people.relative("custody"))
	data.consent.refusals == {"not_entitled"} with input as _by(people.relative("custody"))
}

test_a_guardian_decides if {
	data.consent.may == {"allow": true, "basis": "dk.health-act.14"} with input as _by(people.relative("guardian"))
}

test_nobody_else_does if {
	every party in [people.gp, people.stranger, object.union(people.relative("guardian"), {"authorities": []})] {
		data.consent.may == {"allow": false} with input as _by(party)
		data.consent.refusals == {"no_relation"} with input as _by(party)
	}
}

test_nothing_is_told_of_a_patient_who_does_not_exist if {
	data.consent.refusals == {"no_relation"} with input as {"now": people.now, "patient": {"known": false}, "by": people.jens}
}

test_every_reason_not_to_is_named if {
	weak := object.union(people.jens, {"assured": false, "active": false})
	q := {"now": people.now, "patient": {"known": true, "active": false}, "by": weak}
	data.consent.refusals == {"assurance_low", "not_active", "patient_inactive", "under_age"} with input as q
}

test_denied_without_now if {
	not data.consent.may.allow with input as object.remove(_by(people.jens), ["now"])
	not data.consent.may.allow with input as object.remove(_by(people.relative("guardian")), ["now"])
}

test_denied_without_patient if not data.consent.may.allow with input as object.remove(_by(people.jens), ["patient"])

test_denied_without_by if not data.consent.may.allow with input as object.remove(_by(people.jens), ["by"])
