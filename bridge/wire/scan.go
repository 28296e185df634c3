// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"github.com/brobygger/brobygger/bridge"
)

// check refuses what encoding/json would take in a way that another reader might
// not: invalid UTF-8 and lone surrogates, a name twice in one object, names
// that differ from ours in case only, and deep nesting.
//
// A name must be of [a-z0-9_], written plainly. All of ours are, so a name that
// folds to one of ours is that one.
func check(frame []byte) error {
	if !utf8.Valid(frame) {
		return bridge.BadRequest("frame is not UTF-8")
	}
	if bytes.IndexByte(frame, '\n') >= 0 {
		return bridge.BadRequest("frame holds a newline")
	}
	if !json.Valid(frame) {
		return bridge.BadRequest("frame is not JSON")
	}
	s := scanner{data: frame}
	return s.value(1)
}

// scanner walks valid JSON.
type scanner struct {
	data []byte
	at   int
}

func (s *scanner) space() {
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

func (s *scanner) value(depth int) error {
	s.space()
	switch s.data[s.at] {
	case '{':
		return s.object(depth)
	case '[':
		return s.array(depth)
	case '"':
		_, err := s.text()
		return err
	}
	for s.at < len(s.data) { // a number, true, false, null
		switch s.data[s.at] {
		case ',', ']', '}', ' ', '\t', '\r':
			return nil
		}
		s.at++
	}
	return nil
}

func (s *scanner) object(depth int) error {
	if depth > MaxDepth {
		return bridge.BadRequest("frame nests too deep")
	}
	var room [8][]byte
	names := room[:0]
	s.at++
	for {
		s.space()
		if s.data[s.at] == '}' {
			s.at++
			return nil
		}
		if s.data[s.at] == ',' {
			s.at++
			continue
		}
		name, err := s.text()
		if err != nil {
			return err
		}
		if !plainName(name) {
			return bridge.BadRequest("frame has a name that is not of a-z, 0-9 and _")
		}
		for _, n := range names {
			if bytes.Equal(n, name) {
				return bridge.BadRequest("frame has a name twice in one object")
			}
		}
		if names = append(names, name); len(names) > MaxKeys {
			return bridge.BadRequest("frame has too many names in one object")
		}
		s.space()
		s.at++ // the colon
		if err := s.value(depth + 1); err != nil {
			return err
		}
	}
}

func (s *scanner) array(depth int) error {
	if depth > MaxDepth {
		return bridge.BadRequest("frame nests too deep")
	}
	s.at++
	for {
		s.space()
		switch s.data[s.at] {
		case ']':
			s.at++
			return nil
		case ',':
			s.at++
		default:
			if err := s.value(depth + 1); err != nil {
				return err
			}
		}
	}
}

// text walks a string, and returns what stands between its quotes.
func (s *scanner) text() ([]byte, error) {
	s.at++
	start := s.at
	for s.data[s.at] != '"' {
		if s.data[s.at] != '\\' {
			s.at++
			continue
		}
		if s.data[s.at+1] != 'u' {
			s.at += 2
			continue
		}
		width, ok := escape(s.data[s.at:])
		if !ok {
			return nil, bridge.BadRequest("frame has half a surrogate pair")
		}
		s.at += width
	}
	s.at++
	return s.data[start : s.at-1], nil
}

// escape measures \uXXXX, or the two of a surrogate pair.
func escape(b []byte) (width int, ok bool) {
	switch first := hex4(b[2:]); {
	case first < 0xD800 || first > 0xDFFF:
		return 6, true
	case first > 0xDBFF:
		return 0, false
	}
	if len(b) < 12 || b[6] != '\\' || b[7] != 'u' {
		return 0, false
	}
	second := hex4(b[8:])
	return 12, second >= 0xDC00 && second <= 0xDFFF
}

func hex4(b []byte) rune {
	var r rune
	for _, c := range b[:4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		default:
			c -= 'A' - 10
		}
		r = r<<4 | rune(c)
	}
	return r
}

func plainName(name []byte) bool {
	for _, c := range name {
		if ('a' > c || c > 'z') && ('0' > c || c > '9') && c != '_' {
			return false
		}
	}
	return len(name) > 0
}
