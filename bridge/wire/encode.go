// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// Ping is the frame by which the bridge asks for a sign of life.
var Ping = []byte("{}")

// Data encodes the d or ok of a frame. Nil slices come out as [].
func Data(v any) (json.RawMessage, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding %T: %w", v, err)
	}
	return lists(data), nil
}

// lists replaces each null by []. Nothing that the bridge sends can be null but a
// nil slice: every pointer and every time is left out when empty.
func lists(data []byte) []byte {
	if !bytes.Contains(data, []byte("null")) {
		return data
	}
	out := make([]byte, 0, len(data))
	quoted := false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			out = append(out, c)
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && c == 'n':
			out = append(out, '[', ']')
			i += len("ull")
			continue
		}
		out = append(out, data[i])
	}
	return out
}

// AppendPush appends a push: n for a durable one and a poke, beat for one with
// content, each left out when 0; d may be nil.
func AppendPush(dst []byte, t PushType, n, beat uint64, d json.RawMessage) []byte {
	dst = append(dst, `{"t":"`...)
	dst = append(dst, t...)
	dst = append(dst, '"')
	dst = appendNumber(dst, `,"n":`, n)
	dst = appendNumber(dst, `,"b":`, beat)
	return appendRaw(dst, `,"d":`, d)
}

// AppendReply appends the answer to the command id, with beat when it has content.
func AppendReply(dst []byte, id uint32, beat uint64, ok json.RawMessage) []byte {
	dst = append(dst, `{"id":`...)
	dst = strconv.AppendUint(dst, uint64(id), 10)
	dst = appendNumber(dst, `,"b":`, beat)
	return appendRaw(dst, `,"ok":`, ok)
}

// AppendError appends the refusal of the command id.
func AppendError(dst []byte, id uint32, e Error) []byte {
	data, err := Data(e)
	if err != nil { // codes, numbers and scopes always encode
		panic(err)
	}
	dst = append(dst, `{"id":`...)
	dst = strconv.AppendUint(dst, uint64(id), 10)
	return appendRaw(dst, `,"err":`, data)
}

func appendNumber(dst []byte, name string, v uint64) []byte {
	if v == 0 {
		return dst
	}
	return strconv.AppendUint(append(dst, name...), v, 10)
}

func appendRaw(dst []byte, name string, data json.RawMessage) []byte {
	if data != nil {
		dst = append(append(dst, name...), data...)
	}
	return append(dst, '}')
}
