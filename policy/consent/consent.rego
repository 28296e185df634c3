# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

# METADATA
# description: |
#   Which consents count for the question. The input holds only consents that name
#   both parties, one way or the other, and only objections that name the
#   receiver. input.route is the law's row for the two sides and the purpose.
package consent

# METADATA
# description: By id, the topics of the question that each consent that counts covers.
covers[permit.id] := shared if {
	some permit in input.consents
	permit.purposes[input.purpose] == input.purpose
	counts(permit)
	shared := ((permit.topics & input.topics) - together(permit.topics)) - objected_over(permit)
	count(shared) > 0
}

# METADATA
# description: |
#   Whether a consent for the purpose counts: in its period and no longer than the
#   basis lets it, the way it names the parties, in a form that the basis takes.
counts(permit) if {
	permit.start <= input.now
	input.now < permit.ends[input.route.consent]
	permit.ways[permit.way] == permit.way
	input.route.forms[permit.form] == permit.form
	_particular(permit)
}

# For this case, where the basis asks for one; separate, where the jobcentre is a side.
_particular(_) if {
	input.route.needs_case == false
	input.strict == false
}

_particular(permit) if {
	input.route.needs_case == true
	input.strict == false
	permit.case == input.case
	permit.case != ""
}

_particular(permit) if {
	input.strict
	same_case(permit.case)
	separate(permit)
}

# METADATA
# description: Whether the case is that of the question, where the basis asks for one.
# scope: document
same_case(_) if input.route.needs_case == false

same_case(named) if {
	named == input.case
	named != ""
}

# METADATA
# description: Whether a consent with the jobcentre stands by itself.
# scope: document
separate(permit) if {
	input.strict
	names_itself(input.from.strict, permit.from_by, permit.from_count)
	names_itself(input.to.strict, permit.to_by, permit.to_count)
	every purpose in permit.purposes {
		data.law.strict_purposes[purpose]
	}
}

# METADATA
# description: |
#   Whether a side is named as it must be. A strict one is named alone, and as the
#   person or the office: not as whoever works there, nor as something above it.
# scope: document
names_itself(false, _, _)

names_itself(true, by, number) if {
	by in {"person", "unit"}
	number == 1
}

# METADATA
# description: |
#   Sensitive topics that a strict side may not have from a consent about these,
#   since it names others beside them.
together(topics) := {topic | some topic in topics; data.law.topics[topic].sensitive} if {
	input.strict
	count(topics) > 1
} else := set()

# METADATA
# description: Topics of the question that the patient has said no to, for this receiver and purpose.
objected contains topic if {
	some objection in input.objections
	some topic in _refused(objection)
}

# METADATA
# description: |
#   What is objected to, but for an older objection of the very scope of the
#   consent: within one scope the newest wins, across scopes no wins over yes.
objected_over(permit) := {topic |
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

# All topics, unless the objection is plainly for other purposes or some topics.
_refused(objection) := set() if {
	count(objection.purposes) > 0
	not objection.purposes[input.purpose]
} else := input.topics & objection.topics if {
	count(objection.topics) > 0
} else := input.topics

# METADATA
# description: |
#   Whether a consent that counts gives this topic, which the question does not ask
#   about. No objection gives way to it.
carries_besides(permit, topic) if {
	not input.topics[topic]
	permit.purposes[input.purpose] == input.purpose
	permit.topics[topic] == topic
	counts(permit)
	not topic in together(permit.topics)
	not refused(topic)
}

# METADATA
# description: Whether the patient has said no to this topic, for this receiver and purpose.
# scope: document
refused(topic) if {
	some objection in input.objections
	not _about_else(objection, topic)
}

_about_else(objection, _) if {
	count(objection.purposes) > 0
	not objection.purposes[input.purpose]
}

_about_else(objection, topic) if {
	count(objection.topics) > 0
	not objection.topics[topic]
}
