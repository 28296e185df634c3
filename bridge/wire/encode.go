// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
)

// Ping is the frame by which the bridge asks for a sign of life.
var Ping = []byte("{}")

// Data encodes the d or ok of a frame. Nil slices come out as [].
func Data(v any) (json.RawMessage, error) {
	room := rooms.Get().(*[]byte)
	out, err := appendData((*room)[:0], v)
	return kept(room, out), err
}

// Push encodes a push: n for a durable one and a poke, beat for one with content,
// each left out when 0; d may be nil.
func Push(t PushType, n, beat uint64, d any) ([]byte, error) {
	room := rooms.Get().(*[]byte)
	out, err := appendPushHead((*room)[:0], t, n, beat), error(nil)
	if d != nil {
		out, err = appendData(append(out, `,"d":`...), d)
	}
	return kept(room, append(out, '}')), err
}

// Reply encodes the answer to the command id, with beat when it has content.
func Reply(id uint32, beat uint64, ok any) ([]byte, error) {
	room := rooms.Get().(*[]byte)
	out, err := appendData(append(appendReplyHead((*room)[:0], id, beat), `,"ok":`...), ok)
	return kept(room, append(out, '}')), err
}

// rooms are where frames are put together; what leaves is as long as it has to be.
var rooms = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

func kept(room *[]byte, out []byte) []byte {
	frame := bytes.Clone(out)
	if cap(out) <= MaxMessage {
		*room = out
		rooms.Put(room)
	}
	return frame
}

func appendData(dst []byte, v any) ([]byte, error) {
	o := object{out: dst}
	if o.value(v) {
		if o.err != nil {
			return o.out, fmt.Errorf("encoding %T: %w", v, o.err)
		}
		return o.out, nil
	}
	data, err := json.Marshal(v)
	if err != nil {
		return dst, fmt.Errorf("encoding %T: %w", v, err)
	}
	return append(dst, lists(data)...), nil
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

// AppendPush appends a push as Push encodes it, of data that is encoded already.
func AppendPush(dst []byte, t PushType, n, beat uint64, d json.RawMessage) []byte {
	return appendRaw(appendPushHead(dst, t, n, beat), `,"d":`, d)
}

func appendPushHead(dst []byte, t PushType, n, beat uint64) []byte {
	dst = append(dst, `{"t":"`...)
	dst = append(dst, t...)
	dst = append(dst, '"')
	dst = appendNumber(dst, `,"n":`, n)
	return appendNumber(dst, `,"b":`, beat)
}

// AppendReply appends an answer as Reply encodes it, of data that is encoded
// already.
func AppendReply(dst []byte, id uint32, beat uint64, ok json.RawMessage) []byte {
	return appendRaw(appendReplyHead(dst, id, beat), `,"ok":`, ok)
}

func appendReplyHead(dst []byte, id uint32, beat uint64) []byte {
	dst = strconv.AppendUint(append(dst, `{"id":`...), uint64(id), 10)
	return appendNumber(dst, `,"b":`, beat)
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
