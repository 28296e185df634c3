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

// with and without the wall, the ledger and sealing.
const (
	with = iota
	without
)

// mostCost is how much of the rate the three may take together.
const mostCost = .35

// cost is the sustained rate with and without, and the server's processor time for
// one message, summed over the turns.
type cost struct {
	shown, sent [2]int
	elapsed     [2]time.Duration
	used        [2]time.Duration
}

// costs measures what wall, ledger and sealing take of the rate. What drifts on the
// machine meanwhile falls on both.
func (b *benchCmd) costs(ctx context.Context, folder string, f *figures) error {
	if b.Bare == "" || !b.wants("cost") {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	programs := [2]string{with: self, without: b.Bare}
	data := filepath.Join(folder, "cost")
	for _, which := range []int{with, without, without, with, with, without, without, with} {
		p, err := startOf(ctx, programs[which], "bridge", data, benchPairs)
		if err != nil {
			return err
		}
		err = b.turn(ctx, p, &f.cost, which)
		if err = errors.Join(err, p.end(), os.RemoveAll(data)); err != nil {
			return err
		}
	}
	return nil
}

// turn is one run of everybody sending.
func (b *benchCmd) turn(ctx context.Context, p *process, c *cost, which int) error {
	pairs, err := b.pairs(ctx, p, b.Senders)
	if err != nil {
		return err
	}
	defer func() {
		for _, pair := range pairs {
			pair.Close()
		}
	}()
	before, err := usedBy(p)
	if err != nil {
		return err
	}
	r, err := load.AsFast(ctx, pairs, 2*time.Second, b.For/2)
	if err != nil {
		return err
	}
	after, err := usedBy(p)
	if err != nil {
		return err
	}
	c.shown[which] += r.Shown
	c.sent[which] += r.All
	c.elapsed[which] += r.Elapsed
	c.used[which] += after[0] - before[0]
	return nil
}

// rows say what the three take.
func (c *cost) rows() []row {
	if c.shown[with] == 0 || c.shown[without] == 0 {
		return nil
	}
	var rate, micros [2]float64
	for i := range rate {
		rate[i] = float64(c.shown[i]) / c.elapsed[i].Seconds()
		micros[i] = float64(c.used[i]) / 1e3 / float64(max(1, c.sent[i]))
	}
	off := 1 - rate[with]/rate[without]
	return []row{
		{
			what:     "wall, ledger and sealing together, 100 senders as fast as it goes: shown with / without them",
			measured: fmt.Sprintf("%.0f / %.0f/s", rate[with], rate[without]), ratio: fmt.Sprintf("%.0f%% off the rate", 100*off),
			target: "≤ 35% off", met: []bool{off <= mostCost},
		},
		{what: "there: processor time of one message, of the server, with / without", measured: fmt.Sprintf("%.0f / %.0f µs", micros[with], micros[without])},
	}
}
