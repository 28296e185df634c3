// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/util"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
)

//go:embed texts/log/*.yaml
var logTexts embed.FS

// logWords are the sentences of a patient's record in one language.
type logWords struct {
	Language string                     `json:"language"`
	Sentence string                     `json:"sentence"`
	Topics   string                     `json:"topics"`
	Redacted string                     `json:"redacted"`
	Why      string                     `json:"why"`
	As       string                     `json:"as"`       // a name with a role
	You      [2]string                  `json:"you"`      // as the subject of a sentence, and else
	Several  [2]string                  `json:"several"`  // likewise
	Line     string                     `json:"line"`     // a line whose name is not known
	Somebody string                     `json:"somebody"` // who was rung, where it is not known
	Ended    string                     `json:"ended"`    // why a ring or a talk ended, where nobody ended it
	Long     longWords                  `json:"long"`
	Refused  string                     `json:"refused"` // why, where no reason has words of its own
	Acts     map[string]string          `json:"acts"`    // by kind, or kind and action
	Grounds  map[string]string          `json:"grounds"` // by legal basis
	Reasons  map[string]string          `json:"reasons"` // of a denial
	Roles    map[bridge.RoleCode]string `json:"roles"`
}

// readLogTexts reads every language.
func readLogTexts() (map[string]*logWords, error) {
	names, err := fs.Glob(logTexts, "texts/log/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("reading the record's texts: %w", err)
	}
	all := map[string]*logWords{}
	for _, name := range names {
		raw, err := logTexts.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading the record's texts: %w", err)
		}
		var tree map[string]any
		if err := util.Unmarshal(raw, &tree); err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		plain, err := json.Marshal(tree)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		w := &logWords{}
		if err := json.Unmarshal(plain, w); err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		all[w.Language] = w
	}
	if all[fallback] == nil {
		return nil, fmt.Errorf("reading the record's texts: none in %q", fallback)
	}
	return all, nil
}

// Sentence implements bridge.Texts: when, who, as what, what was done, about
// which topics, and why it was allowed or refused. A name that is empty is the
// patient's, who reads it, where the entry is by or to the patient; elsewhere it
// is not known, and its reference stands for it.
func (e *Engine) Sentence(entry ledger.Entry, by, to, language string) string {
	w := e.in(language)
	l := e.log[w.Language]
	if l == nil {
		w, l = e.texts[fallback], e.log[fallback]
	}
	what := l.act(&entry)
	first := l.party(w, entry.Patient, entry.By, by, entry.ByRole)
	second := l.party(w, entry.Patient, entry.To, to, entry.ToRole)
	if named := l.rung(&entry, to); named != "" {
		second = [2]string{named, named}
	}
	if entry.To == "" && entry.By != "" && !strings.Contains(what, "{by") {
		second = first // who looked is told in one of the two
	}
	what = fill(what, "by", first[0], "by_", first[1], "to", second[0], "to_", second[1], "long", l.Long.of(entry.Seconds))
	parts := []string{fill(l.Sentence, "when", e.instant(&w.Consent, entry.Time), "what", what)}
	if len(entry.Topics) > 0 {
		parts = append(parts, fill(l.Topics, "topics", e.topicWords(w, entry.Topics)))
	}
	if len(entry.Redacted) > 0 {
		parts = append(parts, fill(l.Redacted, "topics", e.topicWords(w, entry.Redacted)))
	}
	if rings(entry.Kind) && len(entry.Reasons) > 0 {
		parts = append(parts, fill(l.Ended, "why", l.reasons(entry.Reasons)))
	}
	if why := l.why(entry); why != "" {
		parts = append(parts, fill(l.Why, "why", why))
	}
	return strings.Join(parts, " ")
}

// party names somebody, as the subject of a sentence and else.
func (l *logWords) party(w *words, patient, ref, name, role string) [2]string {
	switch {
	case ref == "" && name == "":
		return l.Several
	case name == "" && ref == string(bridge.PatientID(patient).Ref()):
		return l.You
	case name == "":
		name = bridge.Ref(ref).ID()
	}
	name = w.isolate(oneLine(name))
	if r := l.Roles[bridge.RoleCode(role)]; r != "" {
		name = fill(l.As, "name", name, "role", r)
	}
	return [2]string{name, name}
}

func (e *Engine) topicWords(w *words, topics []string) string {
	var out []string
	for _, t := range topics {
		out = append(out, e.Topic(bridge.Topic(t), w.Language))
	}
	return join(&w.Consent, out)
}

// why is the ground of an entry in plain words: that of the law, or the first
// reasons of a denial that have words.
func (l *logWords) why(e ledger.Entry) string {
	if e.Kind != ledger.KindDenied {
		return l.Grounds[e.Basis]
	}
	return l.reasons(e.Reasons)
}

// reasons are the first that have words.
func (l *logWords) reasons(all []string) string {
	var out []string
	for _, r := range all {
		if s := l.Reasons[r]; s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		return l.Refused
	}
	return strings.Join(out, "; ")
}
