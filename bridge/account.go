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

// Disable closes an account: its sessions end within a second, and nothing of
// it that is in flight passes any more, since the gate reads the account in its
// transaction. It is for an admin.
func (b *Bridge) Disable(ctx context.Context, c Caller, s Subject) error {
	return b.setDisabled(ctx, c, s, true)
}

// Enable opens a closed account. It is for an admin.
func (b *Bridge) Enable(ctx context.Context, c Caller, s Subject) error {
	return b.setDisabled(ctx, c, s, false)
}

func (b *Bridge) setDisabled(ctx context.Context, c Caller, s Subject, disabled bool) error {
	if !c.Admin {
		return &Error{Code: CodeForbidden}
	}
	var person Ref
	err := b.store.Update(Essential(ctx), "", func(tx Tx) error {
		if err := sameAccount(tx, c); err != nil {
			return err
		}
		a, err := tx.Directory().Account(s)
		if err != nil {
			return err
		}
		person = a.Person
		a.Disabled = disabled
		a.Epoch++
		return tx.Directory().Put(a)
	})
	if err != nil {
		return b.told(err)
	}
	b.actors.forget()
	if disabled {
		b.tell(func(l Listener) { l.Kick(person, CodeAccountDisabled) })
	}
	return nil
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
