// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The sizes that keep a file a room and a function a screen.
const (
	maxFile      = 500 // lines
	maxMedian    = 150 // lines, over all Go files
	maxFunction  = 90  // lines, not counting its longest table
	maxInterface = 8   // methods
)

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	docs := map[string]string{}
	names := map[string]string{}
	for _, f := range goFiles(t) {
		if strings.HasSuffix(f.name, "_test.go") {
			continue
		}
		names[f.dir] = f.ast.Name.Name
		docs[f.dir] += f.ast.Doc.Text()
	}
	for dir, doc := range docs {
		want := "Package " + names[dir] + " "
		if names[dir] == "main" {
			want = "Command " + filepath.Base(dir) + " "
		}
		if !strings.HasPrefix(doc, want) {
			t.Errorf("%s: the package's comment begins %.40q, want %q", dir, doc, want)
		}
		if strings.Contains(doc, "SPDX-") {
			t.Errorf("%s: the licence has become the package's comment; leave a blank line below it", dir)
		}
	}
}

func TestNoPackageIsADrawer(t *testing.T) {
	drawer := regexp.MustCompile(`^(util|utils|common|helper|helpers|manager|misc|base|core|shared|types|globals)$`)
	for _, f := range goFiles(t) {
		if drawer.MatchString(f.ast.Name.Name) {
			t.Errorf("%s: package %s says nothing; name it for what it does", f.name, f.ast.Name.Name)
		}
	}
}

func TestEveryFileNamesItsLicence(t *testing.T) {
	suffixes := []string{".go", ".rego", ".ts", ".js", ".svelte", ".css", ".sql", ".sh", ".yml", ".yaml", "Makefile", "Dockerfile"}
	names := tree(t, suffixes...)
	for _, name := range tree(t, "") {
		if strings.HasPrefix(name, ".ci/") && filepath.Ext(name) == "" {
			names = append(names, name)
		}
	}
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		head := string(content[:min(len(content), 300)])
		holder := strings.Index(head, "SPDX-FileCopyrightText: 2026 The Brobygger authors\n")
		licence := strings.Index(head, "SPDX-License-Identifier: MPL-2.0\n")
		if holder < 0 || licence < holder {
			t.Errorf("%s: the two lines of the licence are missing at its head", name)
		}
	}
}

func TestFilesAreRooms(t *testing.T) {
	var sizes []int
	for _, f := range goFiles(t) {
		sizes = append(sizes, f.lines)
		if f.lines > maxFile {
			t.Errorf("%s: %d lines, at most %d", f.name, f.lines, maxFile)
		}
	}
	slices.Sort(sizes)
	median := sizes[len(sizes)/2]
	t.Logf("%d Go files: median %d lines, longest %d", len(sizes), median, sizes[len(sizes)-1])
	if median > maxMedian {
		t.Errorf("median of %d lines, at most %d", median, maxMedian)
	}
	for _, name := range tree(t, ".rego", ".ts", ".svelte", ".sql") {
		content, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		head := strings.ToLower(string(content[:min(len(content), 400)]))
		if n := strings.Count(string(content), "\n"); n > maxFile && !strings.Contains(head, "do not edit") {
			t.Errorf("%s: %d lines, at most %d", name, n, maxFile)
		}
	}
}

func TestFunctionsFitAScreen(t *testing.T) {
	for _, f := range goFiles(t) {
		span := func(n ast.Node) int { return f.fset.Position(n.End()).Line - f.fset.Position(n.Pos()).Line + 1 }
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			table := 0
			ast.Inspect(fn, func(n ast.Node) bool {
				if lit, ok := n.(*ast.CompositeLit); ok {
					table = max(table, span(lit)-1)
				}
				return true
			})
			if n := span(fn) - table; n > maxFunction {
				t.Errorf("%s: %s has %d lines beside its table, at most %d", f.at(fn), fn.Name, n, maxFunction)
			}
		}
	}
}

func TestInterfacesAreSmall(t *testing.T) {
	for _, f := range goFiles(t) {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if i, ok := spec.Type.(*ast.InterfaceType); ok && i.Methods.NumFields() > maxInterface {
				t.Errorf("%s: %s has %d methods, at most %d", f.at(spec), spec.Name, i.Methods.NumFields(), maxInterface)
			}
			return true
		})
	}
}

func TestTestsNeitherSleepNorSkip(t *testing.T) {
	for _, f := range goFiles(t) {
		if !f.test {
			continue
		}
		var bubbles []ast.Node // where time is synctest's, and sleeping takes none
		ast.Inspect(f.ast, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			on, name := called(call)
			inBubble := slices.ContainsFunc(bubbles, func(b ast.Node) bool { return b.Pos() <= n.Pos() && n.End() <= b.End() })
			switch {
			case on == "synctest" && name == "Test":
				bubbles = append(bubbles, call)
			case on == "time" && name == "Sleep" && !inBubble:
				t.Errorf("%s: wait for the event, or use testing/synctest", f.at(call))
			case name == "Skip" || name == "Skipf" || name == "SkipNow":
				t.Errorf("%s: what is missing fails; silence looks like success", f.at(call))
			}
			return true
		})
	}
}

// called returns the two names of a call x.name(…), "" where there are none.
func called(call *ast.CallExpr) (on, name string) {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	if x, ok := sel.X.(*ast.Ident); ok {
		on = x.Name
	}
	return on, sel.Sel.Name
}

func TestExportedNamesAreDocumented(t *testing.T) {
	for _, f := range goFiles(t) {
		if strings.HasSuffix(f.name, "_test.go") {
			continue
		}
		for _, d := range f.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) && !wellKnown(d.Name.Name) {
					t.Errorf("%s: %s has no comment", f.at(d), d.Name)
				}
			case *ast.GenDecl:
				for _, name := range undocumented(d) {
					t.Errorf("%s: %s has no comment", f.at(name), name)
				}
			}
		}
	}
}

// wellKnown reports whether a method's meaning is the standard library's.
func wellKnown(name string) bool {
	return slices.Contains([]string{
		"Error", "Unwrap", "String", "Len", "Less", "Swap", "ServeHTTP",
		"MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText", "LogValue",
	}, name)
}

// exportedReceiver reports whether d is a function, or a method of an exported type.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	typ := d.Recv.List[0].Type
	for {
		switch t := typ.(type) {
		case *ast.StarExpr:
			typ = t.X
		case *ast.IndexExpr:
			typ = t.X
		case *ast.Ident:
			return t.IsExported()
		default:
			return false
		}
	}
}

// undocumented lists the exported names of a declaration that neither it, nor
// their own line, says anything about.
func undocumented(d *ast.GenDecl) []*ast.Ident {
	var bare []*ast.Ident
	for _, s := range d.Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && d.Doc == nil && s.Doc == nil {
				bare = append(bare, s.Name)
			}
		case *ast.ValueSpec:
			for _, name := range s.Names {
				if name.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
					bare = append(bare, name)
				}
			}
		}
	}
	return bare
}

// The Rego is tested by the OPA that the server embeds, not by another one.
func TestOneOPA(t *testing.T) {
	version := regexp.MustCompile(`github\.com/open-policy-agent/opa (v\S+)`)
	found := map[string]string{}
	for _, name := range []string{"go.mod", ".ci/tools/opa.mod"} {
		content, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		m := version.FindStringSubmatch(string(content))
		if m == nil {
			t.Fatalf("%s: no version of OPA", name)
		}
		found[name] = m[1]
	}
	if found["go.mod"] != found[".ci/tools/opa.mod"] {
		t.Errorf("versions of OPA differ: %v", found)
	}
}
