// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// widest is where lines end on a terminal that has room for more: longer ones
// are hard to read.
const widest = 100

var (
	colours = regexp.MustCompile("\x1b\\[[0-9;]*m")
	// lead is what stands before the text of a line: its indent, a quotation's mark,
	// and short words in columns.
	lead = regexp.MustCompile(`^ *(?:[|-] |(?:[^ ]{1,11}(?: [^ ]{1,11}){0,2} {2,}){0,2})`)
)

// columns is how many a text takes on a terminal.
func columns(text string) int { return utf8.RuneCountInString(colours.ReplaceAllString(text, "")) }

// fold breaks each line that is wider than width between words; what follows
// stands under the line's own text. A word is never broken. 0 folds nothing.
func fold(text string, width int) string {
	if width <= 0 {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if columns(l) > width {
			lines[i] = foldLine(l, width)
		}
	}
	return strings.Join(lines, "\n")
}

func foldLine(line string, width int) string {
	plain := colours.ReplaceAllString(line, "")
	mark := lead.FindString(plain)
	if utf8.RuneCountInString(mark) > width/2 {
		mark = mark[:len(mark)-len(strings.TrimLeft(mark, " "))]
	}
	under := strings.Repeat(" ", utf8.RuneCountInString(mark))
	if strings.HasSuffix(mark, "| ") {
		under = mark
	}
	start := len(line) - len(strings.TrimLeft(line, " "))
	var b strings.Builder
	b.WriteString(line[:start])
	at := start
	for _, word := range strings.SplitAfter(line[start:], " ") {
		if w := columns(strings.TrimRight(word, " ")); at > len(mark) && at+w > width {
			trimmed := strings.TrimRight(b.String(), " ")
			b.Reset()
			b.WriteString(trimmed + "\n" + under)
			at = utf8.RuneCountInString(under)
		}
		b.WriteString(word)
		at += columns(word)
	}
	return strings.TrimRight(b.String(), " ")
}

// foldCommand breaks a command between its words, so that a shell takes it
// as it stands.
func foldCommand(indent, command string, width int) string {
	if width <= 0 || columns(indent+command) <= width {
		return indent + command
	}
	var b strings.Builder
	b.WriteString(indent)
	at := columns(indent)
	for i, word := range words(command) {
		switch w := columns(word); {
		case i == 0:
		case at+1+w+2 > width: // a blank before it, and " \" behind it
			b.WriteString(" \\\n" + indent + "  ")
			at = columns(indent) + 2
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += columns(word)
	}
	return b.String()
}

// words splits a command at its blanks, but for those between double quotes. A
// flag and its value stay together.
func words(command string) []string {
	var all []string
	quoted, start := false, 0
	for i := 0; i < len(command); i++ {
		switch {
		case command[i] == '\\':
			i++
		case command[i] == '"':
			quoted = !quoted
		case command[i] == ' ' && !quoted && !(strings.HasPrefix(command[start:], "--") && !strings.Contains(command[start:i], " ")):
			all = append(all, command[start:i])
			start = i + 1
		}
	}
	return append(all, command[start:])
}
