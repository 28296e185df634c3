// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

var update = flag.Bool("update", false, "rewrite golden frames and clients/kit/wire.ts")

func codes() []bridge.Code { return slices.Sorted(maps.Keys(bridge.Outcomes)) }

func encode(v any) json.RawMessage {
	data, err := wire.Data(v)
	if err != nil {
		panic(err)
	}
	return data
}

// golden compares a frame with its file, which reads better with line breaks.
func golden(t *testing.T, name string, frame []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".json")
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, frame, "", "  "); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	pretty.WriteByte('\n')
	if *update {
		if err := os.WriteFile(path, pretty.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), pretty.String()); diff != "" {
		t.Errorf("%s differs from its golden frame (-want +got; rewrite with -update):\n%s", name, diff)
	}
}

func TestEveryCommandHasAGoldenFrameThatDecodesToItself(t *testing.T) {
	covered := map[wire.CommandType]bool{}
	for i, x := range exchanges {
		covered[x.Type] = true
		spec := wire.Commands[slices.IndexFunc(wire.Commands, func(s wire.CommandSpec) bool { return s.Type == x.Type })]
		if got := reflect.TypeOf(x.Data).Elem(); got != spec.Data {
			t.Fatalf("%s: sample is a %v, want %v", x.Type, got, spec.Data)
		}
		want := wire.Command{Type: x.Type, Beat: uint64(i + 1), Data: x.Data}
		if spec.Answered() {
			want.ID = uint32(i + 1)
		}
		frame, err := wire.EncodeCommand(want)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "command."+string(x.Type), frame)
		got, err := wire.DecodeCommand(frame)
		if err != nil {
			t.Fatalf("%s: %v", x.Type, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s came back changed:\n%s", x.Type, diff)
		}
	}
	for _, s := range wire.Commands {
		if !covered[s.Type] {
			t.Errorf("%s has no golden frame", s.Type)
		}
	}
}

func TestEveryAnswerHasAGoldenFrameThatDecodesToItself(t *testing.T) {
	for i, x := range exchanges {
		spec := wire.Commands[slices.IndexFunc(wire.Commands, func(s wire.CommandSpec) bool { return s.Type == x.Type })]
		if spec.Answered() != (x.OK != nil) {
			t.Fatalf("%s: answered is %v", x.Type, spec.Answered())
		}
		if x.OK == nil {
			continue
		}
		if got := reflect.TypeOf(x.OK).Elem(); got != spec.OK {
			t.Fatalf("%s: sample is a %v, want %v", x.Type, got, spec.OK)
		}
		var beat uint64
		if x.content {
			beat = uint64(i + 1)
		}
		frame := wire.AppendReply(nil, uint32(i+1), beat, encode(x.OK))
		golden(t, "reply."+string(x.Type), frame)
		s, err := wire.DecodeServer(frame)
		if err != nil {
			t.Fatal(err)
		}
		got := reflect.New(spec.OK)
		if err := s.Into(got.Interface()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(x.OK, got.Interface(), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s came back changed:\n%s", x.Type, diff)
		}
		if s.ID != uint32(i+1) || s.Beat != beat || s.Ping() {
			t.Errorf("%s: id %d, beat %d", x.Type, s.ID, s.Beat)
		}
	}
}

func TestEveryPushHasAGoldenFrameThatDecodesToItself(t *testing.T) {
	covered := map[wire.PushType]bool{}
	for _, p := range pushes {
		covered[p.Type] = true
		spec := wire.Pushes[slices.IndexFunc(wire.Pushes, func(s wire.PushSpec) bool { return s.Type == p.Type })]
		if spec.Durable && p.N == 0 {
			t.Errorf("%s is durable and has no n", p.Type)
		}
		var data json.RawMessage
		if p.Data != nil {
			data = encode(p.Data)
		}
		frame := wire.AppendPush(nil, p.Type, p.N, p.Beat, data)
		golden(t, "push."+string(p.Type), frame)
		s, err := wire.DecodeServer(frame)
		if err != nil {
			t.Fatal(err)
		}
		if s.Type != p.Type || s.N != p.N || s.Beat != p.Beat || s.Ping() {
			t.Errorf("%s came back as %s, n %d, b %d", p.Type, s.Type, s.N, s.Beat)
		}
		if p.Data == nil {
			continue
		}
		got := reflect.New(spec.Data)
		if err := s.Event.Into(got.Interface()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p.Data, got.Interface(), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s came back changed:\n%s", p.Type, diff)
		}
	}
	for _, s := range wire.Pushes {
		if !covered[s.Type] {
			t.Errorf("%s has no golden frame", s.Type)
		}
	}
}

func TestEveryErrorHasAGoldenFrameThatDecodesToItself(t *testing.T) {
	for _, e := range refusals() {
		frame := wire.AppendError(nil, 17, wire.ErrorOf(e))
		golden(t, "error."+string(e.Code), frame)
		s, err := wire.DecodeServer(frame)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := s.Into(nil).(*bridge.Error)
		if !ok {
			t.Fatalf("%s came back as no *bridge.Error", e.Code)
		}
		if diff := cmp.Diff(e, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s came back changed:\n%s", e.Code, diff)
		}
		if s.Err.Retry != bridge.Outcomes[e.Code].Retry {
			t.Errorf("%s: retry is %v", e.Code, s.Err.Retry)
		}
	}
}

func TestEveryCloseHasAGoldenLastFrame(t *testing.T) {
	ends := map[int]bool{}
	for _, c := range wire.Closes {
		ends[c.Code] = true
		golden(t, fmt.Sprintf("close.%d", c.Code),
			wire.AppendPush(nil, wire.PushDisconnect, 0, 0, encode(wire.Disconnect{Code: c.Code, Reason: c.Reason})))
		if len(c.Reason) > wire.MaxReason || c.Reason == "" {
			t.Errorf("%d: reason of %d bytes", c.Code, len(c.Reason))
		}
		if want := c.Code < 4500; wire.ComeBack(c.Code) != want || wire.CloseOf(c.Code) != c {
			t.Errorf("%d: come back is not %v, or it is not found", c.Code, want)
		}
	}
	for code, o := range bridge.Outcomes {
		if o.Close != 0 && !ends[o.Close] {
			t.Errorf("%s closes with %d, which is not in the table", code, o.Close)
		}
	}
}

func TestNoGoldenFrameIsLeftOver(t *testing.T) {
	known := map[string]bool{}
	for _, x := range exchanges {
		known["command."+string(x.Type)] = true
		known["reply."+string(x.Type)] = x.OK != nil
	}
	for _, p := range pushes {
		known["push."+string(p.Type)] = true
	}
	for _, e := range refusals() {
		known["error."+string(e.Code)] = true
	}
	for _, c := range wire.Closes {
		known[fmt.Sprintf("close.%d", c.Code)] = true
	}
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		if name := filepath.Base(f); !known[name[:len(name)-len(".json")]] {
			t.Errorf("%s is the frame of nothing", f)
		}
	}
}
