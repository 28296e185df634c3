// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/brobygger/brobygger/bridge"
)

// records is one snapshot made ready for questions. It is kept as long as the
// snapshot is asked about, and with it what was decided on it.
type records struct {
	snapshot   *bridge.Snapshot
	patient    *ast.Term
	ofAge      time.Time
	consents   []*consentRecord
	objections []*objectionRecord

	mu     sync.Mutex // guards the following fields
	actors map[uint64][]actorRecord
	memos  map[uint64]*memo
}

type actorRecord struct {
	actor bridge.Actor
	term  *ast.Term
}

// consentRecord is a consent that counts, with its term for each way in which it
// can name the two parties of a question, made when a question first needs it.
type consentRecord struct {
	consent *bridge.Consent
	ends    []ending // when it ends under each basis
	terms   [2][byPerson + 1][byPerson + 1]atomic.Pointer[ast.Term]
}

// ending is when a consent ends under a basis.
type ending struct {
	basis string
	at    time.Time // zero: never
}

type objectionRecord struct {
	objection *bridge.Objection
	made      atomic.Pointer[ast.Term]
}

func (r *objectionRecord) term() *ast.Term {
	t := r.made.Load()
	if t == nil {
		o := r.objection
		t = object("id", text(o.ID), "made", instant(o.CreatedAt),
			"parties", partySet(o.Parties), "topics", set(o.Topics), "purposes", set(o.Purposes))
		r.made.Store(t)
	}
	return t
}

// ways are the directions in which a consent counts.
var ways = map[bool]*ast.Term{false: set([]string{"forward"}), true: set([]string{"forward", "backward"})}

// actorsKept bounds how many parties are kept per patient.
const actorsKept = 256

func (l *law) newRecords(s *bridge.Snapshot, known bool) *records {
	r := &records{
		snapshot: s, patient: l.patientTerm(s, known), ofAge: l.ofAge(s.Patient.BirthDate),
		actors: map[uint64][]actorRecord{}, memos: map[uint64]*memo{},
	}
	for i := range s.Consents {
		c := &s.Consents[i]
		if c.State == bridge.ConsentActive && c.Patient == s.Patient.ID && !c.GrantedAt.IsZero() {
			r.consents = append(r.consents, l.newConsentRecord(c))
		}
	}
	for i := range s.Objections {
		o := &s.Objections[i]
		if o.LiftedAt.IsZero() && o.Patient == s.Patient.ID {
			r.objections = append(r.objections, &objectionRecord{objection: o})
		}
	}
	return r
}

func (l *law) newConsentRecord(c *bridge.Consent) *consentRecord {
	r := &consentRecord{consent: c, ends: make([]ending, 0, len(l.Bases))}
	for code, b := range l.Bases {
		end := c.Scope.Period.End
		if b.LongestDays > 0 {
			if lapse := c.GrantedAt.Add(b.longest()); end.IsZero() || lapse.Before(end) {
				end = lapse
			}
		}
		r.ends = append(r.ends, ending{code, end})
	}
	return r
}

// term returns the consent as it names From by from and To by to; backward when
// it names them the other way round.
func (r *consentRecord) term(backward bool, from, to naming) *ast.Term {
	c := r.consent
	way, givers, receivers, i := "forward", c.Scope.From, c.Scope.To, 0
	if backward {
		way, givers, receivers, i = "backward", receivers, givers, 1
	}
	slot := &r.terms[i][from][to]
	if t := slot.Load(); t != nil {
		return t
	}
	ends := ast.NewObjectWithCapacity(len(r.ends))
	for _, e := range r.ends {
		ends.Insert(ast.InternedTerm(e.basis), instantOrLast(e.at))
	}
	t := object(
		"id", text(c.ID), "ways", ways[c.Scope.Both], "form", text(c.Evidence.Form), "granted", instant(c.GrantedAt),
		"start", instant(c.Scope.Period.Start), "end", instantOrLast(c.Scope.Period.End), "ends", ast.NewTerm(ends),
		"topics", set(c.Scope.Topics), "purposes", set(c.Scope.Purposes), "case", text(c.Scope.Case),
		"way", text(way), "receivers", partySet(receivers),
		"from_by", text(namingWords[from]), "to_by", text(namingWords[to]),
		"from_count", ast.InternedTerm(len(givers)), "to_count", ast.InternedTerm(len(receivers)))
	slot.Store(t)
	return t
}

// partySet names parties as text: a reference, or a function behind a colon,
// which no reference holds.
func partySet(parties []bridge.Party) *ast.Term {
	var all []string
	for _, p := range parties {
		if p.Ref != "" {
			all = append(all, string(p.Ref))
		} else {
			all = append(all, "function:"+string(p.Function))
		}
	}
	return set(all)
}

