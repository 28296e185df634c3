# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

package consent_test

_side(side) := {"ref": side, "side": side, "strict": false, "by": "person", "count": 1}

_office := object.union(_side("social"), {"strict": true, "by": "unit"})

_scope(from, to, changes) := {"from": [from], "to": [to], "scope": object.union(
	{"both": false, "topics": {"medication"}, "purposes": {"social-casework"}, "case": "2026-1"},
	changes,
)}

_work := {"topics": {"employment"}, "purposes": {"employment-followup"}}

test_one_way_rests_on_one_basis if {
	q := _scope(_side("health"), _side("social"), {})
	data.consent.rule == {"bases": {"dk.health-act.43-1"}, "refusals": set()} with input as q
}

test_both_ways_rest_on_two if {
	q := _scope(_side("health"), _side("social"), {"both": true})
	data.consent.rule == {"bases": {"dk.health-act.43-1", "dk.legal-security-act.11a"}, "refusals": set()} with input as q
}

test_a_purpose_that_no_basis_carries if {
	q := _scope(_side("health"), _side("social"), {"purposes": {"treatment"}})
	data.consent.rule == {"bases": set(), "refusals": {"purpose_not_allowed"}} with input as q
}

test_a_party_that_the_law_can_not_place if {
	q := _scope(_side("health"), object.remove(_side("social"), ["side"]), {})
	data.consent.rule == {"bases": set(), "refusals": {"party_unknown"}} with input as q
}

test_a_case_is_named_where_the_basis_asks if {
	q := _scope(_side("health"), _side("social"), {"case": ""})
	data.consent.rule.refusals == {"case_missing"} with input as q
}

test_the_jobcentre_by_itself if {
	data.consent.rule == {"bases": {"dk.health-act.43-1"}, "refusals": set()} with input as _scope(_side("health"), _office, _work)
}

test_the_jobcentre_not_by_itself if {
	loose := object.union(_office, {"by": "function"})
	data.consent.rule.refusals == {"consent_not_separate"} with input as _scope(_side("health"), loose, _work)
	other := object.union(_work, {"purposes": {"social-casework"}})
	data.consent.rule.refusals == {"consent_not_separate"} with input as _scope(_side("health"), _office, other)
	mixed := object.union(_work, {"topics": {"employment", "mental-health"}})
	data.consent.rule.refusals == {"consent_topic_not_alone"} with input as _scope(_side("health"), _office, mixed)
}

_carried := _scope(_side("health"), _side("social"), {"both": true})

_strictly := _scope(_side("health"), _office, _work)

# A consent may be asked for when there is a basis and no refusal.
_askable(q) if {
	rule := data.consent.rule with input as q
	count(rule.bases) > 0
	count(rule.refusals) == 0
}

test_askable if {
	_askable(_carried)
	_askable(_strictly)
}

_unaskable_without(q, path) if not _askable(json.remove(q, [path]))

test_no_rule_without_parties if {
	every q in [_carried, _strictly] {
		every path in ["from", "to", "from/0/side", "to/0/side"] {
			_unaskable_without(q, path)
		}
	}
}

test_no_rule_without_how_a_party_is_named if {
	every path in ["from/0/strict", "to/0/strict", "to/0/by", "to/0/count"] {
		_unaskable_without(_strictly, path)
	}
}

test_no_rule_without_scope if {
	every path in ["scope", "scope/purposes", "scope/topics", "scope/case", "scope/both"] {
		_unaskable_without(_carried, path)
		_unaskable_without(_strictly, path)
	}
}
