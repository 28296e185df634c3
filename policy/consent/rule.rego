# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

package consent

# METADATA
# description: |
#   What a consent over input.scope would rest on: the bases of every pair it
#   joins, in both directions when it says both, and why it can't be asked for.
# entrypoint: true
rule := {"bases": _bases, "refusals": _faults}

_bases contains data.law.routes[data.party.side(pair.from)][data.party.side(pair.to)][purpose].consent if {
	some pair in _pairs
	some purpose in input.scope.purposes
}

_faults contains "purpose_not_allowed" if {
	some pair in _pairs
	some purpose in input.scope.purposes
	not data.law.routes[data.party.side(pair.from)][data.party.side(pair.to)][purpose].consent
}

_faults contains "party_unknown" if {
	some party in _parties
	not data.party.side(party)
}

_faults contains "case_missing" if {
	data.law.bases[_bases[_]].needs_case
	input.scope.case == ""
}

_faults contains "consent_not_separate" if {
	some party in _parties
	_strict(party)
	not _names_itself(party, party.by, party.count)
}

_faults contains "consent_not_separate" if {
	some party in _parties
	_strict(party)
	some purpose in input.scope.purposes
	not data.law.strict_purposes[purpose]
}

_faults contains "consent_topic_not_alone" if {
	some party in _parties
	_strict(party)
	count(input.scope.topics) > 1
	some topic in input.scope.topics
	data.law.topics[topic].sensitive
}

_strict(party) if data.law.sectors[party.sector].strict

_parties contains party if some party in input.from

_parties contains party if some party in input.to

_pairs contains {"from": from, "to": to} if {
	some from in input.from
	some to in input.to
}

_pairs contains {"from": to, "to": from} if {
	input.scope.both
	some from in input.from
	some to in input.to
}
