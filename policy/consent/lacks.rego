# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

package consent

# METADATA
# description: By id, every reason why a consent that names both parties does not cover all of the question.
# scope: document
lacks[permit.id] contains "consent_not_yet" if {
	some permit in input.consents
	not permit.start <= input.now
}

lacks[permit.id] contains "consent_expired" if {
	some permit in input.consents
	not input.now < permit.ends[input.route.consent]
}

lacks[permit.id] contains "consent_wrong_direction" if {
	some permit in input.consents
	not permit.ways[permit.way]
}

lacks[permit.id] contains "consent_wrong_purpose" if {
	some permit in input.consents
	not permit.purposes[input.purpose]
}

lacks[permit.id] contains "consent_wrong_form" if {
	some permit in input.consents
	not input.route.forms[permit.form]
}

lacks[permit.id] contains "consent_wrong_case" if {
	some permit in input.consents
	not same_case(permit.case)
}

lacks[permit.id] contains "consent_not_separate" if {
	some permit in input.consents
	not separate(permit)
}

lacks[permit.id] contains "consent_wrong_topic" if {
	some permit in input.consents
	count(input.topics - permit.topics) > 0
}

lacks[permit.id] contains "consent_topic_not_alone" if {
	some permit in input.consents
	count(input.topics & together(permit.topics)) > 0
}

lacks[permit.id] contains "objection" if {
	some permit in input.consents
	count(objected_over(permit)) > 0
}
