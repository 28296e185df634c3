// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge/bridgetest/load"
)

func TestReportSaysWhatIsMetAndWhatIsNot(t *testing.T) {
	name := filepath.Join(t.TempDir(), "decisions")
	output := "goos: linux\nBenchmarkDecideFirst-2  100  40000 ns/op  12000 B/op  120 allocs/op\n" +
		"BenchmarkDecideFirst-2  100  35000 ns/op  12000 B/op  120 allocs/op\nBenchmarkDecideRepeated-2  100  160 ns/op  0 B/op  0 allocs/op\nPASS\n"
	if err := os.WriteFile(name, []byte(output), 0o600); err != nil {
		t.Fatal(err)
	}
	decisions, err := readBenchmarks(name)
	if err != nil {
		t.Fatal(err)
	}
	f := &figures{machine: machine{cpu: "a processor", cores: 2, at: time.Unix(0, 0), loadBefore: 3}, decisions: decisions}
	f.disk = load.Times{200 * time.Microsecond}
	f.rest[ours] = load.Result{Shown: 1, Took: load.Times{500 * time.Microsecond}}
	f.fast[ours] = load.Result{Shown: 100, Elapsed: time.Second, Stale: 1, All: 101}
	f.fast[floor] = load.Result{Shown: 1000, Elapsed: time.Second}
	f.rest[ours].Answered = load.Times{500 * time.Microsecond}
	f.jetstream = jetstream{Version: "2.1", Rest: peerTimes{P50: 450 * time.Microsecond, P99: 400 * time.Microsecond}, Fast: peerTimes{PerSecond: 40}}
	page := f.report()
	for _, want := range []string{
		"2 cores (a processor)", "It was not quiet",
		"| first decision, allowed | 35.00 µs, 120 allocations |  | ≤ 30 µs and ≤ 140 allocations | 1 of 2 |",
		"| repeated decision | 0.16 µs, 0 allocations |  | ≤ 0.25 µs and ≤ 1 allocation | yes |",
		"| 0.50 / 0.50 / 0.50 ms | 2.5 × the disk; ? the relay | median ≤ 3 × the disk | yes |",
		"| 0.50 / 0.50 / 0.50 ms | 2.5 × the disk; 1.1 × / 1.2 × JetStream | p50 and p99 ≤ 1.2 × JetStream | 1 of 2 |",
		"| JetStream 2.1, fsync before ack, at rest: answered, p50 / p99 | 0.45 / 0.40 ms |",
		"| 100/s | 0.10 × the relay (1000/s); 2.5 × JetStream | ≥ 12,000/s; ≥ 0.3 × the relay; ≥ 2.4 × JetStream | 1 of 3 |",
		"| 0 / 1 / 0 of 101 |  | none | **no** |",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the report lacks %q:\n%s", want, page)
		}
	}
}
