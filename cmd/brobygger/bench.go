// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/brobygger/brobygger/bridge/bridgetest/load"
)

// benchCmd measures the bridge beside its floors, in one run on one machine.
type benchCmd struct {
	Out       string        `help:"File to write the report to; without it, standard output." placeholder:"FILE"`
	Data      string        `help:"Folder for the data of the run, on the disk to be measured." default:"." placeholder:"FOLDER"`
	Decisions string        `help:"Output of the policy's own benchmarks, to report too." placeholder:"FILE"`
	JetStream string        `name:"jetstream" help:"Program of .ci/bench, to measure NATS JetStream beside." placeholder:"FILE"`
	Bare      string        `help:"This program built with the tag bare, to measure what wall, ledger and sealing cost." placeholder:"FILE"`
	Only      []string      `help:"Measure these only: disk, rest, fast, cost, paced, rings, idle, start." enum:"disk,rest,fast,cost,paced,rings,idle,start" default:"disk,rest,fast,cost,paced,rings,idle,start"`
	For       time.Duration `help:"How long each load lasts." default:"10s"`
	Senders   int           `help:"How many send as fast as it goes." default:"100"`
	Idle      int           `help:"How many idle connections." default:"10000"`
	Long      bool          `help:"Fill the store to a million messages before measuring the start."`
	Profile   string        `help:"Write CPU profiles of the bridge under load to files of this name." placeholder:"FILE"`
}

// figures is what a run came to.
type figures struct {
	machine   machine
	decisions []benchmark
	disk      load.Times // 4 KiB, one at a time
	group     load.Times // 64 of them and one sync
	rest      [2]load.Result
	fast      [2]load.Result
	paced     [2]load.Result
	jetstream jetstream
	batch     float64          // transactions in one commit, under the fast load
	cpu       [2]time.Duration // of server and load generator for one message, likewise
	cost      cost
	rings     rings
	idle      [2]float64
	idleOf    int
	start     [2]time.Duration
	messages  int // in the store at the second start
}

// Of each pair of figures: the bridge, and its floor.
const (
	ours = iota
	floor
)

// Pairs of people: so many that eight connections of each are ten thousand.
const benchPairs = 625

// pacedRate and pacedPairs are a busy region's hour: messages a second, between
// so many pairs of connections.
const (
	pacedRate  = 2000
	pacedPairs = 500
)

// restWarm is how many messages at rest do not count: two seconds of them, as with
// the other loads. Meanwhile the store makes its log as long as it will become.
const restWarm = 200

// Run measures, and writes the report.
func (b *benchCmd) Run(ctx context.Context, out *printer) (err error) {
	folder, err := os.MkdirTemp(b.Data, "bench-")
	if err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	f := &figures{machine: thisMachine()}
	if b.Decisions != "" {
		if f.decisions, err = readBenchmarks(b.Decisions); err != nil {
			return err
		}
	}
	steps := []struct {
		name string
		run  func(context.Context, string, *figures) error
	}{
		{"disk", b.disk}, {"bridge", b.bridge}, {"relay", b.relay}, {"jetstream", b.peer}, {"cost", b.costs}, {"rings", b.ringing}, {"idle", b.idle},
	}
	for _, s := range steps {
		_, _ = fmt.Fprintf(out.stderr, "%s: measuring %s\n", time.Now().Format(time.TimeOnly), s.name)
		if err := s.run(ctx, folder, f); err != nil {
			return fmt.Errorf("measuring %s: %w", s.name, err)
		}
	}
	f.machine.loadAfter = loadAverage()
	if b.Out == "" {
		out.printf("%s", f.report())
		return nil
	}
	return os.WriteFile(b.Out, []byte(f.report()), 0o644) //nolint:gosec // a page of the documentation
}

func (b *benchCmd) wants(what ...string) bool {
	return slices.ContainsFunc(what, func(w string) bool { return slices.Contains(b.Only, w) })
}

