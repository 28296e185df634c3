// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy_test

import (
	"flag"
	"os"
	"path/filepath"
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
