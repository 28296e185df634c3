// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/brobygger/brobygger/bridge"
)

// Instants go into the input as text of one width, so that Rego compares them as
// text, in order, without parsing.
const (
	instantLayout = "2006-01-02T15:04:05.000000000Z"
	firstInstant  = "0001-01-01T00:00:00.000000000Z"
	lastInstant   = "9999-12-31T23:59:59.999999999Z"
)

func instant(t time.Time) *ast.Term { return ast.StringTerm(t.UTC().Format(instantLayout)) }

// instantOrLast is instant with the zero time as for ever.
func instantOrLast(t time.Time) *ast.Term {
	if t.IsZero() {
		return ast.StringTerm(lastInstant)
	}
	return instant(t)
}

// key is a term made once, for the names of fields and for values of a fixed few.
var key = func() map[string]*ast.Term {
	m := map[string]*ast.Term{}
	for _, k := range []string{
		"action", "now", "patient", "purpose", "topics", "strange", "case", "from", "to", "caller", "named", "route", "strict", "consents", "objections", "line",
	} {
		m[k] = ast.StringTerm(k)
	}
	return m
}()

var (
	keyAction, keyNow, keyPatient  = key["action"], key["now"], key["patient"]
	keyPurpose, keyTopics, keyCase = key["purpose"], key["topics"], key["case"]
	keyFrom, keyTo                 = key["from"], key["to"]
	keyNamed, keyRoute             = key["named"], key["route"]
	keyConsents, keyObjections     = key["consents"], key["objections"]
	keyCaller                      = key["caller"]
	keyStrange, keyStrict          = key["strange"], key["strict"]
	keyLine                        = key["line"]
	noTerms                        = ast.ArrayTerm()
)

// set makes a set of the codes that are not empty.
func set[T ~string](codes []T) *ast.Term {
	terms := make([]*ast.Term, 0, len(codes))
	for _, c := range codes {
		if c != "" {
			terms = append(terms, ast.InternedTerm(string(c)))
		}
	}
	return ast.SetTerm(terms...)
}

// object makes an object of names and terms in turn.
func object(pairs ...any) *ast.Term {
	o := ast.NewObjectWithCapacity(len(pairs) / 2)
	for i := 0; i < len(pairs); i += 2 {
		o.Insert(ast.InternedTerm(pairs[i].(string)), pairs[i+1].(*ast.Term))
	}
	return ast.NewTerm(o)
}

func text[T ~string](s T) *ast.Term { return ast.StringTerm(string(s)) }

func truth(b bool) *ast.Term { return ast.InternedTerm(b) }

var noTopics = ast.SetTerm()

// strange returns the topics that the law does not know.
func (l *law) strange(topics []bridge.Topic) *ast.Term {
	var out []bridge.Topic
	for _, t := range topics {
		if _, ok := l.Topics[t]; !ok {
			out = append(out, t)
		}
	}
	if out == nil {
		return noTopics
	}
	return ast.SetTerm(func() (terms []*ast.Term) {
		for _, t := range out {
			terms = append(terms, text(t))
		}
		return terms
	}()...)
}

// place returns role and sector of the actor; of a function that nobody fills,
// those of whoever would.
func (l *law) place(a *bridge.Actor) (bridge.RoleCode, bridge.Sector) {
	if a.Ref == "" {
		who := l.Functions[a.Function]
		return who.Role, who.Sector
	}
	return a.Role, a.Sector
}

// actorTerm is a party with what the patient's records say of it.
func (l *law) actorTerm(s *bridge.Snapshot, a *bridge.Actor) *ast.Term {
	role, sector, active, employed := a.Role, a.Sector, a.Active, len(a.Organizations) > 0
	kind := "stranger"
	switch {
	case a.Ref == "" && a.Function != "":
		if who, ok := l.Functions[a.Function]; ok {
			kind, role, sector, active, employed = "professional", who.Role, who.Sector, true, true
		}
	case a.Ref.Type() == bridge.TypePractitionerRole:
		kind = "professional"
	case a.Ref.Type() == bridge.TypeOrganization:
		kind = "organization"
	case a.Ref.Type() == bridge.TypePatient && a.Ref == s.Patient.ID.Ref():
		kind = "patient"
	case a.Ref.Type() == bridge.TypeRelatedPerson && represents(s, a):
		kind = "representative"
	}
	side := ""
	switch kind {
	case "professional":
		side = l.side(sector, role, false)
	case "organization":
		side = l.side(sector, "", true)
	}
	row, office := l.Roles[role], l.Sectors[sector]
	o := object(
		"kind", text(kind), "ref", text(a.Ref), "role", text(role), "sector", text(sector),
		"active", truth(active), "employed", truth(employed), "assured", truth(l.Assurance[a.Assurance]),
		"emergency", truth(row.Emergency), "doctor", truth(row.Doctor), "letters", truth(l.LetterSectors[sector]),
		"strict", truth(office.Strict), "reveals", text(office.Reveals),
		"organizations", set(a.Organizations), "unit", text(unit(a)), "reviews", truth(row.Reviews), "team", teamTerm(s, a),
		"emergencies", emergenciesTerm(s, a), "authorities", authoritiesTerm(s, a),
	)
	if side != "" {
		o.Value.(ast.Object).Insert(ast.InternedTerm("side"), text(side))
	}
	return o
}

