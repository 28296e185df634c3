// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// Package load puts a bridge under the load of many people, over real sockets,
// and measures what they see. Beside it stand the floors that a measurement is
// compared with, in the same run on the same machine: the disk's own sync, and a
// relay that neither decides nor keeps anything.
package load

import (
	"slices"
	"time"
)

// began is the zero of the stamps in messages.
var began = time.Now()

// stamp is now, in nanoseconds of this process.
func stamp() int64 { return int64(time.Since(began)) }

// Times are durations, sorted.
type Times []time.Duration

func sorted(parts ...Times) Times {
	all := slices.Concat(parts...)
	slices.Sort(all)
	return all
}

// At returns the quantile q: 0.5 is the median. It is 0 when there are none.
func (t Times) At(q float64) time.Duration {
	if len(t) == 0 {
		return 0
	}
	return t[min(len(t)-1, int(q*float64(len(t))))]
}
