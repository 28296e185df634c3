// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/brobygger/brobygger"

// The house (docs/architecture.md): a package imports packages of lower layers
// only, and never one of its own.
var house = map[string]int{
	"bridge/ledger": 0,

	"bridge": 1,

	"policy":                 2,
	"bridge/auth":            2,
	"bridge/calendar":        2,
	"bridge/fhir":            2,
	"bridge/live":            2,
	"bridge/seal":            2,
	"bridge/store/sqlite":    2,
	"bridge/store/storetest": 2,
	"bridge/wire":            2,
	"bridge/witness":         2,

	"bridge/api":             3,
	"bridge/hub":             3,
	"bridge/bridgetest/load": 3,
	"clients/go":             3,

	"bridge/bridgetest":         4,
	"bridge/bridgetest/history": 4,
	"bridge/bridgetest/lines":   4,
	"cmd/brobygger":             4,

	".ci/bench": 4, // a module of its own, as those behind it
	".ci/vault": 4,
	".ci/voice": 4,
}

// roomOf returns the package of the house that dir belongs to: itself, or the
// program or client that it is a part of.
func roomOf(dir string) string {
	for _, whole := range []string{"cmd/brobygger", "clients/go", "bridge/bridgetest/history"} {
		if strings.HasPrefix(dir, whole+"/") {
			return whole
		}
	}
	return dir
}

// Arrows that the layers would allow, and why they are not drawn.
var noArrow = []struct{ from, to, why string }{
	{"bridge/hub", "policy", "a session asks the gate; a decision that nobody records must not be possible"},
	{"bridge/hub", "bridge/store", "a session reads through the gate, never from the engine"},
	{"bridge/hub", "bridge/live", "live state is reached by its contract, so that it can be away"},
	{"bridge/hub", "bridge/auth", "a token is checked by the contract; the hub knows no format of tokens"},
	{"bridge/hub", "bridge/fhir", "the wire speaks its own words"},
	{"bridge/api", "policy", "a handler asks the gate; a decision that nobody records must not be possible"},
	{"bridge/api", "bridge/store", "a handler reads through the gate, never from the engine"},
	{"bridge/api", "bridge/live", "live state is reached by its contract, so that it can be away"},
	{"clients/go", "policy", "a client knows the words and the wire, nothing of the server"},
	{"clients/go", "bridge/auth", "a client carries its token and does not look into it"},
	{"clients/go", "bridge/fhir", "a client knows the words and the wire, nothing of the server"},
	{"clients/go", "bridge/live", "a client knows the words and the wire, nothing of the server"},
	{"clients/go", "bridge/store", "a client knows the words and the wire, nothing of the server"},
}

// Guests: each third-party module, the one package that it is behind, and what
// it is there for.
var guests = []struct{ module, room, why string }{
	{"github.com/open-policy-agent/opa", "policy", "evaluates the Rego"},
	{"github.com/golang-jwt/jwt/v5", "bridge/auth", "reads and checks access tokens"},
	{"github.com/redis/go-redis/v9", "bridge/live", "speaks to Redis"},
	{"github.com/alicebob/miniredis/v2", "bridge/live", "is the Redis of one machine"},
	{"github.com/tink-crypto/tink-go/v2", "bridge/seal", "wraps keys"},
	{"github.com/tink-crypto/tink-go-hcvault/v2", "bridge/seal", "lets Vault wrap keys"},
	{"github.com/hashicorp/vault/api", "bridge/seal", "speaks to Vault"},
	{"modernc.org/sqlite", "bridge/store/sqlite", "is the engine, without cgo"},
	{"github.com/pressly/goose/v3", "bridge/store/sqlite", "runs migrations"},
	{"github.com/gorilla/websocket", "bridge/hub", "upgrades and frames connections"},
	{"github.com/gorilla/websocket", "clients/go", "is the other end of the same wire"},
	{"github.com/gorilla/websocket", "bridge/bridgetest/load", "bare, it is what the bridge is measured against"},
	{"github.com/anishathalye/porcupine", "bridge/bridgetest/history", "finds an order for what happened to a consent, or that there is none"},
	{"github.com/danielgtaylor/huma/v2", "bridge/api", "makes OpenAPI from the types"},
	{"github.com/prometheus/client_golang", "bridge/api", "exposes metrics"},
	{"golang.org/x/mod", "bridge/ledger", "is the Merkle tree, and the form of signed notes"},
	{"golang.org/x/time", "bridge/api", "limits rates"},
	{"go.opentelemetry.io", "bridge/api", "sends traces"},
	{"github.com/rickar/cal/v2", "bridge/calendar", "knows the public holidays"},
	{"github.com/emersion/go-ical", "bridge/calendar", "reads iCalendar"},
	{"github.com/teambition/rrule-go", "bridge/calendar", "unrolls recurrences"},
	{"github.com/alecthomas/kong", "cmd/brobygger", "reads the command line"},
	{"go.yaml.in/yaml/v3", "cmd/brobygger", "reads the configuration"},
	{"github.com/nats-io/nats-server/v2", ".ci/bench", "is measured beside the bridge; no dependency of it"},
	{"github.com/nats-io/nats.go", ".ci/bench", "sends the load there"},
	{"github.com/hashicorp/vault", ".ci/vault", "is the engine that keys are wrapped by; no dependency of the bridge"},
	{"github.com/pion/webrtc/v4", ".ci/voice", "hears and is heard, as a browser does"},
	{"github.com/gorilla/websocket", ".ci/voice", "is the other end of the wire there"},
}

