// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir

import "github.com/brobygger/brobygger/bridge"

// objection takes a deny. A no must not be lost on the way: what can't be kept
// as it is is kept wider where that is possible, and is invalid where it is not.
func (c *conversion) objection(n, p node, whom target) {
	o := bridge.Objection{
		ID:        bridge.ObjectionID(n.in.id),
		Patient:   bridge.PatientID(whom.ref.ID()),
		MadeBy:    c.grantor(n, whom.ref),
		CreatedAt: n.get("dateTime").instant(c.loc),
	}
	if whom.skipped {
		n.get("patient").fail(Unresolved)
	}
	if o.CreatedAt.IsZero() {
		n.get("dateTime").fail(Missing)
	}
	if o.MadeBy == "" {
		o.MadeBy = whom.ref
	}
	for _, a := range p.list("actor") {
		party, refused := c.party(a.get("reference"))
		if refused != "" {
			a.get("reference").fail(refused)
			continue
		}
		o.Parties = addParty(o.Parties, party)
	}
	if len(o.Parties) == 0 {
		p.get("actor").fail(NoParty)
	}
	for _, l := range p.list("securityLabel") {
		t := deniedTopic(l.coding())
		if t == "" {
			l.fail(UnknownLabel)
		}
		o.Topics = append(o.Topics, t)
	}
	for _, u := range p.list("purpose") {
		k := u.coding()
		purpose := purposeOf(k.system, k.code)
		if purpose == "" {
			u.fail(UnknownPurpose)
		}
		o.Purposes = append(o.Purposes, purpose)
	}
	o.Topics, o.Purposes = once(o.Topics), once(o.Purposes)
	c.wider(p)
	c.batch.Objections = append(c.batch.Objections, o)
}

// wider notes what would have made the no narrower and is not kept.
func (c *conversion) wider(p node) {
	if p.get("period").ok() {
		p.get("period").note(PeriodIgnored)
	}
	for _, key := range []string{"action", "class", "code", "data", "dataPeriod"} {
		if p.get(key).ok() {
			p.get(key).note(ExceptionIgnored)
		}
	}
	for _, e := range p.list("provision") {
		if e.str("type") == "permit" {
			e.note(ExceptionIgnored)
		} else {
			e.fail(ExceptionNotKept) // one more no, with nowhere to keep it
		}
	}
}