// unit is the organization that employs the actor itself, "" for nobody's.
func unit(a *bridge.Actor) string {
	if len(a.Organizations) == 0 {
		return ""
	}
	return a.Organizations[0]
}

func represents(s *bridge.Snapshot, a *bridge.Actor) bool {
	for _, r := range s.Representatives {
		if r.Reference() == a.Ref && r.Patient == s.Patient.ID {
			return true
		}
	}
	return false
}

// teamTerm lists the memberships that mean the actor. Whoever would fill an
// unfilled function would be in the team as that.
func teamTerm(s *bridge.Snapshot, a *bridge.Actor) *ast.Term {
	if a.Ref == "" && a.Function != "" {
		return ast.ArrayTerm(object("function", text(a.Function),
			"start", ast.StringTerm(firstInstant), "end", ast.StringTerm(lastInstant)))
	}
	var list []*ast.Term
	for _, m := range s.Team {
		if meansRef(m.Member, a) != unnamed {
			list = append(list, object("function", text(m.Function), "start", instant(m.Period.Start), "end", instantOrLast(m.Period.End)))
		}
	}
	return ast.ArrayTerm(list...)
}

// glass returns the span of a confirmed emergency access: 15 minutes at most,
// and none when the confirmation came late.
func glass(e bridge.Emergency) (bridge.Period, bool) {
	if e.ConfirmedAt.IsZero() || e.ExpiresAt.IsZero() || e.ConfirmedAt.After(e.AskedAt.Add(bridge.EmergencyConfirm)) {
		return bridge.Period{}, false
	}
	p := bridge.Period{Start: e.ConfirmedAt, End: e.ConfirmedAt.Add(bridge.EmergencyLifetime)}
	if e.ExpiresAt.Before(p.End) {
		p.End = e.ExpiresAt
	}
	return p, true
}

func emergenciesTerm(s *bridge.Snapshot, a *bridge.Actor) *ast.Term {
	var list []*ast.Term
	for _, e := range s.Emergencies {
		if p, ok := glass(e); ok && a.Ref != "" && e.By == a.Ref && e.Patient == s.Patient.ID {
			list = append(list, object("start", instant(p.Start), "end", instant(p.End)))
		}
	}
	return ast.ArrayTerm(list...)
}

func authoritiesTerm(s *bridge.Snapshot, a *bridge.Actor) *ast.Term {
	var list []*ast.Term
	for _, r := range s.Representatives {
		if a.Ref != "" && r.Reference() == a.Ref && r.Patient == s.Patient.ID && r.Active {
			list = append(list, object("authority", text(r.Authority), "start", instant(r.Period.Start), "end", instantOrLast(r.Period.End)))
		}
	}
	return ast.ArrayTerm(list...)
}

// lineTerm is what the line that is rung says of its callers, null where there is
// none. A code that is empty stays: it narrows, to nobody.
func lineTerm(c *bridge.Callers) *ast.Term {
	if c == nil {
		return ast.NullTerm()
	}
	return object("sectors", ast.SetTerm(texts(c.Sectors)...), "roles", ast.SetTerm(texts(c.Roles)...), "involved", truth(c.Involved))
}

func texts[T ~string](all []T) []*ast.Term {
	terms := make([]*ast.Term, len(all))
	for i, s := range all {
		terms[i] = text(s)
	}
	return terms
}

// patientTerm is what of the patient itself decides.
func (l *law) patientTerm(s *bridge.Snapshot, known bool) *ast.Term {
	o := ast.NewObject()
	o.Insert(ast.InternedTerm("known"), truth(known))
	o.Insert(ast.InternedTerm("active"), truth(s.Patient.Active))
	if t := l.ofAge(s.Patient.BirthDate); !t.IsZero() {
		o.Insert(ast.InternedTerm("of_age"), instant(t))
	}
	return ast.NewTerm(o)
}
