// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// lineEvery is how often a session is told of one line.
const lineEvery = 2 * time.Second

// lineWatch is one line that a session follows. Guarded by session.mu.
type lineWatch struct {
	stop    func()
	changed bool      // since it was last asked
	asking  bool      //
	asked   time.Time //
	last    []byte    // the push that was told last
	due     time.Time // when its hours change next, if known
}

// followLine tells who can be rung on a line of the caller's, now and at each
// change.
func (s *session) followLine(c bridge.Caller, line bridge.LineID) (any, error) {
	s.unfollowLine(line)
	state, err := s.hub.Gate.Reach.LineState(s.ctx, c, line)
	if err != nil {
		return nil, err
	}
	seen := wire.PresenceSeen{Line: &state}
	if s.hub.Board == nil {
		return seen, nil
	}
	w := &lineWatch{asked: time.Now(), due: ahead(state.Until)}
	s.mu.Lock()
	full := len(s.watches)+len(s.lines) >= maxWatches
	over := s.gone || s.ending != 0
	if !full && !over {
		if s.lines == nil {
			s.lines = map[bridge.LineID]*lineWatch{}
		}
		s.lines[line] = w
	}
	s.mu.Unlock()
	if full {
		return nil, &bridge.Error{Code: bridge.CodeRateLimited, Message: "follows too much"}
	}
	if over {
		return nil, &bridge.Error{Code: bridge.CodeBusy}
	}
	// It is called once at the beginning: what changed since the state was read is
	// not missed.
	stop := s.hub.Board.WatchLine(line, func() { s.lineChanged(line, w) })
	s.mu.Lock()
	kept := s.lines[line] == w
	if kept {
		w.stop = stop
	}
	s.mu.Unlock()
	if !kept { // ended, or asked again, meanwhile
		stop()
	}
	return seen, nil
}

func (s *session) unfollowLine(line bridge.LineID) {
	s.mu.Lock()
	w := s.lines[line]
	delete(s.lines, line)
	s.mu.Unlock()
	if w != nil && w.stop != nil {
		w.stop()
	}
}

// lineChanged has the line asked after, at once or with a turn of the sweeper.
func (s *session) lineChanged(line bridge.LineID, w *lineWatch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.changed = true
	s.askSoonLocked(line, w, time.Now())
}

func (s *session) askSoonLocked(line bridge.LineID, w *lineWatch, now time.Time) {
	if s.lines[line] != w || w.asking || now.Sub(w.asked) < lineEvery {
		return
	}
	w.asking, w.changed, w.asked = true, false, now
	s.beginLocked()
	s.hub.workers.run(func() { s.askLine(line, w) })
}

// sweepLinesLocked asks after the lines that have changed, or whose hours have.
func (s *session) sweepLinesLocked(now time.Time) {
	for line, w := range s.lines {
		if !w.due.IsZero() && !now.Before(w.due) {
			w.due, w.changed = time.Time{}, true
		}
		if w.changed {
			s.askSoonLocked(line, w, now)
		}
	}
}

// askLine asks the bridge what the caller may know of the line, and tells it if
// that is new.
func (s *session) askLine(line bridge.LineID, w *lineWatch) {
	state, err := s.hub.Gate.Reach.LineState(s.ctx, s.who(), line)
	var push []byte
	if err == nil {
		push, err = wire.Push(wire.PushLineAvail, 0, 0, state)
	}
	code := bridge.CodeOf(err)
	s.mu.Lock()
	w.asking = false
	fresh := err == nil && s.lines[line] == w && !bytes.Equal(push, w.last)
	if err == nil {
		w.last, w.due = push, ahead(state.Until)
	} else {
		w.changed = true
	}
	s.endLocked()
	s.mu.Unlock()
	switch {
	case fresh:
		s.enqueue(outgoing{data: push}, ephemeral)
	case code == bridge.CodeForbidden || code == bridge.CodeNotFound:
		s.unfollowLine(line) // it is the caller's no more
	}
}

// ahead is t if that is still to come.
func ahead(t time.Time) time.Time {
	if t.After(time.Now()) {
		return t
	}
	return time.Time{}
}

// signOn says that people are there, so that those of them who are on duty take
// rings.
func (h *Hub) signOn(ctx context.Context, conns []bridge.Connection) {
	if h.Gate.Reach == nil {
		return
	}
	var parties []bridge.Ref
	for _, c := range conns {
		parties = append(parties, c.Party)
	}
	slices.Sort(parties)
	if err := h.Gate.Reach.SignOn(ctx, slices.Compact(parties)); err != nil {
		h.Log.DebugContext(ctx, "availability not told", attrError(err))
	}
}

// signOff says that somebody has gone, if their last connection has ended. Where
// nobody knows, what is not said again ends by itself.
func (h *Hub) signOff(ctx context.Context, party bridge.Ref) {
	if h.Gate.Reach == nil || len(under(&h.parties, party)) > 0 {
		return
	}
	for _, p := range h.Live.Presence(ctx, []bridge.Ref{party}) {
		if p.State != bridge.PresenceOffline {
			return // here again, or on another node
		}
	}
	if err := h.Gate.Reach.SignOff(ctx, party); err != nil {
		h.Log.DebugContext(ctx, "availability not told", attrError(err))
	}
	if len(under(&h.parties, party)) > 0 { // back meanwhile
		h.signOn(ctx, []bridge.Connection{{Party: party}})
	}
}
