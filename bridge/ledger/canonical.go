// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// Canonical returns the bytes that are committed to: JSON in the order of the
// struct's fields, times in UTC to the nanosecond. They are what encoding/json
// makes of the struct without escaping HTML, only sooner.
func (e Entry) Canonical() ([]byte, error) {
	e.Time = e.Time.UTC()
	if y := e.Time.Year(); y < 0 || y > 9999 {
		return nil, fmt.Errorf("encoding entry: year %d", y)
	}
	b := make([]byte, 0, 1024)
	b = appendWord(append(b, `{"patient":`...), e.Patient)
	b = strconv.AppendUint(append(b, `,"seq":`...), e.Seq, 10)
	b = e.Time.AppendFormat(append(b, `,"time":"`...), time.RFC3339Nano)
	b = appendWord(append(b, `","kind":`...), string(e.Kind))
	b = appendField(b, `,"action":`, e.Action)
	b = appendField(b, `,"by":`, e.By)
	b = appendField(b, `,"by_role":`, e.ByRole)
	b = appendField(b, `,"by_org":`, e.ByOrg)
	b = appendField(b, `,"to":`, e.To)
	b = appendField(b, `,"to_role":`, e.ToRole)
	b = appendField(b, `,"to_org":`, e.ToOrg)
	b = appendField(b, `,"purpose":`, e.Purpose)
	b = appendFields(b, `,"topics":`, e.Topics)
	b = appendFields(b, `,"redacted":`, e.Redacted)
	b = appendField(b, `,"conversation":`, e.Conversation)
	b = appendField(b, `,"message":`, e.Message)
	b = appendField(b, `,"disclosure":`, e.Disclosure)
	b = appendField(b, `,"request":`, e.Request)
	b = appendField(b, `,"objection":`, e.Objection)
	b = appendField(b, `,"emergency":`, e.Emergency)
	b = appendFields(b, `,"consents":`, e.Consents)
	b = strconv.AppendUint(append(b, `,"epoch":`...), e.Epoch, 10)
	b = appendField(b, `,"basis":`, e.Basis)
	b = appendFields(b, `,"reasons":`, e.Reasons)
	b = appendField(b, `,"revision":`, e.Revision)
	b = appendField(b, `,"line":`, e.Line)
	b = appendField(b, `,"ring":`, e.Ring)
	b = appendField(b, `,"callback":`, e.Callback)
	if e.Seconds > 0 {
		b = strconv.AppendUint(append(b, `,"seconds":`...), e.Seconds, 10)
	}
	return append(b, '}'), nil
}

// appendField appends a name and a word, unless that is empty.
func appendField(b []byte, name, s string) []byte {
	if s == "" {
		return b
	}
	return appendWord(append(b, name...), s)
}

// appendFields appends a name and words, unless there are none.
func appendFields(b []byte, name string, all []string) []byte {
	if len(all) == 0 {
		return b
	}
	b = append(append(b, name...), '[')
	for i, s := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendWord(b, s)
	}
	return append(b, ']')
}

// appendWord appends a string of JSON. Nearly all are ids and codes, which stand
// for themselves.
func appendWord(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return appendQuoted(b, s)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func appendQuoted(b []byte, s string) []byte {
	var quoted bytes.Buffer
	enc := json.NewEncoder(&quoted)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always can be
	return append(b, bytes.TrimSuffix(quoted.Bytes(), []byte("\n"))...)
}
