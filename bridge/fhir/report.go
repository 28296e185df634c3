// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir

import (
	"fmt"

	"github.com/brobygger/brobygger/bridge"
)

// Outcome is what became of one resource.
type Outcome string

// The outcomes.
const (
	Taken   Outcome = "taken"
	Skipped Outcome = "skipped" // left out; the rest of the batch stands
	Invalid Outcome = "invalid" // breaks the whole batch
)

// Report says what became of every resource, in the order in which they were
// read. It holds no values and may be logged.
type Report struct {
	Items []Item `json:"items"`
}

// Item is one resource's line of a Report.
type Item struct {
	Input    string    `json:"input,omitempty"` // as named to Reader.Add
	At       string    `json:"at"`              // "Bundle.entry[3].resource", "line[7]"; "" for the input as a whole
	Type     string    `json:"type,omitempty"`
	ID       string    `json:"id,omitempty"` // as it is or would be kept; empty when refused as such
	Outcome  Outcome   `json:"outcome"`
	Reason   Reason    `json:"reason,omitempty"`   // why skipped
	Problems []Finding `json:"problems,omitempty"` // why invalid
	Notes    []Finding `json:"notes,omitempty"`    // what of a taken resource was not taken, or was assumed
}

// Finding is one remark about one place.
type Finding struct {
	Path   string `json:"path"` // FHIRPath without functions: "Patient.identifier[0].value"
	Reason Reason `json:"reason"`
}

// Count returns how many resources had this outcome.
func (r Report) Count(o Outcome) int {
	n := 0
	for _, i := range r.Items {
		if i.Outcome == o {
			n++
		}
	}
	return n
}

// Err returns nil, or an *bridge.Error that names the first invalid resource.
func (r Report) Err() error {
	n := r.Count(Invalid)
	for _, i := range r.Items {
		if i.Outcome != Invalid {
			continue
		}
		f := Finding{Path: i.At}
		if len(i.Problems) > 0 {
			f = i.Problems[0]
		}
		code := bridge.CodeBadRequest
		if f.Reason == TooLarge {
			code = bridge.CodeTooLarge
		}
		where := i.name()
		if f.Path != "" {
			where += ": " + f.Path
		}
		return &bridge.Error{Code: code, Message: fmt.Sprintf(
			"reading fhir: %s: %s (%d invalid of %d; nothing was taken)", where, f.Reason.Text(), n, len(r.Items))}
	}
	return nil
}

func (i Item) name() string {
	switch {
	case i.Type == "":
		return i.Input + i.At
	case i.ID == "":
		return i.Type + " at " + i.Input + " " + i.At
	default:
		return i.Type + "/" + i.ID
	}
}
