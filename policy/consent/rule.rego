# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

package consent

# METADATA
# description: |
#   What a consent over input.scope would rest on: the bases of every pair it
#   joins, in both directions when it says both, and why it can't be asked for.
#   Undefined for a scope that is not whole.
# entrypoint: true
rule := {"bases": _bases, "refusals": _faults} if {
	input.scope.both in {true, false}
	input.scope.case != null
	count(input.scope.topics) > 0
	count(input.scope.purposes) > 0
}

_bases contains route.consent if {
	some pair in _pairs
	some purpose in input.scope.purposes
	route := data.law.routes[pair.from.side][pair.to.side][purpose]
}

_faults contains "purpose_not_allowed" if {
	some pair in _pairs
	some purpose in input.scope.purposes
	not data.law.routes[pair.from.side][pair.to.side][purpose].consent
}

_faults contains "party_unknown" if {
	some party in _parties
	not party.side
}

_faults contains "case_missing" if {
	input.scope.case == ""
	some basis in _bases
	data.law.bases[basis].needs_case
}

_faults contains "consent_not_separate" if {
	some party in _parties
	not _named(party)
}

_faults contains "consent_not_separate" if {
	some party in _parties
	party.strict
	some purpose in input.scope.purposes
	not data.law.strict_purposes[purpose]
}

_faults contains "consent_topic_not_alone" if {
	count(input.scope.topics) > 1
	some party in _parties
	party.strict
	some topic in input.scope.topics
	data.law.topics[topic].sensitive
}

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

_named(party) if names_itself(party.strict, party.by, party.count)
