// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/brobygger/brobygger/bridge"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Run prints a script that a shell reads: "source <(brobygger completion bash)".
func (c *completionCmd) Run(out *printer, model *kong.Application) error {
	switch c.Shell {
	case "fish":
		out.printf("%s", fishCompletion(model))
	case "zsh":
		out.printf("#compdef brobygger\nautoload -U +X bashcompinit && bashcompinit\n%s", bashCompletion(model))
	default:
		out.printf("%s", bashCompletion(model))
	}
	return nil
}

// offers are the words that may stand behind a flag.
func offers(flag *kong.Flag) []string {
	switch flag.Name {
	case "topic":
		return strings.Split(listed(bridge.Topics), ", ")
	case "purpose":
		return strings.Split(listed(bridge.Purposes), ", ")
	case "to", "from", "against":
		return append(strings.Split(listed(functions), ", "), "patient")
	case "lang", "in":
		return languages
	}
	if flag.Enum != "" {
		return flag.EnumSlice()
	}
	return nil
}

// place is one command with what may follow it.
type place struct {
	path     string // "consent grant"
	commands []*kong.Node
	flags    []*kong.Flag
	args     []string // words of arguments that are an enumeration
}

// places walks the commands, each before those within it.
func places(node *kong.Node, path string) []place {
	p := place{path: path}
	for n := node; n != nil; n = n.Parent {
		for _, f := range n.Flags {
			if !f.Hidden {
				p.flags = append(p.flags, f)
			}
		}
	}
	slices.SortFunc(p.flags, func(a, b *kong.Flag) int { return strings.Compare(a.Name, b.Name) })
	for _, a := range node.Positional {
		if a.Enum != "" {
			p.args = append(p.args, a.EnumSlice()...)
		}
	}
	all := []place{p}
	for _, child := range node.Children {
		all[0].commands = append(all[0].commands, child)
		all = append(all, places(child, strings.TrimSpace(path+" "+child.Name))...)
	}
	return all
}

func bashCompletion(model *kong.Application) string {
	var b strings.Builder
	b.WriteString(`_brobygger() {
  local cur prev path word
  cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" path=""
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path $word" in
`)
	var answers strings.Builder
	values := map[string][]string{}
	for _, p := range places(model.Node, "") {
		if p.path != "" {
			words := strings.Fields(p.path)
			before := strings.Join(words[:len(words)-1], " ")
			b.WriteString("      \"" + before + " " + words[len(words)-1] + "\") path=\"" + p.path + "\" ;;\n")
		}
		var words []string
		for _, c := range p.commands {
			words = append(words, c.Name)
		}
		words = append(words, p.args...)
		for _, f := range p.flags {
			words = append(words, "--"+f.Name)
			if v := offers(f); v != nil {
				values["--"+f.Name] = v
			}
		}
		answers.WriteString("    \"" + p.path + "\") words=\"" + strings.Join(words, " ") + "\" ;;\n")
	}
	b.WriteString("    esac\n  done\n  local words=\"\"\n  case \"$prev\" in\n")
	for _, flag := range sortedKeys(values) {
		b.WriteString("    " + flag + ") COMPREPLY=($(compgen -W \"" + strings.Join(values[flag], " ") + "\" -- \"$cur\")); return ;;\n")
	}
	b.WriteString("  esac\n  case \"$path\" in\n" + answers.String() + "  esac\n")
	b.WriteString("  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\ncomplete -o default -F _brobygger brobygger\n")
	return b.String()
}

func fishCompletion(model *kong.Application) string {
	var b strings.Builder
	b.WriteString("function __brobygger_at\n  set -l words (commandline -opc)[2..]\n  set -l path\n  for w in $words\n    string match -q -- '-*' $w; or set path $path $w\n  end\n  string match -q -- \"$argv*\" \"$path\"\nend\ncomplete -c brobygger -f\n")
	for _, p := range places(model.Node, "") {
		where := "'__brobygger_at " + p.path + "'"
		if p.path == "" {
			where = "__fish_use_subcommand"
		}
		for _, c := range p.commands {
			b.WriteString("complete -c brobygger -n " + where + " -a " + c.Name + " -d " + fishQuote(c.Help) + "\n")
		}
		if p.path == "" {
			continue
		}
		for _, a := range p.args {
			b.WriteString("complete -c brobygger -n " + where + " -a " + a + "\n")
		}
		for _, f := range p.flags {
			b.WriteString("complete -c brobygger -n " + where + " -l " + f.Name)
			if v := offers(f); v != nil {
				b.WriteString(" -xa " + fishQuote(strings.Join(v, " ")))
			}
			b.WriteString(" -d " + fishQuote(f.Help) + "\n")
		}
	}
	return b.String()
}

func fishQuote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
