# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

# METADATA
# description: |
#   May this person ring that one about the patient? A ring tells what a message
#   would: it is a disclosure of its topics, by the rules of package disclosure, and
#   the line that is rung has a rule of its own about who may ring it at all.
package line

# METADATA
# description: |
#   The whole answer. A caller who has nothing to do with the patient gets the one
#   that they would get for a patient who does not exist, whatever the line says.
# entrypoint: true
answer := data.disclosure.answer if {
	input.action == "ring"
	data.disclosure.answer.allow
	faults == set()
} else := {
	"allow": false,
	"reasons": {"no_relation"},
	"remedies": _outward,
	"lacking": set(),
} if {
	not data.party.related
} else := {
	"allow": false,
	"reasons": faults,
	"remedies": {"phone", "write"},
	"lacking": set(),
} if {
	data.disclosure.answer.allow
} else := {
	"allow": false,
	"reasons": reasons,
	"remedies": remedies,
	"lacking": data.disclosure.answer.lacking,
} if {
	reasons := data.disclosure.answer.reasons | faults
	remedies := data.disclosure.answer.remedies - _closed
}

# METADATA
# description: |
#   Why this caller may not ring here at all, every reason. input.line is what the
#   line's owner says of callers; null, where somebody is rung without a line.
# scope: document
faults contains "ring_between_staff" if not _staff

faults contains "ring_oneself" if not _another

faults contains "line_other_sector" if not _sector

faults contains "line_other_role" if not _role

faults contains "line_not_involved" if not _involved

# The law's tables know what staff may tell staff; lines for patients are an open question.
_staff if {
	input.from.kind == "professional"
	input.to.kind == "professional"
}

_another if input.from.ref != input.to.ref

_sector if input.line == null

_sector if input.line.sectors == set()

_sector if input.line.sectors[input.from.sector]

_role if input.line == null

_role if input.line.roles == set()

_role if input.line.roles[input.from.role]

_involved if input.line == null

_involved if input.line.involved == false

_involved if {
	some member in input.from.team
	member.start <= input.now
	input.now < member.end
}

_outward contains "phone"

_outward contains "emergency" if data.emergency.listed(input.caller)

# Where the line is closed to the caller, ringing about less is no way out.
default _closed := set()

_closed := {"ring"} if count(faults) > 0
