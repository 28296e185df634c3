// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"
)

// maxDepth is how deep a JSON body may nest.
const maxDepth = 16

// Errors of a body that can't be taken. They repeat nothing of it.
var (
	errNotJSON   = errors.New("not one value of JSON in UTF-8")
	errTooDeep   = errors.New("nested too deeply")
	errDuplicate = errors.New("the same member name twice in one object")
	errNotShape  = errors.New("a value of the wrong kind, or a member that is not known")
)

// encode writes v as one line of JSON.
func encode(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// decode reads exactly one value of JSON, strictly: encoding/json alone lets the
// last of several equal names win, which two readers of one body may judge apart.
func decode(data []byte, v any) error {
	if err := wellFormed(data); err != nil {
		return err
	}
	if generic, ok := v.(*any); ok {
		return json.Unmarshal(data, generic)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return errNotShape
	}
	return nil
}

// wellFormed checks depth, duplicate names, UTF-8, and that nothing follows.
func wellFormed(data []byte) error {
	if !utf8.Valid(data) {
		return errNotJSON
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := value(d, 0); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errNotJSON
	}
	return nil
}

// value consumes one value.
func value(d *json.Decoder, depth int) error {
	t, err := d.Token()
	if err != nil {
		return errNotJSON
	}
	open, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	if depth == maxDepth {
		return errTooDeep
	}
	names := map[string]bool{}
	for d.More() {
		if open == '{' {
			t, err := d.Token()
			name, ok := t.(string)
			if err != nil || !ok {
				return errNotJSON
			}
			if names[name] {
				return errDuplicate
			}
			names[name] = true
		}
		if err := value(d, depth+1); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil { // the closing delimiter
		return errNotJSON
	}
	return nil
}
