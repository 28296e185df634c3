// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/brobygger/brobygger/bridge/bridgetest/load"
)

// row is one line of the report.
type row struct {
	what, measured, ratio, target string
	met                           []bool // of each part of the target; none: no target
}

func (r row) verdict() string {
	if len(r.met) == 0 {
		return ""
	}
	n := 0
	for _, m := range r.met {
		if m {
			n++
		}
	}
	switch n {
	case len(r.met):
		return "yes"
	case 0:
		return "**no**"
	}
	return fmt.Sprintf("%d of %d", n, len(r.met))
}

// report words the figures as a page of the documentation.
func (f *figures) report() string {
	var b strings.Builder
	m := f.machine
	fmt.Fprintf(&b, "# Performance\n\nMeasured by `make bench` on %s: %d cores (%s), %s of memory, Linux %s, %s.\n"+
		"Server and load generator share the cores; each server is a process of its own on loopback, with its data on the disk\n"+
		"that is measured beside it. Absolute figures differ from machine to machine; the ratios, all of one run, differ less.\n",
		m.at.UTC().Format("2006-01-02 15:04 UTC"), m.cores, m.cpu, m.memory, m.kernel, runtime.Version())
	fmt.Fprintf(&b, "The machine's load average was %.1f at the start and %.1f at the end.", m.loadBefore, m.loadAfter)
	if m.loadBefore > float64(m.cores) { // the policy's own benchmarks, run before, make about 1
		b.WriteString(" **It was not quiet when the run began: others worked on it, and the figures are worse, and less steady, than its own.**")
	}
	b.WriteString("\n\n| what | measured | ratio | target | met |\n|---|---|---|---|---|\n")
	for _, r := range f.rows() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.what, r.measured, r.ratio, r.target, r.verdict())
	}
	b.WriteString(reading)
	return b.String()
}

const reading = `
## How to read it
- *The disk* is an append of 4 KiB and fdatasync. No message can be durable sooner.
- *At rest*, two people, one message at a time over two connections. *Answered* is durable; *shown* is in the recipient's hands,
  with the disclosure on record. One commit carries both where the recipient listens.
- The first two seconds of a load, while a server warms up, do not count; nor do they of its peers.
- *As fast as it goes*: each sender sends its next message when the last one is answered. Every message is decided by the
  policy, kept with its entry, claimed with another entry, acknowledged by its recipient and receipted to its sender.
- *At a steady rate*, times count from when a message was due, so that a stall is not left out of them.
- *The relay* is a bare gorilla/websocket server that passes the same frames on: no policy, no store, no identity. It is the
  floor, not a peer.
- *Idle connections* are signed in, have a presence, and are counted after a garbage collection on both sides; they are
  compared with gorilla's defaults and two goroutines for each.
- Half of the pairs treat the patient; the others cross the border between health and social care on a written consent.
- *JetStream* is NATS's log of messages, on the same disk, with the same senders and words, an id for each message that makes a
  repeat harmless, and a sync before each answer ("sync_interval: always"). It decides nothing, claims nothing and records nothing; its readers
  are told at once, before the message is kept.
- Everything is on: policy, claims, entries and their tree, sealing with keys of each patient's own.
- *What wall, ledger and sealing cost*: the load of 100 senders on this program and on one that was built without them (tag
  "bare"; nothing but this bench starts it), in turns, each on a new store. What was built
  without keeps no claim before content leaves and no word of its end, no entries and so no chains and no tree, and everything in plain;
  it decides, delivers and receipts all the same.
- *Rings*: 200 lines are rung in the same moment, each by a doctor about a patient, in a region of 800 lines and 5,000
  practitioners; every ring rings three people on two devices each. When all ring, one person of each line answers on one
  device, again in the same moment; what *stops* is the answerer's other device and both of each other. Times count from
  sending to what the devices read. The first of six rounds does not count.
- *Who can be rung* is asked for a patient and a role: the gate, the treating person, their contact nurse, the line of their
  unit, its rota of a week, its tiers and who of them is there, with the entry of having been told.
- Not measured here: what each of the three costs alone; Centrifugo, cedar-go and socket.io beside us.
`

