// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"

	"github.com/brobygger/brobygger/bridge"
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
		if !out.value(kept) {
			out.entries(kept)
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

// entries prints each entry as the sentence that the bridge has for it.
func (p *printer) entries(all []bridge.EntryView) {
	if len(all) == 0 {
		p.tell("no entries")
	}
	for _, e := range all {
		p.printf("%4d  %s\n", e.Entry.Seq, e.Sentence)
	}
}