// disk measures what no commit can be faster than.
func (b *benchCmd) disk(_ context.Context, folder string, f *figures) (err error) {
	if !b.wants("disk", "rest") {
		return nil
	}
	if f.disk, err = load.Disk(folder, 2*time.Second, 1); err != nil {
		return err
	}
	f.group, err = load.Disk(folder, time.Second, 64)
	return err
}

// bridge measures the bridge, and how it starts.
func (b *benchCmd) bridge(ctx context.Context, folder string, f *figures) error {
	if b.wants("start") {
		if err := b.starts(ctx, filepath.Join(folder, "empty"), &f.start[0]); err != nil {
			return err
		}
	}
	if !b.wants("rest", "fast", "paced", "start") {
		return nil
	}
	data := filepath.Join(folder, "data")
	p, err := start(ctx, "bridge", data, benchPairs)
	if err != nil {
		return err
	}
	err = b.loads(ctx, p, f)
	if err = errors.Join(err, p.end()); err != nil || !b.wants("start") {
		return err
	}
	return b.starts(ctx, data, &f.start[1])
}

// starts measures how soon a bridge serves: the median of three.
func (b *benchCmd) starts(ctx context.Context, data string, took *time.Duration) error {
	var all []time.Duration
	for range 3 {
		p, err := start(ctx, "bridge", data, 0)
		if err != nil {
			return err
		}
		all = append(all, p.took)
		if err := p.end(); err != nil {
			return err
		}
	}
	slices.Sort(all)
	*took = all[1]
	return nil
}

// loads measures the bridge under each load.
func (b *benchCmd) loads(ctx context.Context, p *process, f *figures) error {
	pairs := func(n int) ([]*load.Pair, error) { return b.pairs(ctx, p, n) }
	fast := func(pairs []*load.Pair) error { return b.fast(ctx, p, pairs, f) }
	if err := b.measure(ctx, pairs, fast, f, ours, p); err != nil {
		return err
	}
	f.messages += f.rest[ours].Sent + f.fast[ours].Sent + f.paced[ours].Sent
	return nil
}

// pairs connects people who have something to say to each other.
func (b *benchCmd) pairs(ctx context.Context, p *process, n int) ([]*load.Pair, error) {
	sign := func(ctx context.Context, name string) (string, error) {
		return demoToken(ctx, "http://"+p.address, name)
	}
	return load.Pairs(ctx, p.address, sign, load.Talks(n))
}

// relay measures the floor under the same loads.
func (b *benchCmd) relay(ctx context.Context, _ string, f *figures) error {
	if !b.wants("rest", "fast", "paced") {
		return nil
	}
	p, err := start(ctx, "relay", "", 0)
	if err != nil {
		return err
	}
	pairs := func(n int) ([]*load.Pair, error) { return load.Relayed(ctx, p.address, n) }
	fast := func(pairs []*load.Pair) (err error) {
		f.fast[floor], err = load.AsFast(ctx, pairs, time.Second, b.For/2)
		return err
	}
	return errors.Join(b.measure(ctx, pairs, fast, f, floor, p), p.end())
}

