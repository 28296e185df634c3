// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import "time"

// LineID names one line.
type LineID string

// Line is a place that can be rung directly: a clinic's window for professionals,
// an outpatient team, a duty desk. An organization owns it and answers for it.
type Line struct {
	ID           LineID  `json:"id"`
	Organization string  `json:"organization"`
	Name         string  `json:"name"`
	Active       bool    `json:"active"`
	Tiers        []Tier  `json:"tiers"`           // rung in this order
	Rota         []Shift `json:"rota,omitempty"`  // who is on duty when; rung before the tiers
	Opening      Opening `json:"opening"`         // when it can be rung
	Promise      Promise `json:"promise"`         // what its owner promises callers
	Capacity     int     `json:"capacity"`        // rings and talks at once, at least 1
	Callers      Callers `json:"callers"`         // who may ring
	Inbox        Ref     `json:"inbox,omitempty"` // the unit that urgent messages go to; empty: the owner
}

// Tier is people who are rung together when nobody before them answered.
type Tier struct {
	Members []Ref `json:"members"` // PractitionerRole/…
}

// Shift is a period of the rota, to the second, and who is on duty in it.
type Shift struct {
	Period Period `json:"period"`
	Member Ref    `json:"member"` // PractitionerRole/…
}

// Promise is what a line promises its callers; its report counts what was kept.
type Promise struct {
	AnswerSeconds   int `json:"answer_seconds,omitempty"`   // "we answer within 30 seconds"; 0: none
	CallbackMinutes int `json:"callback_minutes,omitempty"` // "we ring back within two hours"; 0: the same day
}

// Callers says who may ring a line at all. Each list narrows, an empty one does
// not; whether this caller may speak about this patient is the gate's to decide.
type Callers struct {
	Sectors []Sector   `json:"sectors,omitempty"`
	Roles   []RoleCode `json:"roles,omitempty"`
	// Involved asks that the caller is in the care team of the patient.
	Involved bool `json:"involved,omitempty"`
}

// Opening is when a line can be rung, in the local time of Zone. A window of the
// week opens it; a holiday closes the day's windows unless Holidays says they
// stand; an exception overrules both for its period, the newest that holds first.
type Opening struct {
	Zone       string      `json:"zone,omitempty"` // IANA name; empty: Europe/Copenhagen
	Week       []Hours     `json:"week,omitempty"` // Start after End: into the next day
	Holidays   bool        `json:"holidays,omitempty"`
	Exceptions []Exception `json:"exceptions,omitempty"`
}

// Exception opens or closes a line for one period, whatever its week says: a
// window put in by the clinic, a course day, or a hand on the switch.
type Exception struct {
	Period Period    `json:"period"`
	Open   bool      `json:"open"`
	Reason string    `json:"reason,omitempty"` // shown to callers
	By     Ref       `json:"by,omitempty"`
	At     time.Time `json:"at"` // when it was made
}
