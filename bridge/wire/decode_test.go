// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

func TestWhatAnotherReaderMightReadOtherwiseIsRefused(t *testing.T) {
	deep := strings.Repeat("[", 15) + strings.Repeat("]", 15)
	for name, frame := range map[string]string{
		"nothing":                   ``,
		"no object":                 `[]`,
		"null":                      `null`,
		"cut":                       `{"id":1,"t":"read","b":1,"d":{"conv":"c-7","seq":1}`,
		"something behind":          `{"b":1} {"b":2}`,
		"two frames in a line":      `{"b":1}{"b":2}`,
		"a newline":                 "{\"b\":1,\n\"b\":2}",
		"not UTF-8":                 "{\"id\":1,\"t\":\"read\",\"b\":1,\"d\":{\"conv\":\"\xff\",\"seq\":1}}",
		"half a surrogate pair":     `{"id":1,"t":"read","b":1,"d":{"conv":"\ud83d","seq":1}}`,
		"the wrong half":            `{"id":1,"t":"read","b":1,"d":{"conv":"\ude00\ud83d","seq":1}}`,
		"a name twice":              `{"id":1,"t":"read","b":1,"d":{"conv":"c-7","seq":1,"seq":2}}`,
		"an envelope's name twice":  `{"id":1,"t":"read","t":"read","b":1,"d":{"conv":"c-7","seq":1}}`,
		"a name in capitals":        `{"id":1,"t":"read","b":1,"d":{"conv":"c-7","Seq":1}}`,
		"a name that folds to s":    `{"id":1,"t":"read","b":1,"d":{"conv":"c-7","ſeq":1}}`,
		"an escaped name":           `{"id":1,"t":"read","b":1,"d":{"conv":"c-7","\u0073eq":1}}`,
		"an empty name":             `{"id":1,"t":"read","b":1,"d":{"conv":"c-7","seq":1,"":1}}`,
		"an unknown field":          `{"id":1,"t":"read","b":1,"d":{"conv":"c-7","seq":1,"to":1}}`,
		"an unknown envelope field": `{"id":1,"t":"read","b":1,"n":4,"d":{"conv":"c-7","seq":1}}`,
		"an unknown type":           `{"id":1,"t":"reed","b":1,"d":{}}`,
		"no beat":                   `{"id":1,"t":"read","d":{"conv":"c-7","seq":1}}`,
		"beat 0":                    `{"b":0}`,
		"a beat that JSON rounds":   `{"b":9007199254740992}`,
		"a negative beat":           `{"b":-1}`,
		"a broken beat":             `{"b":1.5}`,
		"no id":                     `{"t":"read","b":1,"d":{"conv":"c-7","seq":1}}`,
		"id 0":                      `{"id":0,"t":"read","b":1,"d":{"conv":"c-7","seq":1}}`,
		"an id past 32 bits":        `{"id":4294967296,"t":"read","b":1,"d":{"conv":"c-7","seq":1}}`,
		"a negative id":             `{"id":-1,"t":"read","b":1,"d":{"conv":"c-7","seq":1}}`,
		"an id where there is none": `{"id":1,"t":"ack","b":1,"d":{"n":4}}`,
		"an id without a type":      `{"id":1,"b":1}`,
		"d is a list":               `{"id":1,"t":"read","b":1,"d":[]}`,
		"d is null":                 `{"id":1,"t":"read","b":1,"d":null}`,
		"the wrong kind":            `{"id":1,"t":"read","b":1,"d":{"conv":7,"seq":1}}`,
		"a negative seq":            `{"id":1,"t":"read","b":1,"d":{"conv":"c-7","seq":-1}}`,
		"a lacking field":           `{"id":1,"t":"read","b":1,"d":{"seq":1}}`,
		"too deep":                  `{"id":1,"t":"read","b":1,"d":{"conv":` + deep + `,"seq":1}}`,
		"too many names":            `{"id":1,"t":"read","b":1,"d":{` + names(33) + `}}`,
		"token and ticket":          `{"id":1,"t":"connect","b":1,"d":{"token":"x","ticket":"y","fresh":true}}`,
		"neither":                   `{"id":1,"t":"connect","b":1,"d":{"fresh":true}}`,
		"a role that is a patient":  `{"id":1,"t":"connect","b":1,"d":{"token":"x","role":"Patient/p-1","fresh":true}}`,
		"a place without a log":     `{"id":1,"t":"sync","b":1,"d":{"since":{"log":"","n":1}}}`,
		"a limit of 501":            `{"id":1,"t":"sync","b":1,"d":{"since":{"log":"l","n":1},"limit":501}}`,
		"a history limit as text":   `{"id":1,"t":"history","b":1,"d":{"conv":"c","limit":"5"}}`,
		"dnd without an end":        `{"id":1,"t":"presence.set","b":1,"d":{"mode":"dnd"}}`,
		"a mode nobody knows":       `{"id":1,"t":"presence.set","b":1,"d":{"mode":"busy"}}`,
		"nobody to follow":          `{"id":1,"t":"presence.sub","b":1,"d":{"patient":"p","members":[]}}`,
		"a preview of both":         `{"id":1,"t":"consent.preview","b":1,"d":{"grant":{"mid":"x","patient":"p","language":"da","text_hash":""},"withdraw":{"patient":"p","consent":"k"}}}`,
		"a preview of neither":      `{"id":1,"t":"consent.preview","b":1,"d":{}}`,
	} {
		t.Run(name, func(t *testing.T) {
			c, err := wire.DecodeCommand([]byte(frame))
			if bridge.CodeOf(err) != bridge.CodeBadRequest {
				t.Fatalf("decoded to %+v, %v", c, err)
			}
			var e *bridge.Error
			if errors.As(err, &e); e.Message == "" || strings.Contains(e.Message, "c-7") {
				t.Errorf("message %q says nothing, or quotes the frame", e.Message)
			}
		})
	}
}