// measure runs the three loads, each with connections of its own.
func (b *benchCmd) measure(ctx context.Context, connect func(int) ([]*load.Pair, error), fast func([]*load.Pair) error, f *figures, which int, p *process) error {
	loads := []struct {
		name  string
		pairs int
		run   func([]*load.Pair) error
	}{
		{"rest", 1, func(pairs []*load.Pair) (err error) {
			f.rest[which], err = load.AtRest(ctx, pairs[0], restWarm, int(b.For/(20*time.Millisecond)), 10*time.Millisecond)
			return err
		}},
		{"fast", b.Senders, fast},
		{"paced", pacedPairs, func(pairs []*load.Pair) (err error) {
			f.paced[which], err = load.Paced(ctx, pairs, pacedRate, 2*time.Second, b.For)
			return err
		}},
	}
	for _, l := range loads {
		if !b.wants(l.name) {
			continue
		}
		pairs, err := connect(l.pairs)
		if err != nil {
			return err
		}
		profile := b.Profile != "" && which == ours
		if profile {
			err = p.tell("cpu " + b.Profile + "." + l.name)
		}
		if err == nil {
			err = l.run(pairs)
		}
		if profile {
			err = errors.Join(err, p.tell("stop"))
		}
		for _, pair := range pairs {
			pair.Close()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
	}
	return nil
}

// fast measures the bridge with everybody sending, and how its commits share.
func (b *benchCmd) fast(ctx context.Context, p *process, pairs []*load.Pair, f *figures) error {
	read := func() (sum, count float64, err error) {
		sum, err = p.metric(ctx, "brobygger_commit_batch_size_sum")
		if err == nil {
			count, err = p.metric(ctx, "brobygger_commit_batch_size_count")
		}
		return sum, count, err
	}
	sum, count, err := read()
	if err != nil {
		return err
	}
	// Beginning and end of the run are counted too, on both sides.
	used, err := usedBy(p)
	if err != nil {
		return err
	}
	if f.fast[ours], err = load.AsFast(ctx, pairs, 2*time.Second, b.For); err != nil {
		return err
	}
	usedAfter, err := usedBy(p)
	if err != nil {
		return err
	}
	for i := range used {
		f.cpu[i] = (usedAfter[i] - used[i]) / time.Duration(max(1, f.fast[ours].All))
	}
	sumAfter, countAfter, err := read()
	if err != nil {
		return err
	}
	if n := countAfter - count; n > 0 {
		f.batch = (sumAfter - sum) / n
	}
	for b.Long && b.wants("start") && f.messages+f.fast[ours].Sent < 1_000_000 {
		more, err := load.AsFast(ctx, pairs, 0, b.For)
		if err != nil {
			return err
		}
		f.messages += more.Sent
	}
	return nil
}

// usedBy is the processor time of the server and of this program.
func usedBy(p *process) (both [2]time.Duration, err error) {
	for i, pid := range []int{p.cmd.Process.Pid, os.Getpid()} {
		if both[i], err = load.CPU(pid); err != nil {
			return both, err
		}
	}
	return both, nil
}

// idle measures what a connection costs that nothing happens on.
func (b *benchCmd) idle(ctx context.Context, folder string, f *figures) error {
	if !b.wants("idle") {
		return nil
	}
	f.idleOf = b.Idle
	for which, what := range []string{"bridge", "plain"} {
		p, err := start(ctx, what, filepath.Join(folder, "idle"), benchPairs)
		if err != nil {
			return err
		}
		f.idle[which], err = b.held(ctx, p)
		if err = errors.Join(err, p.end()); err != nil {
			return err
		}
	}
	return nil
}

// held opens the connections, lets them rest, and returns how many bytes of
// memory the server holds for each.
func (b *benchCmd) held(ctx context.Context, p *process) (float64, error) {
	before, err := settled(p)
	if err != nil {
		return 0, err
	}
	var tokens []string
	if strings.HasSuffix(p.cmd.Args[2], "bridge") {
		for _, t := range load.Talks((b.Idle + 15) / 16) {
			for _, name := range []string{t.Sender(), t.Reader()} {
				token, err := demoToken(ctx, "http://"+p.address, name)
				if err != nil {
					return 0, err
				}
				tokens = append(tokens, token)
			}
		}
	}
	end, err := load.Idle(b.Idle, func(i int) (*load.Client, error) {
		if tokens == nil {
			return load.DialPlain(ctx, p.address)
		}
		return load.Dial(ctx, p.address, tokens[i%len(tokens)])
	})
	defer end()
	if err != nil {
		return 0, err
	}
	rest := time.NewTimer(6 * time.Second) // what was busy with connecting goes
	defer rest.Stop()
	<-rest.C
	after, err := settled(p)
	if err == nil && b.Profile != "" {
		err = p.tell("heap " + b.Profile + "." + p.cmd.Args[2])
	}
	return float64(after-before) / float64(b.Idle), err
}

// settled is the memory that a child holds once it has given back what it does
// not need.
func settled(p *process) (int64, error) {
	if err := p.tell("collect"); err != nil {
		return 0, err
	}
	return load.Resident(p.cmd.Process.Pid)
}
