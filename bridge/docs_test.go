// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// document is one Markdown file with its headings as a browser names them.
type document struct {
	name    string
	text    string
	anchors []string
}

// documents reads every Markdown file of the project.
func documents(t *testing.T) map[string]document {
	t.Helper()
	heading := regexp.MustCompile(`(?m)^#+ (.+)$`)
	dropped := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	all := map[string]document{}
	for _, name := range tree(t, ".md") {
		content, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		d := document{name: name, text: string(content)}
		for _, m := range heading.FindAllStringSubmatch(d.text, -1) {
			anchor := dropped.ReplaceAllString(strings.ToLower(m[1]), "")
			d.anchors = append(d.anchors, strings.ReplaceAll(anchor, " ", "-"))
		}
		all[name] = d
	}
	return all
}

func TestLinksBetweenDocumentsLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	all := documents(t)
	for _, d := range all {
		for _, m := range link.FindAllStringSubmatch(d.text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			target, anchor, _ := strings.Cut(m[1], "#")
			name := d.name
			if target != "" {
				name = path.Join(path.Dir(d.name), target)
			}
			if _, err := os.Stat(filepath.Join("..", name)); err != nil {
				t.Errorf("%s: the link %s leads nowhere", d.name, m[1])
			} else if other, ok := all[name]; ok && anchor != "" && !slices.Contains(other.anchors, anchor) {
				t.Errorf("%s: the link %s leads to no heading", d.name, m[1])
			}
		}
	}
}

func TestDocumentsNameTargetsThatExist(t *testing.T) {
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	called := regexp.MustCompile("(?m)(?:`|^)make ([a-z-]+)")
	for _, d := range documents(t) {
		for _, m := range called.FindAllStringSubmatch(d.text, -1) {
			if !strings.Contains(string(makefile), "\n"+m[1]+":") {
				t.Errorf("%s: make %s does not exist", d.name, m[1])
			}
		}
	}
}

// A control whose test is gone is a hope; so is a fault that is injected no more.
func TestDocumentsNameTestsThatExist(t *testing.T) {
	there := map[string]bool{}
	for _, f := range goFiles(t) {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && f.test {
				there[fn.Name.Name] = true
			}
		}
	}
	all := documents(t)
	for _, document := range []string{"docs/threats.md", "docs/reliability.md"} {
		named := regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w+`).FindAllString(all[document].text, -1)
		if len(named) == 0 {
			t.Errorf("%s names no test", document)
		}
		for _, name := range named {
			if !there[name] {
				t.Errorf("%s: there is no %s", document, name)
			}
		}
	}
}

// The rules that the wall is proved from are kept where docs/withdrawal.md says, by
// code that names them.
func TestWithdrawalSaysWhereEachRuleIsKept(t *testing.T) {
	declared := map[string]map[string]bool{}
	said := map[string]string{}
	for _, f := range goFiles(t) {
		declared[f.name] = map[string]bool{}
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				declared[f.name][fn.Name.Name] = true
			}
		}
		for _, c := range f.ast.Comments {
			said[f.name] += c.Text()
		}
	}
	row := regexp.MustCompile(`(?m)^\| (I\d+) \|.*$`)
	kept := regexp.MustCompile("`([a-z/]+\\.go)` `(\\w+)`")
	rules := []string{}
	for _, m := range row.FindAllStringSubmatch(documents(t)["docs/withdrawal.md"].text, -1) {
		rules = append(rules, m[1])
		places := kept.FindAllStringSubmatch(m[0], -1)
		if len(places) == 0 {
			t.Errorf("%s is kept nowhere", m[1])
		}
		for _, p := range places {
			if !declared[p[1]][p[2]] {
				t.Errorf("%s: there is no %s in %s", m[1], p[2], p[1])
			}
			if !regexp.MustCompile(`\b` + m[1] + `\b`).MatchString(said[p[1]]) {
				t.Errorf("%s: %s does not name it", m[1], p[1])
			}
		}
	}
	if want := []string{"I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10"}; !slices.Equal(rules, want) {
		t.Errorf("rules %q, want %q", rules, want)
	}
}

func TestDecisionsAreShort(t *testing.T) {
	index := documents(t)["docs/decisions/README.md"].text
	numbered := regexp.MustCompile(`^docs/decisions/(\d{4}-[a-z-]+\.md)$`)
	count := 0
	for name, d := range documents(t) {
		m := numbered.FindStringSubmatch(name)
		if m == nil {
			continue
		}
		count++
		if n := strings.Count(d.text, "\n"); n > 40 {
			t.Errorf("%s: %d lines, at most 40", name, n)
		}
		if !strings.Contains(index, "("+m[1]+")") {
			t.Errorf("%s: docs/decisions/README.md does not list it", name)
		}
	}
	if count == 0 {
		t.Error("no decision was found")
	}
}
