# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

package disclosure

# Who treats whom, and whether they can be reached, is itself information about
# the patient. It needs no topic of its own: what it tells is what the sector reveals.
answer := {"allow": true, "basis": _sight, "consents": [], "redact": set(), "oblige": _sight_oblige} if {
	input.action == "see"
	_fit
	_sight
}

# Whether the caller has to do with the patient at all is asked as seeing oneself.
_sight := data.law.grounds.related if {
	_own
	data.party.related
} else := data.law.grounds.patient if {
	data.party.to_side == "patient"
} else := data.law.grounds[data.party.authority(input.to)] if {
	data.party.to_side == "representative"
} else := data.law.grounds.related if {
	data.party.from_side in {"patient", "representative"}
	data.party.related
} else := data.law.grounds.lookup if {
	data.party.from_side == "health"
	data.party.to_side == "health"
	data.party.treating
	not _hidden
} else := data.law.grounds.colleague if {
	data.party.from_side == "social"
	data.party.to_side == "social"
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

_sight_oblige := ["tell-patient", "review"] if {
	_sight == data.law.grounds.emergency
} else := []

# An objection against the receiver hides what it is about: everything, or what
# the sector of the other gives away.
_hidden if {
	some objection in input.objections
	count(objection.topics) == 0
}

_hidden if {
	some objection in input.objections
	objection.topics[data.law.sectors[input.from.sector].reveals]
}
