// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir

import (
	"strings"

	"github.com/brobygger/brobygger/bridge"
)

// scope reads what a permit permits. Who may receive are the actors with the
// role IRCP (IHE PCF knows no other); who may disclose is in our extension, or
// the actors CST and AUT, or the consent's organization. What makes the permit
// narrower and has no place in a bridge.Scope makes it refused.
func (c *conversion) scope(n, p node) (s bridge.Scope, refused Reason) {
	for _, key := range []string{"class", "code", "data", "dataPeriod"} {
		if p.get(key).ok() {
			return s, RestrictionNotSup
		}
	}
	if !discloses(p) {
		return s, RestrictionNotSup
	}
	if s.From, s.To, refused = c.parties(n, p); refused != "" {
		return s, refused
	}
	own := n.extension(ExtScope)
	s.Both = own.extension("bothWays").flag("valueBoolean", false)
	s.Case = own.extension("case").str("valueString")
	if s.Topics = permittedTopics(p); len(s.To) == 0 || len(s.Topics) == 0 {
		return s, TooGeneral
	}
	if s.Topics, refused = except(p, s.Topics); refused != "" {
		return s, refused
	}
	s.Purposes = permittedPurposes(p)
	s.Period = p.get("period").period(c.loc)
	switch {
	case len(s.From) == 0:
		return s, NoDiscloser
	case len(s.Purposes) == 0:
		return s, NoPurpose
	}
	return s, ""
}

// discloses reports whether a permit covers disclosure: it names no action, or
// names that one.
func discloses(p node) bool {
	actions := p.list("action")
	for _, a := range actions {
		if has(a.codings(), systemAction, "disclose") {
			return true
		}
	}
	return len(actions) == 0
}

func (c *conversion) parties(n, p node) (from, to []bridge.Party, refused Reason) {
	for _, a := range p.list("actor") {
		party, refused := c.party(a.get("reference"))
		if refused != "" {
			return nil, nil, refused
		}
		switch role := a.get("role").codings(); {
		case has(role, systemPartType, "IRCP"), has(role, systemPartType, "PRCP"):
			to = addParty(to, party)
		case has(role, systemPartType, "CST"), has(role, systemPartType, "AUT"):
			from = addParty(from, party)
		default:
			return nil, nil, PartyNotSupported
		}
	}
	var more []node
	for _, e := range n.extension(ExtScope).extensions("discloser") {
		more = append(more, e.get("valueReference"))
	}
	if len(more) == 0 && len(from) == 0 {
		more = n.list("organization")
	}
	for _, ref := range more {
		party, refused := c.party(ref)
		if refused != "" {
			return nil, nil, refused
		}
		from = addParty(from, party)
	}
	return from, to, ""
}

func addParty(list []bridge.Party, p bridge.Party) []bridge.Party {
	for _, q := range list {
		if q == p {
			return list
		}
	}
	return append(list, p)
}

// permittedTopics reads the labels of a permit; several mean any of them. Where
// labels of ours are among them only those count: HL7's beside them are the
// nearest ones and may be wider. What we have no topic for is not permitted.
func permittedTopics(p node) []bridge.Topic {
	var own, others []bridge.Topic
	for _, l := range p.list("securityLabel") {
		k := l.coding()
		t := topicOf(k.system, k.code)
		switch {
		case t == "":
			l.note(LabelIgnored)
		case k.system == SystemTopic:
			own = append(own, t)
		default:
			others = append(others, t)
		}
	}
	if len(own) > 0 {
		return once(own)
	}
	return once(others)
}

func permittedPurposes(p node) []bridge.Purpose {
	var own, others []bridge.Purpose
	for _, l := range p.list("purpose") {
		k := l.coding()
		u := purposeOf(k.system, k.code)
		switch {
		case u == "":
			l.note(PurposeIgnored)
		case k.system == SystemPurpose:
			own = append(own, u)
		default:
			others = append(others, u)
		}
	}
	if len(own) > 0 {
		return once(own)
	}
	return once(others)
}

// except takes the topics of the exceptions out. An exception about part of a
// topic takes the whole topic out. An exception that says more than topics can't
// be kept.
func except(p node, topics []bridge.Topic) ([]bridge.Topic, Reason) {
	for _, e := range p.list("provision") {
		if e.str("type") != "deny" {
			return nil, NestedPermit
		}
		rules, _ := e.v.(object)
		for key := range rules {
			if key != "type" && key != "securityLabel" && key != "id" {
				return nil, ExceptionNotKept
			}
		}
		out := e.list("securityLabel")
		if len(out) == 0 {
			return nil, ExceptionNotKept
		}
		for _, l := range out {
			t := deniedTopic(l.coding())
			if t == "" {
				return nil, ExceptionNotKept
			}
			topics = without(topics, t)
		}
		if len(topics) == 0 {
			return nil, ExceptionNotKept
		}
	}
	return topics, ""
}

// deniedTopic is the topic that a no is about; part of a topic counts as all of it.
func deniedTopic(k coding) bridge.Topic {
	if t := topicOf(k.system, k.code); t != "" {
		return t
	}
	if k.system == systemActCode {
		return narrower[strings.ToUpper(k.code)]
	}
	return ""
}

func without(list []bridge.Topic, t bridge.Topic) []bridge.Topic {
	var kept []bridge.Topic
	for _, o := range list {
		if o != t {
			kept = append(kept, o)
		}
	}
	return kept
}

// once keeps the first of each.
func once[T comparable](list []T) []T {
	var kept []T
	seen := map[T]bool{}
	for _, v := range list {
		if !seen[v] {
			seen[v] = true
			kept = append(kept, v)
		}
	}
	return kept
}
