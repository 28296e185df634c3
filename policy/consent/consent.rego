# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

# METADATA
# description: |
#   Which consents count for the question, and what each that names both parties
#   lacks. The input holds only consents that name both, one way or the other,
#   and only objections that name the receiver.
package consent

# METADATA
# description: The legal basis that a consent would have to meet; undefined where none carries the purpose.
basis := data.law.routes[data.party.from_side][data.party.to_side][input.purpose].consent

# METADATA
# description: By id, the topics of the question that each consent that counts covers.
covers[permit.id] := shared if {
	some permit in input.consents
	permit.start <= input.now
	input.now < permit.ends[basis]
	_way(permit)
	permit.purposes[input.purpose]
	_form(permit)
	_case(permit)
	_separate(permit)
	shared := ((permit.topics & input.topics) - _together(permit)) - _objected_over(permit)
	count(shared) > 0
}

# A consent counts the way it names the parties, and the other way when it says both.
_way(permit) if permit.way == "forward"

_way(permit) if permit.both

_form(permit) if permit.form in data.law.bases[basis].forms

_case(_) if data.law.bases[basis].needs_case == false

_case(permit) if {
	permit.case != ""
	permit.case == input.case
}

# METADATA
# description: Whether one side works in a strict sector, the jobcentre.
strict if data.law.sectors[input.from.sector].strict

strict if data.law.sectors[input.to.sector].strict

_lenient(party) if data.law.sectors[party.sector].strict == false

_separate(_) if {
	_lenient(input.from)
	_lenient(input.to)
}

_separate(permit) if {
	strict
	_names_itself(input.from, permit.from_by, permit.from_count)
	_names_itself(input.to, permit.to_by, permit.to_count)
	every purpose in permit.purposes {
		data.law.strict_purposes[purpose]
	}
}

_names_itself(party, _, _) if _lenient(party)

# The strict side is named alone, and as the person or the office: not as
# whoever works there, nor as something above it.
_names_itself(_, by, number) if {
	by in {"person", "unit"}
	number == 1
}

# Sensitive topics that a strict side may not have from this consent, since it
# names other topics beside them.
_together(permit) := {topic | some topic in permit.topics; data.law.topics[topic].sensitive} if {
	strict
	count(permit.topics) > 1
} else := set()

# METADATA
# description: Topics of the question that the patient has said no to, for this receiver and purpose.
objected contains topic if {
	some objection in input.objections
	some topic in _refused(objection)
}

# What is objected to, but for an older objection of the very scope of the
# consent: within one scope the newest wins, across scopes no wins over yes.
_objected_over(permit) := {topic |
	some objection in input.objections
	not _replaced(objection, permit)
	some topic in _refused(objection)
}

_replaced(objection, permit) if {
	objection.made < permit.granted
	objection.parties == permit.receivers
	objection.topics == permit.topics
	objection.purposes == permit.purposes
}

_refused(objection) := _narrowed(objection.topics) if count(objection.purposes) == 0

_refused(objection) := _narrowed(objection.topics) if objection.purposes[input.purpose]

_narrowed(topics) := input.topics if count(topics) == 0

_narrowed(topics) := input.topics & topics if count(topics) > 0
