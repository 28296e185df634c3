// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"
)

// ScopeAdmin is the token scope of those who import and disable accounts. It
// opens nothing about a patient.
const ScopeAdmin = "brobygger.admin"

// Caller makes the caller for a checked token. role chooses one of a
// practitioner's roles, and may be empty when there is only one. An account that
// does not exist and one without that role are CodeUnauthenticated alike.
func (b *Bridge) Caller(ctx context.Context, id Identity, role Ref) (Caller, error) {
	c := Caller{
		Subject: id.Subject, Assurance: id.Assurance, Expires: id.Expires,
		Admin: slices.Contains(id.Scopes, ScopeAdmin),
	}
	var dnd time.Time
	err := b.store.View(ctx, func(tx Tx) error {
		a, err := tx.Directory().Account(id.Subject)
		if errors.Is(err, ErrNotFound) {
			return &Error{Code: CodeUnauthenticated, Message: "no account for this sign-in"}
		}
		if err != nil {
			return err
		}
		if a.Disabled {
			return &Error{Code: CodeAccountDisabled}
		}
		if a.signedOut(id) {
			return &Error{Code: CodeUnauthenticated, Message: "signed out since"}
		}
		c.Person, c.Epoch, dnd = a.Person, a.Epoch, a.DNDUntil
		c.Party, err = partyOf(tx, a.Person, role)
		return err
	})
	if err != nil {
		return Caller{}, b.told(err)
	}
	if dnd.After(b.now()) {
		b.mirrorDND(ctx, c.Party, dnd) // live state may have been lost since it was set
	}
	return c, nil
}

// partyOf is the party that a person acts as.
func partyOf(tx Tx, person, role Ref) (Ref, error) {
	if person.Type() != TypePractitioner {
		if role != "" && role != person {
			return "", &Error{Code: CodeUnauthenticated, Message: "not a role of this account"}
		}
		return person, nil
	}
	entries, err := tx.Directory().Find(DirectoryQuery{Practitioner: person.ID(), ActiveOnly: true})
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		if role == "" && len(entries) == 1 || e.Role.Reference() == role {
			return e.Role.Reference(), nil
		}
	}
	if role == "" && len(entries) > 1 {
		return "", BadRequest("this account has several roles; choose one")
	}
	return "", &Error{Code: CodeUnauthenticated, Message: "not a role of this account"}
}

// Roles lists the roles that an account may choose from.
func (b *Bridge) Roles(ctx context.Context, id Identity) ([]RoleEntry, error) {
	var entries []RoleEntry
	err := b.store.View(ctx, func(tx Tx) error {
		a, err := tx.Directory().Account(id.Subject)
		if errors.Is(err, ErrNotFound) {
			return &Error{Code: CodeUnauthenticated, Message: "no account for this sign-in"}
		}
		if err != nil || a.Person.Type() != TypePractitioner {
			return err
		}
		entries, err = tx.Directory().Find(DirectoryQuery{Practitioner: a.Person.ID(), ActiveOnly: true})
		return err
	})
	if err != nil {
		return nil, b.told(err)
	}
	return entries, nil
}

// Disable closes an account: nothing of it that is in flight is accepted or
// claimed any more, since the gate reads the account in its transaction; its
// sessions end within a second; and the answer comes when what was claimed for
// it before can't be shown any more. It is for an admin.
func (b *Bridge) Disable(ctx context.Context, c Caller, s Subject) error {
	if !c.Admin {
		return &Error{Code: CodeForbidden}
	}
	return b.endSessions(ctx, c, s, CodeAccountDisabled, func(a *Account) { a.Disabled = true })
}

// SignOut ends all sessions of an account, and every token that was given out
// for it before, in the way of Disable: one's own, or anybody's for an admin.
// Who signs in again gets a new token.
func (b *Bridge) SignOut(ctx context.Context, c Caller, s Subject) error {
	if !c.Admin && s != c.Subject {
		return &Error{Code: CodeForbidden}
	}
	return b.endSessions(ctx, c, s, CodeUnauthenticated, func(a *Account) { a.SignedOut = b.now() })
}

