// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"log/slog"
	"slices"
	"time"
)

// reach is what live state knows of who can be rung, read outside any transaction.
type reach struct {
	outOfDate bool                  // nothing is known of the lines: rings go by the rota
	on        map[Ref]bool          // takes rings on the line
	presence  map[Ref]PresenceState //
}

// reach asks live state about a line, "" for none, and about parties.
func (b *Bridge) reach(ctx context.Context, line LineID, parties []Ref) reach {
	r := reach{on: map[Ref]bool{}, presence: map[Ref]PresenceState{}}
	for _, p := range b.live.Presence(ctx, parties) {
		r.presence[p.Party] = p.State
	}
	if b.board == nil {
		r.outOfDate = true
		return r
	}
	if line == "" {
		return r
	}
	lines, err := b.board.Available(ctx, []LineID{line})
	if err != nil {
		b.log.LogAttrs(ctx, slog.LevelWarn, "rings go by the rota", slog.Any("error", err))
		r.outOfDate = true
		return r
	}
	for _, l := range lines {
		for _, p := range l.On {
			r.on[p] = true
		}
	}
	return r
}

// hears reports whether a ring would be heard, as far as is known: a line's people
// have to take rings on it, others have to be there.
func (r reach) hears(party Ref, ofLine bool) bool {
	state := r.presence[party]
	switch {
	case state == PresenceDND:
		return false
	case r.outOfDate, r.on[party]:
		return true
	case ofLine:
		return false
	}
	return state == PresenceOnline || state == PresenceAway || state == PresenceUnknown
}

// signAhead is how long before a shift its people are signed on. Together with
// lines that are still closed being signed on to, it lets the first ring of an
// opening be heard: whether a line is open, and whose shift it is, every ring asks
// anew.
const signAhead = 30 * time.Second

// SignOn says that the parties are connected: whoever of them is on duty on a line
// takes rings on it while it is open. It is called with each Touch of live state.
func (b *Bridge) SignOn(ctx context.Context, parties []Ref) error {
	if b.board == nil {
		return nil
	}
	var signs []Sign
	err := b.store.View(ctx, func(tx Tx) error {
		now := b.now()
		open := map[LineID]Open{}
		for _, p := range parties {
			if p.Type() != TypePractitionerRole {
				continue
			}
			more, err := b.signs(tx, p, now, open)
			if err != nil {
				return err
			}
			signs = append(signs, more...)
		}
		return nil
	})
	if err != nil {
		return b.told(err)
	}
	if len(signs) == 0 {
		return nil
	}
	return b.board.SignOn(ctx, signs)
}

// signs lists the lines that a connected party takes rings on.
func (b *Bridge) signs(tx Tx, party Ref, now time.Time, known map[LineID]Open) ([]Sign, error) {
	lines, err := tx.Lines().Find(LineQuery{Member: party, At: now, ActiveOnly: true, Limit: maxLines})
	if err != nil {
		return nil, err
	}
	var signs []Sign
	for _, l := range lines {
		open, ok := known[l.ID]
		if !ok {
			open = b.opening(l, now)
			known[l.ID] = open
		}
		switches, err := tx.Lines().Switches(l.ID)
		if err != nil {
			return nil, err
		}
		said, ok := switchOf(switches, party, now)
		tiered := slices.ContainsFunc(l.Tiers, func(t Tier) bool { return slices.Contains(t.Members, party) })
		on := slices.Contains(l.onDuty(now), party) || slices.Contains(l.onDuty(now.Add(signAhead)), party)
		if ok && !said.On || !ok && !on && !tiered {
			continue
		}
		until := open.Until
		if !open.Open { // that is when it opens
			until = time.Time{}
		}
		if end := l.shiftEnd(party, now); on && !tiered && !ok && !end.IsZero() && (until.IsZero() || end.Before(until)) {
			until = end
		}
		if ok && !said.Until.IsZero() && !on && !tiered && (until.IsZero() || said.Until.Before(until)) {
			until = said.Until
		}
		signs = append(signs, Sign{Line: l.ID, Party: party, Until: until})
	}
	return signs, nil
}

// switchOf is what the party said of a line, while it holds.
func switchOf(all []Switch, party Ref, now time.Time) (Switch, bool) {
	for _, s := range all {
		if s.Party == party && s.holds(now) {
			return s, true
		}
	}
	return Switch{}, false
}

// SignOff says that the last connection of a party has ended.
func (b *Bridge) SignOff(ctx context.Context, party Ref) error {
	if b.board == nil || party.Type() != TypePractitionerRole {
		return nil
	}
	var lines []Line
	err := b.store.View(ctx, func(tx Tx) (err error) {
		lines, err = tx.Lines().Find(LineQuery{Member: party, At: b.now(), Limit: maxLines})
		return err
	})
	if err != nil {
		return b.told(err)
	}
	for _, l := range lines {
		if err := b.board.SignOff(ctx, l.ID, party); err != nil {
			return err
		}
	}
	return nil
}

// switched tells live state of a switch, and stops what rings for who switched off.
func (b *Bridge) switched(ctx context.Context, c Caller, lines []Line, on bool) {
	ctx = context.WithoutCancel(ctx)
	if on {
		// Whoever switches on is there.
		if err := b.SignOn(ctx, []Ref{c.Party}); err != nil {
			b.log.LogAttrs(ctx, slog.LevelWarn, "availability is behind", slog.Any("error", err))
		}
		return
	}
	for _, l := range lines {
		if b.board != nil {
			if err := b.board.SignOff(ctx, l.ID, c.Party); err != nil {
				b.log.LogAttrs(ctx, slog.LevelWarn, "availability is behind", slog.Any("error", err))
			}
		}
	}
	ids := map[LineID]bool{}
	for _, l := range lines {
		ids[l.ID] = true
	}
	var rings []Ring
	err := b.store.View(ctx, func(tx Tx) (err error) {
		rings, err = tx.Rings().Find(RingQuery{Party: c.Party, States: []RingState{RingRinging}})
		return err
	})
	for _, r := range rings {
		if ids[r.Line] && slices.Contains(r.Ringing(), c.Party) {
			_, one := b.DeclineRing(ctx, c, r.ID, "", "")
			if CodeOf(one) == CodeRingTaken || CodeOf(one) == CodeRingExpired {
				one = nil // it has stopped meanwhile
			}
			if one != nil {
				err = one
			}
		}
	}
	if err != nil {
		b.log.LogAttrs(ctx, slog.LevelWarn, "a ring rings on for who switched off", slog.Any("error", err))
	}
}

// reserve takes parties for a ring, and returns those it got; all of them while
// live state is away, since the store looks again.
func (b *Bridge) reserve(ctx context.Context, r RingID, parties []Ref, d time.Duration) (got []Ref) {
	if b.board == nil {
		return parties
	}
	for _, p := range parties {
		if ok, err := b.board.Reserve(ctx, p, r, d); ok || err != nil {
			got = append(got, p)
		}
	}
	return got
}

// release lets go of parties. What is not let go of ends by itself.
func (b *Bridge) letGo(ctx context.Context, r RingID, parties []Ref) {
	if b.board == nil {
		return
	}
	ctx = context.WithoutCancel(ctx)
	for _, p := range parties {
		if err := b.board.Release(ctx, p, r); err != nil {
			b.log.LogAttrs(ctx, slog.LevelDebug, "a reservation stays until it ends", slog.Any("error", err))
		}
	}
}
