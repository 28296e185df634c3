# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

package disclosure

# Who treats whom, and whether they can be reached, is itself information about
# the patient. It needs no topic of its own: what it tells is what the sector reveals.
_yes := {"allow": true, "basis": _sight, "consents": [], "redact": set(), "oblige": _sight_oblige} if {
	input.action == "see"
	_fit
}

# Whether the caller has to do with the patient at all is asked as seeing oneself.
_sight := data.law.grounds.related if {
	_own
	data.party.related
} else := data.law.grounds.patient if {
	input.to.kind == "patient"
} else := data.law.grounds[data.party.authority(input.to)] if {
	input.to.kind == "representative"
} else := data.law.grounds.related if {
	input.from.kind in {"patient", "representative"}
	data.party.related
} else := data.law.grounds.lookup if {
	input.from.side == "health"
	input.to.side == "health"
	data.party.treating
	not _hidden
} else := data.law.grounds.colleague if {
	input.from.side == "social"
	input.to.side == "social"
	data.party.treating
	input.from.sector == input.to.sector
	count(input.from.organizations & input.to.organizations) > 0
	not _hidden
} else := data.law.grounds.named if {
	some permit in input.consents
	permit.start <= input.now
	input.now < permit.end
	not _hidden
} else := data.law.grounds.emergency if {
	data.emergency.open(input.to)
}

default _sight_oblige := []

_sight_oblige := ["tell-patient", "review"] if _sight == data.law.grounds.emergency

# An objection against the receiver hides what it is about: everything, or what
# the sector of the other gives away.
_hidden if {
	some place, _ in input.objections
	not _about_others[place]
}

_about_others contains place if {
	revealed := input.from.reveals
	some place, objection in input.objections
	count(objection.topics) > 0
	not objection.topics[revealed]
}
