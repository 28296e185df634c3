# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

package disclosure

# METADATA
# description: |
#   Why not, every reason that applies, and what can be done about it. A caller
#   who has nothing to do with the patient gets what they would get for a patient
#   who does not exist.
# entrypoint: true
denial := {"reasons": reasons, "remedies": remedies, "lacking": _lacking}

# METADATA
# description: Every reason that applies.
reasons contains "no_relation" if not data.party.related

reasons contains code if {
	data.party.related
	some code in _unfit
}

reasons contains code if {
	data.party.related
	some code in _unasked
}

reasons contains code if {
	data.party.related
	some code in _unlawful
}

_unfit contains "assurance_low" if not data.party.assured

_unfit contains "not_active" if not input.from.active

_unfit contains "not_active" if not input.to.active

_unfit contains "patient_inactive" if not input.patient.active

_unfit contains _misplaced(input.from) if not data.party.from_side

_unfit contains _misplaced(input.to) if not data.party.to_side

_misplaced(party) := "role_unknown" if {
	party.kind == "professional"
	party.employed
} else := "not_employed" if {
	party.kind == "professional"
} else := "not_entitled" if {
	party.kind == "representative"
} else := "party_unknown"

_unasked contains "action_unknown" if not input.action in {"send", "read", "see"}

_unasked contains "purpose_missing" if {
	_content
	not _purposeful
}

_unasked contains "purpose_unknown" if {
	_content
	_purposeful
	not data.law.purposes[input.purpose]
}

_unasked contains "topic_missing" if {
	_content
	not _topical
}

_unasked contains "topic_unknown" if {
	_content
	_strange
}

_content if input.action in {"send", "read"}

_purposeful if input.purpose != ""

_topical if count(input.topics) > 0

_unlawful contains "purpose_not_allowed" if {
	_content
	_both_professional
	data.law.purposes[input.purpose]
	not _route
}

_unlawful contains "objection" if {
	_content
	count(data.consent.objected) > 0
}

_unlawful contains "objection" if {
	input.action == "see"
	_hidden
}

_unlawful contains "not_in_team" if {
	_both_sides("health")
	not data.party.treating
}

_unlawful contains "consent_required" if {
	_content
	count(_lacking) > 0
}

_unlawful contains "consent_required" if {
	input.action == "see"
	_both_professional
	not _both_sides("health")
}

_unlawful contains "case_missing" if _caseless

_unlawful contains code if {
	count(_lacking) > 0
	some permit in input.consents
	some code in data.consent.lacks[permit.id]
}

_both_professional if {
	data.party.from_side in {"health", "social"}
	data.party.to_side in {"health", "social"}
}

_both_sides(side) if {
	data.party.from_side == side
	data.party.to_side == side
}

# Topics for which a consent would help: a route knows one, nothing else carries them.
_lacking := (input.topics - _ground.topics) - _strange_topics if {
	data.consent.basis
} else := input.topics - _strange_topics if {
	data.consent.basis
} else := set()

_strange_topics := {topic | some topic in input.topics; not data.law.topics[topic]}

_caseless if {
	data.law.bases[data.consent.basis].needs_case
	not _cased
	count(_lacking) > 0
}

_cased if input.case != ""

# METADATA
# description: What the caller can do now.
remedies contains "phone"

remedies contains "emergency" if data.emergency.listed(data.party.caller)

remedies contains "sign-in-higher" if "assurance_low" in reasons

remedies contains "name-purpose" if "purpose_missing" in reasons

remedies contains "name-purpose" if "purpose_unknown" in reasons

remedies contains "name-purpose" if "purpose_not_allowed" in reasons

remedies contains "name-topics" if "topic_missing" in reasons

remedies contains "name-topics" if "topic_unknown" in reasons

remedies contains "name-case" if "case_missing" in reasons

remedies contains "ask-treating-team" if "not_in_team" in reasons

remedies contains "ask-patient" if {
	"consent_required" in reasons
	_content
	_fit
	not _caseless
}