func names(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`"a%d":1`, i))
	}
	return strings.Join(all, ",")
}

func TestWhatIsTooLargeIsRefused(t *testing.T) {
	frame := `{"b":1` + strings.Repeat(" ", wire.MaxMessage) + `}`
	if _, err := wire.DecodeCommand([]byte(frame)); bridge.CodeOf(err) != bridge.CodeTooLarge {
		t.Fatalf("got %v", err)
	}
}

func TestARefusalNamesTheCommandThatItAnswers(t *testing.T) {
	c, err := wire.DecodeCommand([]byte(`{"id":9,"t":"read","b":1,"d":{"conv":"c-7","to":1}}`))
	if err == nil || c.ID != 9 || c.Type != wire.CmdRead {
		t.Fatalf("got %+v, %v", c, err)
	}
}

func TestASignOfLifeIsABeatAlone(t *testing.T) {
	c, err := wire.DecodeCommand([]byte(`{"b":9007199254740991}`))
	if err != nil || c != (wire.Command{Beat: wire.MaxBeat}) {
		t.Fatalf("got %+v, %v", c, err)
	}
}

func TestASignOfLifeIsReadWithoutMuchWork(t *testing.T) {
	for message, want := range map[string]uint64{
		`{"b":1}`: 1, `{"b":123456789012345}`: 123456789012345,
		`{"b":0}`: 0, `{"b":01}`: 0, `{"b":-1}`: 0, `{"b":1.0}`: 0, `{"b":}`: 0, `{"b":9007199254740992}`: 0, `{"b":1}{"b":2}`: 0, ` {"b":1}`: 0,
	} {
		if got, ok := wire.SignOfLife([]byte(message)); got != want || ok != (want != 0) {
			if ok || want != 0 {
				t.Errorf("%s: %d, %v", message, got, ok)
			}
		}
	}
}