func (f *figures) rows() []row {
	var all []row
	all = append(all, f.decisionRows()...)
	if len(f.disk) > 0 {
		all = append(all, row{what: "the disk: 4 KiB and fdatasync, p50 / p99", measured: pair(f.disk.At(.5), f.disk.At(.99))},
			row{what: "the disk: 64 of them and one fdatasync", measured: fmt.Sprintf("%.0f appends/s", 64/f.group.At(.5).Seconds())})
	}
	return slices.Concat(all, f.loadRows(), f.cost.rows(), f.peerRows(), f.rings.rows(), f.restingRows())
}

// decisionRows are of the policy's benchmarks, by their names.
func (f *figures) decisionRows() []row {
	find := func(name string) (b benchmark) {
		for _, x := range f.decisions {
			if x.name == name {
				b = x
			}
		}
		return b
	}
	micros := func(b benchmark) string { return fmt.Sprintf("%.2f µs, %.0f allocations", b.nanos/1000, b.allocs) }
	over := func(a, b benchmark, words string) string {
		if a.nanos == 0 || b.nanos == 0 {
			return ""
		}
		return fmt.Sprintf("%.2f × %s", a.nanos/b.nanos, words)
	}
	var all []row
	first, plain, hand := find("DecideFirst"), find("DecidePlainMap"), find("DecideFloor")
	if first.nanos > 0 {
		r := row{what: "first decision, allowed", measured: micros(first), target: "≤ 30 µs and ≤ 140 allocations", met: []bool{first.nanos <= 30e3, first.allocs <= 140}}
		if r.ratio = over(first, plain, "the plain map"); r.ratio != "" {
			r.target, r.met = r.target+"; ≤ 0.25 × the plain map", append(r.met, first.nanos <= plain.nanos/4)
		}
		all = append(all, r)
	}
	if d := find("DecideDenied"); d.nanos > 0 {
		all = append(all, row{what: "first decision, denied, with all reasons", measured: micros(d), target: "≤ 75 µs", met: []bool{d.nanos <= 75e3}})
	}
	if d := find("DecideRepeated"); d.nanos > 0 {
		r := row{what: "repeated decision", measured: micros(d), target: "≤ 0.25 µs and ≤ 1 allocation", met: []bool{d.nanos <= 250, d.allocs <= 1}}
		if r.ratio = over(d, hand, "rules by hand in Go"); r.ratio != "" {
			r.target, r.met = r.target+"; ≤ 1.3 × by hand", append(r.met, d.nanos <= 1.3*hand.nanos)
		}
		all = append(all, r)
	}
	return all
}

