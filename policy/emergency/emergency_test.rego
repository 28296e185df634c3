# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

package emergency_test

import data.party_test as people

_by(party) := {"now": people.now, "patient": {"known": false, "active": false}, "by": party}

test_a_listed_role_may if {
	data.emergency.may == {"allow": true, "basis": "dk.break-glass"} with input as _by(people.ward_doctor)
	data.emergency.refusals == set() with input as _by(people.ward_doctor)
}

test_a_role_that_is_not_listed_may_not if {
	data.emergency.may == {"allow": false} with input as _by(people.worker)
	data.emergency.refusals == {"emergency_not_listed"} with input as _by(people.worker)
}

test_every_reason_is_named if {
	nobody := {"kind": "professional"}
	data.emergency.may == {"allow": false} with input as _by(nobody)
	data.emergency.refusals == {"assurance_low", "not_active", "role_unknown", "emergency_not_listed"} with input as _by(nobody)
}

test_denied_without_anybody if not data.emergency.may.allow with input as {"now": people.now}

test_a_listed_role_on_the_social_side_may_not if {
	nurse := object.union(people.worker, {"emergency": true})
	data.emergency.refusals == {"emergency_not_listed"} with input as _by(nurse)
}

test_open_inside_its_time_only if {
	open := object.union(people.ward_doctor, {"emergencies": [{"start": people.before, "end": people.after}]})
	past := object.union(people.ward_doctor, {"emergencies": [{"start": people.before, "end": people.now}]})
	data.emergency.open(open) with input as _by(open)
	not data.emergency.open(past) with input as _by(past)
}
