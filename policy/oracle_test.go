// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy_test

import (
	"maps"
	"slices"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// The oracle: the law of docs/law.md by hand, for what one professional sends to
// or reads from another. It shares no code with the engine, and is also the floor
// that the engine's speed is measured against.

var oracleHealth = map[bridge.RoleCode]bool{"speciallaegeipraksis": true, "overlaege": true, "sygehuslaege": true, "sygeplejerske": true}

func oracleSide(a *bridge.Actor) string {
	health := a.Sector == "general-practice" || a.Sector == "hospital-psychiatry" || a.Sector == "somatic-hospital"
	if health && oracleHealth[a.Role] {
		return "health"
	}
	return "social"
}

func oracleMeans(ref bridge.Ref, a *bridge.Actor) bool {
	for _, o := range a.Organizations {
		if len(ref) == len(o)+13 && ref[:13] == "Organization/" && string(ref[13:]) == o {
			return true
		}
	}
	return ref != "" && (ref == a.Ref || ref == a.Practitioner)
}

func oracleTeam(q *bridge.Question, a *bridge.Actor, function bridge.CareFunction) bool {
	for i := range q.Patient.Team {
		m := &q.Patient.Team[i]
		if (function == "" || m.Function == function) && m.Period.Contains(q.Now) && oracleMeans(m.Member, a) {
			return true
		}
	}
	return false
}

func oracleNames(q *bridge.Question, parties []bridge.Party, a *bridge.Actor) bool {
	for i := range parties {
		if p := &parties[i]; oracleMeans(p.Ref, a) || p.Function != "" && oracleTeam(q, a, p.Function) {
			return true
		}
	}
	return false
}

// oracleItself reports whether a jobcentre is named alone, as person or office.
func oracleItself(parties []bridge.Party, a *bridge.Actor) bool {
	p := parties[0].Ref
	return a.Sector != "employment" || len(parties) == 1 && p != "" &&
		(p == a.Ref || p == a.Practitioner || p == bridge.Ref("Organization/"+a.Organizations[0]))
}

// oracleBasis is the basis that a consent would need.
func oracleBasis(from, to string, p bridge.Purpose, strict bool) string {
	work := p == "employment-followup" || p == "benefit-assessment"
	switch {
	case from == "health" && to == "health":
		if p == "treatment" || p == "care-coordination" || p == "discharge" || p == "emergency" {
			return "dk.health-act.41-1"
		}
	case strict && !work || p == "treatment" || p == "emergency" || from == "social" && to == "social" && p == "discharge":
	case from == "health":
		return "dk.health-act.43-1"
	case to == "health" && (work || p == "social-casework"):
		return "dk.legal-security-act.11a"
	default:
		return "dk.public-administration-act.28"
	}
	return ""
}

// oracleCovers lists the topics of the question that a consent gives.
func oracleCovers(q *bridge.Question, c *bridge.Consent, basis string, strict bool, no map[bridge.Topic]bool) []bridge.Topic {
	s, written := &c.Scope, c.Evidence.Form == bridge.FormSignedIn || c.Evidence.Form == bridge.FormPaper
	forward := oracleNames(q, s.From, &q.From) && oracleNames(q, s.To, &q.To)
	backward := !forward && s.Both && oracleNames(q, s.From, &q.To) && oracleNames(q, s.To, &q.From)
	lapsed := basis == "dk.health-act.43-1" && !q.Now.Before(c.GrantedAt.Add(365*24*time.Hour))
	treatment := basis == "dk.health-act.41-1"
	switch {
	case !forward && !backward, !s.Period.Contains(q.Now), lapsed, !slices.Contains(s.Purposes, q.Purpose):
		return nil
	case !treatment && (!written || s.Case == "" || s.Case != q.Case), treatment && !written && c.Evidence.Form != bridge.FormOral:
		return nil
	}
	if strict {
		from, to := s.From, s.To
		if backward {
			from, to = to, from
		}
		other := func(p bridge.Purpose) bool { return p != "employment-followup" && p != "benefit-assessment" }
		if !oracleItself(from, &q.From) || !oracleItself(to, &q.To) || slices.ContainsFunc(s.Purposes, other) {
			return nil
		}
	}
	var out []bridge.Topic
	for _, t := range q.Topics {
		sensitive := strict && len(s.Topics) > 1 && (t == "mental-health" || t == "substance-use")
		if slices.Contains(s.Topics, t) && !no[t] && !sensitive {
			out = append(out, t)
		}
	}
	return out
}

// oracleOpen reports whether a line is open to its caller, by hand.
func oracleOpen(q *bridge.Question) bool {
	l := q.Line
	return l == nil || (len(l.Sectors) == 0 || slices.Contains(l.Sectors, q.From.Sector)) &&
		(len(l.Roles) == 0 || slices.Contains(l.Roles, q.From.Role)) && (!l.Involved || oracleTeam(q, &q.From, ""))
}

// oracleRing decides a ring: what may be sent may be rung about, on a line that is
// open to the caller.
func oracleRing(q *bridge.Question) (basis string, consents []bridge.ConsentID, redact []bridge.Topic) {
	if !oracleOpen(q) || q.From.Ref == q.To.Ref {
		return "", nil, nil
	}
	return oracle(q)
}

// oracle decides. Objections never have a consent's very scope here, so that a
// consent never replaces one.
func oracle(q *bridge.Question) (basis string, consents []bridge.ConsentID, redact []bridge.Topic) {
	no := map[bridge.Topic]bool{}
	for i := range q.Patient.Objections {
		o := &q.Patient.Objections[i]
		if oracleNames(q, o.Parties, &q.To) && (len(o.Purposes) == 0 || slices.Contains(o.Purposes, q.Purpose)) {
			for _, t := range q.Topics {
				no[t] = no[t] || len(o.Topics) == 0 || slices.Contains(o.Topics, t)
			}
		}
	}
	from, to := oracleSide(&q.From), oracleSide(&q.To)
	strict := q.From.Sector == "employment" || q.To.Sector == "employment"
	need := oracleBasis(from, to, q.Purpose, strict)
	free := len(q.Topics)
	for _, bad := range no {
		if bad {
			free--
		}
	}
	letter := q.Purpose == "discharge" && (q.From.Role == "overlaege" || q.From.Role == "sygehuslaege") && oracleTeam(q, &q.To, "own-gp")
	given := map[bridge.Topic]bool{}
	switch inTeam := oracleTeam(q, &q.From, "") && oracleTeam(q, &q.To, ""); {
	case need == "dk.health-act.41-1" && inTeam && free > 0:
		basis = "dk.health-act.41-2-1"
	case need == "dk.health-act.41-1" && letter && free > 0:
		basis = "dk.health-act.41-2-2"
	}
	for _, t := range q.Topics {
		given[t] = basis != "" && !no[t]
	}
	for i := range q.Patient.Consents {
		if basis != "" || need == "" {
			break
		}
		c := &q.Patient.Consents[i]
		if topics := oracleCovers(q, c, need, strict, no); len(topics) > 0 {
			consents = append(consents, c.ID)
			for _, t := range topics {
				given[t] = true
			}
		}
	}
	if len(consents) > 0 {
		basis = need
	}
	if basis == "" {
		return "", nil, nil
	}
	for _, t := range slices.Sorted(maps.Keys(given)) {
		if !given[t] {
			redact = append(redact, t)
		}
	}
	slices.Sort(consents)
	return basis, consents, redact
}
