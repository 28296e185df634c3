// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// object appends JSON as encoding/json writes it, but for null, which is [].
type object struct {
	out []byte
	err error
}

func (o *object) open()  { o.out = append(o.out, '{') }
func (o *object) close() { o.out = append(o.out, '}') }

// name begins a member.
func (o *object) name(name string) {
	if o.out[len(o.out)-1] != '{' {
		o.out = append(o.out, ',')
	}
	o.out = append(append(append(o.out, '"'), name...), '"', ':')
}

func (o *object) text(name, s string) {
	o.name(name)
	o.out = appendText(o.out, s)
}

// textIf leaves out what is empty, as omitempty does.
func (o *object) textIf(name, s string) {
	if s != "" {
		o.text(name, s)
	}
}

func (o *object) number(name string, n uint64) {
	o.name(name)
	o.out = strconv.AppendUint(o.out, n, 10)
}

func (o *object) flag(name string, on bool) {
	o.name(name)
	o.out = strconv.AppendBool(o.out, on)
}

func (o *object) flagIf(name string, on bool) {
	if on {
		o.flag(name, on)
	}
}

func (o *object) time(name string, t time.Time) {
	o.name(name)
	o.out = append(o.out, '"')
	var err error
	if o.out, err = t.AppendText(o.out); err != nil {
		o.err = err
	}
	o.out = append(o.out, '"')
}

// other writes a value of any kind, the usual way.
func (o *object) other(name string, v any) {
	o.name(name)
	data, err := json.Marshal(v)
	if err != nil {
		o.err = err
		return
	}
	o.out = append(o.out, lists(data)...)
}

func appendTexts[S ~string](o *object, name string, all []S) {
	o.name(name)
	o.out = append(o.out, '[')
	for i, s := range all {
		if i > 0 {
			o.out = append(o.out, ',')
		}
		o.out = appendText(o.out, string(s))
	}
	o.out = append(o.out, ']')
}

func appendTextsIf[S ~string](o *object, name string, all []S) {
	if len(all) > 0 {
		appendTexts(o, name, all)
	}
}

// clean is which bytes stand for themselves in a text.
var clean = func() (t [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		t[c] = !strings.ContainsRune(`"\<>&`, c)
	}
	return t
}()

const hexDigits = "0123456789abcdef"

// appendText quotes s as encoding/json does: what HTML or JavaScript would take
// for more than text is escaped too.
func appendText(out []byte, s string) []byte {
	out = append(out, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if clean[c] {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			out = appendEscape(append(out, s[start:i]...), c)
			i++
			start = i
			continue
		}
		switch r, size := utf8.DecodeRuneInString(s[i:]); {
		case r == utf8.RuneError && size == 1:
			out = append(append(out, s[start:i]...), `\ufffd`...)
			i++
			start = i
		case r == '\u2028' || r == '\u2029':
			out = append(append(out, s[start:i]...), `\u202`...)
			out = append(out, hexDigits[r&0xf])
			i += size
			start = i
		default:
			i += size
		}
	}
	return append(append(out, s[start:]...), '"')
}

func appendEscape(out []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(out, '\\', c)
	case '\b':
		return append(out, '\\', 'b')
	case '\f':
		return append(out, '\\', 'f')
	case '\n':
		return append(out, '\\', 'n')
	case '\r':
		return append(out, '\\', 'r')
	case '\t':
		return append(out, '\\', 't')
	}
	return append(out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
}
