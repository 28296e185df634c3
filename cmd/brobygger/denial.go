// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"strings"

	"github.com/brobygger/brobygger/bridge"
	brobygger "github.com/brobygger/brobygger/clients/go"
)

// denialJSON is a refusal for scripts.
type denialJSON struct {
	Error    string          `json:"error"`
	Code     bridge.Code     `json:"code"`
	Reasons  []reasonJSON    `json:"reasons"`
	Remedies []bridge.Remedy `json:"remedies"`
}

type reasonJSON struct {
	Code bridge.Code `json:"code"`
	Text string      `json:"text"`
}

// denial prints a no: every reason in words, and what to do about it. next turns
// a remedy into the command to type, "" where there is none.
func (p *printer) denial(e *brobygger.ConsentError, next func(bridge.Remedy) string) {
	reasons := e.Reasons
	if len(reasons) == 0 {
		reasons = []bridge.Code{e.Code}
	}
	if p.json {
		d := denialJSON{Error: "denied", Code: e.Code, Reasons: []reasonJSON{}, Remedies: e.Remedies}
		for _, r := range reasons {
			d.Reasons = append(d.Reasons, reasonJSON{r, p.texts().Reason(r, p.language)})
		}
		p.value(d)
		return
	}
	p.printf("%s\n", p.red(p.say("not permitted")))
	p.reasons("  ", reasons)
	for i, r := range e.Remedies {
		if i == 0 {
			p.tell("what now")
		}
		p.printf("  - %s\n", p.texts().Remedy(r.Kind, p.language))
		if next == nil {
			continue
		}
		if command := next(r); command != "" {
			p.command("      ", command)
		}
	}
}

// reasons prints each reason in words, and its code for who looks it up.
func (p *printer) reasons(mark string, codes []bridge.Code) {
	for _, r := range codes {
		p.printf("%s%s %s\n", mark, p.texts().Reason(r, p.language), p.dim("("+string(r)+")"))
	}
}

// scope words a scope on a few lines.
func (p *printer) scope(mark string, s bridge.Scope) {
	arrow := " -> " // it is mirrored where one reads from right to left
	if s.Both {
		arrow = " <-> "
	}
	p.field(mark, "between", p.parties(s.From)+arrow+p.parties(s.To))
	p.field(mark, "about", p.topics(s.Topics))
	p.field(mark, "for", p.purposes(s.Purposes))
	if s.Case != "" {
		p.field(mark, "case", p.apart(s.Case))
	}
	if !s.Period.End.IsZero() {
		p.field(mark, "until", p.when(s.Period.End))
	}
}

// quote makes a shell word of a text.
func quote(text string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=,@", r)
	}
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 {
		return text
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(text) + `"`
}
