// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"strings"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
	"github.com/brobygger/brobygger/bridge/wire"
	brobygger "github.com/brobygger/brobygger/clients/go"
)

type logCmd struct {
	ofPatient
	After uint64 `help:"Only what stands behind this number." placeholder:"N"`
	Kind  string `help:"Only entries of this kind: disclosed, denied, emergency, ..." placeholder:"KIND"`
}

// Run prints a patient's record in words, oldest first.
func (l *logCmd) Run(ctx context.Context, out *printer) error {
	return l.do(ctx, out, func(ctx context.Context, c *brobygger.Client, p bridge.PatientID) error {
		all, err := allEntries(ctx, c, p, l.After)
		if err != nil {
			return err
		}
		kept := []bridge.EntryView{}
		for _, e := range all {
			if l.Kind == "" || string(e.Entry.Kind) == l.Kind {
				kept = append(kept, e)
			}
		}
		if out.value(kept) {
			return nil
		}
		if len(kept) == 0 {
			out.printf("There is nothing in the record.\n")
		}
		for _, e := range kept {
			out.entry(e)
		}
		return nil
	})
}

// allEntries reads the record to its end.
func allEntries(ctx context.Context, c *brobygger.Client, p bridge.PatientID, after uint64) ([]bridge.EntryView, error) {
	var all []bridge.EntryView
	for {
		part, more, err := c.Entries(ctx, wire.EntriesAfter{Patient: p, After: after, Limit: wire.MaxEntries})
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
		if !more || len(part) == 0 {
			return all, nil
		}
		after = part[len(part)-1].Entry.Seq
	}
}

// kinds are the kinds of entries as sentences; BY is who acted, TO who got it.
var kinds = map[ledger.Kind]string{
	ledger.KindAccepted:   "BY wrote to TO",
	ledger.KindDenied:     "BY was refused",
	ledger.KindDisclosed:  "TO was shown what BY wrote",
	ledger.KindHeld:       "a message of BY waits for your answer",
	ledger.KindReturned:   "a message of BY went back",
	ledger.KindReleased:   "TO may be shown after all what BY wrote",
	ledger.KindAmended:    "BY changed a message",
	ledger.KindAttached:   "BY put in a file",
	ledger.KindOpened:     "BY opened a conversation",
	ledger.KindSeen:       "TO looked you up",
	ledger.KindRequested:  "BY asked for your consent",
	ledger.KindGranted:    "BY gave a consent",
	ledger.KindDeclined:   "BY declined a request",
	ledger.KindWithdrawn:  "BY took a consent back",
	ledger.KindExpired:    "a consent or a request ran out",
	ledger.KindObjected:   "BY said no to somebody",
	ledger.KindLifted:     "BY took a no back",
	ledger.KindEmergency:  "BY broke the glass",
	ledger.KindReviewed:   "BY looked into an emergency access",
	ledger.KindRegistered: "who is around you was registered",
}

// acts are those kinds whose sentence depends on what was done.
var acts = map[string]string{
	"denied send":            "BY was not allowed to write to TO",
	"denied read":            "TO was not shown what BY wrote",
	"denied see":             "TO was not told about BY",
	"seen team":              "TO looked up who is around you",
	"seen presence":          "TO looked up who of those around you can be reached",
	"seen list":              "TO looked through conversations about you",
	"seen emergency":         "BY was shown an emergency access, to review it",
	"denied review":          "BY was not allowed to review an emergency access",
	"reviewed justified":     "BY looked into an emergency access: it was justified",
	"reviewed not-justified": "BY looked into an emergency access: it was not justified",
	"reviewed referred":      "BY looked into an emergency access, and passed it on",
	"seen consents":          "TO looked up what you have agreed to",
	"seen preview":           "BY looked up who would see a message about you",
}

// entry prints one entry as a sentence, with its ground.
func (p *printer) entry(v bridge.EntryView) {
	p.printf("%4d  %s  %s\n", v.Entry.Seq, p.when(v.Entry.Time), p.sentence(v))
	for _, w := range v.Why {
		p.printf("        %s\n", p.dim(w))
	}
}

// sentence words one entry.
func (p *printer) sentence(v bridge.EntryView) string {
	e := v.Entry
	named := func(name, ref string) string {
		switch {
		case name != "":
			return p.bold(name)
		case ref != "":
			return p.bold(shortRef(bridge.Ref(ref)))
		}
		return "several people"
	}
	form, ok := acts[string(e.Kind)+" "+e.Action]
	if !ok {
		form, ok = kinds[e.Kind]
	}
	if !ok {
		form = "BY: " + string(e.Kind)
	}
	text := strings.NewReplacer("BY", named(v.By, e.By), "TO", named(v.To, e.To)).Replace(form)
	if len(e.Topics) > 0 {
		text += ", about " + strings.Join(e.Topics, ", ")
	}
	if len(e.Redacted) > 0 {
		text += ", without " + strings.Join(e.Redacted, ", ")
	}
	return text
}
