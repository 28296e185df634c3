// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// unreviewed is how many emergency accesses waited for a review at the last sweep.
func (s *service) unreviewed() bridge.Unreviewed {
	if u := s.waiting.Load(); u != nil {
		return *u
	}
	return bridge.Unreviewed{}
}

// oversee shows what people have to look at.
func (s *service) oversee() {
	s.metrics.Gauge("emergencies_unreviewed", "Confirmed emergency accesses that nobody has reviewed.",
		func() float64 { return float64(s.unreviewed().All) })
	s.metrics.Gauge("emergencies_overdue", "Emergency accesses that have waited for their review longer than they may.",
		func() float64 { return float64(s.unreviewed().Overdue) })
	s.metrics.Gauge("emergency_oldest_unreviewed_seconds", "Age of the oldest emergency access that nobody has reviewed; 0 when there is none.",
		func() float64 {
			if t := s.unreviewed().Oldest; !t.IsZero() {
				return time.Since(t).Seconds()
			}
			return 0
		})
}
