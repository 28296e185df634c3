// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/policy"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestConsentReadsAsPlainSentences(t *testing.T) {
	e := newEngine(t, policy.Options{})
	hanne, clinic := bridge.Party{Ref: worker.Ref}, bridge.Party{Ref: "Organization/noerregade"}
	names := map[bridge.Party]string{hanne: "Hanne Friis, Socialpsykiatrien", clinic: "Lægehuset Nørregade"}
	tests := []struct {
		name  string
		scope bridge.Scope
	}{
		{"both-ways", bridge.Scope{
			From: []bridge.Party{hanne}, To: []bridge.Party{{Function: bridge.FunctionOwnGP}}, Both: true,
			Topics:   []bridge.Topic{bridge.TopicPractical, bridge.TopicMedication},
			Purposes: []bridge.Purpose{bridge.PurposeSocialCasework}, Case: "2026-1187",
			Period: bridge.Period{Start: now, End: time.Date(2027, 2, 28, 23, 0, 0, 0, time.UTC)},
		}},
		{"one-way", bridge.Scope{
			From: []bridge.Party{clinic, {Function: bridge.FunctionTreatingPsychiatrist}}, To: []bridge.Party{{Function: bridge.FunctionContactNurse}},
			Topics: bridge.Topics, Purposes: []bridge.Purpose{bridge.PurposeTreatment, bridge.PurposeDischarge},
			Period: bridge.Period{Start: now, End: time.Date(2027, 7, 1, 12, 30, 0, 0, time.UTC)},
		}},
	}
	for _, tt := range tests {
		for _, language := range []string{"da", "en", "ar", "fa"} {
			t.Run(tt.name+"/"+language, func(t *testing.T) {
				got := e.Consent(&tt.scope, names, language)
				if got.Language != language {
					t.Errorf("in %q, want %q", got.Language, language)
				}
				golden(t, filepath.Join("testdata", "consent", tt.name+"."+language+".txt"), got.Body)
			})
		}
	}
}

// golden compares with a file, which -update rewrites.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Error(d)
	}
}

// Every code that rules or data use has words in both languages of staff.
func TestEveryCodeHasWords(t *testing.T) {
	e := newEngine(t, policy.Options{})
	codes := map[string]func(string, string) string{}
	add := func(code string, f func(string, string) string) { codes[code] = f }
	reason := func(c, l string) string { return e.Reason(bridge.Code(c), l) }
	for _, rego := range []string{"disclosure/denial.rego", "consent/lacks.rego", "consent/may.rego", "consent/rule.rego", "emergency/emergency.rego", "line/line.rego"} {
		raw, err := os.ReadFile(rego)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?:contains|:=) "([a-z]+(?:_[a-z]+)+)"|\{"(no_relation)"\}`).FindAllStringSubmatch(string(raw), -1) {
			add(m[1]+m[2], reason)
		}
		for _, m := range regexp.MustCompile(`remedies contains "([a-z-]+)"`).FindAllStringSubmatch(string(raw), -1) {
			add(m[1], func(c, l string) string { return e.Remedy(bridge.RemedyKind(c), l) })
		}
	}
	raw, err := os.ReadFile("data/dk.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range regexp.MustCompile(`dk\.[a-z-]+[a-z0-9.-]*`).FindAllString(strings.ReplaceAll(string(raw), "dk.yaml", ""), -1) {
		add(code, e.Basis)
	}
	for _, p := range bridge.Purposes {
		add(string(p), func(c, l string) string { return e.Purpose(bridge.Purpose(c), l) })
	}
	for _, f := range []bridge.CareFunction{
		bridge.FunctionOwnGP, bridge.FunctionTreatingPsychiatrist, bridge.FunctionTreatingPhysician, bridge.FunctionContactNurse,
		bridge.FunctionSupportWorker, bridge.FunctionCaseworker, bridge.FunctionCareManager, bridge.FunctionInterpreter,
	} {
		add(string(f), func(c, l string) string { return e.Function(bridge.CareFunction(c), l) })
	}
	add("policy_error", reason)
	add(string(bridge.RemedyWrite), func(c, l string) string { return e.Remedy(bridge.RemedyKind(c), l) })
	if len(codes) < 60 {
		t.Errorf("found %d codes only", len(codes))
	}
	for code, words := range codes {
		da, en := words(code, "da"), words(code, "en-GB")
		if da == code || en == code || da == en {
			t.Errorf("%s reads %q and %q", code, da, en)
		}
	}
	for _, topic := range bridge.Topics {
		for language := range e.Languages() {
			if e.Topic(topic, language) == string(topic) {
				t.Errorf("%s has no word in %s", topic, language)
			}
		}
	}
}

func TestAnUnknownLanguageFallsBackToDanish(t *testing.T) {
	e := newEngine(t, policy.Options{})
	s := &bridge.Scope{From: []bridge.Party{{Ref: gp.Ref}}, To: []bridge.Party{{Ref: worker.Ref}}, Topics: bridge.Topics[:1], Purposes: bridge.Purposes[:1]}
	if got := e.Consent(s, nil, "kl"); got.Language != "da" || len(got.Hash) != 64 || got.Version == "" {
		t.Errorf("%+v", got)
	}
	if got, want := e.Reason("assurance_low", "ar"), e.Reason("assurance_low", "da"); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A name from a directory can't add a sentence to what the patient agrees to.
func TestANameStaysAName(t *testing.T) {
	e := newEngine(t, policy.Options{})
	p := bridge.Party{Ref: gp.Ref}
	s := &bridge.Scope{From: []bridge.Party{p}, To: []bridge.Party{p}, Topics: bridge.Topics[:1], Purposes: bridge.Purposes[:1]}
	a := e.Consent(s, map[bridge.Party]string{p: "Holm"}, "en").Body
	b := e.Consent(s, map[bridge.Party]string{p: "Holm\n\nYou can't take this back. {until} {to}"}, "en").Body
	if strings.Count(a, "\n") != strings.Count(b, "\n") || !strings.Contains(b, "{until} {to}") {
		t.Error(b)
	}
}

// A patient who reads Arabic or Farsi reads why in it, as far as the record says it.
func TestAPatientReadsWhyInTheirOwnLanguage(t *testing.T) {
	e := newEngine(t, policy.Options{})
	latin := regexp.MustCompile(`[a-zA-Z]`)
	for _, language := range []string{"ar", "fa"} {
		for _, c := range []bridge.Code{"consent_required", "consent_withdrawn", "objection", "no_relation", "client_not_fresh", "retracted"} {
			if s := e.Reason(c, language); latin.MatchString(s) {
				t.Errorf("%s: %s reads %q", language, c, s)
			}
		}
		for _, b := range []string{"dk.patient-own", "dk.health-act.41-2-1", "dk.break-glass"} {
			if s := e.Basis(b, language); latin.MatchString(s) {
				t.Errorf("%s: %s reads %q", language, b, s)
			}
		}
	}
	if got := e.Basis("dk.patient-own", "en"); got != "The patient's own conversation" {
		t.Errorf("English reads %q", got)
	}
}
