# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

package disclosure

# METADATA
# description: |
#   Every reason that applies. A caller who has nothing to do with the patient
#   gets the one that they would get for a patient who does not exist.
reasons := {"no_relation"} if {
	not data.party.related
} else := _unlawful if {
	input.route
	ready # nothing is wrong with the parties or the question
} else := _faults | _unlawful

_faults contains "assurance_low" if not input.caller.assured

_faults contains "not_active" if not input.from.active

_faults contains "not_active" if not input.to.active

_faults contains "patient_inactive" if not input.patient.active

_faults contains _misplaced(input.from) if not _placed

_faults contains _misplaced(input.to) if not data.party.placed(input.to)

_faults contains "action_unknown" if not input.action in {"send", "read", "ring", "see"}

_faults contains "purpose_missing" if {
	_content
	not _purposeful
}

_faults contains "purpose_unknown" if {
	_content
	_purposeful
	not data.law.purposes[input.purpose]
}

_faults contains "topic_missing" if {
	_content
	not _topical
}

_faults contains "topic_unknown" if {
	_content
	not count(input.strange) == 0
}

_faults contains "purpose_not_allowed" if {
	_content
	_professional
	data.law.purposes[input.purpose]
	not input.route
}

_unlawful contains "objection" if {
	_content
	input.objections != []
	count(data.consent.objected) > 0
}

_unlawful contains "objection" if {
	input.action == "see"
	_hidden
}

_unlawful contains "not_in_team" if {
	input.from.side == "health"
	input.to.side == "health"
	not data.party.treating
}

_unlawful contains "consent_required" if count(lacking) > 0

_unlawful contains "consent_required" if {
	input.action == "see"
	_professional
	_sides != {"health"}
}

_unlawful contains "case_missing" if _caseless

_unlawful contains code if {
	count(lacking) > 0
	some code in data.consent.lacks
}

_misplaced(party) := "role_unknown" if {
	party.kind == "professional"
	party.employed
} else := "not_employed" if {
	party.kind == "professional"
} else := "not_entitled" if {
	party.kind == "representative"
} else := "party_unknown"

_content if input.action in {"send", "read", "ring"}

_purposeful if input.purpose != ""

_topical if count(input.topics) > 0

_professional if count(_sides & {"health", "social"}) == count(_sides)

_sides := {input.from.side, input.to.side}

_caseless if {
	input.route.needs_case
	not _cased
	count(lacking) > 0
}

_cased if input.case != ""

# METADATA
# description: Topics for which a consent would help. The law has a basis for one, nothing else carries them.
lacking := set() if {
	not input.route.consent
} else := (input.topics - _ground.topics) - input.strange if {
	_ground
} else := input.topics - input.strange

# METADATA
# description: What the caller can do now.
# scope: document
remedies contains "phone"

remedies contains "emergency" if data.emergency.listed(input.caller)

remedies contains remedy if {
	some code in reasons
	remedy := _ways_out[code]
}

remedies contains "ring" if {
	_nothing_told
	_in_treatment
}

remedies contains remedy if {
	_nothing_told
	some remedy in _by_consent
}

remedies contains "ask-patient" if {
	"consent_required" in reasons
	_content
	_sound
	not _caseless
}

_nothing_told if {
	not _yes
	_sound
	reasons & {"consent_required", "objection"} != set()
}

_ways_out := {
	"assurance_low": "sign-in-higher",
	"purpose_missing": "name-purpose",
	"purpose_unknown": "name-purpose",
	"purpose_not_allowed": "name-purpose",
	"topic_missing": "name-topics",
	"topic_unknown": "name-topics",
	"case_missing": "name-case",
	"not_in_team": "ask-treating-team",
}
