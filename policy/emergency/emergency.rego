# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

# METADATA
# description: |
#   Emergency access, "breaking the glass" (Sundhedsloven s. 41(2) no. 4): a listed
#   role, confirmed a second time, 15 minutes, one patient.
package emergency

# METADATA
# description: Whether the party holds a confirmed emergency access now.
open(party) if {
	count(party.emergencies) > 0 # of nearly nobody
	listed(party)
	some glass in party.emergencies
	glass.start <= input.now
	input.now < glass.end
}

# METADATA
# description: Whether the role is listed for emergency access; health personnel in health care only.
listed(party) if {
	party.emergency
	party.side == "health"
	data.party.placed(party)
}

# METADATA
# description: Whether input.by may ask for emergency access at all.
# entrypoint: true
default may := {"allow": false}

may := {"allow": true, "basis": data.law.grounds.emergency} if {
	input.by.assured
	input.by.active
	listed(input.by)
}

# METADATA
# description: Why not, every reason.
# entrypoint: true
refusals contains "assurance_low" if not input.by.assured

refusals contains "not_active" if not input.by.active

refusals contains "role_unknown" if not data.party.placed(input.by)

refusals contains "emergency_not_listed" if not listed(input.by)

# METADATA
# description: |
#   Whether input.by may see and review emergency accesses that were made at
#   input.organizations: whoever holds the office, where it is held or below it.
# entrypoint: true
default may_review := {"allow": false}

may_review := {"allow": true, "basis": data.law.grounds.review} if {
	input.by.assured
	input.by.active
	input.by.reviews
	_theirs
}

_theirs if input.by.unit in input.organizations

# METADATA
# description: Why not, every reason.
# entrypoint: true
review_refusals contains "assurance_low" if not input.by.assured

review_refusals contains "not_active" if not input.by.active

review_refusals contains "not_reviewer" if not input.by.reviews

# Said to who holds the office only: to others it would tell where it was made.
review_refusals contains "other_organization" if {
	input.by.reviews
	not _theirs
}
