// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"slices"
	"time"
	"unicode/utf8"
)

// Limits of a line.
const (
	MaxTiers      = 10
	MaxTier       = 50 // people who are rung together
	MaxShifts     = 10_000
	MaxExceptions = 500
	MaxCapacity   = 1000
)

// PutLine makes or changes a line. An admin makes lines and changes any; who
// works at the line's owner and is in its first tier changes it, but does not
// give it away.
func (b *Bridge) PutLine(ctx context.Context, c Caller, l Line) (Line, error) {
	if err := b.validLine(l); err != nil {
		return Line{}, err
	}
	err := b.store.Update(ctx, "", func(tx Tx) error {
		old, err := tx.Lines().Line(l.ID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if err := b.mayManage(tx, c, old); err != nil {
			return err
		}
		if !c.Admin && l.Organization != old.Organization {
			return &Error{Code: CodeForbidden, Message: "only an admin gives a line to another owner"}
		}
		if err := knownLine(tx, l); err != nil {
			return err
		}
		return tx.Lines().Put(l)
	})
	if err != nil {
		return Line{}, b.told(err)
	}
	return l, nil
}

// mayManage wants the caller to be one who may change the line.
func (b *Bridge) mayManage(tx Tx, c Caller, l Line) error {
	if err := sameAccount(tx, c); err != nil || c.Admin {
		return err
	}
	self, err := readActor(tx, c.Party)
	if errors.Is(err, ErrNotFound) || err == nil && !l.manages(self) {
		return &Error{Code: CodeForbidden, Message: "a line is changed by its first tier, or by an admin"}
	}
	return err
}

// validLine refuses what is no line, whatever the directory holds.
func (b *Bridge) validLine(l Line) error {
	switch {
	case ValidateID(string(l.ID)) != nil:
		return BadRequest("a line's id is 1 to 64 of [A-Za-z0-9.-]")
	case !short(l.Name, 1, 120):
		return BadRequest("a line has a name of 1 to 120 characters")
	case len(l.Tiers) > MaxTiers || len(l.Rota) > MaxShifts || len(l.Opening.Exceptions) > MaxExceptions:
		return BadRequest("a line has at most 10 tiers, 10,000 shifts and 500 exceptions")
	case l.Capacity < 1 || l.Capacity > MaxCapacity:
		return BadRequest("a line takes 1 to 1000 rings and talks at once")
	case l.Promise.AnswerSeconds < 0 || l.Promise.AnswerSeconds > 3600 || l.Promise.CallbackMinutes < 0 || l.Promise.CallbackMinutes > 7*24*60:
		return BadRequest("a promise is an answer within an hour, a callback within a week, at the most")
	case len(l.Callers.Sectors) > 20 || len(l.Callers.Roles) > 100:
		return BadRequest("a line names at most 20 sectors and 100 roles of callers")
	case l.Inbox != "" && l.Inbox.Type() != TypeOrganization:
		return BadRequest("a line's inbox is an organization's")
	}
	for _, t := range l.Tiers {
		if len(t.Members) == 0 || len(t.Members) > MaxTier {
			return BadRequest("a tier has 1 to 50 people")
		}
	}
	for _, s := range l.Rota {
		if s.Period.Start.IsZero() || !s.Period.End.IsZero() && !s.Period.End.After(s.Period.Start) {
			return BadRequest("a shift has a start, and an end behind it")
		}
	}
	for _, x := range l.Opening.Exceptions {
		if !short(x.Reason, 0, 120) {
			return BadRequest("a reason of more than 120 characters")
		}
	}
	_, err := NewTimetable(l.Opening, b.holidays)
	return err
}

// short reports whether s is text of so many characters.
func short(s string, least, most int) bool {
	n := utf8.RuneCountInString(s)
	return utf8.ValidString(s) && least <= n && n <= most
}

// knownLine wants owner, people and inbox to be in the directory.
func knownLine(tx Tx, l Line) error {
	inbox := l.Inbox.ID()
	if inbox == "" {
		inbox = l.Organization
	}
	for _, id := range []string{l.Organization, inbox} {
		if _, err := tx.Directory().Organization(id); errors.Is(err, ErrNotFound) {
			return BadRequest("an owner or inbox that is not in the directory")
		} else if err != nil {
			return err
		}
	}
	var all []Ref
	for _, t := range l.Tiers {
		all = union(all, t.Members)
	}
	seen := map[Ref]bool{}
	for _, s := range l.Rota {
		if !seen[s.Member] {
			seen[s.Member], all = true, union(all, []Ref{s.Member})
		}
	}
	for _, m := range all {
		if m.Type() != TypePractitionerRole {
			return BadRequest("a line's people are PractitionerRoles")
		}
		if _, err := tx.Directory().Role(m.ID()); errors.Is(err, ErrNotFound) {
			return BadRequest("somebody of the line is not in the directory")
		} else if err != nil {
			return err
		}
	}
	return nil
}

// changeLine lets one of a line's people change it, and returns how it is then.
func (b *Bridge) changeLine(ctx context.Context, c Caller, id LineID, change func(Tx, *Line) error) (LineView, error) {
	var v LineView
	err := b.store.Update(ctx, "", func(tx Tx) error {
		l, err := b.lineOf(tx, c, id)
		if err != nil {
			return err
		}
		if err := change(tx, &l); err != nil {
			return err
		}
		if err := tx.Lines().Put(l); err != nil {
			return err
		}
		v, err = b.lineView(tx, c, l, b.now())
		return err
	})
	if err != nil {
		return LineView{}, b.told(err)
	}
	return v, nil
}

// lineOf reads a line for one of its people, or who may change it.
func (b *Bridge) lineOf(tx Tx, c Caller, id LineID) (Line, error) {
	if err := sameAccount(tx, c); err != nil {
		return Line{}, err
	}
	l, err := tx.Lines().Line(id)
	if errors.Is(err, ErrNotFound) {
		return l, noLine()
	}
	if err != nil {
		return l, err
	}
	if !c.Admin && !l.has(c.Party, b.now()) {
		return l, &Error{Code: CodeForbidden, Message: "only for the line's people"}
	}
	return l, nil
}

func noLine() error { return &Error{Code: CodeNotFound, Message: "no such line"} }

// OpenLine opens a line by hand until then, or until the end of its local day
// when no time is given. It is for the line's people.
func (b *Bridge) OpenLine(ctx context.Context, c Caller, id LineID, until time.Time, reason string) (LineView, error) {
	return b.byHand(ctx, c, id, Exception{Period: Period{End: until}, Open: true, Reason: reason})
}

// CloseLine closes a line by hand, as OpenLine opens it. Who is rung already may
// still answer.
func (b *Bridge) CloseLine(ctx context.Context, c Caller, id LineID, until time.Time, reason string) (LineView, error) {
	return b.byHand(ctx, c, id, Exception{Period: Period{End: until}, Reason: reason})
}

// Window puts in a one-off window in which the line is open: an hour that a clinic
// keeps for professionals. It is for the line's people.
func (b *Bridge) Window(ctx context.Context, c Caller, id LineID, p Period, reason string) (LineView, error) {
	if p.Start.IsZero() || p.End.IsZero() {
		return LineView{}, BadRequest("a window has a start and an end")
	}
	return b.byHand(ctx, c, id, Exception{Period: p, Open: true, Reason: reason})
}

// byHand adds an exception, and drops those that are over.
func (b *Bridge) byHand(ctx context.Context, c Caller, id LineID, x Exception) (LineView, error) {
	return b.changeLine(ctx, c, id, func(_ Tx, l *Line) error {
		now := b.now()
		x.By, x.At = c.Party, now
		if x.Period.Start.IsZero() {
			x.Period.Start = now
		}
		if x.Period.End.IsZero() {
			zone, err := l.Opening.location()
			if err != nil {
				return err
			}
			local := now.In(zone)
			x.Period.End = time.Date(local.Year(), local.Month(), local.Day()+1, 0, 0, 0, 0, zone)
		}
		if !x.Period.End.After(now) || !x.Period.End.After(x.Period.Start) || x.Period.End.Sub(x.Period.Start) > 366*24*time.Hour {
			return BadRequest("a time that is over, or of more than a year")
		}
		kept := slices.DeleteFunc(slices.Clone(l.Opening.Exceptions), func(old Exception) bool {
			return !old.Period.End.IsZero() && !old.Period.End.After(now)
		})
		l.Opening.Exceptions = append(kept, x)
		return b.validLine(*l)
	})
}

// SwitchMe says whether the caller takes rings on a line, whatever its rota says.
// Who switches off stops ringing.
func (b *Bridge) SwitchMe(ctx context.Context, c Caller, n NewSwitch) error {
	now := b.now()
	if !short(n.Reason, 0, 120) {
		return BadRequest("a reason of more than 120 characters")
	}
	if !n.Until.IsZero() && !n.Until.After(now) {
		return BadRequest("until a time in the past")
	}
	var lines []Line
	err := b.store.Update(ctx, "", func(tx Tx) (err error) {
		if lines, err = b.myLines(tx, c, n.Line); err != nil {
			return err
		}
		for _, l := range lines {
			s := Switch{Line: l.ID, Party: c.Party, On: n.On, Until: n.Until, Reason: n.Reason, At: now}
			if err := tx.Lines().PutSwitch(s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return b.told(err)
	}
	b.switched(ctx, c, lines, n.On)
	return nil
}

// myLines lists the active lines of the caller, or the one that is named.
func (b *Bridge) myLines(tx Tx, c Caller, id LineID) ([]Line, error) {
	if err := sameAccount(tx, c); err != nil {
		return nil, err
	}
	if id == "" {
		return tx.Lines().Find(LineQuery{Member: c.Party, At: b.now(), ActiveOnly: true, Limit: maxLines})
	}
	l, err := tx.Lines().Line(id)
	if errors.Is(err, ErrNotFound) {
		return nil, noLine()
	}
	if err == nil && !l.has(c.Party, b.now()) {
		err = &Error{Code: CodeForbidden, Message: "only for the line's people"}
	}
	return []Line{l}, err
}

// maxLines bounds how many lines are read at once.
const maxLines = 1000
