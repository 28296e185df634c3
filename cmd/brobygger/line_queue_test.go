// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

// states are the probabilities of 0, 1, ... calls in a system with Poisson arrivals
// (load in erlangs), some servers and some places (Erlang 1917; Kendall's M/M/c/K).
func states(load float64, servers, places int) []float64 {
	p, sum := []float64{1}, 1.0
	for n := 1; n <= servers+places; n++ {
		p = append(p, p[n-1]*load/float64(min(n, servers)))
		sum += p[n]
	}
	for n := range p {
		p[n] /= sum
	}
	return p
}

// near reports whether a simulated number is as the formula says.
func near(got, want, share float64) bool { return math.Abs(got-want) <= share*want }

// Without places to wait in, calls are lost as Erlang's B formula says.
func TestADeskWithoutPlacesLosesWhatErlangBSays(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	d := desk{servers: 3, service: 3 * time.Minute}
	got := count(d.answer(arrivals(r, 0, 20_000*time.Hour, 20_000*40), r), nil)
	p := states(2, 3, 0) // 40 calls an hour of 3 minutes
	if want := p[len(p)-1]; !near(got.Nothing, want, 0.02) || got.MeanS != 0 {
		t.Errorf("lost %.4f, Erlang says %.4f; waited %.1f s", got.Nothing, want, got.MeanS)
	}
}

// With as many places as there are calls, everybody waits as Erlang's C formula says.
func TestADeskWithAllPlacesWaitsAsErlangCSays(t *testing.T) {
	for _, tt := range []struct {
		servers int
		hourly  float64
	}{{1, 12}, {2, 30}, {4, 60}} {
		r := rand.New(rand.NewPCG(3, uint64(tt.servers)))
		d := desk{servers: tt.servers, places: -1, service: 3 * time.Minute}
		got := d.answer(arrivals(r, 0, 20_000*time.Hour, 20_000*tt.hourly), r)
		load, c := tt.hourly/20, float64(tt.servers)
		last := math.Pow(load, c) / math.Gamma(c+1) * c / (c - load)
		sum := last
		for k := range tt.servers {
			sum += math.Pow(load, float64(k)) / math.Gamma(float64(k)+1)
		}
		waits := last / sum              // Erlang C: the share that waits at all
		mean := waits * 180 / (c - load) // seconds, over everybody
		n := 0
		for _, h := range got {
			if h.wait > 0 {
				n++
			}
		}
		all := count(got, nil)
		if share := float64(n) / float64(len(got)); !near(share, waits, 0.03) || !near(all.MeanS, mean, 0.05) || all.Through != 1 {
			t.Errorf("%d servers: %.3f wait %.1f s on average, Erlang says %.3f and %.1f s", tt.servers, share, all.MeanS, waits, mean)
		}
	}
}

// The clinic of docs/lines.md, run for long, is as the formula for M/M/2/8 says.
func TestADeskWithSomePlacesIsAsTheFormulaSays(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	c := lineSimulateCmd{Desks: 2, Places: 6, Call: 3 * time.Minute}
	d := desk{servers: c.Desks, places: c.Places, service: c.Call}
	got := count(d.answer(arrivals(r, 0, 5_000*time.Hour, 5_000*80), r), nil)
	p := states(4, 2, 6)
	lost, queue := p[8], 0.0
	for n := 3; n <= 8; n++ {
		queue += float64(n-2) * p[n]
	}
	wait := queue / (80 * (1 - lost)) * 3600 // Little's law
	if !near(got.Nothing, lost, 0.02) || !near(got.MeanS, wait, 0.03) {
		t.Errorf("lost %.3f after %.0f s, the formula says %.3f and %.0f s", got.Nothing, got.MeanS, lost, wait)
	}
}

// In the hour from 8 to 9 half of the calls get through, after some six minutes:
// the figures of the present that the clinic is made to be like.
func TestTheClinicOfTheFiguresIsLikeThePresent(t *testing.T) {
	c := lineSimulateCmd{
		Mornings: 1000, Seed: 1, Patients: 74, Professionals: 6, Desks: 2, Places: 6, Call: 3 * time.Minute, Answered: 0.75, Callback: 4 * time.Hour,
	}
	today := c.play().Today.Patients
	if today.Through < 0.45 || today.Through > 0.6 || today.MeanS < 5*60 || today.MeanS > 7*60 {
		t.Errorf("%+v", today)
	}
}

// A ring is answered as often as it is told to be, and as soon as its steps say.
func TestARingIsAsItsStepsSay(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	p := plan{steps: steps, step: stepTime, share: stepShare(0.75)}
	all := make([]outcome, 200_000)
	for i := range all {
		all[i] = p.ring(r)
	}
	got := count(all, nil)
	mean, left := 0.0, 1.0
	for i := range steps {
		mean += left * p.share * (float64(i) + 0.5) * stepTime.Seconds()
		left *= 1 - p.share
	}
	if !near(got.Through, 0.75, 0.01) || !near(left, 0.25, 1e-9) || !near(got.MeanS, mean/0.75, 0.01) {
		t.Errorf("%+v, want three quarters after %.1f s", got, mean/0.75)
	}
}

// The same seed gives the same mornings, another one others; and with lines nobody
// among the professionals hears a busy tone.
func TestMorningsAreReproducible(t *testing.T) {
	c := lineSimulateCmd{
		Mornings: 300, Seed: 1, Patients: 74, Professionals: 6, Desks: 2, Places: 6, Call: 3 * time.Minute, Answered: 0.75, Callback: 4 * time.Hour,
	}
	one, again := c.play(), c.play()
	if !reflect.DeepEqual(one, again) {
		t.Error("the same seed gave other mornings")
	}
	c.Seed = 2
	if reflect.DeepEqual(one, c.play()) {
		t.Error("another seed gave the same mornings")
	}
	if p := one.Lines.Professionals; math.Abs(p.Nothing) > 1e-9 || p.MeanS > 60 || p.RungBack < 0.15 || p.RungBack > 0.35 {
		t.Errorf("with lines %+v", p)
	}
	if today := one.Today.Professionals; today.Nothing < 0.3 || today.MeanS < 2*60 {
		t.Errorf("today %+v", today)
	}
}
