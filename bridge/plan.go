// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// plan is whom a ring rings, in which order, as things are now. It is made anew
// for each step, so that who comes back while it rings is rung too.
type plan struct {
	line   *Line   // that the ring falls to, nil: none
	open   Open    //
	wanted []Actor // whom the caller asks for, whether or not they can be rung
	steps  []planned
}

// planned is a step of a plan.
type planned struct {
	via     string
	targets []Actor
	ofLine  bool // the line's own people, under the line's own rule
}

// crowd is how many people of a unit without a line are rung together.
const crowd = 20

// plan makes the plan of a ring.
func (b *Bridge) plan(tx Tx, s *Snapshot, r *Ring, now time.Time) (p plan, err error) {
	via := string(r.Wanted.Function)
	if via == "" {
		via = "person"
	}
	var people, units []Ref
	if r.Wanted != (Party{}) {
		people, units = asWanted(s, r.Wanted, now)
	}
	if err := b.planPeople(tx, &p, via, people, now); err != nil {
		return p, err
	}
	if err := b.planNurse(tx, s, &p, r, now); err != nil {
		return p, err
	}
	if err := b.planLine(tx, &p, r, units); err != nil {
		return p, err
	}
	if err := b.planUnits(tx, &p, via, units); err != nil {
		return p, err
	}
	if p.line != nil {
		if err := b.planDuty(tx, &p, now); err != nil {
			return p, err
		}
	}
	if len(p.wanted) == 0 && r.Wanted.Function != "" {
		p.wanted = []Actor{{Function: r.Wanted.Function}}
	}
	if len(p.wanted) == 0 { // a line: its people, on duty or not
		p.wanted, err = b.crew(tx, p.line, now)
	}
	return p, err
}

// asWanted splits whom the caller asks for into people and units.
func asWanted(s *Snapshot, wanted Party, now time.Time) (people, units []Ref) {
	refs := []Ref{wanted.Ref}
	if wanted.Function != "" {
		refs = s.holders(wanted.Function, now)
	}
	for _, r := range refs {
		if r.Type() == TypeOrganization {
			units = append(units, r)
		} else {
			people = append(people, r)
		}
	}
	return people, units
}

// planPeople plans the people who are wanted themselves, or who stands in.
func (b *Bridge) planPeople(tx Tx, p *plan, via string, people []Ref, now time.Time) error {
	step := planned{via: via}
	for _, r := range people {
		x, err := b.actor(tx, r)
		if err != nil {
			return err
		}
		p.wanted = append(p.wanted, x)
		instead, err := b.inPlace(tx, r, now, 0)
		if err != nil {
			return err
		}
		if step.targets, err = b.withActors(tx, step.targets, instead); err != nil {
			return err
		}
	}
	p.add(step)
	return nil
}

// maxStandIns is how many substitutes of substitutes are looked for.
const maxStandIns = 3

// inPlace is who is rung for somebody: themselves, or their substitute while they
// are away.
func (b *Bridge) inPlace(tx Tx, r Ref, now time.Time, depth int) ([]Ref, error) {
	role, err := tx.Directory().Role(r.ID())
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the directory: %w", err)
	}
	away, ok := role.At(now)
	switch {
	case !ok:
		return []Ref{r}, nil
	case depth == maxStandIns:
		return nil, nil
	case away.Substitute.Type() == TypePractitionerRole:
		return b.inPlace(tx, away.Substitute, now, depth+1)
	case away.Substitute.Type() == TypeOrganization:
		return unitPeople(tx, away.Substitute)
	}
	return nil, nil
}

// unitPeople lists people of a unit, at most a crowd.
func unitPeople(tx Tx, unit Ref) ([]Ref, error) {
	entries, err := tx.Directory().Find(DirectoryQuery{Organization: unit.ID(), ActiveOnly: true, Limit: crowd})
	refs := make([]Ref, len(entries))
	for i, e := range entries {
		refs[i] = e.Role.Reference()
	}
	return refs, err
}

// planNurse plans the contact nurse behind somebody of hospital psychiatry.
func (b *Bridge) planNurse(tx Tx, s *Snapshot, p *plan, r *Ring, now time.Time) error {
	hospital := func(x Actor) bool { return x.Sector == SectorHospitalPsychiatry }
	if r.Wanted.Function == FunctionContactNurse || !slices.ContainsFunc(p.wanted, hospital) {
		return nil
	}
	step := planned{via: string(FunctionContactNurse)}
	for _, nurse := range s.holders(FunctionContactNurse, now) {
		if nurse.Type() != TypePractitionerRole {
			continue
		}
		instead, err := b.inPlace(tx, nurse, now, 0)
		if err != nil {
			return err
		}
		if step.targets, err = b.withActors(tx, step.targets, instead); err != nil {
			return err
		}
	}
	p.add(step)
	return nil
}

