// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"hash/maphash"
	"slices"
	"sync"

	"github.com/brobygger/brobygger/bridge"
)

// memo is a decision with the whole of what it depended on beside the snapshot,
// under which it is kept, and the policy, which never changes in an Engine.
type memo struct {
	question bridge.Question // Patient is nil; Now is not compared, span is
	span     span
	decision bridge.Decision
}

// memosKept bounds how many decisions are kept per patient.
const memosKept = 512

var seed = maphash.MakeSeed()

func mix(h uint64, s string) uint64 { return (h ^ maphash.String(seed, s)) * 0x9e3779b97f4a7c15 }

func hashActor(a *bridge.Actor) uint64 {
	h := mix(1, string(a.Ref))
	h = mix(h, string(a.Practitioner))
	h = mix(h, string(a.Role))
	h = mix(h, string(a.Sector))
	h = mix(h, string(a.Function))
	h = mix(h, string(a.Assurance))
	for _, o := range a.Organizations {
		h = mix(h, o)
	}
	if a.Active {
		h++
	}
	return h
}

func hashQuestion(q *bridge.Question, from, to uint64) uint64 {
	h := mix(from*31+to, string(q.Action))
	h = mix(h, string(q.Purpose))
	h = mix(h, q.Case)
	for _, t := range q.Topics {
		h = mix(h, string(t))
	}
	if q.Line != nil {
		h = hashCallers(h, q.Line)
	}
	return h
}

func hashCallers(h uint64, c *bridge.Callers) uint64 {
	for _, s := range c.Sectors {
		h = mix(h, string(s))
	}
	for _, r := range c.Roles {
		h = mix(h, string(r))
	}
	if c.Involved {
		h++
	}
	return h + 1
}

func cloneCallers(c *bridge.Callers) *bridge.Callers {
	if c == nil {
		return nil
	}
	return &bridge.Callers{Sectors: slices.Clone(c.Sectors), Roles: slices.Clone(c.Roles), Involved: c.Involved}
}

func sameCallers(a, b *bridge.Callers) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Involved == b.Involved && slices.Equal(a.Sectors, b.Sectors) && slices.Equal(a.Roles, b.Roles)
}

func sameActor(a, b *bridge.Actor) bool {
	return a.Ref == b.Ref && a.Practitioner == b.Practitioner && a.Role == b.Role && a.Sector == b.Sector &&
		a.Function == b.Function && a.Assurance == b.Assurance && a.Active == b.Active && slices.Equal(a.Organizations, b.Organizations)
}

func sameQuestion(a, b *bridge.Question) bool {
	return a.Action == b.Action && a.Purpose == b.Purpose && a.Case == b.Case && slices.Equal(a.Topics, b.Topics) && sameCallers(a.Line, b.Line) &&
		sameActor(&a.From, &b.From) && sameActor(&a.To, &b.To)
}

// recall returns what was decided on the same question in the same span.
func (r *records) recall(h uint64, q *bridge.Question) (*memo, bool) {
	r.mu.Lock()
	m := r.memos[h]
	r.mu.Unlock()
	if m == nil || !m.span.contains(q.Now) || !sameQuestion(&m.question, q) {
		return nil, false
	}
	return m, true
}

func (r *records) remember(h uint64, q *bridge.Question, s span, d bridge.Decision) {
	kept := *q
	kept.Patient = nil
	kept.Topics = slices.Clone(q.Topics)
	kept.Line = cloneCallers(q.Line)
	kept.From.Organizations = slices.Clone(q.From.Organizations)
	kept.To.Organizations = slices.Clone(q.To.Organizations)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.memos) >= memosKept {
		clear(r.memos)
	}
	r.memos[h] = &memo{kept, s, d}
}

// shelf keeps the records of the patients who are asked about, in two
// generations: when the young one is full it becomes the old one, and what is
// not asked about again goes with it. Its key is the snapshot itself, which never
// changes, and not its epoch: a preview asks about snapshots that never were.
type shelf struct {
	size int

	mu         sync.RWMutex // guards the following fields
	young, old map[*bridge.Snapshot]*records
}

func (s *shelf) get(l *law, p *bridge.Snapshot) *records {
	s.mu.RLock()
	r := s.young[p]
	s.mu.RUnlock()
	if r != nil {
		return r
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r = s.young[p]; r != nil {
		return r
	}
	if r = s.old[p]; r == nil {
		r = l.newRecords(p, !p.Missing)
	}
	if len(s.young) >= s.size {
		s.old, s.young = s.young, map[*bridge.Snapshot]*records{}
	}
	s.young[p] = r
	return r
}
