# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

# METADATA
# description: |
#   Who the two parties of a question are: which side of the border they stand
#   on, whether they treat the patient, whether they have to do with the patient
#   at all. A missing field leaves every rule undefined, which denies.
package party

# METADATA
# description: The side that the information comes from; undefined for a party that can't be placed.
from_side := side(input.from) if input.from.kind != "organization"

# A unit as such is a member of the care team that can be seen; it never sends or receives.
from_side := side(input.from) if {
	input.from.kind == "organization"
	input.action == "see"
}

# METADATA
# description: The side that would get the information.
to_side := side(input.to) if input.to.kind != "organization"

# METADATA
# description: The side of one party.
side(party) := data.law.sides[data.law.sectors[party.sector].regime][data.law.roles[party.role].personnel] if {
	party.kind == "professional"
	party.employed
}

side(party) := "patient" if party.kind == "patient"

# An organization as such, where a consent names one.
side(party) := data.law.sectors[party.sector].regime if party.kind == "organization"

side(party) := "representative" if {
	party.kind == "representative"
	authority(party)
}

# METADATA
# description: The ground on which a representative acts now; custody first, where there are several.
authority(party) := "custody" if {
	_holds(party, "custody")
} else := "guardian" if {
	_holds(party, "guardian")
} else := "power-of-attorney" if {
	_holds(party, "power-of-attorney")
}

_holds(party, kind) if {
	some held in party.authorities
	held.authority == kind
	held.start <= input.now
	input.now < held.end
	_of_age_for(kind)
}

_of_age_for(kind) if data.law.authorities[kind].until_of_age == false

_of_age_for(kind) if {
	data.law.authorities[kind].until_of_age
	input.now < input.patient.of_age
}

# METADATA
# description: Whether the party is in the patient's care team now.
in_team(party) if {
	some member in party.team
	member.start <= input.now
	input.now < member.end
}

# METADATA
# description: Whether both treat the patient now (health to health, Sundhedsloven s. 41(2) no. 1).
treating if {
	in_team(input.from)
	in_team(input.to)
}

# METADATA
# description: Whoever asks, of whom assurance is demanded and who may not learn that a patient exists.
caller := input.from if input.action == "send"

caller := input.to if input.action == "read"

caller := input.to if input.action == "see"

# METADATA
# description: Whether the caller's sign-in is good enough (NSIS).
assured if data.law.assurance[caller.assurance]

# METADATA
# description: Whether the caller has to do with this patient at all.
default related := false

related if {
	input.patient.known
	_related
}

_related if caller.kind == "patient"

_related if {
	caller.kind == "representative"
	count(caller.authorities) > 0
}

_related if in_team(caller)

_related if {
	input.action == "send"
	input.from_named
}

_related if {
	input.action in {"read", "see"}
	input.to_named
}

_related if data.emergency.open(caller)