// actor returns the party's term, made once per snapshot.
func (r *records) actor(l *law, h uint64, a *bridge.Actor) *ast.Term {
	r.mu.Lock()
	for _, k := range r.actors[h] {
		if sameActor(&k.actor, a) {
			r.mu.Unlock()
			return k.term
		}
	}
	r.mu.Unlock()
	t := l.actorTerm(r.snapshot, a)
	kept := *a
	kept.Organizations = slices.Clone(a.Organizations)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.actors) >= actorsKept {
		clear(r.actors)
	}
	r.actors[h] = append(r.actors[h], actorRecord{kept, t})
	return t
}

// question is the input of the rules for q, and the span in which it gives the
// same answer.
func (r *records) question(l *law, q *bridge.Question, hFrom, hTo uint64) (ast.Value, span) {
	s := span{now: q.Now}
	r.instants(&s, &q.From)
	r.instants(&s, &q.To)
	consents, fromNamed, toNamed := r.joining(&s, q)
	var objections []*ast.Term
	for _, o := range r.objections {
		if names(r.snapshot, o.objection.Parties, &q.To, q.Now) != unnamed {
			objections = append(objections, o.term())
		}
	}
	fromRole, fromSector := l.place(&q.From)
	toRole, toSector := l.place(&q.To)
	strict := l.Sectors[fromSector].Strict || l.Sectors[toSector].Strict
	from, to := r.actor(l, hFrom, &q.From), r.actor(l, hTo, &q.To)
	caller, named := to, toNamed // who would read or see
	if q.Action == bridge.ActionSend || q.Action == bridge.ActionRing {
		caller, named = from, fromNamed
	}
	fields := [...][2]*ast.Term{
		{keyAction, ast.InternedTerm(string(q.Action))},
		{keyNow, instant(q.Now)},
		{keyPatient, r.patient},
		{keyPurpose, ast.InternedTerm(string(q.Purpose))},
		{keyTopics, set(q.Topics)},
		{keyCase, text(q.Case)},
		{keyFrom, from},
		{keyTo, to},
		{keyCaller, caller},
		{keyNamed, truth(named)},
		{keyStrange, l.strange(q.Topics)},
		{keyStrict, truth(strict)},
		{keyConsents, list(consents)},
		{keyObjections, list(objections)},
		{},
		{},
	}
	n := len(fields) - 2 // the last are the route's and the line's
	row, ok := l.routes[way{l.side(fromSector, fromRole, false), l.side(toSector, toRole, false), q.Purpose}]
	if ok && (!strict || l.StrictPurposes[q.Purpose]) {
		fields[n] = [2]*ast.Term{keyRoute, row}
		n++
	}
	if q.Action == bridge.ActionRing {
		fields[n] = [2]*ast.Term{keyLine, lineTerm(q.Line)}
		n++
	}
	return ast.NewObject(fields[:n]...), s
}

func list(terms []*ast.Term) *ast.Term {
	if len(terms) == 0 {
		return noTerms
	}
	return ast.ArrayTerm(terms...)
}

// joining lists the consents that name both parties, and says whether one in its
// period names each.
func (r *records) joining(s *span, q *bridge.Question) (terms []*ast.Term, fromNamed, toNamed bool) {
	for _, c := range r.consents {
		scope := &c.consent.Scope
		fromFrom, fromTo := names(r.snapshot, scope.From, &q.From, q.Now), names(r.snapshot, scope.From, &q.To, q.Now)
		toFrom, toTo := names(r.snapshot, scope.To, &q.From, q.Now), names(r.snapshot, scope.To, &q.To, q.Now)
		if max(fromFrom, fromTo, toFrom, toTo) == unnamed {
			continue
		}
		s.period(scope.Period)
		for _, end := range c.ends {
			s.add(end.at)
		}
		in := scope.Period.Contains(q.Now)
		fromNamed = fromNamed || in && max(fromFrom, toFrom) != unnamed
		toNamed = toNamed || in && max(fromTo, toTo) != unnamed
		if fromFrom != unnamed && toTo != unnamed {
			terms = append(terms, c.term(false, fromFrom, toTo))
		} else if fromTo != unnamed && toFrom != unnamed {
			terms = append(terms, c.term(true, toFrom, fromTo))
		}
	}
	return terms, fromNamed, toNamed
}

// instants adds every instant at which what the records say of the actor changes.
func (r *records) instants(s *span, a *bridge.Actor) {
	for _, m := range r.snapshot.Team {
		if meansRef(m.Member, a) != unnamed {
			s.period(m.Period)
		}
	}
	if a.Ref == "" {
		return
	}
	for _, e := range r.snapshot.Emergencies {
		if p, ok := glass(e); ok && e.By == a.Ref {
			s.period(p)
		}
	}
	if a.Ref == r.snapshot.Patient.ID.Ref() {
		s.add(r.ofAge)
	}
	for _, p := range r.snapshot.Representatives {
		if p.Reference() == a.Ref {
			s.period(p.Period)
			s.add(r.ofAge)
		}
	}
}
