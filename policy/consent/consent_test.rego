# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

package consent_test

import data.party_test as people

_asked(consents) := object.union(people.ask(people.gp, people.worker, "social-casework"), {"consents": consents})

_jobcentre(changes) := object.union(
	object.union(people.ask(people.gp, people.caseworker, "employment-followup"), {"topics": {"employment", "mental-health"}}),
	{"consents": [object.union(object.union(people.consent("employment-followup"), {"topics": {"employment"}}), changes)]},
)

test_covers_what_it_names if {
	data.consent.covers == {"c1": {"medication"}} with input as _asked([people.consent("social-casework")])
	data.consent.lacks == set() with input as _asked([people.consent("social-casework")])
}

test_counts_the_other_way_when_it_says_both if {
	backward := object.union(people.consent("social-casework"), {"way": "backward"})
	data.consent.covers == {} with input as _asked([backward])
	data.consent.covers == {"c1": {"medication"}} with input as _asked([object.union(backward, {"ways": {"forward", "backward"}})])
}

test_every_lack_is_named if {
	wrong := object.union(people.consent("treatment"), {
		"start": people.after, "ends": {"dk.health-act.43-1": people.before}, "way": "backward", "form": "oral", "case": "", "topics": {"housing"},
	})
	data.consent.covers == {} with input as _asked([wrong])
	data.consent.lacks == {
		"consent_not_yet", "consent_expired", "consent_wrong_direction", "consent_wrong_purpose", "consent_wrong_form",
		"consent_wrong_case", "consent_wrong_topic",
	} with input as _asked([wrong])
}

test_no_case_where_the_basis_asks_for_none if {
	q := object.union(people.ask(people.gp, people.ward_doctor, "treatment"), {
		"case": "", "consents": [object.union(people.consent("treatment"), {"case": ""})],
	})
	data.consent.covers == {"c1": {"medication"}} with input as q
	data.consent.lacks == set() with input as q
}

test_the_jobcentre_named_alone if {
	data.consent.covers == {"c1": {"employment"}} with input as _jobcentre({})
	data.consent.covers == {"c1": {"employment"}} with input as _jobcentre({"to_by": "unit"})
}

test_the_jobcentre_named_loosely if {
	every changes in [{"to_by": "function"}, {"to_by": "above"}, {"to_count": 2}, {"purposes": {"employment-followup", "treatment"}}] {
		data.consent.covers == {} with input as _jobcentre(changes)
		data.consent.lacks == {"consent_not_separate", "consent_wrong_topic"} with input as _jobcentre(changes)
	}
}

test_a_sensitive_topic_stands_alone if {
	together := {"topics": {"employment", "mental-health"}}
	data.consent.covers == {"c1": {"employment"}} with input as _jobcentre(together)
	data.consent.lacks == {"consent_topic_not_alone"} with input as _jobcentre(together)
	data.consent.covers == {"c1": {"mental-health"}} with input as _jobcentre({"topics": {"mental-health"}})
}

test_the_jobcentre_under_a_basis_without_a_case if {
	q := json.patch(_jobcentre({"case": ""}), [{"op": "replace", "path": "/route/needs_case", "value": false}])
	data.consent.covers == {"c1": {"employment"}} with input as q
}

test_an_objection_takes_out_what_it_is_about if {
	q := object.union(_asked([people.consent("social-casework")]), {"objections": [people.objection]})
	data.consent.objected == {"medication"} with input as q
	data.consent.covers == {} with input as q
	data.consent.lacks == {"objection"} with input as q
}

test_an_objection_for_another_purpose_or_topic_does_not if {
	every changes in [{"purposes": {"treatment"}}, {"topics": {"housing"}}] {
		q := object.union(_asked([people.consent("social-casework")]), {"objections": [object.union(people.objection, changes)]})
		data.consent.objected == set() with input as q
		data.consent.covers == {"c1": {"medication"}} with input as q
	}
}

test_an_objection_that_misses_a_field_counts_for_all if {
	every field in ["topics", "purposes", "made", "parties"] {
		q := object.union(_asked([people.consent("social-casework")]), {"objections": [object.remove(people.objection, [field])]})
		data.consent.covers == {} with input as q
	}
}

test_within_one_scope_the_newest_wins if {
	same := object.union(people.objection, {"topics": {"medication"}, "purposes": {"social-casework"}})
	newer := object.union(same, {"made": people.now})
	data.consent.covers == {"c1": {"medication"}} with input as object.union(_asked([people.consent("social-casework")]), {"objections": [same]})
	data.consent.covers == {} with input as object.union(_asked([people.consent("social-casework")]), {"objections": [newer]})
}

_denied_without(field) if {
	data.consent.covers == {} with input as _asked([object.remove(people.consent("social-casework"), [field])])
}

test_no_cover_without_way if _denied_without("way")

test_no_cover_without_ways if _denied_without("ways")

test_no_cover_without_form if _denied_without("form")

test_no_cover_without_start if _denied_without("start")

test_no_cover_without_ends if _denied_without("ends")

test_no_cover_without_topics if _denied_without("topics")

test_no_cover_without_purposes if _denied_without("purposes")

test_no_cover_without_case if _denied_without("case")

test_a_consent_carries_a_topic_that_is_not_asked_about if {
	q := object.union(people.ask(people.gp, people.worker, "social-casework"), {"topics": {"housing"}})
	permit := people.consent("social-casework")
	data.consent.carries_besides(permit, "medication") with input as q
	not data.consent.carries_besides(permit, "housing") with input as q
	not data.consent.carries_besides(object.union(permit, {"topics": {"housing"}}), "housing") with input as q
	not data.consent.carries_besides(object.union(permit, {"form": "oral"}), "medication") with input as q
	not data.consent.carries_besides(object.union(permit, {"purposes": {"discharge"}}), "medication") with input as q
	about_another := object.union(people.objection, {"topics": {"housing"}})
	data.consent.carries_besides(permit, "medication") with input as object.union(q, {"objections": [about_another]})
	about_this := object.union(people.objection, {"topics": {"medication"}})
	not data.consent.carries_besides(permit, "medication") with input as object.union(q, {"objections": [about_another, about_this]})
	for_another := object.union(people.objection, {"purposes": {"discharge"}})
	data.consent.carries_besides(permit, "medication") with input as object.union(q, {"objections": [for_another]})
	every field in ["topics", "purposes"] {
		broken := object.remove(people.objection, [field])
		not data.consent.carries_besides(permit, "medication") with input as object.union(q, {"objections": [broken]})
	}
}

test_beside_others_a_sensitive_topic_is_not_carried_to_the_jobcentre if {
	q := people.ask(people.gp, people.caseworker, "employment-followup")
	permit := object.union(people.consent("employment-followup"), {"topics": {"mental-health", "employment"}})
	not data.consent.carries_besides(permit, "mental-health") with input as q
	data.consent.carries_besides(permit, "employment") with input as q
}
