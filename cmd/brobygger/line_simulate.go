// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// lineSimulateCmd plays a clinic's mornings, as they are and with a line of its
// own for professionals. docs/lines.md says where each number comes from.
type lineSimulateCmd struct {
	Mornings      int           `help:"How many mornings." default:"1000"`
	Seed          uint64        `help:"The same seed gives the same mornings." default:"1"`
	Patients      float64       `help:"Calls of patients between 8 and 9, on average." default:"74"`
	Professionals float64       `help:"Calls of other professionals in a morning, on average." default:"6"`
	Desks         int           `help:"Who answer the clinic's telephone." default:"2"`
	Places        int           `help:"Places to wait in, before callers hear a busy tone." default:"6"`
	Call          time.Duration `help:"Mean length of a call." default:"3m"`
	Answered      float64       `help:"Share of the line's rings that somebody answers in three steps." default:"0.75"`
	Callback      time.Duration `help:"Within what time the line promises to ring back." default:"4h"`
}

// morning is both worlds side by side.
type morning struct {
	Today struct {
		Professionals tallied `json:"professionals"`
		Patients      tallied `json:"patients"`
	} `json:"today"`
	Lines struct {
		Professionals tallied `json:"professionals"`
		Patients      tallied `json:"patients"`
	} `json:"with_lines"`
}

// Run prints the two side by side.
func (c *lineSimulateCmd) Run(out *printer) error {
	if c.Mornings < 1 || c.Mornings > 1_000_000 || c.Desks < 1 || c.Desks > 100 || c.Places < 0 || c.Call <= 0 || c.Callback < 0 ||
		c.Patients < 0 || c.Patients > 10_000 || c.Professionals < 0 || c.Professionals > 10_000 || c.Answered < 0 || c.Answered > 1 {
		return usagef("a clinic has calls, somebody to answer them, and shares between 0 and 1")
	}
	m := c.play()
	if out.value(m) {
		return nil
	}
	out.printf("%d mornings, seed %d. Sources and assumptions: docs/lines.md.\n\n", c.Mornings, c.Seed)
	out.printf("%-26s %14s %14s %14s %14s\n", "", "professionals", "professionals", "patients", "patients")
	out.printf("%-26s %14s %14s %14s %14s\n", "", "today", "with lines", "today", "with lines")
	rows := []struct {
		name string
		of   func(tallied) string
	}{
		{"calls a morning", func(t tallied) string { return fmt.Sprintf("%.1f", float64(t.Calls)/float64(c.Mornings)) }},
		{"got through", func(t tallied) string { return fmt.Sprintf("%.0f %%", 100*t.Through) }},
		{"  after, on average", func(t tallied) string { return span(t.MeanS) }},
		{"  half of them within", func(t tallied) string { return span(t.MedianS) }},
		{"  nine in ten within", func(t tallied) string { return span(t.P90S) }},
		{"were rung back", func(t tallied) string { return fmt.Sprintf("%.0f %%", 100*t.RungBack) }},
		{"  after, on average", func(t tallied) string { return span(t.BackMinute * 60) }},
		{"got a busy tone", func(t tallied) string { return fmt.Sprintf("%.0f %%", 100*t.Nothing) }},
	}
	for _, r := range rows {
		out.printf("%-26s %14s %14s %14s %14s\n", r.name, r.of(m.Today.Professionals), r.of(m.Lines.Professionals), r.of(m.Today.Patients), r.of(m.Lines.Patients))
	}
	return nil
}

// span is a time in minutes and seconds, "–" for none.
func span(seconds float64) string {
	if seconds <= 0 {
		return "–"
	}
	d := time.Duration(seconds * float64(time.Second)).Round(time.Second)
	return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

// play plays the mornings: first everybody rings the one telephone between 8 and 9,
// then the professionals ring a line of their own behind it.
func (c *lineSimulateCmd) play() (m morning) {
	var prosToday, patientsToday, prosLines, patientsLines []outcome
	var back []time.Duration
	d := desk{servers: c.Desks, places: c.Places, service: c.Call}
	p := plan{steps: steps, step: stepTime, share: stepShare(c.Answered)}
	for n := range c.Mornings {
		r := rand.New(rand.NewPCG(c.Seed, uint64(n)))
		both := arrivals(r, 0, time.Hour, c.Patients+c.Professionals)
		professional := make([]bool, len(both))
		for i := range both {
			professional[i] = r.Float64() < c.Professionals/(c.Patients+c.Professionals)
		}
		for i, h := range d.answer(both, r) {
			if professional[i] {
				prosToday = append(prosToday, h)
			} else {
				patientsToday = append(patientsToday, h)
			}
		}
		patientsLines = append(patientsLines, d.answer(arrivals(r, 0, time.Hour, c.Patients), r)...)
		for range arrivals(r, time.Hour, time.Hour, c.Professionals) {
			h := p.ring(r)
			prosLines = append(prosLines, h)
			if !h.through {
				back = append(back, time.Duration(r.Float64()*float64(c.Callback)))
			}
		}
	}
	m.Today.Professionals, m.Today.Patients = count(prosToday, nil), count(patientsToday, nil)
	m.Lines.Professionals, m.Lines.Patients = count(prosLines, back), count(patientsLines, nil)
	return m
}