func (f *figures) loadRows() []row {
	var all []row
	if r, low := f.rest[ours], f.rest[floor]; r.Shown > 0 {
		disk := f.disk.At(.5)
		answered := row{what: "two people at rest: answered, p50 / p99 / p99.9", measured: triple(r.Answered), ratio: times(r.Answered.At(.5), disk, "the disk")}
		f.jetstream.atRest(&answered, r.Answered.At(.5), r.Answered.At(.99))
		all = append(all, answered,
			row{
				what: "two people at rest: shown, p50 / p99 / p99.9", measured: triple(r.Took), ratio: times(r.Took.At(.5), disk, "the disk") + "; " + times(r.Took.At(.5), low.Took.At(.5), "the relay"),
				target: "median ≤ 3 × the disk", met: []bool{r.Took.At(.5) <= 3*disk},
			})
	}
	if r, low := f.fast[ours], f.fast[floor]; r.Shown > 0 {
		ratio := r.PerSecond() / max(low.PerSecond(), 1)
		fast := row{
			what: "100 senders as fast as it goes: shown", measured: fmt.Sprintf("%.0f/s", r.PerSecond()), ratio: fmt.Sprintf("%.2f × the relay (%.0f/s)", ratio, low.PerSecond()),
			target: "≥ 12,000/s; ≥ 0.3 × the relay", met: []bool{r.PerSecond() >= 12_000, ratio >= .3},
		}
		f.jetstream.asFast(&fast, r.PerSecond())
		all = append(all, fast,
			row{what: "there: sent to shown, p50 / p99", measured: pair(r.Took.At(.5), r.Took.At(.99)), ratio: times(r.Took.At(.5), low.Took.At(.5), "the relay")},
			row{what: "there: transactions in one commit", measured: fmt.Sprintf("%.1f", f.batch)})
		all = append(all, row{what: "there: processor time of one message, server / load generator", measured: fmt.Sprintf("%.0f / %.0f µs", float64(f.cpu[0])/1e3, float64(f.cpu[1])/1e3)})
		all = append(all, lost("there", r)...)
	}
	if r, low := f.paced[ours], f.paced[floor]; r.Shown > 0 {
		all = append(all, lost("at the steady rate", r)...)
		all = append(all, row{
			what: fmt.Sprintf("%d messages/s on %d connections (%.0f/s shown): p50 / p99 / p99.9", pacedRate, 2*pacedPairs, r.PerSecond()), measured: triple(r.Took),
			ratio:  fmt.Sprintf("%s / %s / %s the relay", multiple(r.Took.At(.5), low.Took.At(.5)), multiple(r.Took.At(.99), low.Took.At(.99)), multiple(r.Took.At(.999), low.Took.At(.999))),
			target: "≤ 1.5 × / 4 × / 10 × the relay",
			met: []bool{
				r.Took.At(.5)*2 <= 3*low.Took.At(.5), r.Took.At(.99) <= 4*low.Took.At(.99), r.Took.At(.999) <= 10*low.Took.At(.999),
			},
		})
	}
	return all
}

// lost tells of messages that did not come through, where there are any.
func lost(where string, r load.Result) []row {
	if r.Refused+r.Stale+r.Withheld == 0 {
		return nil
	}
	return []row{{
		what:     where + ": refused for now / came too late to be shown / withheld",
		measured: fmt.Sprintf("%d / %d / %d of %d", r.Refused, r.Stale, r.Withheld, r.All), target: "none", met: []bool{false},
	}}
}

func (f *figures) restingRows() []row {
	var all []row
	if f.idleOf > 0 {
		kib, ratio := f.idle[ours]/1024, f.idle[ours]/max(f.idle[floor], 1)
		all = append(all, row{
			what: fmt.Sprintf("memory of an idle connection, of %d", f.idleOf), measured: fmt.Sprintf("%.1f KiB", kib),
			ratio: fmt.Sprintf("%.2f × gorilla's defaults (%.1f KiB)", ratio, f.idle[floor]/1024), target: "≤ 10 KiB; ≤ 0.45 ×", met: []bool{kib <= 10, ratio <= .45},
		})
	}
	if f.start[0] > 0 {
		all = append(all, row{what: "start, empty store", measured: millis(f.start[0]), target: "≤ 300 ms", met: []bool{f.start[0] <= 300*time.Millisecond}})
	}
	if f.start[1] > 0 {
		r := row{what: fmt.Sprintf("start, %d messages in the store", f.messages), measured: millis(f.start[1])}
		r.target, r.met = "≤ 2 s with a million", []bool{f.start[1] <= 2*time.Second}
		all = append(all, r)
	}
	return all
}

func millis(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d)/1e6) }

func pair(a, b time.Duration) string {
	return fmt.Sprintf("%.2f / %.2f ms", float64(a)/1e6, float64(b)/1e6)
}

func triple(t interface{ At(float64) time.Duration }) string {
	return fmt.Sprintf("%.2f / %.2f / %.2f ms", float64(t.At(.5))/1e6, float64(t.At(.99))/1e6, float64(t.At(.999))/1e6)
}

func multiple(a, b time.Duration) string {
	if b == 0 {
		return "?"
	}
	return fmt.Sprintf("%.1f ×", float64(a)/float64(b))
}

func times(a, b time.Duration, what string) string { return multiple(a, b) + " " + what }
