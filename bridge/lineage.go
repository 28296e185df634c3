// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"fmt"
	"slices"
)

// stand lists the active consents that these are, or go on in: what was
// superseded goes on in its successor, and in that one's, since the patient said
// yes to the same again. ended reports that one of them goes on in none.
func (s *Snapshot) stand(tx Tx, consents []ConsentID) (active []ConsentID, ended bool, err error) {
	for _, id := range consents {
		c, ok, err := s.standing(tx, id)
		if err != nil || !ok {
			return nil, true, err
		}
		active = union(active, []ConsentID{c.ID})
	}
	return active, false, nil
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
