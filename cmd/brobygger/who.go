// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/api"
)

// people are the names that the bridge told this caller. Whoever it does not tell
// of stays a reference.
type people struct {
	remote remote
	role   bridge.Ref // that the caller acts in

	mu    sync.Mutex                   // guards the following field
	known map[bridge.Ref]*bridge.Named // nil: was asked for, and is not told
}

// namesWithin is how long names are waited for: they only make things readable.
const namesWithin = 3 * time.Second

// learn asks for the names of those who are not known yet, around the patient. For
// scripts it asks nothing; what it is not answered stays unknown.
func (p *printer) learn(ctx context.Context, patient bridge.PatientID, refs ...bridge.Ref) {
	if p.json || p.people == nil {
		return
	}
	missing := p.people.missing(refs)
	for part := range slices.Chunk(missing, bridge.MaxNames) {
		p.people.ask(ctx, p.language, patient, part)
	}
}

func (w *people) missing(refs []bridge.Ref) []bridge.Ref {
	w.mu.Lock()
	defer w.mu.Unlock()
	var missing []bridge.Ref
	for _, r := range refs {
		if _, ok := w.known[r]; !ok && r.Validate() == nil && !slices.Contains(missing, r) {
			missing = append(missing, r)
		}
	}
	return missing
}

func (w *people) ask(ctx context.Context, language string, patient bridge.PatientID, refs []bridge.Ref) {
	ctx, cancel := context.WithTimeout(ctx, namesWithin)
	defer cancel()
	body, err := json.Marshal(map[string]any{"patient": patient, "refs": refs})
	if err != nil {
		panic(err) // our own types always encode
	}
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	if w.role != "" {
		h.Set(api.HeaderRole, string(w.role))
	}
	var got struct {
		Items []bridge.Named `json:"items"`
	}
	if w.remote.call(ctx, language, http.MethodPost, "/api/v1/names", h, bytes.NewReader(body), &got) != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.known == nil {
		w.known = map[bridge.Ref]*bridge.Named{}
	}
	for _, r := range refs {
		w.known[r] = nil
	}
	for _, n := range got.Items {
		w.known[n.Ref] = &n
	}
}

// named is who stands behind a reference; nil where the bridge did not tell.
func (p *printer) named(r bridge.Ref) *bridge.Named {
	if p.people == nil {
		return nil
	}
	p.people.mu.Lock()
	defer p.people.mu.Unlock()
	return p.people.known[r]
}

// name says who somebody is: name, title, organization; or the id of who is not
// known.
func (p *printer) name(r bridge.Ref) string {
	n := p.named(r)
	if n == nil || n.Name == "" {
		return p.apart(shortRef(r))
	}
	text := n.Name
	for _, more := range []string{n.Title, n.Organization} {
		if more != "" {
			text += ", " + more
		}
	}
	return p.apart(text)
}

// patient is name for a patient.
func (p *printer) patient(id bridge.PatientID) string { return p.name(id.Ref()) }

// party is name for whoever is meant: a person, a unit, a care function.
func (p *printer) party(x bridge.Party) string {
	if x.Function != "" {
		return code(p, "function", x.Function)
	}
	return p.name(x.Ref)
}

func (p *printer) parties(all []bridge.Party) string {
	texts := make([]string, len(all))
	for i, x := range all {
		texts[i] = p.party(x)
	}
	return p.listing(texts, "; ")
}

// refsOf are the references among parties.
func refsOf(all ...[]bridge.Party) []bridge.Ref {
	var refs []bridge.Ref
	for _, ps := range all {
		for _, x := range ps {
			if x.Ref != "" {
				refs = append(refs, x.Ref)
			}
		}
	}
	return refs
}

// refsOfScope are those whom a scope names.
func refsOfScope(s bridge.Scope) []bridge.Ref { return refsOf(s.From, s.To) }
