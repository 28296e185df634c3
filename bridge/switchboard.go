// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"time"
)

// Switchboard is the part of a store that direct lines stand on.
type Switchboard interface {
	Lines() Lines
	Rings() Rings
	Callbacks() Callbacks
}

// Lines keeps lines, and who of their people has switched themselves on or off.
// Lines are no patient's: they are written in an Update with an empty patient.
type Lines interface {
	Line(id LineID) (Line, error)
	// Find lists lines by name and id.
	Find(q LineQuery) ([]Line, error)
	// Put inserts or replaces a line.
	Put(l Line) error
	// PutSwitch inserts or replaces what one person said of one line.
	PutSwitch(s Switch) error
	// Switches lists those of a line, by party.
	Switches(id LineID) ([]Switch, error)
}

// LineQuery selects lines; set fields narrow. Limit 0 means 100.
type LineQuery struct {
	Organization string // id: owned by it itself
	Member       Ref    // in a tier, or in the rota at any time that is not over at At
	At           time.Time
	ActiveOnly   bool
	Limit        int
}

// Switch is a person's own hand on a line's switch: do or do not ring me on it,
// until then, whatever the rota says. It is kept, since a no has to outlive live
// state.
type Switch struct {
	Line   LineID    `json:"line"`
	Party  Ref       `json:"party"` // PractitionerRole/…
	On     bool      `json:"on"`
	Until  time.Time `json:"until,omitzero"`   // zero: until it is said otherwise
	Reason string    `json:"reason,omitempty"` // practical words, shown to the line's owner
	At     time.Time `json:"at"`
}

// Rings keeps rings. A ring belongs to its patient's row. What people wrote into
// one (Ring.Note, RingStep.Note, RingDone.Reason and Suggest) is sealed for its
// patient. Find leaves it out, so that nobody has to wait for keys of patients
// whom they don't ask about; Ring and ByMID have it.
type Rings interface {
	Ring(id RingID) (Ring, error)
	// ByMID finds what this caller rang with this id.
	ByMID(caller Ref, mid string) (Ring, error)
	// Put inserts a ring with Rev 1, or replaces the one whose Rev is one less:
	// the compare-and-set that makes one winner. Another Rev, another ring under the
	// same (Caller, MID), or another's id is CodeConflict. What was once written
	// into a ring and is empty in r stays as it was: a ring that Find gave may be put.
	Put(r Ring) error
	// Find lists rings in order of StartedAt and id.
	Find(q RingQuery) ([]Ring, error)
}

// RingQuery selects rings; set fields narrow. Limit 0 means 100.
type RingQuery struct {
	Patient   PatientID
	Line      LineID
	Caller    Ref
	Party     Ref         // rings now for it, or is talking with it, or is its caller's
	States    []RingState // one of these
	DueBefore time.Time   // that ring, and whose Deadline is not after it: those too for whom nobody rings
	Since     time.Time   // StartedAt at it or later
	Until     time.Time   // StartedAt before it
	Limit     int
}

// Callbacks keeps callbacks. A callback belongs to its patient's row.
type Callbacks interface {
	Callback(id CallbackID) (Callback, error)
	// ByMID finds what this caller asked for with this id.
	ByMID(caller Ref, mid string) (Callback, error)
	// Put inserts a callback with Rev 1, or replaces the one whose Rev is one less;
	// otherwise, or when (Caller, MID) is another's, CodeConflict.
	Put(c Callback) error
	// Find lists callbacks in order of DueAt, AskedAt and id: the line's queue.
	Find(q CallbackQuery) ([]Callback, error)
	// Place returns how many wait before it in its line's queue, and how many in
	// all. Before one that does not wait there is nobody.
	Place(id CallbackID) (before, all int, err error)
}

// CallbackQuery selects callbacks; set fields narrow. Limit 0 means 100.
type CallbackQuery struct {
	Patient   PatientID
	Line      LineID
	Caller    Ref
	Taker     Ref
	States    []CallbackState // one of these
	DueBefore time.Time       // not closed, and DueAt is not after it
	Since     time.Time       // AskedAt at it or later
	Until     time.Time       // AskedAt before it
	Limit     int
}

// Board keeps who can be rung on which line now, and who is being rung. Kept by
// bridge/live, in Redis. Like Live all of it is a hint: losing it loses no ring,
// and the winner of a ring is never decided here. Every method returns soon, with
// an error while live state is away or was just lost: then nothing is known, and
// rings go by the rota.
type Board interface {
	// SignOn says that people take rings on lines; called for each every 25 s at
	// most, batched. What is not said again for 75 s, or behind its Until, is over.
	SignOn(ctx context.Context, signs []Sign) error
	SignOff(ctx context.Context, line LineID, party Ref) error
	// Available lists for each line who takes rings on it, and which of them are
	// reserved by a ring.
	Available(ctx context.Context, lines []LineID) ([]Availability, error)
	// Reserve takes a party for a ring, or keeps it taken, for that long; false when
	// another ring has it.
	Reserve(ctx context.Context, party Ref, ring RingID, d time.Duration) (bool, error)
	// Release lets go of a party if this ring has it.
	Release(ctx context.Context, party Ref, ring RingID) error
	// Reserved returns, for each of the parties that a ring has, which one.
	Reserved(ctx context.Context, parties []Ref) (map[Ref]RingID, error)
	// WatchLine calls f when who is available on the line has changed, until stop is
	// called. f must not block.
	WatchLine(line LineID, f func()) (stop func())
}

// Sign is one person taking rings on one line.
type Sign struct {
	Line  LineID
	Party Ref
	Until time.Time // of the shift or the opening; zero: only as long as it is said again
}

// Availability is who of a line can be rung now.
type Availability struct {
	Line LineID
	On   []Ref          // by reference
	Busy map[Ref]RingID // of these
}
