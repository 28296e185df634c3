// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/open-policy-agent/opa/v1/util"
)

// builtIn is the policy that comes with the program, whole: what decides, and the
// tests and cases that a bundle made from it carries.
//
//go:embed party consent disclosure emergency line data texts testdata/people.yaml testdata/cases
var builtIn embed.FS

// Sources are a policy before it is a bundle: the rules with their tests by path,
// and as data the law, the texts and the cases.
type Sources struct {
	Modules map[string][]byte
	Data    map[string]any // law, texts, cases
}

// BuiltIn returns the policy that comes with the program.
func BuiltIn() (*Sources, error) { return ReadSources(builtIn) }

// Files is the built-in policy as ReadSources wants it, to be changed elsewhere.
func Files() fs.FS { return builtIn }

// ReadSources reads a policy from a folder in the layout of this package: rules
// and their tests as */*.rego, one country in data/*.yaml, texts/*.yaml, and cases
// in testdata/people.yaml and testdata/cases/*.yaml.
func ReadSources(files fs.FS) (*Sources, error) {
	s := &Sources{Modules: map[string][]byte{}}
	rules, err := fs.Glob(files, "*/*.rego")
	if err != nil {
		return nil, fmt.Errorf("reading policy: %w", err)
	}
	for _, name := range rules {
		if s.Modules[name], err = fs.ReadFile(files, name); err != nil {
			return nil, fmt.Errorf("reading policy: %w", err)
		}
	}
	laws, err := readTrees(files, "data")
	if err != nil {
		return nil, err
	}
	if len(laws) != 1 {
		return nil, fmt.Errorf("reading policy: data holds %d countries, want one", len(laws))
	}
	texts, err := readTrees(files, "texts")
	if err != nil {
		return nil, err
	}
	cases, err := readTrees(files, "testdata/cases")
	if err != nil {
		return nil, err
	}
	people, err := readTrees(files, "testdata")
	if err != nil {
		return nil, err
	}
	for _, tree := range laws {
		all, ok := tree.(map[string]any)
		if !ok || all["law"] == nil {
			return nil, fmt.Errorf("reading policy: data holds no law")
		}
		s.Data = map[string]any{
			"law": all["law"], "texts": texts, "cases": map[string]any{"people": people["people"], "cases": cases},
		}
	}
	return s, nil
}

// readTrees reads a folder's YAML files, each under its name.
func readTrees(files fs.FS, folder string) (map[string]any, error) {
	names, err := fs.Glob(files, path.Join(folder, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("reading policy: %w", err)
	}
	all := map[string]any{}
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("reading policy: %w", err)
		}
		var tree any
		if err := util.Unmarshal(raw, &tree); err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		all[strings.TrimSuffix(path.Base(name), ".yaml")] = tree
	}
	return all, nil
}

// isTest reports whether a module tests and does not decide.
func isTest(name string) bool { return strings.HasSuffix(name, "_test.rego") }

// rules are the modules that decide.
func (s *Sources) rules() map[string][]byte {
	out := map[string][]byte{}
	for name, source := range s.Modules {
		if !isTest(name) {
			out[name] = source
		}
	}
	return out
}
