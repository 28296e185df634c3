// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir

import (
	"regexp"
	"strings"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// coding is a FHIR Coding.
type coding struct {
	system, code, display string
	at                    node
}

func (n node) coding() coding {
	return coding{system: n.str("system"), code: n.str("code"), display: n.str("display"), at: n}
}

// codings returns every coding of a CodeableConcept.
func (n node) codings() []coding {
	var all []coding
	for _, c := range n.list("coding") {
		all = append(all, c.coding())
	}
	return all
}

// name returns the name to show: the official one, or the first that is neither
// old nor assumed.
func (n node) name(key string) string {
	var best node
	for _, h := range n.list(key) {
		switch h.str("use") {
		case "official":
			return h.humanName()
		case "old", "nickname", "anonymous":
		default:
			if !best.ok() {
				best = h
			}
		}
	}
	if !best.ok() {
		return ""
	}
	return best.humanName()
}

func (n node) humanName() string {
	if t := n.str("text"); t != "" {
		return t
	}
	var parts []string
	for _, g := range n.list("given") {
		parts = append(parts, g.text())
	}
	if f := n.str("family"); f != "" {
		parts = append(parts, f)
	}
	return strings.Join(parts, " ")
}

// phone returns the first telephone number of telecom.
func (n node) phone() string {
	for _, t := range n.list("telecom") {
		if t.str("system") == "phone" {
			return t.str("value")
		}
	}
	return ""
}

var (
	dateForm     = regexp.MustCompile(`^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$`)
	dateTimeForm = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$`)
	timeForm     = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?$`)
)

// oldest is the first year that a date may be in: a CPR number reaches back to 1858.
const oldest = 1800

// span returns the stretch of time that a FHIR dateTime names, [from, to): a day
// for a date, a month or a year for a partial one, an instant (from == to) for a
// time. Days are those of loc.
func (n node) span(loc *time.Location) (from, to time.Time) {
	s := n.text()
	if s == "" {
		return time.Time{}, time.Time{}
	}
	if dateTimeForm.MatchString(s) {
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil && t.Year() >= oldest {
			return t.UTC(), t.UTC()
		}
	} else if dateForm.MatchString(s) {
		layout := "2006-01-02"[:len(s)]
		if t, err := time.ParseInLocation(layout, s, loc); err == nil && t.Year() >= oldest {
			switch len(s) {
			case 4:
				to = t.AddDate(1, 0, 0)
			case 7:
				to = t.AddDate(0, 1, 0)
			default:
				to = t.AddDate(0, 0, 1)
			}
			return t.UTC(), to.UTC()
		}
	}
	n.fail(BadDate)
	return time.Time{}, time.Time{}
}

// day returns a full date as midnight UTC; zero when it is not there or partial.
func (n node) day() time.Time {
	from, to := n.span(time.UTC)
	if from.IsZero() || to.Sub(from) != 24*time.Hour {
		return time.Time{}
	}
	return from
}

// instant returns the first moment that a dateTime names.
func (n node) instant(loc *time.Location) time.Time {
	from, _ := n.span(loc)
	return from
}

// period returns a Period whose end is the first moment outside it. FHIR's end
// is inside: an end of 2026-03-01 holds for the whole of that day.
func (n node) period(loc *time.Location) bridge.Period {
	start, _ := n.get("start").span(loc)
	_, end := n.get("end").span(loc)
	if !end.IsZero() && end.Before(start) {
		n.fail(BadPeriod)
	}
	return bridge.Period{Start: start, End: end}
}

// identifiers returns those of a system in keep, checked and in their one
// written form. Others are noted and left out: the bridge keeps no number that it
// has no use for.
func (n node) identifiers(keep ...string) []bridge.Identifier {
	var kept []bridge.Identifier
	for _, i := range n.list("identifier") {
		id, bad, known := cleanIdentifier(i.str("system"), i.str("value"))
		switch {
		case known && bad != "":
			i.get("value").fail(bad)
		case i.str("use") == "old":
			i.note(IdentifierNotKept)
		case known && keeps(keep, id.System):
			kept = append(kept, id)
		default:
			i.note(IdentifierNotKept)
		}
	}
	return kept
}

func keeps(systems []string, s string) bool {
	for _, k := range systems {
		if s == k || k == SystemDECPR && strings.HasPrefix(s, k+".") {
			return true
		}
	}
	return false
}
