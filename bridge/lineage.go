// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"fmt"
	"slices"
)

// ended reports whether one of the consents is no longer active. One that was
// superseded goes on in its successor, and in that one's: the patient said yes to
// the same again.
func (s *Snapshot) ended(tx Tx, consents []ConsentID) (bool, error) {
	for _, id := range consents {
		if _, ok, err := s.standing(tx, id); err != nil || !ok {
			return true, err
		}
	}
	return false, nil
}

// standing finds the active consent that id is, or goes on in.
func (s *Snapshot) standing(tx Tx, id ConsentID) (Consent, bool, error) {
	for _, x := range s.Consents {
		if x.ID == id {
			return x, true, nil
		}
	}
	for _, x := range s.Consents {
		line, err := lineage(tx, x)
		if err != nil || slices.Contains(line, id) {
			return x, err == nil, err
		}
	}
	return Consent{}, false, nil
}

// lineage lists a consent and all that it superseded, newest first.
func lineage(tx Tx, x Consent) ([]ConsentID, error) {
	line := []ConsentID{x.ID}
	for x.Supersedes != "" && !slices.Contains(line, x.Supersedes) {
		line = append(line, x.Supersedes)
		var err error
		if x, err = tx.Consents().Consent(x.Supersedes); err != nil {
			return nil, fmt.Errorf("reading what a consent superseded: %w", err)
		}
	}
	return line, nil
}
