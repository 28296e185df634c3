// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"bytes"
	"encoding/json"
	"errors"
)

// line puts a line. What somebody put in by hand stays: windows and closures, a
// hand on the switch, and a rota where the import brings none.
func (i *importing) line(l Line) error {
	if err := i.b.validLine(l); err != nil {
		return err
	}
	if err := knownLine(i.tx, l); err != nil {
		return err
	}
	old, err := i.tx.Lines().Line(l.ID)
	found := !errors.Is(err, ErrNotFound)
	if err != nil && found {
		return err
	}
	same := false
	if found {
		l = standingLine(l, old)
		if same, err = sameLine(old, l); err != nil {
			return err
		}
	}
	i.took("Line", found, same)
	if same {
		return nil
	}
	return i.tx.Lines().Put(l)
}

func standingLine(l, old Line) Line {
	for _, x := range old.Opening.Exceptions {
		if x.By != "" {
			l.Opening.Exceptions = append(l.Opening.Exceptions, x)
		}
	}
	if len(l.Rota) == 0 {
		l.Rota = old.Rota
	}
	return l
}

// sameLine compares as it is kept: a list that is empty is one that is not there.
func sameLine(a, b Line) (bool, error) {
	x, err := json.Marshal(a)
	if err != nil {
		return false, err
	}
	y, err := json.Marshal(b)
	return bytes.Equal(x, y), err
}
