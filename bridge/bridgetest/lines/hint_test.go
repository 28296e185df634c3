// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package lines_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

var errAway = &bridge.Error{Code: bridge.CodeBusy, Message: "live state is away"}

// hint is live state in virtual time, as bridge/live keeps it in Redis: what is not
// said again is over, a flush loses everything, and away it answers nothing.
type hint struct {
	mu   sync.Mutex // guards the following fields
	away bool
	on   map[bridge.LineID]map[bridge.Ref]time.Time
	held map[bridge.Ref]held
}

type held struct {
	ring  bridge.RingID
	until time.Time
}

var (
	_ bridge.Live  = (*hint)(nil)
	_ bridge.Board = (*hint)(nil)
)

func newHint() *hint {
	h := &hint{}
	h.flush()
	return h
}

func (h *hint) flush() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.on, h.held = map[bridge.LineID]map[bridge.Ref]time.Time{}, map[bridge.Ref]held{}
}

func (h *hint) setAway(away bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.away = away
}

// there locks, and says why nothing can be answered.
func (h *hint) there() (unlock func(), err error) {
	h.mu.Lock()
	if h.away {
		err = errAway
	}
	return h.mu.Unlock, err
}

func (h *hint) SignOn(_ context.Context, signs []bridge.Sign) error {
	unlock, err := h.there()
	defer unlock()
	if err != nil {
		return err
	}
	for _, s := range signs {
		if h.on[s.Line] == nil {
			h.on[s.Line] = map[bridge.Ref]time.Time{}
		}
		h.on[s.Line][s.Party] = time.Now().Add(75 * time.Second)
	}
	return nil
}

func (h *hint) SignOff(_ context.Context, line bridge.LineID, party bridge.Ref) error {
	unlock, err := h.there()
	defer unlock()
	if err == nil {
		delete(h.on[line], party)
	}
	return err
}

func (h *hint) Available(_ context.Context, lines []bridge.LineID) ([]bridge.Availability, error) {
	unlock, err := h.there()
	defer unlock()
	if err != nil {
		return nil, err
	}
	var all []bridge.Availability
	for _, l := range lines {
		a := bridge.Availability{Line: l, Busy: map[bridge.Ref]bridge.RingID{}}
		for p, until := range h.on[l] {
			if time.Now().After(until) {
				continue
			}
			a.On = append(a.On, p)
			if x, ok := h.held[p]; ok && time.Now().Before(x.until) {
				a.Busy[p] = x.ring
			}
		}
		slices.Sort(a.On)
		all = append(all, a)
	}
	return all, nil
}

func (h *hint) Reserve(_ context.Context, party bridge.Ref, ring bridge.RingID, d time.Duration) (bool, error) {
	unlock, err := h.there()
	defer unlock()
	if err != nil {
		return false, err
	}
	if x, ok := h.held[party]; ok && x.ring != ring && time.Now().Before(x.until) {
		return false, nil
	}
	h.held[party] = held{ring, time.Now().Add(d)}
	return true, nil
}

func (h *hint) Release(_ context.Context, party bridge.Ref, ring bridge.RingID) error {
	unlock, err := h.there()
	defer unlock()
	if err == nil && h.held[party].ring == ring {
		delete(h.held, party)
	}
	return err
}

func (h *hint) Reserved(_ context.Context, parties []bridge.Ref) (map[bridge.Ref]bridge.RingID, error) {
	unlock, err := h.there()
	defer unlock()
	all := map[bridge.Ref]bridge.RingID{}
	for _, p := range parties {
		if x, ok := h.held[p]; ok && time.Now().Before(x.until) {
			all[p] = x.ring
		}
	}
	return all, err
}

func (h *hint) WatchLine(bridge.LineID, func()) func() { return func() {} }

// Everybody is there, as far as is known.

func (h *hint) Presence(_ context.Context, parties []bridge.Ref) []bridge.Presence {
	unlock, err := h.there()
	defer unlock()
	all := make([]bridge.Presence, len(parties))
	for i, p := range parties {
		all[i] = bridge.Presence{Party: p, State: bridge.PresenceOnline}
		if err != nil {
			all[i].State = bridge.PresenceUnknown
		}
	}
	return all
}

func (h *hint) Healthy() error {
	unlock, err := h.there()
	defer unlock()
	return err
}

func (h *hint) Touch(context.Context, []bridge.Connection) error    { return h.Healthy() }
func (h *hint) Drop(context.Context, bridge.Ref, string) error      { return h.Healthy() }
func (h *hint) SetDND(context.Context, bridge.Ref, time.Time) error { return h.Healthy() }
func (h *hint) Watch(bridge.Ref, func(bridge.Presence)) func()      { return func() {} }
func (h *hint) Close() error                                        { return nil }
