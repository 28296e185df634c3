// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"strings"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/policy"
)

// actions are what a question asks.
var actions = map[bridge.Action]string{
	bridge.ActionSend: "may write to",
	bridge.ActionRead: "may be read by",
	bridge.ActionSee:  "may be known to",
	bridge.ActionRing: "may ring",
}

// explain prints each question with its answer and the ground of it.
func (p *printer) explain(seen []asked) {
	for _, a := range seen {
		from, to := whoever(a.From), whoever(a.To)
		answer := p.bold("yes")
		if !a.Answer.Allow {
			answer = p.red("no")
		}
		p.printf("%s %s %s: %s\n", p.bold(from), actions[a.Action], p.bold(to), answer)
		p.looked(a.Seen)
		p.ground(a.Answer)
	}
}

// whoever is somebody's name, or nobody's yet.
func whoever(r bridge.Ref) string {
	if r == "" {
		return "whoever would have this function"
	}
	return shortRef(r)
}

// looked prints who the two are under the law, and which consents and objections
// were looked at.
func (p *printer) looked(x *policy.Explanation) {
	if x == nil {
		return
	}
	for _, s := range []policy.Standing{x.From, x.To} {
		words := []string{string(s.Role), string(s.Sector)}
		if len(s.Functions) > 0 {
			words = append(words, listed(s.Functions))
		}
		p.printf("  %-9s %s\n", shortRef(s.Party.Ref), p.dim(strings.Join(words, ", ")))
	}
	for _, c := range x.Consents {
		switch {
		case !c.Joins:
			p.printf("  consent   %s is between others\n", c.ID)
		case len(c.Lacks) > 0:
			p.printf("  consent   %s does not count: %s\n", c.ID, listed(c.Lacks))
		default:
			p.printf("  consent   %s covers %s\n", c.ID, listed(c.Covers))
		}
	}
	for _, o := range x.Objections {
		if o.Names {
			p.printf("  objection %s names who would receive\n", o.ID)
		}
	}
}

// ground prints what a decision rests on.
func (p *printer) ground(d bridge.Decision) {
	texts := p.texts()
	if d.Basis != "" {
		p.printf("  basis     %s %s\n", texts.Basis(d.Basis, p.language), p.dim("("+d.Basis+")"))
	}
	for _, id := range d.Consents {
		p.printf("  rests on  %s\n", id)
	}
	if len(d.Redact) > 0 {
		p.printf("  without   %s\n", listed(d.Redact))
	}
	p.reasons("  because   ", d.Reasons)
	for _, o := range d.Oblige {
		p.printf("  with it   %s\n", texts.Obligation(o, p.language))
	}
	for _, r := range d.Remedies {
		p.printf("  remedy    %s\n", texts.Remedy(r.Kind, p.language))
		if r.Scope != nil {
			p.scope("              ", *r.Scope)
		}
	}
	holds := ""
	if !d.ValidUntil.IsZero() {
		holds = ", holds until " + p.when(d.ValidUntil) + " unless something changes"
	}
	p.printf("  policy    %s%s\n", d.Revision, holds)
}
