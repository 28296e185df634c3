// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// ImportRota puts the shifts that are read in the place of those that lie in the
// span, in part or whole. It is for who may change the line.
func (b *Bridge) ImportRota(ctx context.Context, c Caller, id LineID, span Period, read RotaReader) (RotaImport, error) {
	if span.Start.IsZero() || !span.End.After(span.Start) {
		return RotaImport{}, BadRequest("a rota is read for a span with a start, and an end behind it")
	}
	var l Line
	var who func(address, title string) (Ref, bool)
	err := b.store.View(ctx, func(tx Tx) (err error) {
		if l, err = b.managed(tx, c, id); err != nil {
			return err
		}
		who, err = b.byName(tx, l)
		return err
	})
	if err != nil {
		return RotaImport{}, b.told(err)
	}
	zone, err := l.Opening.location()
	if err != nil {
		return RotaImport{}, err
	}
	shifts, skipped, err := read(zone, span, who) // a file of the caller's: outside any transaction
	if err != nil {
		return RotaImport{}, b.told(err)
	}
	err = b.store.Update(ctx, "", func(tx Tx) error {
		l, err := b.managed(tx, c, id)
		if err != nil {
			return err
		}
		l.Rota = slices.DeleteFunc(l.Rota, func(s Shift) bool {
			return s.Period.Start.Before(span.End) && (s.Period.End.IsZero() || s.Period.End.After(span.Start))
		})
		l.Rota = append(l.Rota, shifts...)
		slices.SortStableFunc(l.Rota, func(x, y Shift) int {
			return cmp.Or(x.Period.Start.Compare(y.Period.Start), cmp.Compare(x.Member, y.Member))
		})
		if err := b.validLine(l); err != nil {
			return err
		}
		if err := knownLine(tx, l); err != nil {
			return err
		}
		return tx.Lines().Put(l)
	})
	if err != nil {
		return RotaImport{}, b.told(err)
	}
	return RotaImport{Shifts: len(shifts), Skipped: skipped}, nil
}

// managed reads a line for who may change it.
func (b *Bridge) managed(tx Tx, c Caller, id LineID) (Line, error) {
	l, err := b.lineOf(tx, c, id)
	if err == nil {
		err = b.mayManage(tx, c, l)
	}
	return l, err
}

// byName finds the people that a rota may name: who works at the line's owner, and
// who is in its tiers. A title is a name, a title or an id; an address is an
// identifier of theirs, or begins with the id of the role. What fits two people
// fits nobody.
func (b *Bridge) byName(tx Tx, l Line) (func(address, title string) (Ref, bool), error) {
	entries, err := tx.Directory().Find(DirectoryQuery{Organization: l.Organization, ActiveOnly: true, Limit: maxUnit})
	if err != nil {
		return nil, err
	}
	people := map[Ref]bool{}
	named := map[string]map[Ref]bool{}
	add := func(name string, r Ref) {
		if name = strings.ToLower(strings.TrimSpace(name)); name == "" {
			return
		}
		if named[name] == nil {
			named[name] = map[Ref]bool{}
		}
		named[name][r] = true
	}
	person := func(role PractitionerRole) error {
		if people[role.Reference()] {
			return nil
		}
		people[role.Reference()] = true
		p, err := tx.Directory().Practitioner(role.Practitioner)
		if err != nil {
			return err
		}
		for _, name := range []string{p.Name, role.ID, role.Title} {
			add(name, role.Reference())
		}
		for _, i := range p.Identifiers {
			add(i.Value, role.Reference())
		}
		return nil
	}
	for _, e := range entries {
		if err := person(e.Role); err != nil {
			return nil, err
		}
	}
	for _, t := range l.Tiers {
		for _, m := range t.Members {
			role, err := tx.Directory().Role(m.ID())
			if err != nil {
				return nil, err
			}
			if err := person(role); err != nil {
				return nil, err
			}
		}
	}
	one := func(name string) (Ref, bool) {
		all := named[strings.ToLower(strings.TrimSpace(name))]
		for r := range all {
			return r, len(all) == 1
		}
		return "", false
	}
	return func(address, title string) (Ref, bool) {
		if r, ok := one(address); ok && address != "" {
			return r, true
		}
		if local, _, ok := strings.Cut(address, "@"); ok {
			if r, ok := one(local); ok {
				return r, true
			}
		}
		return one(title)
	}, nil
}
