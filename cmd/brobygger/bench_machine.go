// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// machine is where and when figures were taken: they mean little elsewhere.
type machine struct {
	cpu, kernel, memory   string
	cores                 int
	at                    time.Time
	loadBefore, loadAfter float64
}

func thisMachine() machine {
	return machine{
		cpu: field("/proc/cpuinfo", "model name"), memory: gigabytes(field("/proc/meminfo", "MemTotal")), kernel: word("/proc/sys/kernel/osrelease"),
		cores: runtime.NumCPU(), at: time.Now(), loadBefore: loadAverage(),
	}
}

// field reads the first line of this name in one of Linux's tables.
func field(file, name string) string {
	f, err := os.Open(file)
	if err != nil {
		return "unknown"
	}
	defer func() { _ = f.Close() }()
	for rows := bufio.NewScanner(f); rows.Scan(); {
		if key, value, ok := strings.Cut(rows.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// gigabytes words what Linux tells in kB.
func gigabytes(text string) string {
	var kib float64
	if _, err := fmt.Sscanf(text, "%f kB", &kib); err != nil {
		return "unknown"
	}
	return fmt.Sprintf("%.1f GiB", kib/(1<<20))
}

func word(file string) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(data))
}

// loadAverage is how many processes were running or waiting in the last minute.
func loadAverage() float64 {
	first, _, _ := strings.Cut(word("/proc/loadavg"), " ")
	load, _ := strconv.ParseFloat(first, 64)
	return load
}

// benchmark is one line of go test -bench, or the median of several.
type benchmark struct {
	name   string
	nanos  float64
	allocs float64
}

// readBenchmarks reads the output of go test -bench -benchmem. Of a benchmark that
// ran several times the fastest counts: what disturbs only makes slower.
func readBenchmarks(file string) ([]benchmark, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("reading benchmarks: %w", err)
	}
	defer func() { _ = f.Close() }()
	var all []benchmark
	for rows := bufio.NewScanner(f); rows.Scan(); {
		words := strings.Fields(rows.Text())
		if len(words) < 4 || !strings.HasPrefix(words[0], "Benchmark") {
			continue
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(words[0], "Benchmark"), "-")
		b := benchmark{name: name, nanos: before(words, "ns/op"), allocs: before(words, "allocs/op")}
		if n := len(all); n > 0 && all[n-1].name == name {
			all[n-1].nanos = min(all[n-1].nanos, b.nanos)
			continue
		}
		all = append(all, b)
	}
	return all, nil
}

// before is the number in front of a unit.
func before(words []string, unit string) float64 {
	for i, w := range words {
		if w == unit && i > 0 {
			n, _ := strconv.ParseFloat(words[i-1], 64)
			return n
		}
	}
	return 0
}