// signedOut reports whether what the token says was said before the account was
// signed out. Most tokens count in whole seconds: one of that second is old.
func (a Account) signedOut(id Identity) bool {
	return !a.SignedOut.IsZero() && !id.Issued.After(a.SignedOut)
}

// Enable opens a closed account. It is for an admin.
func (b *Bridge) Enable(ctx context.Context, c Caller, s Subject) error {
	if !c.Admin {
		return &Error{Code: CodeForbidden}
	}
	_, err := b.moveAccount(ctx, c, s, func(a *Account) { a.Disabled = false })
	return err
}

// endSessions changes an account and ends what it had.
func (b *Bridge) endSessions(ctx context.Context, c Caller, s Subject, why Code, change func(*Account)) error {
	ctx = context.WithoutCancel(ctx)
	gone, err := b.moveAccount(ctx, c, s, change)
	if err != nil {
		return err
	}
	return b.depart(ctx, why, gone)
}

// moveAccount changes an account, whose epoch grows with it: whatever was decided
// for its sessions is over from that commit on.
func (b *Bridge) moveAccount(ctx context.Context, c Caller, s Subject, change func(*Account)) (departed, error) {
	var gone departed
	err := b.store.Update(Essential(ctx), "", func(tx Tx) error {
		gone = departed{}
		if err := sameAccount(tx, c); err != nil {
			return err
		}
		a, err := tx.Directory().Account(s)
		if err != nil {
			return err
		}
		change(&a)
		a.Epoch++
		if err := tx.Directory().Put(a); err != nil {
			return err
		}
		return gone.add(tx, a.Person)
	})
	if err != nil {
		return departed{}, b.told(err)
	}
	gone.since = time.Now()
	b.actors.forget()
	b.mended()
	return gone, nil
}

// departed is who may not go on as before, after the commit that says so.
type departed struct {
	persons  []Ref
	parties  []Ref       // in whose names they were given content
	patients []PatientID // about whom somebody's rights are less
	since    time.Time   // when that had been kept, by the monotonic clock
}

// add adds a person, with all names that they act in.
func (d *departed) add(tx Tx, person Ref) error {
	parties, err := partiesOfPerson(tx, person)
	d.persons, d.parties = union(d.persons, []Ref{person}), union(d.parties, parties)
	return err
}

// depart ends the sessions of those persons, and waits for what was claimed for
// them, and about those patients.
func (b *Bridge) depart(ctx context.Context, why Code, gone departed) error {
	var of []DisclosureQuery
	b.tell(func(l Listener) {
		for _, p := range gone.persons {
			l.Kick(p, why)
		}
		for _, p := range gone.patients {
			l.Draining(p)
		}
	})
	ended := b.settle(ctx, why, gone)
	if len(gone.parties) > 0 {
		of = append(of, DisclosureQuery{Recipients: gone.parties})
	}
	for _, p := range gone.patients {
		of = append(of, DisclosureQuery{Patient: p})
	}
	if len(of) == 0 {
		return ended
	}
	return errors.Join(b.drain(ctx, gone.since, of...), ended)
}

// SetDND sets or, with a zero time, clears do-not-disturb for all of the
// caller's devices. The store has it; live state mirrors it.
func (b *Bridge) SetDND(ctx context.Context, c Caller, until time.Time) error {
	if !until.IsZero() && !until.After(b.now()) {
		return BadRequest("do-not-disturb until a time in the past")
	}
	err := b.store.Update(ctx, "", func(tx Tx) error {
		if err := sameAccount(tx, c); err != nil {
			return err
		}
		a, err := tx.Directory().Account(c.Subject)
		if err != nil {
			return err
		}
		a.DNDUntil = until
		return tx.Directory().Put(a)
	})
	if err != nil {
		return b.told(err)
	}
	b.mirrorDND(ctx, c.Party, until)
	return nil
}

// mirrorDND tells live state of what the store has.
func (b *Bridge) mirrorDND(ctx context.Context, p Ref, until time.Time) {
	if err := b.live.SetDND(ctx, p, until); err != nil {
		b.log.LogAttrs(ctx, slog.LevelWarn, "presence is behind", slog.Any("error", err))
	}
}
