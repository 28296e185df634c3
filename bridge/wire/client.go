// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire

import (
	"encoding/json"
	"fmt"

	"github.com/brobygger/brobygger/bridge"
)

// The client's half, for clients in Go.

// EncodeCommand encodes one frame of a client. Data is a value of, or a pointer
// to, what Commands says for the type; nil for a sign of life.
func EncodeCommand(c Command) ([]byte, error) {
	frame := struct {
		ID   uint32      `json:"id,omitempty"`
		Type CommandType `json:"t,omitempty"`
		Beat uint64      `json:"b"`
		Data any         `json:"d,omitempty"`
	}{c.ID, c.Type, c.Beat, c.Data}
	data, err := json.Marshal(frame)
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", c.Type, err)
	}
	return data, nil
}

// Event is a push, or one of the events in the answer to sync: Type, N and Data.
// A push that carries content has the beat that its freshness counts from; in
// an answer the beat is the answer's.
type Event struct {
	Type PushType        `json:"t"`
	N    uint64          `json:"n,omitempty"`
	Beat uint64          `json:"b,omitempty"`
	Data json.RawMessage `json:"d,omitempty"`
}

// Server is one frame of the bridge, as a client reads it. Exactly one of these
// holds: ID is set and one of OK and Err is (an answer); Type is set (a push);
// neither (a ping).
type Server struct {
	Event
	ID  uint32          `json:"id,omitempty"`
	OK  json.RawMessage `json:"ok,omitempty"`
	Err *Error          `json:"err,omitempty"`
}

// Ping reports whether the frame asks for a sign of life.
func (s Server) Ping() bool { return s.ID == 0 && s.Type == "" }

// DecodeServer reads one frame of the bridge. Unknown fields and types are left
// to the caller to ignore.
func DecodeServer(frame []byte) (Server, error) {
	var s Server
	if err := json.Unmarshal(frame, &s); err != nil {
		return Server{}, fmt.Errorf("decoding frame: %w", err)
	}
	if s.ID != 0 && (s.OK == nil) == (s.Err == nil) {
		return Server{}, bridge.BadRequest("answer has not one of ok and err")
	}
	return s, nil
}

// Into decodes the event's d.
func (e Event) Into(v any) error {
	if err := json.Unmarshal(e.Data, v); err != nil {
		return fmt.Errorf("decoding %s: %w", e.Type, err)
	}
	return nil
}

// Into decodes the answer's ok, or returns its err as a *bridge.Error.
func (s Server) Into(v any) error {
	if s.Err != nil {
		return s.Err.Err()
	}
	if err := json.Unmarshal(s.OK, v); err != nil {
		return fmt.Errorf("decoding answer: %w", err)
	}
	return nil
}
