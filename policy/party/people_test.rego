# SPDX-FileCopyrightText: 2026 The Brobygger authors
# SPDX-License-Identifier: MPL-2.0

# METADATA
# description: The people and questions that the tests of every package are about.
package party_test

now := "2026-11-20T09:00:00.000000000Z"

before := "2025-01-01T00:00:00.000000000Z"

after := "2027-02-01T00:00:00.000000000Z"

always := "9999-12-31T23:59:59.999999999Z"

patient := {"known": true, "active": true, "of_age": "1995-05-01T22:00:00.000000000Z"}

_professional := {
	"kind": "professional", "active": true, "employed": true, "assured": true, "strict": false, "reveals": "",
	"emergency": false, "doctor": false, "letters": false, "emergencies": [], "authorities": [],
}

_member(name) := [{"function": name, "start": before, "end": always}]

gp := object.union(_professional, {
	"ref": "PractitionerRole/gp", "role": "speciallaegeipraksis", "sector": "general-practice", "side": "health", "emergency": true, "doctor": true,
	"organizations": {"clinic"}, "team": _member("own-gp"),
})

psychiatrist := object.union(_professional, {
	"ref": "PractitionerRole/psychiatrist", "role": "overlaege", "sector": "hospital-psychiatry", "side": "health", "emergency": true, "doctor": true,
	"letters": true, "reveals": "mental-health", "organizations": {"team-2", "region"}, "team": _member("treating-psychiatrist"),
})

ward_doctor := object.union(psychiatrist, {
	"ref": "PractitionerRole/ward-doctor", "role": "sygehuslaege", "sector": "somatic-hospital", "reveals": "somatic-health",
	"organizations": {"ward", "region"}, "team": [],
})

worker := object.union(_professional, {
	"ref": "PractitionerRole/worker", "role": "paedagog", "sector": "social-care", "side": "social", "reveals": "social-situation",
	"organizations": {"social-psychiatry", "municipality"}, "team": _member("support-worker"),
})

colleague := object.union(worker, {"ref": "PractitionerRole/colleague"})

caseworker := object.union(_professional, {
	"ref": "PractitionerRole/caseworker", "role": "beskaeftigelsesvejleder", "sector": "employment", "side": "social", "strict": true, "reveals": "employment",
	"organizations": {"jobcentre", "municipality"}, "team": _member("caseworker"),
})

_private := object.union(object.remove(_professional, ["employed"]), {"sector": "", "organizations": set(), "team": []})

jens := object.union(_private, {"kind": "patient", "ref": "Patient/jens"})

stranger := object.union(_private, {"kind": "stranger", "ref": "RelatedPerson/stranger"})

relative(authority) := object.union(_private, {
	"kind": "representative", "ref": "RelatedPerson/relative",
	"authorities": [{"authority": authority, "start": before, "end": always}],
})

# METADATA
# description: The law's row for a way and a purpose, joined with what its consent must be.
route(from, to, purpose) := {"route": object.union(row, {"needs_case": basis.needs_case, "forms": {form | some form in basis.forms}})} if {
	row := data.law.routes[from.side][to.side][purpose]
	basis := data.law.bases[row.consent]
} else := {}

# METADATA
# description: A question as Go puts it, about medication.
ask(from, to, purpose) := object.union(route(from, to, purpose), {
	"action": "send", "now": now, "patient": patient, "purpose": purpose, "topics": {"medication"}, "strange": set(), "case": "2026-1",
	"from": from, "to": to, "caller": from, "named": false, "strict": true in {from.strict, to.strict}, "consents": [], "objections": [],
})

# METADATA
# description: The same question as the receiver's.
read(from, to, purpose) := object.union(ask(from, to, purpose), {"action": "read", "caller": to})

# METADATA
# description: May the first ring the second on a line that is for anybody?
ring(from, to, purpose) := object.union(ask(from, to, purpose), {"action": "ring", "line": {"sectors": set(), "roles": set(), "involved": false}})

# METADATA
# description: May the second see the first?
see(from, to) := object.union(ask(from, to, "treatment"), {"action": "see", "caller": to, "topics": set(), "purpose": ""})

# METADATA
# description: A consent between the two of a question, for its purpose.
consent(purpose) := {
	"id": "c1", "way": "forward", "ways": {"forward"}, "form": "signed-in", "granted": "2026-11-01T09:00:00.000000000Z",
	"start": "2026-11-01T09:00:00.000000000Z", "end": after, "ends": {basis: after | some basis, _ in data.law.bases},
	"topics": {"medication"}, "purposes": {purpose}, "case": "2026-1", "receivers": {"PractitionerRole/gp"},
	"from_by": "person", "to_by": "person", "from_count": 1, "to_count": 1,
}

objection := {
	"id": "o1", "made": "2026-10-01T00:00:00.000000000Z", "parties": {"PractitionerRole/gp"}, "topics": set(), "purposes": set(),
}

# METADATA
# description: An object without one field; with a second, without that field of the first.
without(whole, path) := json.remove(whole, [path])
