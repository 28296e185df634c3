# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

package disclosure

# Where nothing of what was asked may be told, the two may still ring each other
# about practical things, if a consent or the treatment carries those. Whether a
# line is open to the caller is the line's to say; who reads rings nobody.
_by_consent contains "ring" if {
	input.action != "read"
	some permit in input.consents
	permit.purposes[input.purpose] # most are for something else
	data.consent.carries_besides(permit, data.law.ring_topic)
}

_in_treatment if {
	input.action != "read"
	input.route.treating
	data.party.treating
	not input.topics[data.law.ring_topic]
	not data.consent.refused(data.law.ring_topic)
}
