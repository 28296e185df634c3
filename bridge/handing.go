// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// HandTo is whom a ring is handed over to: a role, or the people of a line, of
// one tier of it where Tier is 1 or more. Without a line it is the ring's own.
type HandTo struct {
	Party Ref    `json:"party,omitempty"`
	Line  LineID `json:"line,omitempty"`
	Tier  int    `json:"tier,omitempty"`
}

// handing is a ring on its way to others than who answered.
type handing struct {
	to    HandTo
	note  string
	ring  Ring
	plan  plan
	reach reach
	asked []target
	there map[Ref]bool // who would hear it
	told  pokes
}

// HandOver rings others instead of who answered, with a note of at most 200
// characters for them. The gate is asked for each of them. When none of them can be
// rung it is CodeLineUnavailable, and the talk goes on as before.
func (b *Bridge) HandOver(ctx context.Context, c Caller, id RingID, to HandTo, note string) (RingView, error) {
	if !short(note, 0, 200) {
		return RingView{}, BadRequest("a note of more than 200 characters")
	}
	if (to.Party != "") == (to.Line != "" || to.Tier > 0) || to.Tier < 0 || to.Tier > MaxTiers {
		return RingView{}, BadRequest("a ring is handed over to a role, a line or a tier, one of them")
	}
	if to.Party != "" && (to.Party.Validate() != nil || to.Party.Type() != TypePractitionerRole) {
		return RingView{}, BadRequest("a ring is handed over to a role")
	}
	r, _, err := b.myRing(ctx, c, id)
	if err != nil {
		return RingView{}, err
	}
	h := &handing{to: to, note: note, ring: r}
	if err := b.prepareHanding(ctx, c, h); err != nil {
		return RingView{}, err
	}
	var refs []Ref
	for _, t := range h.asked {
		if h.there[t.Ref] {
			refs = append(refs, t.Ref)
		}
	}
	got := b.reserve(ctx, id, refs, RingTime+10*time.Second)
	for _, r := range refs {
		h.there[r] = slices.Contains(got, r)
	}
	_, err = b.pass(ctx, c, r.Patient, func(tx Tx, _ *Snapshot) ([]Question, error) {
		caller, err := b.self(tx, ringer(&r))
		return ringQuestions(&r, caller, h.asked), err
	}, func(g *passage) error {
		return b.handOver(g, c, h)
	})
	if err != nil {
		b.letGo(ctx, id, got)
		return RingView{}, err
	}
	b.letGo(ctx, id, without(union(got, []Ref{c.Party}), h.ring.Ringing()))
	b.poke(h.told)
	return b.viewRing(ctx, c, id, h.reach.outOfDate)
}

func nobodyThere() error {
	return &Error{Code: CodeLineUnavailable, Message: "nobody of them can be rung now"}
}

// prepareHanding finds whom it is handed over to who can be rung now.
func (b *Bridge) prepareHanding(ctx context.Context, c Caller, h *handing) error {
	if h.ring.State != RingAccepted || h.ring.By != c.Party {
		return tooLate(h.ring)
	}
	at := b.now()
	err := b.store.View(ctx, func(tx Tx) (err error) {
		if h.to.Party != "" {
			return b.planPeople(tx, &h.plan, viaHanded, []Ref{h.to.Party}, at)
		}
		like := Ring{Line: h.to.Line}
		if like.Line == "" {
			like.Line = h.ring.Line
		}
		if like.Line == "" {
			return nobodyThere()
		}
		if err := b.planLine(tx, &h.plan, &like, nil); err != nil || h.plan.line == nil {
			return err
		}
		return b.planDuty(tx, &h.plan, at)
	})
	if err != nil {
		return b.told(err)
	}
	h.reach = b.reach(ctx, h.plan.lineID(), h.plan.parties())
	err = b.store.View(ctx, func(tx Tx) error { return h.choose(tx, at) })
	switch {
	case err != nil:
		return b.told(err)
	case len(h.asked) == 0:
		return nobodyThere()
	}
	return nil
}

// choose takes the first step in which somebody would hear it, else the first: the
// gate is asked before anybody learns that nobody is there.
func (h *handing) choose(tx Tx, at time.Time) error {
	h.there = map[Ref]bool{}
	for _, s := range h.plan.steps {
		if h.to.Tier > 0 && s.via != fmt.Sprint(viaTier, h.to.Tier) {
			continue
		}
		var asked []target
		heard := false
		for _, x := range s.targets {
			if h.ring.Rung(x.Ref) || x.Ref == h.ring.Caller {
				continue
			}
			still, err := quiet(tx, x, at)
			if err != nil {
				return err
			}
			h.there[x.Ref] = x.Active && !still && h.reach.hears(x.Ref, s.ofLine)
			heard = heard || h.there[x.Ref]
			asked = append(asked, target{x, h.plan.callers(s), true})
		}
		if len(h.asked) == 0 || heard {
			h.asked = asked
		}
		if heard {
			return nil
		}
	}
	return nil
}

// handOver keeps the ring as it rings those who may be rung.
func (b *Bridge) handOver(g *passage, c Caller, h *handing) error {
	h.told = nil
	at := g.answers[0].Now
	r, err := g.tx.Rings().Ring(h.ring.ID)
	if err != nil {
		return err
	}
	if r.State != RingAccepted || r.By != c.Party {
		return tooLate(r)
	}
	talked := r
	var free []Ref
	for _, a := range g.answers {
		r.agree(termsOf(&r, a, g.early))
		live, err := g.tx.Rings().Find(RingQuery{Party: a.To.Ref, States: []RingState{RingRinging, RingAccepted}, Limit: 1})
		if err != nil {
			return err
		}
		if a.Allow && len(live) == 0 && h.there[a.To.Ref] {
			free = append(free, a.To.Ref)
		}
	}
	if h.to.Line != "" {
		r.Line = h.to.Line
	}
	if !r.HandOver(viaHanded, free, h.note, at) {
		return nobodyThere()
	}
	r.Epoch = g.snapshot.Epoch
	r.Rev++
	if err := g.tx.Rings().Put(r); err != nil {
		return err
	}
	h.ring = r
	if err := b.talked(g.tx, talked, at); err != nil {
		return err
	}
	for _, a := range g.answers {
		if !slices.Contains(free, a.To.Ref) {
			continue
		}
		if err := g.record(ledger.KindRung, a, ringWords(r)); err != nil {
			return err
		}
	}
	if err := h.told.tellRinging(b, g.tx, r, at, free); err != nil {
		return err
	}
	if err := h.told.tellStates(b, g.tx, r, at, r.Caller); err != nil {
		return err
	}
	return h.told.tellStop(b, g.tx, r, stopHanded, at, []Ref{c.Party})
}
