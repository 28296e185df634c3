// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridgetest

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/brobygger/brobygger/bridge"
)

var mids atomic.Uint64

// MID is a client's own id that was not used before.
func MID() string { return fmt.Sprintf("mid-%08d", mids.Add(1)) }

// Talk is a conversation about jens for care coordination, unless the members
// say otherwise, opened by the first name with the others.
func (w *World) Talk(purpose bridge.Purpose, opener string, members ...string) bridge.Conversation {
	w.tb.Helper()
	return w.TalkAbout("jens", purpose, "", opener, members...)
}

// TalkAbout is Talk about any patient, in a case.
func (w *World) TalkAbout(p bridge.PatientID, purpose bridge.Purpose, matter, opener string, members ...string) bridge.Conversation {
	w.tb.Helper()
	n := bridge.NewConversation{MID: MID(), Patient: p, Purpose: purpose, Case: matter}
	for _, m := range members {
		n.Members = append(n.Members, Party(m))
	}
	conv, err := w.Open(w.tb.Context(), w.As(opener), n)
	if err != nil {
		w.tb.Fatalf("%s opens a conversation: %v", opener, err)
	}
	return conv
}

// Draft is a message of one part.
func Draft(conv bridge.Conversation, text string, topics ...bridge.Topic) bridge.Draft {
	return bridge.Draft{MID: MID(), Conversation: conv.ID, Parts: []bridge.Part{{Topics: topics, Text: text}}}
}

// MustSend sends, and fails the test when that is refused.
func (w *World) MustSend(from string, d bridge.Draft) bridge.Sent {
	w.tb.Helper()
	sent, err := w.Send(w.tb.Context(), w.As(from), d)
	if err != nil {
		w.tb.Fatalf("%s sends: %v", from, err)
	}
	return sent
}

// Reader is a client that keeps the rules: it asks from its place on, checks that
// n has no gap, and says that it showed what it was given.
type Reader struct {
	w    *World
	name string
	n    uint64
}

// Reader starts a reader at the beginning of somebody's log.
func (w *World) Reader(name string) *Reader { return &Reader{w: w, name: name} }

// Next fetches what is new and shows it.
func (r *Reader) Next() []bridge.Delivered {
	r.w.tb.Helper()
	got := r.Fetch()
	var shown []bridge.DisclosureID
	for _, d := range got {
		if d.Disclosure != "" {
			shown = append(shown, d.Disclosure)
		}
	}
	if err := r.w.Close(r.w.tb.Context(), r.w.As(r.name), shown, bridge.DisclosureShown); err != nil {
		r.w.tb.Fatalf("%s acknowledges: %v", r.name, err)
	}
	return got
}

// Fetch fetches what is new, and says nothing of what it did with it.
func (r *Reader) Fetch() []bridge.Delivered {
	r.w.tb.Helper()
	var all []bridge.Delivered
	for more := true; more; {
		var got []bridge.Delivered
		var err error
		got, more, err = r.w.Deliver(r.w.tb.Context(), r.w.As(r.name), bridge.Claimant{Session: "test", Fresh: true}, r.n, 100)
		if err != nil {
			r.w.tb.Fatalf("delivering to %s: %v", r.name, err)
		}
		for _, d := range got {
			if d.Event.N != r.n+1 {
				r.w.tb.Fatalf("%s got n %d behind %d", r.name, d.Event.N, r.n)
			}
			r.n = d.Event.N
		}
		all = append(all, got...)
	}
	return all
}

// Texts are the words of the messages among events, "…" for a withheld part and
// "-" and the reasons for a message that is withheld whole.
func Texts(events []bridge.Delivered) []string {
	out := []string{}
	for _, d := range events {
		switch {
		case d.Event.Kind != bridge.EventMessage:
		case d.Message == nil:
			out = append(out, fmt.Sprint("-", d.Withheld))
		default:
			text := ""
			for _, p := range d.Message.Parts {
				if p.Withheld {
					text += "…"
				}
				text += p.Text
			}
			out = append(out, text)
		}
	}
	return out
}

// Kinds are the kinds of events.
func Kinds(events []bridge.Delivered) []bridge.EventKind {
	out := make([]bridge.EventKind, len(events))
	for i, d := range events {
		out[i] = d.Event.Kind
	}
	return out
}

// Scope is a scope between two sides, both ways, for a year.
func Scope(from, to string, purpose bridge.Purpose, matter string, topics ...bridge.Topic) bridge.Scope {
	return bridge.Scope{
		From: []bridge.Party{Party(from)}, To: []bridge.Party{Party(to)}, Both: true,
		Topics: topics, Purposes: []bridge.Purpose{purpose}, Case: matter,
		Period: bridge.Period{End: Noon.AddDate(0, 6, 0)},
	}
}

// Consent has somebody grant a scope, on the text as it is shown to them.
func (w *World) Consent(by string, p bridge.PatientID, s bridge.Scope) bridge.Consent {
	w.tb.Helper()
	c := w.As(by)
	text, err := w.ConsentText(w.tb.Context(), c, p, s, "da")
	if err != nil {
		w.tb.Fatalf("wording the consent: %v", err)
	}
	consent, err := w.Grant(w.tb.Context(), c, bridge.NewGrant{MID: MID(), Patient: p, Scope: &s, Language: "da", TextHash: text.Hash})
	if err != nil {
		w.tb.Fatalf("%s grants: %v", by, err)
	}
	return consent
}

// Answer has the patient say yes to a request.
func (w *World) Answer(by string, r bridge.ConsentRequest) bridge.Consent {
	w.tb.Helper()
	c := w.As(by)
	text, err := w.ConsentText(w.tb.Context(), c, r.Patient, r.Scope, "da")
	if err != nil {
		w.tb.Fatalf("wording the consent: %v", err)
	}
	consent, err := w.Grant(w.tb.Context(), c, bridge.NewGrant{MID: MID(), Patient: r.Patient, Request: r.ID, Language: "da", TextHash: text.Hash})
	if err != nil {
		w.tb.Fatalf("%s answers yes: %v", by, err)
	}
	return consent
}

// MustDeny checks that err is a denial with the code and, if any are named, with
// these reasons.
func MustDeny(tb testing.TB, err error, code bridge.Code, reasons ...bridge.Code) *bridge.Error {
	tb.Helper()
	var e *bridge.Error
	if !errors.As(err, &e) || e.Code != code {
		tb.Fatalf("got %v, want %s", err, code)
	}
	for _, r := range reasons {
		if e.Decision == nil || !slices.Contains(e.Decision.Reasons, r) {
			tb.Fatalf("got %+v, want reason %s", e.Decision, r)
		}
	}
	return e
}
