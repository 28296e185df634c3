// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"errors"
	"fmt"
	"sync"
)

// actors remembers the directory's parties as decisions see them. It is emptied
// by whatever changes the directory; what a change must stop at once is stopped
// by the account's epoch, which the gate reads in its transaction.
type actors struct {
	mu    sync.Mutex // guards the following fields
	known map[Ref]Actor
	age   uint64 // how often it was emptied
}

// dated is a transaction that began at that age of what is remembered or later:
// what it reads may be remembered until the next one. What others read may be
// older than a change that has just been kept, or never be kept at all.
type dated struct {
	Tx
	age uint64
}

// maxActors bounds the memory; a full map starts afresh.
const maxActors = 20_000

func (a *actors) get(r Ref) (Actor, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	x, ok := a.known[r]
	return x, ok
}

// now is how often it was emptied so far.
func (a *actors) now() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.age
}

func (a *actors) put(x Actor, age uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if age != a.age {
		return
	}
	if a.known == nil || len(a.known) >= maxActors {
		a.known = map[Ref]Actor{}
	}
	a.known[x.Ref] = x
}

func (a *actors) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known = nil
	a.age++
}

// actor reads a party from the directory. Somebody unknown is an Actor that is
// not active: the policy denies.
func (b *Bridge) actor(tx Tx, r Ref) (Actor, error) {
	if x, ok := b.actors.get(r); ok {
		return x, nil
	}
	x, err := readActor(tx, r)
	if errors.Is(err, ErrNotFound) {
		return Actor{Ref: r}, nil
	}
	if err != nil {
		return Actor{}, fmt.Errorf("reading the directory: %w", err)
	}
	if d, ok := tx.(dated); ok {
		b.actors.put(x, d.age)
	}
	return x, nil
}

func readActor(tx Tx, r Ref) (Actor, error) {
	x := Actor{Ref: r}
	person := r
	switch r.Type() {
	case TypePatient:
		p, err := tx.Patients().Patient(PatientID(r.ID()))
		if err != nil {
			return x, err
		}
		x.Active = p.Active
	case TypeRelatedPerson:
		p, err := tx.Directory().RelatedPerson(r.ID())
		if err != nil {
			return x, err
		}
		x.Active = p.Active
	case TypePractitionerRole:
		if err := readRole(tx, r, &x); err != nil {
			return x, err
		}
		person = x.Practitioner
	default:
		return x, ErrNotFound
	}
	accounts, err := tx.Directory().AccountsOf(person)
	if err != nil {
		return x, err
	}
	x.Active = x.Active && !allDisabled(accounts)
	return x, nil
}

// readRole fills in what a practitioner's role brings with it.
func readRole(tx Tx, r Ref, x *Actor) error {
	role, err := tx.Directory().Role(r.ID())
	if err != nil {
		return err
	}
	p, err := tx.Directory().Practitioner(role.Practitioner)
	if err != nil {
		return err
	}
	x.Practitioner, x.Role = p.Reference(), role.Code
	x.Active = role.Active && p.Active
	id := role.Organization
	for depth := 0; id != "" && depth < 8; depth++ {
		o, err := tx.Directory().Organization(id)
		if err != nil {
			return err
		}
		if depth == 0 {
			x.Sector = o.Sector
			x.Active = x.Active && o.Active
		}
		x.Organizations = append(x.Organizations, o.ID)
		id = o.PartOf
	}
	return nil
}

// allDisabled reports whether a person had accounts and has none left.
func allDisabled(accounts []Account) bool {
	for _, a := range accounts {
		if !a.Disabled {
			return false
		}
	}
	return len(accounts) > 0
}

// self is the caller as an actor, with the assurance of the token.
func (b *Bridge) self(tx Tx, c Caller) (Actor, error) {
	x, err := b.actor(tx, c.Party)
	x.Assurance = c.Assurance
	return x, err
}
