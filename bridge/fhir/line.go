// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/brobygger/brobygger/bridge"
)

// line is a HealthcareService on its way to being a line.
type line struct {
	bridge.Line
	tiers map[int][]bridge.Ref // by number, as they are given
}

// line takes a HealthcareService that can be rung. Others are left out: what an
// organization offers is no business of the bridge.
func (c *conversion) line(r *resource) {
	n := r.root()
	e := n.extension(ExtLine)
	switch {
	case !e.ok():
		r.skip(NoLine)
		return
	case r.message != nil:
		r.skip(NotFromMessage)
		return
	}
	owner := c.x.follow(n.get("providedBy"), "Organization")
	l := &line{tiers: map[int][]bridge.Ref{}, Line: bridge.Line{
		ID: bridge.LineID(r.id), Organization: owner.ref.ID(), Name: n.str("name"), Active: n.flag("active", true),
	}}
	if l.Name == "" {
		n.get("name").fail(Missing)
	}
	switch {
	case owner.ref == "":
		r.skip(NoOrganization)
	case owner.skipped:
		r.skip(RefersToSkipped)
	}
	for _, key := range []string{"telecom", "endpoint", "availabilityExceptions"} {
		if x := n.get(key); x.ok() {
			x.note(ContactNotKept)
		}
	}
	l.Opening = c.opening(n, e)
	l.Promise = bridge.Promise{
		AnswerSeconds:   e.extension("answerSeconds").number("valueInteger", 0),
		CallbackMinutes: e.extension("callbackMinutes").number("valueInteger", 0),
	}
	l.Capacity = e.extension("capacity").number("valuePositiveInt", 1)
	l.Callers = callersOf(e)
	if inbox := e.extension("inbox"); inbox.ok() {
		l.Inbox = c.x.follow(inbox.get("valueReference"), "Organization").ref
	}
	if r.taken() {
		c.lines[r] = l
		c.lineOrder = append(c.lineOrder, r)
	}
}

// callersOf reads who may ring. A code that is not known narrows to nobody, and so
// makes the line invalid: nothing that narrows may be dropped.
func callersOf(e node) (who bridge.Callers) {
	for _, x := range e.extensions("callerSector") {
		s := bridge.Sector(x.str("valueCode"))
		if !slices.Contains(sectors, s) {
			x.fail(BadCode)
		}
		who.Sectors = append(who.Sectors, s)
	}
	for _, x := range e.extensions("callerRole") {
		k := x.get("valueCoding").coding()
		code := roleCode(k.system, k.code)
		if code == "" {
			x.fail(BadCode)
		}
		who.Roles = append(who.Roles, code)
	}
	who.Involved = e.extension("involved").flag("valueBoolean", false)
	return who
}

// opening reads when the line can be rung. What closes it here gives way to a hand
// on the switch, which is newer.
func (c *conversion) opening(n, e node) bridge.Opening {
	o := bridge.Opening{Zone: e.extension("zone").str("valueCode"), Holidays: e.extension("openOnHolidays").flag("valueBoolean", false)}
	for _, w := range c.hours(n) {
		if w.End == lastMinute {
			w.End = "24:00" // a line that is open all night is open in its last minute
		}
		o.Week = append(o.Week, w)
	}
	for _, a := range n.list("notAvailable") {
		o.Exceptions = append(o.Exceptions, c.exception(a.get("during"), a.str("description"), false))
	}
	for _, w := range e.extensions("window") {
		o.Exceptions = append(o.Exceptions, c.exception(w.get("valuePeriod"), "", true))
	}
	return o
}

func (c *conversion) exception(during node, reason string, open bool) bridge.Exception {
	p := during.period(c.loc)
	if p.Start.IsZero() {
		during.get("start").fail(Missing)
	}
	return bridge.Exception{Period: p, Open: open, Reason: reason}
}

// tiers puts a role into the tiers of the lines that it answers.
func (c *conversion) tiers(r *resource) {
	for _, n := range r.root().list("healthcareService") {
		s := n.str("reference")
		of := c.x.byURL[s]
		if of == nil {
			of = c.x.byKey[s]
		}
		switch l := c.lines[of]; {
		case l != nil:
			tier := n.extension(ExtTier).number("valuePositiveInt", 1)
			l.tiers[tier] = append(l.tiers[tier], r.ref())
		case of == nil:
			n.note(LineElsewhere)
		}
	}
}

// shifts takes the rota of a line, when every role is known, and puts the line into
// the batch.
func (c *conversion) shifts(r *resource) {
	l := c.lines[r]
	for _, x := range r.root().extension(ExtLine).extensions("shift") {
		who := c.x.follow(x.extension("member").get("valueReference"), "PractitionerRole")
		when := x.extension("period").get("valuePeriod")
		p := when.period(c.loc)
		switch {
		case p.Start.IsZero() || p.End.IsZero():
			when.fail(Missing)
		case who.skipped:
			x.note(RefersToSkipped)
		case who.ref == "":
			x.extension("member").fail(Missing)
		default:
			l.Rota = append(l.Rota, bridge.Shift{Period: p, Member: who.ref})
		}
	}
	for _, tier := range slices.Sorted(maps.Keys(l.tiers)) {
		l.Tiers = append(l.Tiers, bridge.Tier{Members: l.tiers[tier]})
	}
	c.batch.Lines = append(c.batch.Lines, l.Line)
}

// number returns a whole number, or the one that stands when it is not there.
func (n node) number(key string, absent int) int {
	p := n.get(key)
	v, ok := p.v.(json.Number)
	switch {
	case !p.ok():
		return absent
	case !ok:
		p.fail(WrongType)
		return absent
	}
	i, err := v.Int64()
	if err != nil || i < 0 || i > 1_000_000 {
		p.fail(BadCode)
		return absent
	}
	return int(i)
}
