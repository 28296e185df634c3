# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

# METADATA
# description: |
#   May this reach that party? The order is that of docs/law.md: who they are,
#   what is asked, the legal basis, objections, consents, emergency. Everything is
#   stated as what must hold, so that what is missing denies.
package disclosure

# METADATA
# description: The answer when it is yes. What it does not say stays denied; denial.rego says why.
# entrypoint: true
default answer := {"allow": false}

answer := {
	"allow": true,
	"basis": _ground.basis,
	"consents": _ground.consents,
	"redact": input.topics - _ground.topics,
	"oblige": _ground.oblige,
} if {
	input.action in {"send", "read"}
	_fit
	_asked
	count(_ground.topics) > 0
}

# Step 1: both parties are known, in place and active; the caller's sign-in is good enough.
_fit if {
	input.now
	data.party.assured
	input.from.active
	input.to.active
	data.party.from_side
	data.party.to_side
	input.patient.known
	input.patient.active
	is_array(input.objections)
}

# Step 2: exactly one patient, a purpose, topics.
_asked if {
	data.law.purposes[input.purpose]
	count(input.topics) > 0
	not _strange
}

_strange if {
	some topic in input.topics
	not data.law.topics[topic]
}

# Steps 3 to 7: the first ground that holds. An emergency comes behind what gives
# everything and before what gives a part.
_ground := {"basis": data.law.grounds.own, "topics": input.topics, "consents": [], "oblige": []} if {
	_own
} else := _lawful if {
	count(input.topics - _lawful.topics) == 0
} else := {
	"basis": data.law.grounds.emergency, "topics": input.topics, "consents": [],
	"oblige": ["no-forward", "tell-patient", "review"],
} if {
	data.emergency.open(input.to)
} else := _lawful

_own if {
	input.from.ref != ""
	input.from.ref == input.to.ref
}

_with(side) if data.party.from_side == side

_with(side) if data.party.to_side == side

# What the patient writes reaches whom the patient chose; whoever writes to the
# patient must have to do with the patient.
_known_to_caller if input.from.kind in {"patient", "representative"}

_known_to_caller if data.party.related

_acting := data.law.grounds[data.party.authority(input.to)]

_acting := data.law.grounds[data.party.authority(input.from)] if data.party.to_side != "representative"

_unobjected := input.topics - data.consent.objected

_route := data.law.routes[data.party.from_side][data.party.to_side][input.purpose]

_lawful := {"basis": data.law.grounds.patient, "topics": _unobjected, "consents": [], "oblige": []} if {
	_with("patient")
	_known_to_caller
	count(_unobjected) > 0
} else := {"basis": _acting, "topics": _unobjected, "consents": [], "oblige": []} if {
	_with("representative")
	_known_to_caller
	count(_unobjected) > 0
} else := {"basis": _route.treating, "topics": _unobjected, "consents": [], "oblige": []} if {
	data.party.treating
	_route.treating
	count(_unobjected) > 0
} else := {"basis": _route.letter, "topics": _unobjected, "consents": [], "oblige": []} if {
	_letter
	count(_unobjected) > 0
} else := {
	"basis": data.consent.basis,
	"topics": union({topics | some topics in data.consent.covers}),
	"consents": object.keys(data.consent.covers),
	"oblige": ["no-forward"],
} if {
	count(data.consent.covers) > 0
}

# A discharge letter of a hospital's doctor to the patient's own GP.
_letter if {
	_route.letter
	data.law.roles[input.from.role].doctor
	data.law.letter_sectors[input.from.sector]
	some member in input.to.team
	member.function == data.law.letter_function
	member.start <= input.now
	input.now < member.end
}
