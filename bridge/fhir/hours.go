// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir

import (
	"time"

	"github.com/brobygger/brobygger/bridge"
)

var weekdays = map[string]time.Weekday{
	"mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday, "thu": time.Thursday,
	"fri": time.Friday, "sat": time.Saturday, "sun": time.Sunday,
}

// lastMinute ends a day: Hours end on the day on which they start.
const lastMinute = "23:59"

// hours takes availableTime. A window over midnight becomes two.
func (c *conversion) hours(n node) []bridge.Hours {
	var all []bridge.Hours
	for _, a := range n.list("availableTime") {
		days := daysOf(a)
		start, end := clock(a.get("availableStartTime")), clock(a.get("availableEndTime"))
		if a.flag("allDay", false) || start == "" && end == "" {
			start, end = "00:00", lastMinute
		}
		if start == "" {
			start = "00:00"
		}
		if end == "" || end == "00:00" {
			end = lastMinute
		}
		switch {
		case start < end:
			all = append(all, bridge.Hours{Days: days, Start: start, End: end})
		case start == end:
			a.fail(BadPeriod)
		default:
			next := make([]time.Weekday, len(days))
			for i, d := range days {
				next[i] = (d + 1) % 7
			}
			all = append(all,
				bridge.Hours{Days: days, Start: start, End: lastMinute},
				bridge.Hours{Days: next, Start: "00:00", End: end})
		}
	}
	return all
}

// daysOf returns the days of a window, all seven when none is named.
func daysOf(a node) []time.Weekday {
	var days []time.Weekday
	seen := map[time.Weekday]bool{}
	for _, d := range a.list("daysOfWeek") {
		day, ok := weekdays[d.text()]
		if !ok {
			d.fail(BadCode)
			continue
		}
		if !seen[day] {
			seen[day] = true
			days = append(days, day)
		}
	}
	if len(days) == 0 {
		for d := time.Sunday; d <= time.Saturday; d++ {
			days = append(days, d)
		}
	}
	return days
}

// clock returns a FHIR time as "08:00".
func clock(n node) string {
	s := n.text()
	if s == "" {
		return ""
	}
	if !timeForm.MatchString(s) {
		n.fail(BadTime)
		return ""
	}
	return s[:5]
}
