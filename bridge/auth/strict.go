// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package auth

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
)

// maxDepth is how deep JSON may nest, here and in keys.
const maxDepth = 8

// object holds a JSON object's members by their exact names. Package json would
// take "ROLE" for "role", and the last of two equal names, which lets two readers
// of one token see two different tokens.
type object map[string]json.RawMessage

// readObject reads one JSON object, and refuses equal names at any depth, text
// that is not UTF-8, deep nesting and anything behind the object.
func readObject(b []byte) (object, error) {
	if !utf8.Valid(b) {
		return nil, errors.New("JSON that is not UTF-8")
	}
	if !json.Valid(b) {
		return nil, errors.New("malformed JSON")
	}
	if err := walk(json.NewDecoder(bytes.NewReader(b)), maxDepth); err != nil {
		return nil, err
	}
	var o object
	if err := json.Unmarshal(b, &o); err != nil || o == nil {
		return nil, errors.New("JSON that is not an object")
	}
	return o, nil
}

// walk reads one value, which is known to be valid JSON.
func walk(d *json.Decoder, depth int) error {
	token, err := d.Token()
	if err != nil {
		return fmt.Errorf("reading JSON: %w", err)
	}
	open, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	if depth == 0 {
		return errors.New("JSON that nests too deep")
	}
	names := map[string]bool{}
	for d.More() {
		if open == '{' {
			token, err := d.Token()
			if err != nil {
				return fmt.Errorf("reading JSON: %w", err)
			}
			name, _ := token.(string)
			if names[name] {
				return errors.New("JSON with two members of one name")
			}
			names[name] = true
		}
		if err := walk(d, depth-1); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

func (o object) has(names ...string) bool {
	for _, n := range names {
		if _, ok := o[n]; ok {
			return true
		}
	}
	return false
}

// text returns a member that is a string, "" for any other.
func (o object) text(name string) string {
	var s *string
	if json.Unmarshal(o[name], &s) != nil || s == nil {
		return ""
	}
	return *s
}

// texts returns a member that is a string or an array of strings, nil for any other.
func (o object) texts(name string) []string {
	if s := o.text(name); s != "" {
		return []string{s}
	}
	var all []string
	if json.Unmarshal(o[name], &all) != nil {
		return nil
	}
	return all
}

// instant returns a member that is a NumericDate (RFC 7519, section 2) before
// the year 10000.
func (o object) instant(name string) (time.Time, bool) {
	raw := o[name]
	if len(raw) == 0 || raw[0] < '0' || raw[0] > '9' {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || seconds > 253402300799 {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(seconds * 1000)), true
}