func TestNestingStopsAtSixteen(t *testing.T) {
	// An unknown field inside is refused too, so the two are told apart by the text.
	for depth, want := range map[int]string{14: "unknown", 15: "deep"} {
		frame := `{"id":1,"t":"bye2","b":1,"d":{"x":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `}}`
		_, err := wire.DecodeCommand([]byte(frame))
		if err == nil || !strings.Contains(err.Error(), strings.Replace(want, "unknown", "known here", 1)) {
			t.Errorf("depth %d: %v", depth, err)
		}
	}
}

func TestAMessageHoldsSeveralFrames(t *testing.T) {
	var got []string
	for f := range wire.Frames([]byte("{\"b\":1}\n\r\n {\"b\":2} \n")) {
		got = append(got, string(f))
	}
	if want := []string{`{"b":1}`, `{"b":2}`}; !slices.Equal(got, want) {
		t.Fatalf("got %q", got)
	}
}

func TestNilListsGoOutAsEmptyOnes(t *testing.T) {
	got, err := wire.Data(bridge.Part{Text: `null, "null\" null`})
	if err != nil || string(got) != `{"topics":[],"text":"null, \"null\\\" null"}` {
		t.Fatalf("got %s, %v", got, err)
	}
}

func TestAnErrorThatIsNotOursIsNotTold(t *testing.T) {
	e := wire.ErrorOf(fmt.Errorf("reading table: %w", errors.New("disk")))
	if e.Code != bridge.CodeInternal || e.Message != "" || !e.Retry {
		t.Fatalf("got %+v", e)
	}
}

func seeds(f *testing.F, pattern string) {
	files, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(files) == 0 {
		f.Fatalf("%d seeds, %v", len(files), err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		var flat bytes.Buffer
		if err := json.Compact(&flat, data); err != nil {
			f.Fatal(err)
		}
		f.Add(flat.Bytes())
	}
}

func FuzzDecodeCommand(f *testing.F) {
	seeds(f, "command.*.json")
	f.Add([]byte(`{"b":1,"t":"\ud83d\ude00"}`))
	f.Add([]byte(`{"b":[{"":"\`))
	f.Add([]byte(`{"b":12}`))
	f.Fuzz(func(t *testing.T, frame []byte) {
		c, err := wire.DecodeCommand(frame)
		if beat, ok := wire.SignOfLife(frame); ok && (err != nil || c != (wire.Command{Beat: beat})) {
			t.Fatalf("%s is a sign of life of beat %d, or %+v, %v", frame, beat, c, err)
		}
		if err != nil {
			if code := bridge.CodeOf(err); code != bridge.CodeBadRequest && code != bridge.CodeTooLarge {
				t.Fatalf("refused as %s", code)
			}
			return
		}
		again, err := wire.EncodeCommand(c)
		if err != nil {
			t.Fatal(err)
		}
		if len(again) > wire.MaxMessage { // a list of short names may grow by escapes
			return
		}
		back, err := wire.DecodeCommand(again)
		if err != nil {
			t.Fatalf("%s was taken, and %s is not: %v", frame, again, err)
		}
		third, err := wire.EncodeCommand(back)
		if err != nil || !bytes.Equal(again, third) {
			t.Fatalf("%s became %s, %v", again, third, err)
		}
	})
}

func FuzzDecodeServer(f *testing.F) {
	seeds(f, "push.*.json")
	seeds(f, "reply.*.json")
	seeds(f, "error.*.json")
	f.Fuzz(func(t *testing.T, frame []byte) {
		s, err := wire.DecodeServer(frame)
		if err != nil {
			return
		}
		if s.Err != nil && bridge.CodeOf(s.Into(nil)) != s.Err.Code {
			t.Fatalf("error %q came out as another", s.Err.Code)
		}
	})
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte("{}\n{}"))
	f.Fuzz(func(t *testing.T, message []byte) {
		for frame := range wire.Frames(message) {
			if len(frame) == 0 || bytes.IndexByte(frame, '\n') >= 0 {
				t.Fatalf("frame %q", frame)
			}
		}
	})
}
