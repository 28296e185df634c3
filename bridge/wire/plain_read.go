// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire

import (
	"unicode/utf16"
	"unicode/utf8"
)

// plain walks JSON that holds no spaces. What it can't read makes it bad, and it
// then stands still.
type plain struct {
	data []byte
	at   int
	bad  bool
}

// names is which names an object has had; each may come once.
type names uint8

func (n *names) once(p *plain, bit int) {
	if *n&(1<<bit) != 0 {
		p.bad = true
	}
	*n |= 1 << bit
}

// next takes c if it stands next.
func (p *plain) next(c byte) bool {
	if p.bad || p.at >= len(p.data) || p.data[p.at] != c {
		return false
	}
	p.at++
	return true
}

func (p *plain) expect(c byte) {
	if !p.next(c) {
		p.bad = true
	}
}

// literal takes s if it stands next.
func (p *plain) literal(s string) bool {
	if p.bad || len(p.data)-p.at < len(s) || string(p.data[p.at:p.at+len(s)]) != s {
		return false
	}
	p.at += len(s)
	return true
}

// object has member read each value by its name.
func (p *plain) object(member func(name string)) {
	p.expect('{')
	if p.next('}') {
		return
	}
	for !p.bad {
		name := p.quoted()
		p.expect(':')
		if p.bad {
			return
		}
		member(string(name))
		if p.next('}') {
			return
		}
		p.expect(',')
	}
}

// array has item read each value.
func (p *plain) array(item func()) {
	p.expect('[')
	if p.next(']') {
		return
	}
	for !p.bad {
		item()
		if p.next(']') {
			return
		}
		p.expect(',')
	}
}

// quoted takes a string without escapes, and returns what is between its quotes.
func (p *plain) quoted() []byte {
	p.expect('"')
	start := p.at
	for !p.bad && p.at < len(p.data) {
		switch c := p.data[p.at]; {
		case c == '"':
			p.at++
			return p.data[start : p.at-1]
		case c == '\\' || c < ' ':
			p.bad = true
		default:
			p.at++
		}
	}
	p.bad = true
	return nil
}

// text takes a string.
func (p *plain) text() string {
	start := p.at
	if s := p.quoted(); !p.bad {
		return string(s)
	}
	if p.at >= len(p.data) || p.data[p.at] != '\\' {
		return ""
	}
	p.bad = false
	out := append(make([]byte, 0, 2*(p.at-start)+64), p.data[start+1:p.at]...)
	for p.at < len(p.data) {
		switch c := p.data[p.at]; {
		case c == '"':
			p.at++
			return string(out)
		case c < ' ':
			p.bad = true
			return ""
		case c != '\\':
			out = append(out, c)
			p.at++
		default:
			if out = p.escaped(out); p.bad {
				return ""
			}
		}
	}
	p.bad = true
	return ""
}

// escaped takes one escape. Surrogates, whole or half, go the long way.
func (p *plain) escaped(out []byte) []byte {
	rest := p.data[p.at+1:]
	if len(rest) == 0 {
		p.bad = true
		return out
	}
	p.at += 2
	switch rest[0] {
	case '"', '\\', '/':
		return append(out, rest[0])
	case 'b':
		return append(out, '\b')
	case 'f':
		return append(out, '\f')
	case 'n':
		return append(out, '\n')
	case 'r':
		return append(out, '\r')
	case 't':
		return append(out, '\t')
	}
	if rest[0] != 'u' || len(rest) < 5 || !hexadecimal(rest[1:5]) {
		p.bad = true
		return out
	}
	r := hex4(rest[1:])
	if utf16.IsSurrogate(r) {
		p.bad = true
		return out
	}
	p.at += 4
	return utf8.AppendRune(out, r)
}

func hexadecimal(b []byte) bool {
	for _, c := range b {
		if ('0' > c || c > '9') && ('a' > c || c > 'f') && ('A' > c || c > 'F') {
			return false
		}
	}
	return true
}

// number takes an integer of at most most.
func (p *plain) number(most uint64) (n uint64) {
	start := p.at
	for p.at < len(p.data) && '0' <= p.data[p.at] && p.data[p.at] <= '9' && p.at-start < 17 {
		n = n*10 + uint64(p.data[p.at]-'0')
		p.at++
	}
	if digits := p.at - start; digits == 0 || digits > 1 && p.data[start] == '0' || n > most {
		p.bad = true
	}
	return n
}

func (p *plain) flag() bool {
	if p.literal("true") {
		return true
	}
	if !p.literal("false") {
		p.bad = true
	}
	return false
}