// Guests of tests: in test files, and in packages that are for tests.
var testGuests = []string{
	"github.com/anishathalye/porcupine",
	"github.com/google/go-cmp",
	"github.com/rogpeppe/go-internal",
	"go.uber.org/goleak",
	"go.yaml.in/yaml/v3", // decision tables
	"pgregory.net/rapid",
}

// file is one parsed Go file.
type file struct {
	name  string // from the module's root, with slashes
	dir   string // likewise
	test  bool   // a _test.go file, or in a package that is for tests
	fset  *token.FileSet
	ast   *ast.File
	lines int
}

// imports lists what the file imports, in order.
func (f file) imports() []string {
	var all []string
	for _, spec := range f.ast.Imports {
		name, _ := strconv.Unquote(spec.Path.Value) // the parser has checked it
		all = append(all, name)
	}
	return all
}

// at returns a node's place as an editor opens it.
func (f file) at(n ast.Node) string {
	return f.name + ":" + strconv.Itoa(f.fset.Position(n.Pos()).Line)
}

// tree lists the module's files whose name ends in one of the suffixes, without
// what is hidden, built, fetched or data of tests.
func tree(t *testing.T, suffixes ...string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch base := d.Name(); {
		case !d.IsDir():
			if slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(base, s) }) {
				all = append(all, strings.TrimPrefix(filepath.ToSlash(name), "../"))
			}
		case base == "..":
		case slices.Contains([]string{"bin", "dist", "node_modules", "testdata", ".git"}, base):
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// goFiles parses every Go file of the module.
func goFiles(t *testing.T) []file {
	t.Helper()
	var all []file
	for _, name := range tree(t, ".go") {
		f := file{name: name, dir: path.Dir(name), fset: token.NewFileSet()}
		f.test = strings.HasSuffix(name, "_test.go") || strings.HasSuffix(f.dir, "test")
		parsed, err := parser.ParseFile(f.fset, filepath.Join("..", name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		f.ast = parsed
		f.lines = f.fset.Position(parsed.FileEnd).Line
		all = append(all, f)
	}
	if len(all) < 20 {
		t.Fatalf("found %d Go files: is the test in its place?", len(all))
	}
	return all
}

func TestEveryPackageHasItsPlace(t *testing.T) {
	for _, f := range goFiles(t) {
		if _, ok := house[roomOf(f.dir)]; !ok {
			t.Errorf("%s: package %s stands in no layer; give it one, or put the file where it belongs", f.name, f.dir)
		}
	}
}

func TestArrowsPointDown(t *testing.T) {
	for _, f := range goFiles(t) {
		if strings.HasSuffix(f.name, "_test.go") {
			continue
		}
		from := roomOf(f.dir)
		for _, imported := range f.imports() {
			name, ours := strings.CutPrefix(imported, module+"/")
			to := roomOf(name)
			if !ours || to == from {
				continue
			}
			if house[to] >= house[from] {
				t.Errorf("%s imports %s: layer %d may not know layer %d", f.name, to, house[from], house[to])
			}
			for _, no := range noArrow {
				if from == no.from && (to == no.to || strings.HasPrefix(to, no.to+"/")) {
					t.Errorf("%s imports %s: %s", f.name, to, no.why)
				}
			}
		}
	}
}

func TestNounsStandOnTheStandardLibrary(t *testing.T) {
	engines := []string{"database/sql", "net", "net/http/httptest", "os", "os/exec"}
	for _, f := range goFiles(t) {
		if f.dir != "bridge" && f.dir != "bridge/ledger" || f.test {
			continue
		}
		for _, imported := range f.imports() {
			if slices.Contains(engines, imported) {
				t.Errorf("%s imports %s: the words know no engine and no transport", f.name, imported)
			}
		}
	}
}

func TestGuestsStayInTheirRoom(t *testing.T) {
	for _, f := range goFiles(t) {
		for _, imported := range f.imports() {
			first, _, _ := strings.Cut(imported, "/")
			if !strings.Contains(first, ".") || strings.HasPrefix(imported, module) {
				continue
			}
			if why := guestMistake(roomOf(f.dir), imported, f.test); why != "" {
				t.Errorf("%s imports %s: %s", f.name, imported, why)
			}
		}
	}
}

// guestMistake says why a package may not import a third-party package, or "".
func guestMistake(room, imported string, test bool) string {
	of := func(m string) bool { return imported == m || strings.HasPrefix(imported, m+"/") }
	if test && slices.ContainsFunc(testGuests, of) {
		return ""
	}
	host := ""
	for _, g := range guests {
		if !of(g.module) {
			continue
		}
		if g.room == room {
			return ""
		}
		host = g.room
	}
	switch {
	case host != "":
		return "it lives behind " + host
	case slices.ContainsFunc(testGuests, of):
		return "it is for tests"
	}
	return "it is not a guest yet: say in a sentence what it is needed for, and which one package it lives behind"
}
