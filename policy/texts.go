// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"

	"github.com/brobygger/brobygger/bridge"
)

// fallback is the language that stands in for one that there is no text in.
const fallback = "da"

// words are the texts of one language. Languages that only patients read have
// no reasons, remedies and bases; those come in the fallback.
type words struct {
	Language    string                         `json:"language"`
	Name        string                         `json:"name"`
	Reasons     map[bridge.Code]string         `json:"reasons"`
	Remedies    map[bridge.RemedyKind]string   `json:"remedies"`
	Obligations map[bridge.Obligation]string   `json:"obligations"`
	Bases       map[string]string              `json:"bases"`
	Topics      map[bridge.Topic]string        `json:"topics"`
	Purposes    map[bridge.Purpose]string      `json:"purposes"`
	Functions   map[bridge.CareFunction]string `json:"functions"`
	Consent     consentWords                   `json:"consent"`
	Explain     explainWords                   `json:"explain"`
}

// readTexts reads every language of a folder.
func readTexts(files fs.FS) (map[string]*words, error) {
	trees, err := readTrees(files, ".")
	if err != nil {
		return nil, err
	}
	return wordsOf(trees)
}

// wordsOf reads texts by language.
func wordsOf(trees map[string]any) (map[string]*words, error) {
	all := map[string]*words{}
	for name, tree := range trees {
		plain, err := json.Marshal(tree)
		if err != nil {
			return nil, fmt.Errorf("reading texts of %s: %w", name, err)
		}
		w := &words{}
		if err := json.Unmarshal(plain, w); err != nil {
			return nil, fmt.Errorf("reading texts of %s: %w", name, err)
		}
		if w.Language != name {
			return nil, fmt.Errorf("reading texts of %s: they are in %q", name, w.Language)
		}
		all[w.Language] = w
	}
	if all[fallback] == nil {
		return nil, fmt.Errorf("reading texts: none in %q", fallback)
	}
	return all, nil
}

// in returns the texts in a BCP 47 language: in the language itself, or its base
// ("en" for "en-GB"), or the fallback.
func (e *Engine) in(language string) *words {
	language = strings.ToLower(language)
	if w := e.texts[language]; w != nil {
		return w
	}
	base, _, _ := strings.Cut(language, "-")
	if w := e.texts[base]; w != nil {
		return w
	}
	return e.texts[fallback]
}

// word looks a code up in the language, then in the fallback. A code without a
// text stands for itself: it is never hidden.
func word[T ~string](e *Engine, language string, code T, list func(*words) map[T]string) string {
	if s := list(e.in(language))[code]; s != "" {
		return s
	}
	if s := list(e.texts[fallback])[code]; s != "" {
		return s
	}
	return string(code)
}

// Reason implements bridge.Texts. A language that only patients read says it as the
// patient's record does.
func (e *Engine) Reason(code bridge.Code, language string) string {
	if w := e.in(language); w.Reasons[code] == "" && e.log[w.Language] != nil {
		if s := e.log[w.Language].Reasons[string(code)]; s != "" {
			return s
		}
	}
	return word(e, language, code, func(w *words) map[bridge.Code]string { return w.Reasons })
}

// Remedy implements bridge.Texts.
func (e *Engine) Remedy(kind bridge.RemedyKind, language string) string {
	return word(e, language, kind, func(w *words) map[bridge.RemedyKind]string { return w.Remedies })
}

// Basis implements bridge.Texts; in a language that only patients read, likewise.
func (e *Engine) Basis(basis, language string) string {
	if w := e.in(language); w.Bases[basis] == "" && e.log[w.Language] != nil {
		if s := e.log[w.Language].Grounds[basis]; s != "" {
			return s
		}
	}
	return word(e, language, basis, func(w *words) map[string]string { return w.Bases })
}

// Obligation words an obligation.
func (e *Engine) Obligation(o bridge.Obligation, language string) string {
	return word(e, language, o, func(w *words) map[bridge.Obligation]string { return w.Obligations })
}

// Topic words a topic, as it is said to the patient.
func (e *Engine) Topic(t bridge.Topic, language string) string {
	return word(e, language, t, func(w *words) map[bridge.Topic]string { return w.Topics })
}

// Purpose words a purpose, as what is done: "treat you".
func (e *Engine) Purpose(p bridge.Purpose, language string) string {
	return word(e, language, p, func(w *words) map[bridge.Purpose]string { return w.Purposes })
}

// Function words a care function, as it is said to the patient.
func (e *Engine) Function(f bridge.CareFunction, language string) string {
	return word(e, language, f, func(w *words) map[bridge.CareFunction]string { return w.Functions })
}

// Languages lists what the engine has texts for a patient in, and each by its
// own name.
func (e *Engine) Languages() map[string]string {
	out := map[string]string{}
	for code, w := range e.texts {
		out[code] = w.Name
	}
	return out
}
