// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package history

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// Violation is what a history shows that must not be: the rule, in a sentence what
// happened, and the operations that contradict each other.
type Violation struct {
	Rule string
	What string
	Ops  []Op
}

// String explains the violation.
func (v Violation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", v.Rule, v.What)
	for _, o := range v.Ops {
		fmt.Fprintf(&b, "\n    %s", o)
	}
	return b.String()
}

// String is the operation in a line, times in seconds.
func (o Op) String() string {
	s := fmt.Sprintf("[%.6f, %.6f] %s %s %s", float64(o.Call)/1e9, float64(o.Return)/1e9, o.Who, o.Kind, o.Result)
	for _, f := range []struct{ name, value string }{
		{"patient", string(o.Patient)},
		{"message", string(o.Message)},
		{"disclosure", string(o.Disclosure)},
		{"by", o.Way},
		{"", o.Note},
	} {
		if f.value != "" {
			s += " " + strings.TrimSpace(f.name+" "+f.value)
		}
	}
	if len(o.Consents) > 0 {
		s += fmt.Sprint(" consents ", o.Consents)
	}
	return s
}

// Check runs every rule that a history alone can show.
func Check(ops []Op) []Violation {
	return slices.Concat(Strict(ops), Registers(ops), Logs(ops))
}

// Strict is the promise itself: nothing is shown that relies on a consent whose
// withdrawal has been answered.
func Strict(ops []Op) []Violation {
	answered := map[bridge.ConsentID]Op{} // by the first of its line
	lines := lines(ops)
	for _, o := range ops {
		if o.Kind != Withdraw || o.Result != OK {
			continue
		}
		for _, id := range o.Consents {
			if old, ok := answered[lines.of(id)]; !ok || o.Return < old.Return {
				answered[lines.of(id)] = o
			}
		}
	}
	var found []Violation
	for _, o := range ops {
		if o.Kind != Show {
			continue
		}
		for _, id := range o.Consents {
			w, ok := answered[lines.of(id)]
			if !ok || o.Return <= w.Return {
				continue
			}
			found = append(found, Violation{
				Rule: "withdrawal is a wall",
				What: fmt.Sprintf("message %s was shown %s after the withdrawal of consent %s had been answered",
					o.Message, time.Duration(o.Return-w.Return), id),
				Ops: []Op{w, o},
			})
		}
	}
	return found
}

// line maps a consent to the first of those that it goes on from.
type line map[bridge.ConsentID]bridge.ConsentID

func lines(ops []Op) line {
	l := line{}
	for _, o := range ops {
		if o.Kind == Grant && o.Line != "" {
			for _, id := range o.Consents {
				l[id] = o.Line
			}
		}
	}
	return l
}

func (l line) of(id bridge.ConsentID) bridge.ConsentID {
	if first, ok := l[id]; ok {
		return first
	}
	return id
}

// Logs is order and account: each client's log goes on one by one, nothing is
// shown twice out of it, and every message that was acknowledged came to each
// client of its patient's reader, with content or without. Call it on a history
// that was left to settle.
func Logs(ops []Op) []Violation {
	var found []Violation
	last := map[string]Op{}
	came := map[string]map[bridge.MessageID]Op{}
	readers := map[bridge.PatientID]map[string]bool{}
	for _, o := range ops {
		switch {
		case o.Kind == Lost:
			found = append(found, Violation{"nothing is left out", "a client was told that events are missing: " + o.Note, []Op{o}})
		case o.N == 0:
			continue
		}
		if before, ok := last[o.Who]; ok && o.N != 0 && o.N != before.N+1 {
			found = append(found, Violation{"a log has no gap", fmt.Sprintf("event %d came behind %d", o.N, before.N), []Op{before, o}})
		}
		last[o.Who] = o
		if o.Kind != Show && o.Kind != Blank {
			continue
		}
		if came[o.Who] == nil {
			came[o.Who] = map[bridge.MessageID]Op{}
		}
		if before, ok := came[o.Who][o.Message]; ok {
			found = append(found, Violation{"shown once", fmt.Sprintf("message %s came twice", o.Message), []Op{before, o}})
		}
		came[o.Who][o.Message] = o
		if readers[o.Patient] == nil {
			readers[o.Patient] = map[string]bool{}
		}
		readers[o.Patient][o.Who] = true
	}
	for _, o := range ops {
		if o.Kind != Send || o.Result != OK {
			continue
		}
		if len(readers[o.Patient]) == 0 {
			found = append(found, Violation{"acknowledged is kept", fmt.Sprintf("message %s came to nobody", o.Message), []Op{o}})
		}
		for who := range readers[o.Patient] {
			if _, ok := came[who][o.Message]; !ok {
				found = append(found, Violation{"acknowledged is kept", fmt.Sprintf("message %s never came to %s", o.Message, who), []Op{o}})
			}
		}
	}
	return found
}
