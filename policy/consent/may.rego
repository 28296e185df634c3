# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

package consent

# METADATA
# description: |
#   Whether input.by may grant, decline, withdraw and object for the patient: the
#   patient from 15, before that the holder of custody (Sundhedsloven s. 17), a
#   guardian or the holder of a power of attorney (s. 14, 18).
# entrypoint: true
default may := {"allow": false}

may := {"allow": true, "basis": _ground} if {
	_party
	input.by.assured
	input.by.active
	input.patient.active
}

_ground := data.law.grounds.patient if {
	input.by.kind == "patient"
	_of_age
}

_ground := data.law.grounds[data.party.authority(input.by)] if input.by.kind == "representative"

_of_age if input.patient.of_age <= input.now

# METADATA
# description: Why not, every reason. Somebody who has no part in this is told nothing of the patient.
# entrypoint: true
refusals contains "no_relation" if not _party

refusals contains "assurance_low" if {
	_party
	not input.by.assured
}

refusals contains "not_active" if {
	_party
	not input.by.active
}

refusals contains "patient_inactive" if {
	_party
	not input.patient.active
}

refusals contains "under_age" if {
	_party
	input.by.kind == "patient"
	not _of_age
}

refusals contains "not_entitled" if {
	_party
	input.by.kind == "representative"
	not data.party.authority(input.by)
}

_party if {
	input.patient.known
	input.by.kind == "patient"
}

_party if {
	input.patient.known
	input.by.kind == "representative"
	count(input.by.authorities) > 0
}
