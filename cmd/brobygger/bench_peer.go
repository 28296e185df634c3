// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// jetstream is what the program of .ci/bench prints: NATS JetStream that syncs
// before it answers.
type jetstream struct {
	Version string    `json:"version"`
	Rest    peerTimes `json:"rest"`
	Fast    peerTimes `json:"fast"`
}

// peerTimes are from sending to answered.
type peerTimes struct {
	P50       time.Duration `json:"p50"`
	P99       time.Duration `json:"p99"`
	PerSecond float64       `json:"per_second"`
}

// peer measures JetStream under the same loads, on the same disk.
func (b *benchCmd) peer(ctx context.Context, folder string, f *figures) error {
	if b.JetStream == "" || !b.wants("rest", "fast") {
		return nil
	}
	cmd := exec.CommandContext(ctx, b.JetStream, "--data", folder, "--for", b.For.String(), "--senders", strconv.Itoa(b.Senders)) //nolint:gosec // the one who runs the bench names it
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("running %s: %w", b.JetStream, err)
	}
	if err := json.Unmarshal(out, &f.jetstream); err != nil {
		return fmt.Errorf("reading its figures: %w", err)
	}
	return nil
}

// peerRows are JetStream's figures.
func (f *figures) peerRows() []row {
	j := f.jetstream
	if j.Version == "" {
		return nil
	}
	return []row{
		{what: "JetStream " + j.Version + ", fsync before ack, at rest: answered, p50 / p99", measured: pair(j.Rest.P50, j.Rest.P99), ratio: times(j.Rest.P50, f.disk.At(.5), "the disk")},
		{what: "JetStream, 100 senders as fast as it goes: answered", measured: fmt.Sprintf("%.0f/s; p50 / p99 %s", j.Fast.PerSecond, pair(j.Fast.P50, j.Fast.P99))},
	}
}

// atRest adds to the row at rest how it compares with JetStream.
func (j jetstream) atRest(r *row, p50, p99 time.Duration) {
	if j.Rest.P50 == 0 {
		return
	}
	r.ratio += fmt.Sprintf("; %s / %s JetStream", multiple(p50, j.Rest.P50), multiple(p99, j.Rest.P99))
	r.target = "p50 and p99 ≤ 1.2 × JetStream"
	r.met = append(r.met, p50*5 <= j.Rest.P50*6, p99*5 <= j.Rest.P99*6)
}

// asFast does that for the row of many senders.
func (j jetstream) asFast(r *row, perSecond float64) {
	if j.Fast.PerSecond == 0 {
		return
	}
	ratio := perSecond / j.Fast.PerSecond
	r.ratio += fmt.Sprintf("; %.1f × JetStream", ratio)
	r.target += "; ≥ 2.4 × JetStream"
	r.met = append(r.met, ratio >= 2.4)
}
