// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

const module = "github.com/brobygger/brobygger/"

// TestTheDocumentHasTheWordsOfTheSource: words.json is what the comments say
// beside the types of our packages.
func TestTheDocumentHasTheWordsOfTheSource(t *testing.T) {
	schemas := newAPI(Config{}, http.NewServeMux()).huma.OpenAPI().Components.Schemas
	want := map[string]map[string]string{}
	parsed := map[string]map[string]map[string]string{}
	for name := range schemas.Map() {
		typ := schemas.TypeFromRef("#/components/schemas/" + name)
		dir, ours := strings.CutPrefix(typ.PkgPath(), module)
		if !ours || dir == "bridge/api" {
			continue // our own say it in tags
		}
		if parsed[dir] == nil {
			parsed[dir] = comments(t, filepath.Join("../..", dir))
		}
		want[name] = map[string]string{}
		gather(want[name], parsed[dir], typ)
		if want[name][""] == "" {
			t.Errorf("%s has no comment", typ)
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(want); err != nil {
		t.Fatal(err)
	}
	if updating() {
		if err := os.WriteFile("words.json", b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		words = b.Bytes() // for docs/openapi.json, which is written after this
	}
	kept, err := os.ReadFile("words.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, b.Bytes()) {
		t.Error("words.json is behind: go test ./bridge/api -update")
	}
}

// TestAnswersAreOpenAndRequestsClosed: a later version may answer more, and what
// it does not know is refused.
func TestAnswersAreOpenAndRequestsClosed(t *testing.T) {
	doc, err := describe(newAPI(Config{}, http.NewServeMux()).huma.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	for name, closed := range map[string]bool{"Problem": false, "Sent": false, "EntryView": false, "NewGrant": true, "Scope": true, "Party": true, "Part": true} {
		if got := doc.Components.Schemas.Map()[name].AdditionalProperties == false; got != closed {
			t.Errorf("%s closed: %v, want %v", name, got, closed)
		}
	}
	for name, s := range newAPI(Config{}, http.NewServeMux()).huma.OpenAPI().Components.Schemas.Map() {
		if s.Type == huma.TypeObject && s.AdditionalProperties != false {
			t.Errorf("%s: what is validated is not the document's", name)
		}
	}
}

// updating reports whether -update was given; the flag is defined beside the
// document's own test.
func updating() bool {
	for _, a := range os.Args {
		if a == "-update" || a == "-test.update" {
			return true
		}
	}
	return false
}

// gather collects what is said of a struct's properties, those of embedded ones
// too.
func gather(into map[string]string, said map[string]map[string]string, typ reflect.Type) {
	for i := range typ.NumField() {
		f := typ.Field(i)
		if f.Anonymous {
			gather(into, said, f.Type)
			continue
		}
		property, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if c := said[typ.Name()][f.Name]; c != "" && property != "" && property != "-" {
			into[property] = c
		}
	}
	into[""] = said[typ.Name()][""]
}

// comments reads what a package's source says of its structs and their fields.
func comments(t *testing.T, dir string) map[string]map[string]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]string{}
	for _, name := range names {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			d, ok := n.(*ast.GenDecl)
			if !ok {
				return true
			}
			for _, s := range d.Specs {
				spec, ok := s.(*ast.TypeSpec)
				if !ok {
					continue
				}
				st, ok := spec.Type.(*ast.StructType)
				if !ok {
					continue
				}
				said := map[string]string{"": sentence(d.Doc)}
				for _, field := range st.Fields.List {
					text := sentence(field.Doc)
					if text == "" {
						text = sentence(field.Comment)
					}
					for _, name := range field.Names {
						said[name.Name] = text
					}
				}
				out[spec.Name.Name] = said
			}
			return false
		})
	}
	return out
}

// sentence is a comment on one line, with a capital and a full stop.
func sentence(c *ast.CommentGroup) string {
	s := strings.Join(strings.Fields(c.Text()), " ")
	if s == "" {
		return ""
	}
	r := []rune(s)
	s = strings.ToUpper(string(r[0])) + string(r[1:])
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}
