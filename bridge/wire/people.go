// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire

import (
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// PresenceSub follows the presence of members, in one patient's matter, or who can
// be rung on a line, for its own people: Patient and Members are set, or Line.
type PresenceSub struct {
	Patient bridge.PatientID `json:"patient,omitempty"`
	Members []bridge.Party   `json:"members,omitempty"`
	Line    bridge.LineID    `json:"line,omitempty"`
}

// PresenceSeen answers PresenceSub with those whom the caller may see, or with the
// line.
type PresenceSeen struct {
	Presence []bridge.Presence `json:"presence"`
	Line     *bridge.LineState `json:"line,omitempty"`
}

// PresenceUnsub ends what PresenceSub began for this patient, or for this line.
type PresenceUnsub struct {
	Patient bridge.PatientID `json:"patient,omitempty"`
	Line    bridge.LineID    `json:"line,omitempty"`
}

// PresenceMode is what somebody says of being reachable.
type PresenceMode string

// The modes.
const (
	ModeAuto PresenceMode = "auto" // as the device has it
	ModeAway PresenceMode = "away" // this device is idle
	ModeDND  PresenceMode = "dnd"  // the person does not want to be disturbed, on any device
)

// PresenceSet sets the mode. Auto ends both others.
type PresenceSet struct {
	Mode  PresenceMode `json:"mode"`
	Until time.Time    `json:"until,omitzero"` // of dnd, required there
}

// TeamOf asks who is involved with a patient.
type TeamOf struct {
	Patient bridge.PatientID `json:"patient"`
}

// TeamSeen answers TeamOf.
type TeamSeen struct {
	Members []bridge.MemberView `json:"members"`
}

// DirectoryFor looks people up by name.
type DirectoryFor struct {
	Text         string `json:"text,omitempty"`
	Organization string `json:"organization,omitempty"` // id; with its units
	Practitioner string `json:"practitioner,omitempty"` // id
	Limit        int    `json:"limit,omitempty"`        // 0 means 100
}

// DirectoryFound answers DirectoryFor.
type DirectoryFound struct {
	Roles []bridge.RoleEntry `json:"roles"`
}

// EntriesAfter reads a patient's record. Limit 0 means 100.
type EntriesAfter struct {
	Patient bridge.PatientID `json:"patient"`
	After   uint64           `json:"after,omitempty"` // seq, exclusive
	Limit   int              `json:"limit,omitempty"`
}

// EntriesRead answers EntriesAfter.
type EntriesRead struct {
	Entries []bridge.EntryView `json:"entries"`
	More    bool               `json:"more"`
}
