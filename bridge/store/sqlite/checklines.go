// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/brobygger/brobygger/bridge"
)

var (
	errColumns = errors.New("is not found where it is looked for")
	errWinners = errors.New("has not the one winner that it says")
	errNoText  = errors.New("a text of it is gone")
)

// agree reports whether columns are what the document says.
func agree(columns []driver.Value, want []any) bool {
	return slices.EqualFunc(columns, want, func(a driver.Value, b any) bool { return a == b })
}

// lines wants each line's people to be found.
func (c *check) lines() error {
	people := map[bridge.LineID]map[bridge.Ref]int64{}
	err := c.rows(`SELECT line, member, until FROM line_members`, func(v []driver.Value) error {
		line := bridge.LineID(text(v[0]))
		if people[line] == nil {
			people[line] = map[bridge.Ref]int64{}
		}
		people[line][bridge.Ref(text(v[1]))] = number(v[2])
		return nil
	})
	if err != nil {
		return err
	}
	err = c.rows(`SELECT id, doc FROM lines`, func(v []driver.Value) error {
		var l bridge.Line
		if err := decode(v[1], &l); err != nil {
			return err
		}
		if text(v[0]) != string(l.ID) || !maps.Equal(people[l.ID], lineMembers(l)) {
			return fmt.Errorf("line %s: its people: %w", text(v[0]), errColumns)
		}
		delete(people, l.ID)
		return nil
	})
	if err == nil && len(people) > 0 {
		err = errors.New("people of no line")
	}
	return err
}

// rings wants each ring to be found by all that it is looked for by, to have one
// winner when it was answered, and its texts to open in their places.
func (c *check) rings() error {
	taken := map[bridge.RingID][]bridge.Ref{}
	err := c.rows(`SELECT ring, party FROM ring_parties ORDER BY ring, party`, func(v []driver.Value) error {
		id := bridge.RingID(text(v[0]))
		taken[id] = append(taken[id], bridge.Ref(text(v[1])))
		return nil
	})
	if err != nil {
		return err
	}
	err = c.rows(`SELECT doc, `+ringColumns+` FROM rings`, func(v []driver.Value) error {
		var r bridge.Ring
		if err := decode(v[0], &r); err != nil {
			return err
		}
		id := bridge.RingID(text(v[1]))
		err := winner(r)
		if !agree(v[1:], ringRow(r)) || !slices.Equal(taken[id], ringParties(r)) {
			err = errColumns
		}
		if err == nil {
			err = c.ringTexts(&r)
		}
		if err != nil {
			return fmt.Errorf("ring %s: %w", id, err)
		}
		delete(taken, id)
		return nil
	})
	if err == nil && len(taken) > 0 {
		err = errors.New("somebody is taken by no ring")
	}
	return err
}

// winner wants at most one answer in each step, each of somebody who was rung and
// none said twice; and whoever the ring says has answered to have done so.
func winner(r bridge.Ring) error {
	var last bridge.Ref
	for _, s := range r.Steps {
		last = ""
		seen := map[bridge.Ref]bool{}
		for _, d := range s.Results {
			if seen[d.Target] || !slices.Contains(s.Targets, d.Target) {
				return errWinners
			}
			seen[d.Target] = true
			if d.Result == bridge.RingedAnswered {
				if last != "" {
					return errWinners
				}
				last = d.Target
			}
		}
	}
	switch r.State {
	case bridge.RingAccepted, bridge.RingEnded:
		if r.By == "" || r.By != last {
			return errWinners
		}
	case bridge.RingRinging, bridge.RingUnanswered, bridge.RingCancelled:
		if last != "" {
			return errWinners
		}
	}
	return nil
}

// ringTexts wants what people wrote to open, but for those of who was erased.
func (c *check) ringTexts(r *bridge.Ring) error {
	if c.store.options.Sealer == nil {
		return nil
	}
	for _, w := range written(r) {
		if *w.text != elsewhere {
			continue
		}
		_, err := c.textOf(w)
		if errors.Is(err, bridge.ErrErased) || errors.Is(err, bridge.ErrNotFound) {
			if err = c.erasedBy(bridge.Erasure{Patient: r.Patient}); err != nil {
				err = errNoText
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// callbacks wants each callback to be found, and to be closed with an outcome only.
func (c *check) callbacks() error {
	return c.rows(`SELECT doc, (SELECT patient FROM rings r WHERE r.id = json_extract(CAST(callbacks.doc AS TEXT), '$.ring')), `+
		callbackColumns+` FROM callbacks`, func(v []driver.Value) error {
		var b bridge.Callback
		err := decode(v[0], &b)
		closed := b.State == bridge.CallbackClosed
		switch {
		case err != nil:
			return err
		case !agree(v[2:], callbackRow(b)):
			err = errColumns
		case closed != (b.Outcome != "") || closed == b.ClosedAt.IsZero():
			err = errors.New("closed without an outcome")
		case b.Ring != "" && text(v[1]) != string(b.Patient):
			err = errors.New("its ring is not there")
		default:
			return nil
		}
		return fmt.Errorf("callback %s: %w", text(v[2]), err)
	})
}
