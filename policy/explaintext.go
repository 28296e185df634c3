// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// explainWords are the headings of an explanation.
type explainWords struct {
	Question   string `json:"question"`
	Party      string `json:"party"`
	Unplaced   string `json:"unplaced"`
	NoFunction string `json:"no_function"`
	Line       string `json:"line"`
	Anybody    string `json:"anybody"`
	InTeam     string `json:"in_team"`
	Routes     string `json:"routes"`
	NoRoute    string `json:"no_route"`
	Consents   string `json:"consents"`
	Objections string `json:"objections"`
	None       string `json:"none"`
	NotNamed   string `json:"not_named"`
	Named      string `json:"named"`
	Covers     string `json:"covers"`
	Yes        string `json:"yes"`
	Part       string `json:"part"`
	No         string `json:"no"`
	Leaves     string `json:"leaves"`
	Until      string `json:"until"`
	Do         string `json:"do"`
	Revision   string `json:"revision"`
}

// WriteText writes the explanation in words, with the codes beside them.
func (x Explanation) WriteText(w io.Writer, language string) error {
	e := x.engine
	words := e.in(language)
	if words.Explain.Question == "" {
		words = e.texts[fallback]
	}
	h, language := words.Explain, words.Language
	var b strings.Builder
	topics := make([]string, len(x.Topics))
	for i, t := range x.Topics {
		topics[i] = string(t)
	}
	fmt.Fprintf(&b, h.Question+"\n", x.Action, nameOf(x.From.Party), nameOf(x.To.Party), strings.Join(topics, ", "), x.Purpose, x.Case)
	for _, s := range []Standing{x.From, x.To} {
		side, functions := s.Side, h.NoFunction
		if side == "" {
			side = h.Unplaced
		}
		if len(s.Functions) > 0 {
			list := make([]string, len(s.Functions))
			for i, f := range s.Functions {
				list[i] = string(f)
			}
			functions = strings.Join(list, ", ")
		}
		fmt.Fprintf(&b, "  "+h.Party+"\n", nameOf(s.Party), s.Role, s.Sector, side, functions)
	}
	x.writeLine(&b, h)
	x.writeRoute(&b, h, language)
	x.writeConsents(&b, h, language)
	x.writeObjections(&b, h)
	x.writeDecision(&b, h, language)
	_, err := io.WriteString(w, b.String())
	return err
}

func nameOf(p bridge.Party) string {
	if p.Ref != "" {
		return string(p.Ref)
	}
	return string(p.Function)
}

// writeLine says who may ring the line, where one is rung.
func (x Explanation) writeLine(b *strings.Builder, h explainWords) {
	if x.Line == nil {
		return
	}
	var who []string
	for _, s := range x.Line.Sectors {
		who = append(who, string(s))
	}
	for _, r := range x.Line.Roles {
		who = append(who, string(r))
	}
	if x.Line.Involved {
		who = append(who, h.InTeam)
	}
	if len(who) == 0 {
		who = append(who, h.Anybody)
	}
	fmt.Fprintf(b, "%s %s\n", h.Line, strings.Join(who, ", "))
}

func (x Explanation) writeRoute(b *strings.Builder, h explainWords, language string) {
	fmt.Fprintf(b, "%s\n", h.Routes)
	any := false
	for _, code := range []string{x.Route.Treating, x.Route.Letter, x.Route.Consent} {
		if code != "" {
			any = true
			fmt.Fprintf(b, "  %s (%s)\n", x.engine.Basis(code, language), code)
		}
	}
	if !any {
		fmt.Fprintf(b, "  %s\n", h.NoRoute)
	}
}

func (x Explanation) writeConsents(b *strings.Builder, h explainWords, language string) {
	fmt.Fprintf(b, "%s\n", h.Consents)
	if len(x.Consents) == 0 {
		fmt.Fprintf(b, "  %s\n", h.None)
	}
	for _, c := range x.Consents {
		if !c.Joins {
			fmt.Fprintf(b, "  %s: %s\n", c.ID, h.NotNamed)
			continue
		}
		if len(c.Covers) > 0 {
			fmt.Fprintf(b, "  %s: %s %v\n", c.ID, h.Covers, c.Covers)
		}
		for _, code := range c.Lacks {
			fmt.Fprintf(b, "  %s: %s (%s)\n", c.ID, x.engine.Reason(code, language), code)
		}
	}
}

func (x Explanation) writeObjections(b *strings.Builder, h explainWords) {
	fmt.Fprintf(b, "%s\n", h.Objections)
	if len(x.Objections) == 0 {
		fmt.Fprintf(b, "  %s\n", h.None)
	}
	for _, o := range x.Objections {
		said := h.NotNamed
		if o.Names {
			said = h.Named
		}
		fmt.Fprintf(b, "  %s: %s\n", o.ID, said)
	}
}

func (x Explanation) writeDecision(b *strings.Builder, h explainWords, language string) {
	e, d := x.engine, x.Decision
	switch {
	case d.Allow && len(d.Redact) > 0:
		fmt.Fprintf(b, "%s %s (%s)\n  %s %v\n", h.Part, e.Basis(d.Basis, language), d.Basis, h.Leaves, d.Redact)
	case d.Allow:
		fmt.Fprintf(b, "%s %s (%s)\n", h.Yes, e.Basis(d.Basis, language), d.Basis)
	default:
		fmt.Fprintf(b, "%s\n", h.No)
	}
	for _, code := range d.Reasons {
		fmt.Fprintf(b, "  %s (%s)\n", e.Reason(code, language), code)
	}
	for _, o := range d.Oblige {
		fmt.Fprintf(b, "  %s (%s)\n", e.Obligation(o, language), o)
	}
	for _, r := range d.Remedies {
		topics := ""
		if r.Scope != nil {
			topics = fmt.Sprintf(" %v", r.Scope.Topics)
		}
		fmt.Fprintf(b, "  %s %s (%s)%s\n", h.Do, e.Remedy(r.Kind, language), r.Kind, topics)
	}
	if !d.ValidUntil.IsZero() {
		fmt.Fprintf(b, "%s %s\n", h.Until, d.ValidUntil.In(e.law.zone).Format(time.RFC3339))
	}
	fmt.Fprintf(b, "%s %s\n", h.Revision, d.Revision)
}
