// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// withKey runs a ledger command with the key that the script has put in the file
// key.
func withKey(command ...string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		key := strings.TrimSpace(ts.ReadFile("key"))
		all := append([]string{"ledger", command[0], "--key", key}, command[1:]...)
		if err := ts.Exec("brobygger", append(all, args...)...); (err != nil) != neg {
			ts.Fatalf("brobygger %s: %v", strings.Join(all, " "), err)
		}
	}
}

// harmScript does to an export what whoever has the file can do: harm WHAT FROM TO.
func harmScript(ts *testscript.TestScript, _ bool, args []string) {
	lines := strings.Split(strings.TrimSpace(ts.ReadFile(args[1])), "\n")
	switch args[0] {
	case "edit":
		lines[2] = strings.Replace(lines[2], `\"kind\":\"`, `\"kind\":\"not-`, 1)
	case "remove":
		lines = append(lines[:2:2], lines[3:]...)
	case "reorder":
		lines[2], lines[3] = lines[3], lines[2]
	case "truncate":
		lines = lines[:len(lines)-1]
	}
	text := strings.Join(lines, "\n") + "\n"
	switch args[0] {
	case "cut":
		text = text[:len(text)-100]
	case "scribble":
		text = strings.Replace(text, "\n{", "\nx", 1)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(text), 0o600))
}
