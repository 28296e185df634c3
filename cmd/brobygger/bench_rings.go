// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/brobygger/brobygger/bridge/bridgetest/load"
)

// ringsAtOnce are rung in the same moment, ringRounds times; whoAsked is how often
// it is asked who can be rung.
const (
	ringsAtOnce = 200
	ringRounds  = 5
	whoAsked    = 2000
)

// What rings and the question may take at the most, 99 of 100.
const (
	mostRing = 300 * time.Millisecond
	mostWho  = 10 * time.Millisecond
)

// rings is what rings came to, and the bridge's own time for who can be rung.
type rings struct {
	load.Rings
	own [2]time.Duration // p50 and p99
}

// ringing measures rings on a region's lines, between real connections.
func (b *benchCmd) ringing(ctx context.Context, folder string, f *figures) (err error) {
	if !b.wants("rings") {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	p, err := startWith(ctx, self, "bridge", filepath.Join(folder, "lines"), "--lines")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.end()) }()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	sign := func(ctx context.Context, name string) (string, error) {
		return demoToken(ctx, "http://"+p.address, name)
	}
	x, err := load.Exchanged(ctx, p.address, sign, load.Desks(ringsAtOnce))
	if err != nil {
		return err
	}
	defer x.Close()
	if err := x.Ready(ctx); err != nil {
		return err
	}
	if b.Profile != "" {
		if err := p.tell("cpu " + b.Profile + ".rings"); err != nil {
			return err
		}
	}
	if f.rings.Rings, err = x.Run(ctx, ringRounds); err != nil {
		return err
	}
	if b.Profile != "" {
		if err := p.tell("stop"); err != nil {
			return err
		}
	}
	if f.rings.Seen, err = x.Seen(ctx, whoAsked); err != nil {
		return err
	}
	said, err := p.ask(fmt.Sprint("who ", whoAsked))
	if err != nil {
		return err
	}
	if _, err := fmt.Sscan(said, &f.rings.own[0], &f.rings.own[1]); err != nil {
		return fmt.Errorf("reading %q: %w", said, err)
	}
	return nil
}

// rows word the rings.
func (r *rings) rows() []row {
	if len(r.First) == 0 {
		return nil
	}
	what := func(took load.Times, words string) row {
		return within(fmt.Sprintf("%d rings at once: %s, p50 / p99", ringsAtOnce, words), took.At(.5), took.At(.99), mostRing)
	}
	return []row{
		what(r.First, "ring to first device told"),
		what(r.All, fmt.Sprintf("ring to every device told (%d each)", r.Devices)),
		what(r.Stopped, "answer to everything else stopped"),
		within(fmt.Sprintf("who can be rung for a patient, of %d practitioners on %d lines: asked over the socket, p50 / p99", load.Practitioners, load.Switchboards), r.Seen.At(.5), r.Seen.At(.99), mostWho),
		within("there: found by the bridge itself, p50 / p99", r.own[0], r.own[1], mostWho),
	}
}

// within is a row whose slowest hundredth has to stay within most.
func within(what string, p50, p99, most time.Duration) row {
	return row{
		what: what, measured: pair(p50, p99), ratio: fmt.Sprintf("%.2f × the target", float64(p99)/float64(most)),
		target: fmt.Sprintf("p99 ≤ %d ms", most.Milliseconds()), met: []bool{p99 <= most},
	}
}
