// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFold(t *testing.T) {
	for name, tc := range map[string]struct {
		width    int
		in, want string
	}{
		"short lines stay":      {20, "one two\nthree", "one two\nthree"},
		"no terminal":           {0, strings.Repeat("word ", 40), strings.Repeat("word ", 40)},
		"under its own text":    {30, "  because   a consent by the patient is missing", "  because   a consent by the\n            patient is missing"},
		"behind two columns":    {34, "   3  just now  Anne Holm wrote to Karen Lund", "   3  just now  Anne Holm wrote to\n                Karen Lund"},
		"quotation":             {20, "  | May these talk to each other?", "  | May these talk\n  | to each other?"},
		"list":                  {16, "  - Ring, without details", "  - Ring,\n    without\n    details"},
		"a word is never cut":   {10, "a Psykiatriafdelingen b", "a\nPsykiatriafdelingen\nb"},
		"letters, not bytes":    {10, "æøå æøå åå", "æøå æøå åå"},
		"colours take no place": {9, "\x1b[31mred red\x1b[0m red", "\x1b[31mred red\x1b[0m\nred"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, fold(tc.in, tc.width)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFoldCommand(t *testing.T) {
	const command = `brobygger send --as sw-hanne --patient jens "Which tablets, mornings?" --ask "why you need to"`
	want := `  brobygger send --as sw-hanne \
    --patient jens \
    "Which tablets, mornings?" \
    --ask "why you need to"`
	if diff := cmp.Diff(want, foldCommand("  ", command, 33)); diff != "" {
		t.Error(diff)
	}
	if got := foldCommand("  ", command, 0); got != "  "+command {
		t.Errorf("without a terminal: %q", got)
	}
}
