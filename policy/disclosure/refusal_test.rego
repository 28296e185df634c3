# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

package disclosure_test

import data.party_test as people

_across := people.ask(people.worker, people.gp, "social-casework")

_outside := object.union(people.ask(people.gp, people.ward_doctor, "treatment"), {"case": ""})

_refused(q, reasons, remedies) if {
	no := _no(reasons, remedies, {"medication"})
	data.disclosure.refusal == no with input as q
	data.disclosure.at_length == no with input as q
	data.disclosure.answer == no with input as q
}

test_refused_for_want_of_consent if _refused(_across, {"consent_required"}, {"ask-patient", "phone"})

test_refused_outside_the_team if {
	_refused(_outside, {"consent_required", "not_in_team"}, {"ask-patient", "ask-treating-team", "emergency", "phone"})
}

test_refused_for_what_a_consent_lacks if {
	other := object.union(people.consent("care-coordination"), {"form": "oral"})
	q := object.union(_across, {"consents": [other]})
	_refused(q, {"consent_required", "consent_wrong_purpose", "consent_wrong_form"}, {"ask-patient", "phone"})
}

test_what_a_consent_carries_may_be_rung_about if {
	practical := object.union(people.consent("social-casework"), {"topics": {"practical"}})
	q := object.union(_across, {"consents": [practical]})
	_refused(q, {"consent_required", "consent_wrong_topic"}, {"ask-patient", "ring", "phone"})
	expired := object.union(q, {"consents": [object.union(practical, {"start": people.after})]})
	_refused(expired, {"consent_required", "consent_wrong_topic", "consent_not_yet"}, {"ask-patient", "phone"})
}

test_refused_to_a_reader if {
	q := people.read(people.worker, people.gp, "social-casework")
	_refused(q, {"consent_required"}, {"ask-patient", "emergency", "phone"})
}

test_what_is_no_plain_refusal if {
	every q in [
		_treating,
		_consented,
		object.union(_across, {"objections": [people.objection]}),
		object.union(_across, {"case": ""}),
		object.union(_across, {"to": object.union(people.gp, {"emergencies": [{"start": people.before, "end": people.after}]})}),
		people.ask(people.jens, people.gp, "treatment"),
		people.ask(people.gp, people.gp, "social-casework"),
		people.ask(people.gp, people.worker, "treatment"),
		people.read(people.ward_doctor, people.gp, "discharge"),
		people.see(people.gp, people.psychiatrist),
		people.ask(people.ward_doctor, people.gp, "treatment"),
		object.union(_across, {"topics": {"gossip"}, "strange": {"gossip"}}),
	] {
		not data.disclosure.refusal with input as q
	}
}

# Without any field of the question it is left to at_length, or the answer is the same no.
test_denied_without_any_field if {
	every q in [_across, _outside, _treating, _consented] {
		every field, _ in q {
			_left_alone(object.remove(q, [field]))
		}
	}
}

_left_alone(q) if not data.disclosure.refusal with input as q

_left_alone(q) if {
	refusal := data.disclosure.refusal with input as q
	data.disclosure.at_length == refusal with input as q
}
