# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

# METADATA
# description: |
#   Who the two parties of a question are to the patient. Their rows of the law's
#   tables (side, assured, listed, strict, reveals) come joined to them in the
#   input; a missing field leaves every rule undefined, which denies.
package party

# METADATA
# description: Whether both treat the patient now (Sundhedsloven s. 41(2) no. 1).
treating if {
	some giver in input.from.team
	giver.start <= input.now
	input.now < giver.end
	some taker in input.to.team
	taker.start <= input.now
	input.now < taker.end
}

# METADATA
# description: Whether the party can be placed; a unit as such can only be seen.
# scope: document
placed(party) if {
	party.kind == "professional"
	party.employed
	party.side in {"health", "social"}
}

placed(party) if party.kind == "patient"

placed(party) if authority(party)

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
	party.kind == "representative"
	_of_age_for(kind)
	some held in party.authorities
	held.authority == kind
	held.start <= input.now
	input.now < held.end
}

_of_age_for(kind) if data.law.authorities[kind].until_of_age == false

_of_age_for(kind) if {
	data.law.authorities[kind].until_of_age
	input.now < input.patient.of_age
}

# METADATA
# description: |
#   Whether the caller has to do with this patient at all. The caller is who asks:
#   who sends, who would read or see.
# scope: document
default related := false

related if {
	input.patient.known
	some member in input.caller.team
	member.start <= input.now
	input.now < member.end
}

related if {
	input.patient.known
	input.named
}

related if {
	input.caller.kind == "patient"
	input.patient.known
}

related if {
	input.caller.kind == "representative"
	input.patient.known
	count(input.caller.authorities) > 0
}

related if {
	input.patient.known
	data.emergency.open(input.caller)
}
