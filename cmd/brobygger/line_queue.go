// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"math/rand/v2"
	"slices"
	"time"
)

// desk is a telephone as most clinics have it: some who answer, some places to
// wait in, and a busy tone for everybody else.
type desk struct {
	servers int
	places  int           // to wait in; negative: as many as there are calls
	service time.Duration // mean of a call, exponential
}

// outcome is how one call came out.
type outcome struct {
	through bool
	wait    time.Duration // until somebody answered
}

// answer takes calls that come at these times, in order: first come, first served.
func (d desk) answer(calls []time.Duration, r *rand.Rand) []outcome {
	free := make([]time.Duration, d.servers) // when each of them is next free
	var starts []time.Duration               // of the calls taken that have not been answered yet
	out := make([]outcome, len(calls))
	for i, at := range calls {
		starts = slices.DeleteFunc(starts, func(s time.Duration) bool { return s <= at })
		first := 0
		for j := range free {
			if free[j] < free[first] {
				first = j
			}
		}
		if free[first] > at && d.places >= 0 && len(starts) >= d.places {
			continue // busy
		}
		start := max(at, free[first])
		free[first] = start + exponential(r, d.service)
		if start > at {
			starts = append(starts, start)
		}
		out[i] = outcome{through: true, wait: start - at}
	}
	return out
}

// plan is how a line rings: step after step, until somebody answers.
type plan struct {
	steps int
	step  time.Duration // how long each rings
	share float64       // of the steps in which somebody answers
}

// ring rings once. Who answers does so at any moment of the step.
func (p plan) ring(r *rand.Rand) outcome {
	for i := range p.steps {
		if r.Float64() < p.share {
			return outcome{through: true, wait: time.Duration(i)*p.step + time.Duration(r.Float64()*float64(p.step))}
		}
	}
	return outcome{wait: time.Duration(p.steps) * p.step}
}

// arrivals draws calls of a Poisson stream: so many in a span, on average.
func arrivals(r *rand.Rand, from, span time.Duration, mean float64) []time.Duration {
	var all []time.Duration
	if mean <= 0 {
		return all
	}
	gap := time.Duration(float64(span) / mean)
	for at := from + exponential(r, gap); at < from+span; at += exponential(r, gap) {
		all = append(all, at)
	}
	return all
}

func exponential(r *rand.Rand, mean time.Duration) time.Duration {
	return time.Duration(r.ExpFloat64() * float64(mean))
}

// tallied counts calls of one kind.
type tallied struct {
	Calls      int     `json:"calls"`
	Through    float64 `json:"through"` // share
	MeanS      float64 `json:"mean_s"`  // wait of who got through, seconds
	MedianS    float64 `json:"median_s"`
	P90S       float64 `json:"p90_s"`
	RungBack   float64 `json:"rung_back"`    // share that a callback was promised, and kept
	Nothing    float64 `json:"nothing"`      // share that got a busy tone, or silence
	BackMinute float64 `json:"back_minutes"` // mean time to the callback
}

// count counts how calls came out. back are the times to the callbacks of those
// that nobody answered; without them there was nothing.
func count(all []outcome, back []time.Duration) tallied {
	t := tallied{Calls: len(all)}
	if len(all) == 0 {
		return t
	}
	var waits []time.Duration
	var sum, later time.Duration
	for _, h := range all {
		if h.through {
			waits = append(waits, h.wait)
			sum += h.wait
		}
	}
	slices.Sort(waits)
	n := float64(len(all))
	t.Through = float64(len(waits)) / n
	t.RungBack = float64(len(back)) / n
	t.Nothing = 1 - t.Through - t.RungBack
	if len(waits) > 0 {
		t.MeanS = (sum / time.Duration(len(waits))).Seconds()
		t.MedianS = waits[len(waits)/2].Seconds()
		t.P90S = waits[len(waits)*9/10].Seconds()
	}
	for _, b := range back {
		later += b
	}
	if len(back) > 0 {
		t.BackMinute = (later / time.Duration(len(back))).Minutes()
	}
	return t
}
