// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import "github.com/brobygger/brobygger/bridge/ledger"

// EntryView is an entry with the names and words that the patient reads.
type EntryView struct {
	Entry   ledger.Entry `json:"entry"`
	By      string       `json:"by,omitempty"`       // name of who acted
	ByTitle string       `json:"by_title,omitempty"` // title, organization
	To      string       `json:"to,omitempty"`
	ToTitle string       `json:"to_title,omitempty"`
	Why     string       `json:"why,omitempty"` // the basis, or the reasons of a denial, in words
}
