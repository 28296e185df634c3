# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

package disclosure

# METADATA
# description: |
#   The plain yeses: what nearly every question asks and most get. Each is the
#   basis and the consent relied on, if any. Where there is one, answer says the
#   same; where the receiver is objected to or something is left out, there is none.
# entrypoint: true
plain contains [input.route.treating] if {
	ready
	input.objections == []
	data.party.treating
}

plain contains [input.route.consent, permit.id] if {
	ready
	input.objections == []
	input.strict == false # the jobcentre's rule looks at each topic
	some permit in input.consents
	permit.purposes[input.purpose] == input.purpose
	input.topics - permit.topics == set()
	data.consent.counts(permit)
}

# METADATA
# description: |
#   Steps 1 and 2 for two professionals: the caller signed in well enough, both
#   employed and active; a patient and topics that are known. There is a route only
#   between two sides that the law can place, for a purpose that it knows.
ready if {
	input.action in {"send", "read", "ring"}
	input.caller.assured == true
	input.from.kind == "professional"
	input.from.active == true
	input.from.employed == true
	input.to.kind == "professional"
	input.to.active == true
	input.to.employed == true
	input.patient.known == true
	input.patient.active == true
	input.topics != set()
	input.strange == set()
}
