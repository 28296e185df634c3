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

_officer := {"assured": true, "active": true, "reviews": true, "unit": "region"}

_reviewing(by, organizations) := {"now": people.now, "by": by, "organizations": organizations}

test_the_officer_of_the_region_reviews_what_a_ward_of_it_opened if {
	data.emergency.may_review == {"allow": true, "basis": "dk.review"} with input as _reviewing(_officer, {"ward", "hospital", "region"})
	data.emergency.review_refusals == set() with input as _reviewing(_officer, {"ward", "hospital", "region"})
}

test_what_was_opened_elsewhere_is_not_theirs if {
	data.emergency.may_review == {"allow": false} with input as _reviewing(_officer, {"clinic"})
	data.emergency.review_refusals == {"other_organization"} with input as _reviewing(_officer, {"clinic"})
	not data.emergency.may_review.allow with input as _reviewing(_officer, set())
}

test_the_one_who_breaks_the_glass_does_not_review if {
	doctor := object.union(people.ward_doctor, {"reviews": false, "unit": "ward"})
	data.emergency.review_refusals == {"not_reviewer"} with input as _reviewing(doctor, {"ward", "hospital"})
}

test_every_reason_against_a_review_is_named if {
	data.emergency.may_review == {"allow": false} with input as _reviewing({}, {"ward"})
	data.emergency.review_refusals == {"assurance_low", "not_active", "not_reviewer"} with input as _reviewing({}, {"ward"})
	homeless := {"assured": true, "active": true, "reviews": true}
	data.emergency.review_refusals == {"other_organization"} with input as _reviewing(homeless, {"ward"})
}
