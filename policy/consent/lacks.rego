# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

package consent

# METADATA
# description: Every reason why consents that name both parties do not cover all of the question.
# scope: document
lacks contains "consent_not_yet" if {
	some permit in input.consents
	not permit.start <= input.now
}

lacks contains "consent_expired" if {
	some permit in input.consents
	not input.now < permit.ends[input.route.consent]
}

lacks contains "consent_wrong_direction" if {
	some permit in input.consents
	not permit.ways[permit.way]
}

lacks contains "consent_wrong_purpose" if {
	some permit in input.consents
	not permit.purposes[input.purpose]
}

lacks contains "consent_wrong_topic" if {
	some permit in input.consents
	input.topics - permit.topics != set()
}

lacks contains "consent_wrong_form" if {
	some permit in input.consents
	not input.route.forms[permit.form]
}

# What is asked of few consents is asked behind what tells whether it is: the case,
# the jobcentre, objections.
lacks contains "consent_wrong_case" if {
	not input.route.needs_case == false
	some permit in input.consents
	not same_case(permit.case)
}

lacks contains "consent_not_separate" if {
	not input.strict == false
	some permit in input.consents
	not separate(permit)
}

lacks contains "consent_topic_not_alone" if {
	input.strict == true
	some permit in input.consents
	count(input.topics & together(permit.topics)) > 0
}

lacks contains "objection" if {
	input.objections != []
	some permit in input.consents
	count(objected_over(permit)) > 0
}
