// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api_test

import (
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/brobygger/brobygger/bridge/api"
)

// document is what these tests look at of OpenAPI.
type document struct {
	OpenAPI string `json:"openapi"`
	Tags    []struct{ Name, Description string }
	Paths   map[string]map[string]operation
}

type operation struct {
	OperationID string `json:"operationId"`
	Summary     string
	Tags        []string
	Security    []map[string][]string
	Parameters  []struct {
		Ref         string `json:"$ref"`
		Name, In    string
		Description string
	}
	Responses map[string]struct {
		Ref         string `json:"$ref"`
		Description string
	}
}

func spec(t *testing.T) ([]byte, document) {
	t.Helper()
	raw, err := api.Spec()
	if err != nil {
		t.Fatal(err)
	}
	var d document
	if err := json.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	return raw, d
}

var update = flag.Bool("update", false, "rewrite docs/openapi.json")

// TestTheDocumentIsKept in docs/, where a reader and the linter find it.
func TestTheDocumentIsKept(t *testing.T) {
	const file = "../../docs/openapi.json"
	raw, _ := spec(t)
	if *update {
		if err := os.WriteFile(file, raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(kept) != string(raw) {
		t.Error("docs/openapi.json is behind: go test ./bridge/api -update")
	}
}

func TestTheDocumentIsServedAsPrinted(t *testing.T) {
	raw, d := spec(t)
	w := do(handler(t, &verbs{}), "GET", "/openapi.json", "", "Authorization", "")
	if w.Body.String() != string(raw) {
		t.Error("what is served is not what is printed")
	}
	again, _ := spec(t)
	if string(again) != string(raw) {
		t.Error("printing it twice gives two documents")
	}
	if !strings.HasPrefix(d.OpenAPI, "3.1.") {
		t.Errorf("OpenAPI %s", d.OpenAPI)
	}
}

// TestEveryRouteIsDescribed and, the other way, every description is a route: it
// is there, and lets nobody in without a token.
func TestEveryRouteIsDescribed(t *testing.T) {
	_, d := spec(t)
	h := handler(t, &verbs{}, func(c *api.Config) { c.Limits.PerIP = -1 })
	tags := map[string]bool{}
	for _, tag := range d.Tags {
		tags[tag.Name] = tag.Description != ""
	}
	ids := map[string]bool{}
	for path, methods := range d.Paths {
		for method, op := range methods {
			where := strings.ToUpper(method) + " " + path
			if op.OperationID == "" || ids[op.OperationID] || op.Summary == "" || len(op.Tags) != 1 || !tags[op.Tags[0]] {
				t.Errorf("%s: id, summary or tag is missing or twice", where)
			}
			ids[op.OperationID] = true
			if len(op.Security) != 1 || op.Security[0]["bearer"] == nil {
				t.Errorf("%s: asks for no token", where)
			}
			for _, p := range op.Parameters {
				if p.Ref == "" && p.Description == "" {
					t.Errorf("%s: parameter %s is not explained", where, p.Name)
				}
			}
			for _, status := range []string{"400", "401", "403", "429", "500", "503"} {
				if op.Responses[status].Ref == "" {
					t.Errorf("%s: %s is not described", where, status)
				}
			}
			target := strings.NewReplacer("{", "", "}", "").Replace(path)
			if w := do(h, strings.ToUpper(method), target, "", "Authorization", ""); w.Code != http.StatusUnauthorized {
				t.Errorf("%s without a token: %d", where, w.Code)
			}
		}
	}
	if len(ids) < 30 {
		t.Errorf("only %d routes", len(ids))
	}
}

func TestNoNationalIdentifierCanStandInAnAddress(t *testing.T) {
	_, d := spec(t)
	for path, methods := range d.Paths {
		for method, op := range methods {
			for _, p := range op.Parameters {
				if name := strings.ToLower(p.Name); strings.Contains(name, "cpr") || strings.Contains(name, "identifier") {
					t.Errorf("%s %s takes %s", method, path, p.Name)
				}
			}
		}
	}
}

func TestABridgeIsRequired(t *testing.T) {
	if _, err := api.New(api.Config{}); err == nil {
		t.Error("a handler over nothing was made")
	}
}