// planLine finds the line that the ring falls to: the one that is rung, or the
// first of the wanted people's unit, else of what that is part of.
func (b *Bridge) planLine(tx Tx, p *plan, r *Ring, units []Ref) error {
	if r.Line != "" {
		l, err := tx.Lines().Line(r.Line)
		if errors.Is(err, ErrNotFound) || err == nil && !l.Active {
			return nil
		}
		p.line = &l
		return err
	}
	var places [][]string
	for _, x := range p.wanted {
		places = append(places, x.Organizations)
	}
	for _, u := range units {
		x, err := organizationActor(tx, u)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		places = append(places, x.Organizations)
	}
	for _, place := range places {
		for _, id := range place {
			lines, err := tx.Lines().Find(LineQuery{Organization: id, ActiveOnly: true, Limit: 1})
			if err != nil {
				return err
			}
			if len(lines) > 0 {
				p.line = &lines[0]
				return nil
			}
		}
	}
	return nil
}

// planUnits plans the people of wanted units that have no line.
func (b *Bridge) planUnits(tx Tx, p *plan, via string, units []Ref) error {
	step := planned{via: via}
	for _, u := range units {
		people, err := unitPeople(tx, u)
		if err != nil {
			return err
		}
		if step.targets, err = b.withActors(tx, step.targets, people); err != nil {
			return err
		}
	}
	p.wanted = append(p.wanted, step.targets...)
	if p.line == nil {
		p.add(step)
	}
	return nil
}

// planDuty plans the line's people: who is on duty, then its tiers, unless they
// said not to ring them.
func (b *Bridge) planDuty(tx Tx, p *plan, now time.Time) error {
	if p.open = b.opening(*p.line, now); !p.open.Open {
		return nil
	}
	switches, err := tx.Lines().Switches(p.line.ID)
	if err != nil {
		return err
	}
	duty := p.line.onDuty(now)
	for _, s := range switches {
		if s.On && s.holds(now) && p.line.has(s.Party, now) {
			duty = union(duty, []Ref{s.Party})
		}
	}
	add := func(via string, members []Ref) error {
		step := planned{via: via, ofLine: true}
		for _, m := range members {
			instead, err := b.inPlace(tx, m, now, 0)
			if err != nil {
				return err
			}
			if step.targets, err = b.withActors(tx, step.targets, instead); err != nil {
				return err
			}
		}
		p.add(step)
		return nil
	}
	if err := add(viaRota, duty); err != nil {
		return err
	}
	for i, t := range p.line.Tiers {
		if err := add(fmt.Sprint(viaTier, i+1), t.Members); err != nil {
			return err
		}
	}
	for i := range p.steps { // who switched off is not rung for the line's sake nor for their own
		p.steps[i].targets = slices.DeleteFunc(p.steps[i].targets, func(x Actor) bool {
			said, ok := switchOf(switches, x.Ref, now)
			return ok && !said.On
		})
	}
	return nil
}

// crew is everybody of a line, at most a crowd.
func (b *Bridge) crew(tx Tx, l *Line, now time.Time) ([]Actor, error) {
	if l == nil {
		return nil, nil
	}
	people := l.people(now)
	return b.withActors(tx, nil, people[:min(len(people), crowd)])
}

func (b *Bridge) withActors(tx Tx, all []Actor, refs []Ref) ([]Actor, error) {
	for _, r := range refs {
		if slices.ContainsFunc(all, func(x Actor) bool { return x.Ref == r }) {
			continue
		}
		x, err := b.actor(tx, r)
		if err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	return all, nil
}

func (p *plan) add(s planned) {
	if len(s.targets) > 0 {
		p.steps = append(p.steps, s)
	}
}

// parties lists everybody in the plan.
func (p *plan) parties() []Ref {
	var all []Ref
	for _, s := range p.steps {
		for _, x := range s.targets {
			if !slices.Contains(all, x.Ref) {
				all = append(all, x.Ref)
			}
		}
	}
	return all
}

// lineID is the plan's line, "" for none.
func (p *plan) lineID() LineID {
	if p.line == nil {
		return ""
	}
	return p.line.ID
}

// callers is the rule of the line that a step rings under.
func (p *plan) callers(s planned) *Callers {
	if !s.ofLine {
		return nil
	}
	return &p.line.Callers
}

// quiet reports whether somebody has said that nobody may ring them now.
func quiet(tx Tx, x Actor, now time.Time) (bool, error) {
	accounts, err := tx.Directory().AccountsOf(x.Practitioner)
	return slices.ContainsFunc(accounts, func(a Account) bool { return a.DNDUntil.After(now) }), err
}
