// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// Package calendar knows public holidays, and reads rotas from iCalendar
// (RFC 5545).
package calendar

import (
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/dk"
)

// Danish is the calendar of Danish public holidays. Days on which only some
// offices close, such as 24 December, are for each line to put in.
type Danish struct{}

// Holiday implements bridge.Holidays.
func (Danish) Holiday(year int, month time.Month, day int) string {
	for _, h := range dk.Holidays {
		if holds(h, year, month, day) {
			return h.Name
		}
	}
	return ""
}

func holds(h *cal.Holiday, year int, month time.Month, day int) bool {
	actual, _ := h.Calc(year)
	return !actual.IsZero() && actual.Month() == month && actual.Day() == day
}
