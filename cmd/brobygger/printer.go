// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/brobygger/brobygger/policy"
)

// printer writes what people, or scripts, read.
type printer struct {
	stdout, stderr io.Writer
	json           bool
	language       string // one of languages
	colour         bool
	width          int // where lines are folded; 0: nowhere
	now            func() time.Time
	people         *people // nil: nobody was signed in

	once   sync.Once
	engine *policy.Engine
}

func newPrinter(stdout, stderr io.Writer, asJSON bool, language string) *printer {
	p := &printer{stdout: stdout, stderr: stderr, json: asJSON, language: language, now: time.Now}
	if f, ok := stdout.(*os.File); ok {
		p.width = min(terminalWidth(f), widest)
		p.colour = p.width > 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
	return p
}

// texts are the policy's words.
func (p *printer) texts() *policy.Engine {
	p.once.Do(func() {
		e, err := policy.New(policy.Options{Patients: -1})
		if err != nil {
			panic(err) // it is part of the program, and compiled by its tests
		}
		p.engine = e
	})
	return p.engine
}

// printf prints whole lines, and folds them.
func (p *printer) printf(format string, args ...any) {
	_, _ = io.WriteString(p.stdout, fold(fmt.Sprintf(format, args...), p.width))
}

// command prints what to type next, on lines of its own.
func (p *printer) command(indent, command string) {
	_, _ = fmt.Fprintln(p.stdout, p.bold(foldCommand(indent, command, p.width)))
}

func (p *printer) styled(code, text string) string {
	if !p.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (p *printer) bold(text string) string { return p.styled("1", text) }
func (p *printer) dim(text string) string  { return p.styled("2", text) }
func (p *printer) red(text string) string  { return p.styled("31", text) }

// value prints v as one JSON document when JSON is wanted, and says so.
func (p *printer) value(v any) bool {
	if !p.json {
		return false
	}
	e := json.NewEncoder(p.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		panic(err) // our own types always encode
	}
	return true
}

// line prints v as one line of JSON when JSON is wanted, and says so.
func (p *printer) line(v any) bool {
	if !p.json {
		return false
	}
	e := json.NewEncoder(p.stdout)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return true
}

// table prints rows in aligned columns.
func (p *printer) table(head string, rows [][]string) {
	w := tabwriter.NewWriter(p.stdout, 0, 4, 2, ' ', 0)
	if head != "" {
		_, _ = fmt.Fprintln(w, strings.ReplaceAll(head, "|", "\t"))
	}
	for _, r := range rows {
		_, _ = fmt.Fprintln(w, strings.TrimRight(strings.Join(r, "\t"), "\t "))
	}
	_ = w.Flush()
}

// fault prints an error.
func (p *printer) fault(err error) {
	if p.json {
		_ = json.NewEncoder(p.stderr).Encode(map[string]string{"error": err.Error()})
		return
	}
	_, _ = fmt.Fprintln(p.stderr, "brobygger:", err)
}

// indent puts a mark before each line.
func indent(mark, text string) string {
	return mark + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+mark)
}
