// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// object is a JSON object whose keys are each there once.
type object map[string]any

// parseError is a fault of the JSON itself.
type parseError struct{ reason Reason }

func (e *parseError) Error() string { return e.reason.Text() }

// parser reads JSON into maps and lists, and stops before they fill the memory.
type parser struct {
	d    *json.Decoder
	left int // values that may still come
}

// parseValues reads every JSON value of data: one, or as many as NDJSON has.
func parseValues(data []byte, limit int) ([]any, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		return nil, &parseError{NotUTF8}
	}
	p := parser{json.NewDecoder(bytes.NewReader(data)), limit}
	p.d.UseNumber()
	var values []any
	for {
		v, err := p.value(MaxDepth)
		if errors.Is(err, io.EOF) {
			return values, nil
		}
		if err != nil {
			return nil, err
		}
		if len(values) == MaxResources {
			return nil, &parseError{TooLarge}
		}
		values = append(values, v)
	}
}

// value reads one value. Its errors never hold a byte of the input, which those
// of encoding/json do.
func (p *parser) value(depth int) (any, error) {
	t, err := p.d.Token()
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	if err != nil {
		return nil, &parseError{Malformed}
	}
	if p.left--; p.left < 0 {
		return nil, &parseError{TooLarge}
	}
	delim, ok := t.(json.Delim)
	if !ok {
		return t, nil
	}
	if depth == 0 {
		return nil, &parseError{TooDeep}
	}
	if delim == '[' {
		var list []any
		for p.d.More() {
			v, err := p.value(depth - 1)
			if err != nil {
				return nil, inside(err)
			}
			list = append(list, v)
		}
		return list, p.closing()
	}
	o := object{}
	for p.d.More() {
		k, err := p.d.Token()
		if err != nil {
			return nil, &parseError{Malformed}
		}
		key, _ := k.(string)
		if _, twice := o[key]; twice {
			return nil, &parseError{DuplicateKey}
		}
		if o[key], err = p.value(depth - 1); err != nil {
			return nil, inside(err)
		}
	}
	return o, p.closing()
}

// inside turns the end of the input in the middle of a value into a fault.
func inside(err error) error {
	if errors.Is(err, io.EOF) {
		return &parseError{Malformed}
	}
	return err
}

func (p *parser) closing() error {
	if _, err := p.d.Token(); err != nil {
		return &parseError{Malformed}
	}
	return nil
}

// node is a place in a resource. A place that is not there is a node with a nil
// value, so that places can be asked for in a chain. What is there but wrong is
// put on the resource's record.
type node struct {
	v    any
	path string
	in   *resource
}

func (n node) ok() bool { return n.v != nil }

func (n node) fail(r Reason) { n.in.fail(n.path, r) }
func (n node) note(r Reason) { n.in.note(n.path, r) }

// get returns a property of an object.
func (n node) get(key string) node {
	c := node{path: n.path + "." + key, in: n.in}
	switch v := n.v.(type) {
	case nil:
	case object:
		c.v = v[key]
	default:
		n.fail(WrongType)
	}
	return c
}

// list returns the elements of an array property, nulls left out.
func (n node) list(key string) []node {
	p := n.get(key)
	if !p.ok() {
		return nil
	}
	items, ok := p.v.([]any)
	if !ok {
		p.fail(WrongType)
		return nil
	}
	var nodes []node
	for i, v := range items {
		if v != nil {
			nodes = append(nodes, node{v: v, path: p.path + "[" + strconv.Itoa(i) + "]", in: n.in})
		}
	}
	return nodes
}

// maxText is how many bytes a name, a title or any other short text may have.
const maxText = 1000

// text returns the node's string, "" when it is not there. Control characters
// are refused: they have no place in a name and can hide what is shown.
func (n node) text() string {
	switch v := n.v.(type) {
	case nil:
		return ""
	case string:
		switch {
		case strings.TrimSpace(v) == "":
			n.fail(EmptyValue)
		case len(v) > maxText:
			n.fail(TooLong)
		case strings.ContainsFunc(v, hidden):
			n.fail(ControlCharacter)
		default:
			return strings.TrimSpace(v)
		}
	default:
		n.fail(WrongType)
	}
	return ""
}

// hidden reports control characters and those that turn the direction of text
// around (Unicode TR 36, 2.10).
func hidden(c rune) bool {
	return unicode.IsControl(c) || '\u202a' <= c && c <= '\u202e' || '\u2066' <= c && c <= '\u2069'
}

func (n node) str(key string) string { return n.get(key).text() }

// flag returns a boolean property, or the value it has when it is not there.
func (n node) flag(key string, absent bool) bool {
	p := n.get(key)
	switch v := p.v.(type) {
	case nil:
		return absent
	case bool:
		return v
	}
	p.fail(WrongType)
	return absent
}

// extensions returns the extensions with this url.
func (n node) extensions(url string) []node {
	var found []node
	for _, e := range n.list("extension") {
		if e.str("url") == url {
			found = append(found, e)
		}
	}
	return found
}

// extension returns the first extension with this url.
func (n node) extension(url string) node {
	if all := n.extensions(url); len(all) > 0 {
		return all[0]
	}
	return node{path: n.path + ".extension", in: n.in}
}
