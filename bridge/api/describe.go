// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// words.json holds the Go comments of the types and fields that the document
// describes: name of a schema, then of a property; "" is the type itself. A test
// writes it from the source, so that a thing is explained in one place.
//
//go:embed words.json
var words []byte

// describe finishes the document: with words for types and fields, and with
// answers left open, since a later version may say more. What is sent in stays
// closed.
func describe(o *huma.OpenAPI) (*huma.OpenAPI, error) {
	var comments map[string]map[string]string
	if err := json.Unmarshal(words, &comments); err != nil {
		return nil, fmt.Errorf("reading the words of the document: %w", err)
	}
	closed := sentIn(o)
	for name, s := range o.Components.Schemas.Map() {
		if s.Description == "" {
			s.Description = comments[name][""]
		}
		for property, p := range s.Properties {
			if c := comments[name][property]; c != "" {
				p.Description = c
			}
		}
		if !closed[name] {
			s.AdditionalProperties = nil
		}
	}
	return o, nil
}

// sentIn names the schemas that a request may hold.
func sentIn(o *huma.OpenAPI) map[string]bool {
	found := map[string]bool{}
	var walk func(*huma.Schema)
	walk = func(s *huma.Schema) {
		if s == nil {
			return
		}
		if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
			if !found[name] {
				found[name] = true
				walk(o.Components.Schemas.Map()[name])
			}
			return
		}
		walk(s.Items)
		for _, p := range s.Properties {
			walk(p)
		}
	}
	for _, item := range o.Paths {
		for _, op := range []*huma.Operation{item.Post, item.Put} {
			if op == nil || op.RequestBody == nil {
				continue
			}
			for _, m := range op.RequestBody.Content {
				walk(m.Schema)
			}
		}
	}
	return found
}
