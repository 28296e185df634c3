// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"

	brobygger "github.com/brobygger/brobygger/clients/go"
)

// The exit codes.
const (
	exitOK     = 0
	exitError  = 1
	exitUsage  = 2
	exitDenied = 3 // the gate said no
)

// commands is the command line; the tags are its grammar.
type commands struct {
	JSON bool   `help:"Print JSON, for scripts." short:"j"`
	Lang string `help:"Language: da, en, ar or fa; without it, that of LC_ALL, LC_MESSAGES or LANG." env:"BROBYGGER_LANG" placeholder:"LANG"`

	Demo  demoCmd  `cmd:"" group:"server" help:"Serve a region of invented people on this machine."`
	Serve serveCmd `cmd:"" group:"server" help:"Serve the bridge."`

	Story    storyCmd    `cmd:"" group:"try" help:"Play the story against a running demo."`
	Send     sendCmd     `cmd:"" group:"talk" help:"Send a message about a patient."`
	Listen   listenCmd   `cmd:"" group:"talk" help:"Show what comes, until interrupted."`
	History  historyCmd  `cmd:"" group:"talk" help:"Read a conversation."`
	Conv     convCmd     `cmd:"" group:"talk" help:"List and open conversations."`
	Team     teamCmd     `cmd:"" group:"talk" help:"Who is involved with a patient."`
	Presence presenceCmd `cmd:"" group:"talk" help:"Who can be reached; say so of yourself."`
	Ring     ringCmd     `cmd:"" group:"talk" help:"Ring who knows the patient; answer, hand over, be rung back."`
	Line     lineCmd     `cmd:"" group:"talk" help:"Direct lines: who can be rung, and when."`

	Consent   consentCmd   `cmd:"" group:"rights" help:"Ask for, give, refuse, list and take back consents."`
	Objection objectionCmd `cmd:"" group:"rights" help:"The patient's no: make, list, lift."`
	Log       logCmd       `cmd:"" group:"rights" help:"The patient's record: who was shown what, and why."`
	Ledger    ledgerCmd    `cmd:"" group:"rights" help:"The record with its proofs: show, prove, export, verify, witness."`
	Emergency emergencyCmd `cmd:"" group:"rights" help:"Break the glass, in two steps."`

	Policy  policyCmd  `cmd:"" group:"operate" help:"Explain decisions."`
	Import  importCmd  `cmd:"" group:"operate" help:"Import FHIR R4 bundles or NDJSON."`
	Account accountCmd `cmd:"" group:"operate" help:"Close and open accounts."`
	Token   tokenCmd   `cmd:"" group:"operate" help:"Get a token from a demo's issuer."`
	Health  healthCmd  `cmd:"" group:"operate" help:"Ask whether the bridge can serve."`
	Keys    keysCmd    `cmd:"" group:"operate" help:"Count and rotate the keys that data is sealed with."`
	Erase   eraseCmd   `cmd:"" group:"operate" help:"Destroy the keys of what is kept about a patient."`
	Backup  backupCmd  `cmd:"" group:"operate" help:"Copy the data while the bridge runs."`
	Restore restoreCmd `cmd:"" group:"operate" help:"Put a backup in the place of lost data."`
	Scrub   scrubCmd   `cmd:"" group:"operate" help:"Write the data anew, so that nothing old stands between its rows."`
	Check   checkCmd   `cmd:"" group:"operate" help:"Read all data and name what is wrong."`

	Bench benchCmd `cmd:"" group:"operate" help:"Measure this machine and the bridge on it."`

	BenchChild benchChildCmd `cmd:"" hidden:"" help:"What a bench measures."`

	OpenAPI    openapiCmd    `cmd:"" name:"openapi" group:"about" help:"Print the description of the HTTP interface."`
	Completion completionCmd `cmd:"" group:"about" help:"Print completion for bash, zsh or fish."`
	Version    versionCmd    `cmd:"" group:"about" help:"Print the version."`
}

// groups are the headings of the help.
var groups = kong.ExplicitGroups([]kong.Group{
	{Key: "try", Title: "Try it:"},
	{Key: "talk", Title: "Write and read:"},
	{Key: "rights", Title: "What the patient decides and sees:"},
	{Key: "server", Title: "Serve:"},
	{Key: "operate", Title: "Operate:"},
	{Key: "about", Title: "About:"},
})

// run runs one command line and returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if seeded && os.Getenv("BROBYGGER_SEEDED") != "harness" {
		_, _ = fmt.Fprintln(stderr, "brobygger: this program was built with a bug in it, to test the tests; it serves nobody")
		return exitError
	}
	if bare && (len(args) == 0 || args[0] != "bench" && args[0] != "bench-child") {
		_, _ = fmt.Fprintln(stderr, "brobygger: this program was built without the wall, the ledger and sealing, to be measured beside the one that has them; it serves nobody")
		return exitError
	}
	var c commands
	exited := -1
	parser, err := kong.New(
		&c, groups, kong.Name("brobygger"), kong.Writers(stdout, stderr),
		kong.Description("Brobygger lets those around one patient write to each other, as far as the patient's consent and the law allow."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.Exit(func(code int) { exited = code }),
	)
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "brobygger:", err)
		return exitError
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	line, err := parser.Parse(args)
	if exited >= 0 { // --help has been printed
		return exited
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "brobygger:", err)
		hint := "brobygger --help"
		var wrong *kong.ParseError
		if errors.As(err, &wrong) && wrong.Context != nil && wrong.Context.Command() != "" {
			hint = "brobygger " + firstWords(wrong.Context) + " --help"
		}
		_, _ = fmt.Fprintln(stderr, "Try:", hint)
		return exitUsage
	}
	language, err := languageOf(c.Lang, os.Getenv)
	out := newPrinter(stdout, stderr, c.JSON, language)
	if err != nil {
		return exitCode(err, out)
	}
	line.BindTo(ctx, (*context.Context)(nil))
	line.BindTo(stdin, (*io.Reader)(nil))
	line.Bind(out, parser.Model)
	return exitCode(line.Run(), out)
}

// firstWords are the commands of a line, without its arguments.
func firstWords(c *kong.Context) string {
	words := ""
	for _, p := range c.Path {
		if p.Command != nil {
			words += " " + p.Command.Name
		}
	}
	if words == "" {
		return ""
	}
	return words[1:]
}

// exitCode prints what went wrong, and says how the program ends.
func exitCode(err error, out *printer) int {
	var denied *brobygger.ConsentError
	var usage *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errDenied):
		return exitDenied
	case errors.Is(err, errTold):
		return exitError
	case errors.As(err, &denied):
		out.denial(denied, nil)
		return exitDenied
	case errors.As(err, &usage):
		out.fault(usage)
		return exitUsage
	}
	out.fault(out.plain(err))
	return exitError
}

// usageError is a command line that can't be right.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// errDenied is a no of the gate that was printed already.
var errDenied = errors.New("denied")

// errTold is a failure that was printed already.
var errTold = errors.New("told already")
