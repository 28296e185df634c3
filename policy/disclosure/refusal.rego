# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

package disclosure

# METADATA
# description: |
#   The plain no: nothing is wrong with two professionals or their question, and
#   what is missing is a consent. at_length says the same of such a question, only
#   later; what is not this plain is left to it.
refusal := {
	"allow": false,
	"reasons": reasons,
	"remedies": remedies,
	"lacking": input.topics,
} if {
	ready
	input.objections == []
	input.route.consent
	input.from.ref != input.to.ref
	input.to.emergencies == []
	_case_given
	data.party.related
	not _carried
	reasons := _lead.reasons | data.consent.lacks
	remedies := (_lead.remedies | _emergency) | _by_consent
}

_case_given if input.case != ""

_case_given if input.route.needs_case == false

# What carries a question without objections or emergency between two professionals.
_carried if {
	input.route.treating
	data.party.treating
}

_carried if {
	input.route.letter
	_letter
}

_carried if data.consent.covers != {}

default _lead := {"reasons": {"consent_required"}, "remedies": {"ask-patient", "phone"}}

_lead := {
	"reasons": {"consent_required", "not_in_team"},
	"remedies": {"ask-patient", "ask-treating-team", "phone"},
} if {
	input.from.side == "health"
	input.to.side == "health"
	not data.party.treating
}

default _emergency := set()

_emergency := {"emergency"} if {
	input.caller.emergency == true
	data.emergency.listed(input.caller)
}
