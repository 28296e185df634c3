// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire

import (
	"bytes"
	"encoding/json"
	"io"
	"iter"

	"github.com/brobygger/brobygger/bridge"
)

// Frames splits a message into its frames, leaving out empty lines.
func Frames(message []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for frame := range bytes.SplitSeq(message, []byte{'\n'}) {
			if frame = bytes.TrimSpace(frame); len(frame) > 0 && !yield(frame) {
				return
			}
		}
	}
}

type commandFrame struct {
	ID   *uint32         `json:"id"`
	Type *CommandType    `json:"t"`
	Beat *uint64         `json:"b"`
	Data json.RawMessage `json:"d"`
}

// DecodeCommand reads one frame of a client, strictly: every error is an *Error
// with CodeBadRequest or CodeTooLarge. Where the frame could be read so far, the
// command holds ID and Type, so that the error can be answered.
func DecodeCommand(frame []byte) (Command, error) {
	if len(frame) > MaxMessage {
		return Command{}, &bridge.Error{Code: bridge.CodeTooLarge, Message: "frame is too large"}
	}
	if c, plain, err := DecodePlain(frame); plain {
		return c, err
	}
	return longCommand(frame)
}

// DecodePlain is DecodeCommand for a frame of the commands that come most, as
// clients write them; of any other it says that it is not plain. It needs little
// stack.
func DecodePlain(frame []byte) (c Command, plain bool, err error) {
	if len(frame) > MaxMessage {
		return Command{}, false, nil
	}
	if c, plain = plainCommand(frame); plain {
		err = valid(c.Data)
	}
	return c, plain, err
}

// longCommand is DecodeCommand for every frame of the right size.
func longCommand(frame []byte) (Command, error) {
	if err := check(frame); err != nil {
		return Command{}, err
	}
	var f commandFrame
	if err := strict(frame, &f); err != nil {
		return Command{}, err
	}
	if f.Beat == nil || *f.Beat == 0 || *f.Beat > MaxBeat {
		return Command{}, bridge.BadRequest("frame needs a beat b from 1 to 2^53-1")
	}
	c := Command{Beat: *f.Beat}
	if f.Type == nil { // a sign of life
		if f.ID != nil || f.Data != nil {
			return Command{}, bridge.BadRequest("frame has no type t")
		}
		return c, nil
	}
	spec, known := commandSpecs[*f.Type]
	c.Type = *f.Type
	if f.ID != nil {
		c.ID = *f.ID
	}
	switch {
	case !known:
		return c, bridge.BadRequest("frame is of no type that is known here")
	case spec.Answered() && c.ID == 0:
		return c, bridge.BadRequest("command needs an id from 1")
	case !spec.Answered() && f.ID != nil:
		return c, bridge.BadRequest("command is not answered and has no id")
	}
	c.Data = spec.make()
	if f.Data == nil {
		f.Data = json.RawMessage("{}")
	}
	if f.Data[0] != '{' {
		return c, bridge.BadRequest("d is not an object")
	}
	if err := strict(f.Data, c.Data); err != nil {
		return c, err
	}
	return c, valid(c.Data)
}

func valid(data any) error {
	if v, ok := data.(interface{ validate() error }); ok {
		return v.validate()
	}
	return nil
}

// strict decodes what check has passed, and refuses unknown fields.
func strict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		// The text of err may quote the frame: it stays here.
		return bridge.BadRequest("frame has a field that is unknown, or of the wrong kind")
	}
	if _, err := d.Token(); err != io.EOF {
		return bridge.BadRequest("frame has something behind it")
	}
	return nil
}

// SignOfLife reads a message that is a sign of life as clients write it, without
// more work than that takes; what it does not know DecodeCommand may.
func SignOfLife(message []byte) (beat uint64, ok bool) {
	digits, ok := bytes.CutPrefix(message, []byte(`{"b":`))
	if !ok {
		return 0, false
	}
	if digits, ok = bytes.CutSuffix(digits, []byte(`}`)); !ok || len(digits) == 0 || len(digits) > 15 || digits[0] == '0' {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		beat = beat*10 + uint64(c-'0')
	}
	return beat, true
}
