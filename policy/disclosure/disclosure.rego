# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

# METADATA
# description: |
#   May this reach that party? The order is that of docs/law.md: who they are,
#   what is asked, the legal basis, objections, consents, emergency. Everything is
#   stated as what must hold, so that what is missing denies.
package disclosure

# METADATA
# description: The whole answer. Of a no, or of a part, it says why and what can be done.
# entrypoint: true
answer := refusal if {
	refusal
} else := at_length

# METADATA
# description: The whole answer to any question, step by step.
# entrypoint: true
at_length := object.union(_yes, {"reasons": reasons, "remedies": remedies, "lacking": lacking}) if {
	_partial
} else := _yes if {
	_yes
} else := {"allow": false, "reasons": reasons, "remedies": remedies, "lacking": lacking}

_partial if count(_yes.redact) > 0

_yes := {
	"allow": true,
	"basis": _ground.basis,
	"consents": _ground.consents,
	"redact": input.topics - _ground.topics,
	"oblige": _ground.oblige,
} if {
	input.action in {"send", "read", "ring"}
	_sound
	count(_ground.topics) > 0
}

# Steps 1 and 2: as ready says for two professionals, or at length.
_sound if {
	input.route
	is_array(input.objections)
	ready
}

_sound if {
	_fit
	_asked
}

# Step 1: both parties are known, in place and active; the caller's sign-in is good enough.
_fit if {
	input.now
	input.caller.assured == true
	input.from.active
	input.to.active
	_placed
	data.party.placed(input.to)
	input.patient.known
	input.patient.active
	is_array(input.objections)
}

_placed if data.party.placed(input.from)

# A unit as such is a member of the care team that can be seen; it never sends or receives.
_placed if {
	input.action == "see"
	input.from.kind == "organization"
	input.from.side in {"health", "social"}
}

# Step 2: exactly one patient, a purpose, topics.
_asked if {
	data.law.purposes[input.purpose]
	count(input.topics) > 0
	count(input.strange) == 0
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
	input.from.ref == input.to.ref
	input.from.ref != ""
}

_lawful := {"basis": data.law.grounds.patient, "topics": _unobjected, "consents": [], "oblige": []} if {
	_with_patient
	_known_to_caller
	count(_unobjected) > 0
} else := {"basis": data.law.grounds[_authority], "topics": _unobjected, "consents": [], "oblige": []} if {
	_authority
	_known_to_caller
	count(_unobjected) > 0
} else := {"basis": input.route.treating, "topics": _unobjected, "consents": [], "oblige": []} if {
	input.route.treating
	data.party.treating
	count(_unobjected) > 0
} else := {"basis": input.route.letter, "topics": _unobjected, "consents": [], "oblige": []} if {
	input.route.letter
	_letter
	count(_unobjected) > 0
} else := {
	"basis": input.route.consent,
	"topics": union({topics | some topics in data.consent.covers}),
	"consents": object.keys(data.consent.covers),
	"oblige": ["no-forward"],
} if {
	count(data.consent.covers) > 0
}

_with_patient if input.from.kind == "patient"

_with_patient if input.to.kind == "patient"

# What the patient writes reaches whom the patient chose; whoever writes to the
# patient must have to do with the patient.
_known_to_caller if input.from.kind in {"patient", "representative"}

_known_to_caller if data.party.related

_authority := data.party.authority(input.to) if input.to.kind == "representative"

_authority := data.party.authority(input.from) if {
	input.from.kind == "representative"
	input.to.kind != "representative"
}

_unobjected := input.topics - data.consent.objected

# A discharge letter of a hospital's doctor to the patient's own GP.
_letter if {
	input.from.doctor
	input.from.letters
	some member in input.to.team
	member.function == data.law.letter_function
	member.start <= input.now
	input.now < member.end
}
