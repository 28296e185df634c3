// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// Package history keeps what many clients saw of a bridge while it was treated
// badly, and checks it: the strict rule of withdrawal, that acceptances and
// showings can be put in one order with grants and withdrawals, and that nothing
// acknowledged was lost, shown twice, or left out of the record.
//
// All stamps are nanoseconds of the machine's CLOCK_MONOTONIC, which every process
// on it shares; so a history that several processes wrote has one time.
package history

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"github.com/brobygger/brobygger/bridge"
)

// Kind is what somebody did, or saw.
type Kind string

// The kinds of operation.
const (
	Grant    Kind = "grant"    // the patient gave a consent
	Withdraw Kind = "withdraw" // the patient took it back
	Send     Kind = "send"     // a message was sent; OK when it was accepted, Denied when the gate said no
	Own      Kind = "own"      // the sender was told what the acceptance relied on
	Show     Kind = "show"     // content was shown to its reader; Call and Return are that instant
	Blank    Kind = "blank"    // a message came without content
	Event    Kind = "event"    // anything else in a log
	Lost     Kind = "lost"     // a reader was told that events are missing
	Fault    Kind = "fault"    // something was done to the bridge or its clients, from Call to Return
)

// Result is how an operation came out.
type Result string

// The results. What was never answered is Unknown, and its Return means nothing.
const (
	OK      Result = "ok"
	Denied  Result = "denied"
	Unknown Result = "unknown"
)

// The ways by which content is shown.
const (
	ByLog        = "log" // pushed, or fetched by sync
	ByHistory    = "history"
	ByAttachment = "attachment"
)

// Op is one operation of a history.
type Op struct {
	Kind   Kind   `json:"op"`
	Who    string `json:"who"` // one client: a person on a device
	Call   int64  `json:"call"`
	Return int64  `json:"return"`
	Result Result `json:"result,omitempty"`

	Patient bridge.PatientID `json:"patient,omitempty"`
	// Consents is the consent that was granted or withdrawn, or those that a
	// message relied on.
	Consents   []bridge.ConsentID  `json:"consents,omitempty"`
	Line       bridge.ConsentID    `json:"line,omitempty"` // of a grant: the first of those that it superseded, or itself
	Message    bridge.MessageID    `json:"message,omitempty"`
	Disclosure bridge.DisclosureID `json:"disclosure,omitempty"`
	N          uint64              `json:"n,omitempty"`    // place in the reader's log
	Way        string              `json:"way,omitempty"`  // of a show
	Note       string              `json:"note,omitempty"` // of a fault: which; else what there was to say
}

// Recorder gathers operations from many goroutines.
type Recorder struct {
	mu   sync.Mutex // guards the following fields
	ops  []Op
	told []func(Op)
}

// Add keeps an operation.
func (r *Recorder) Add(o Op) {
	r.mu.Lock()
	r.ops = append(r.ops, o)
	told := r.told
	r.mu.Unlock()
	for _, f := range told {
		f(o)
	}
}

// Watch has f called with each operation from now on.
func (r *Recorder) Watch(f func(Op)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told = append(r.told[:len(r.told):len(r.told)], f)
}

// Ops returns what was kept so far.
func (r *Recorder) Ops() []Op {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ops[:len(r.ops):len(r.ops)]
}

// Write writes a history, one operation on a line.
func Write(w io.Writer, ops []Op) error {
	b := bufio.NewWriter(w)
	e := json.NewEncoder(b)
	for _, o := range ops {
		if err := e.Encode(o); err != nil {
			return fmt.Errorf("writing a history: %w", err)
		}
	}
	return b.Flush()
}

// Read reads what Write wrote.
func Read(r io.Reader) ([]Op, error) {
	var ops []Op
	d := json.NewDecoder(bufio.NewReader(r))
	for {
		var o Op
		switch err := d.Decode(&o); err {
		case nil:
			ops = append(ops, o)
		case io.EOF:
			return ops, nil
		default:
			return nil, fmt.Errorf("reading a history: %w", err)
		}
	}
}
