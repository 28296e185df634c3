# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

package party_test

test_custody_until_the_patient_is_of_age if {
	data.party.authority(relative("custody")) == "custody" with input as {"now": now, "patient": {"of_age": after}}
	not data.party.authority(relative("custody")) with input as {"now": now, "patient": {"of_age": now}}
}

test_no_custody_of_somebody_whose_birth_date_is_missing if {
	not data.party.authority(relative("custody")) with input as {"now": now, "patient": {}}
}

test_other_authorities_know_no_age if {
	data.party.authority(relative("guardian")) == "guardian" with input as {"now": now, "patient": {}}
	data.party.authority(relative("power-of-attorney")) == "power-of-attorney" with input as {"now": now, "patient": {}}
}

test_an_authority_that_nobody_knows if {
	not data.party.authority(relative("neighbour")) with input as {"now": now, "patient": patient}
}

test_related_by_consent_alone if {
	q := object.union(ask(ward_doctor, gp, "treatment"), {"named": true})
	data.party.related with input as q
	not data.party.related with input as ask(ward_doctor, gp, "treatment")
}

test_nobody_is_related_to_a_patient_who_does_not_exist if {
	every caller in [gp, jens, relative("guardian"), ward_doctor] {
		q := object.union(ask(caller, gp, "treatment"), {"named": true, "patient": {"known": false, "active": true}})
		not data.party.related with input as q
	}
}

test_related_as_patient_representative_and_in_an_emergency if {
	open := object.union(ward_doctor, {"emergencies": [{"start": before, "end": after}]})
	every caller in [jens, relative("guardian"), open] {
		data.party.related with input as ask(caller, gp, "treatment")
	}
}

test_a_unit_or_a_stranger_is_not_placed if {
	not data.party.placed(stranger) with input as {"now": now}
	not data.party.placed(object.union(gp, {"kind": "organization"})) with input as {"now": now}
}
