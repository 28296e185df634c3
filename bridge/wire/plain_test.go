// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
)

const plainSend = `{"id":7,"t":"send","b":9,"d":{"conv":"c-7","mid":"m-00000001","parts":[{"topics":["medication","housing"],"text":"Blå æbler 😀"}]}}`

func TestThePlainWayReadsWhatClientsWrite(t *testing.T) {
	for _, frame := range []string{
		plainSend,
		`{"id":1,"t":"send","b":2,"d":{"mid":"m-1","conv":"c","parts":[{"topics":["medication"],"text":"a\n\"b\" \u003c\u00e6\/"}],"priority":"urgent","reply_to":"m-0","ack_requested":true}}`,
		`{"t":"ack","b":3,"d":{"n":4,"shown":["d-1","d-2"],"stale":[]}}`,
		`{"t":"ack","b":3,"d":{"n":4}}`,
		`{"id":9,"t":"read","b":4,"d":{"conv":"c-7","seq":12}}`,
		`{"id":9,"t":"msg.ack","b":4,"d":{"message":"m-301"}}`,
		`{"t":"typing","b":4,"d":{"conv":"c-7","on":false}}`,
	} {
		if _, ok := plainCommand([]byte(frame)); !ok {
			t.Errorf("%s goes the long way", frame)
		}
	}
}

func TestThePlainWayLeavesTheRestToTheLongOne(t *testing.T) {
	for name, frame := range map[string]string{
		"a space":            `{"t":"ack", "b":3,"d":{"n":4}}`,
		"d before t":         `{"id":9,"b":4,"d":{"conv":"c","seq":1},"t":"read"}`,
		"no d":               `{"t":"ack","b":3}`,
		"t twice":            `{"t":"ack","t":"ack","b":3,"d":{"n":4}}`,
		"n twice":            `{"t":"ack","b":3,"d":{"n":4,"n":4}}`,
		"a name of another":  `{"t":"ack","b":3,"d":{"n":4,"seq":4}}`,
		"null":               `{"t":"ack","b":3,"d":{"n":4,"shown":null}}`,
		"a number with a 0":  `{"t":"ack","b":3,"d":{"n":04}}`,
		"a fraction":         `{"t":"ack","b":3,"d":{"n":4.0}}`,
		"a beat that is 0":   `{"t":"ack","b":0,"d":{"n":4}}`,
		"too large a beat":   `{"t":"ack","b":9007199254740992,"d":{"n":4}}`,
		"an id for nothing":  `{"id":1,"t":"ack","b":3,"d":{"n":4}}`,
		"id 0":               `{"id":0,"t":"read","b":3,"d":{"conv":"c","seq":1}}`,
		"an id too large":    `{"id":4294967296,"t":"read","b":3,"d":{"conv":"c","seq":1}}`,
		"half a pair":        `{"id":1,"t":"msg.ack","b":3,"d":{"message":"\ud83d"}}`,
		"a control":          "{\"id\":1,\"t\":\"msg.ack\",\"b\":3,\"d\":{\"message\":\"\t\"}}",
		"not UTF-8":          "{\"id\":1,\"t\":\"msg.ack\",\"b\":3,\"d\":{\"message\":\"\xff\"}}",
		"an escaped name":    `{"id":1,"t":"msg.ack","b":3,"d":{"mess\u0061ge":"m"}}`,
		"something behind":   `{"t":"ack","b":3,"d":{"n":4}} `,
		"cut":                `{"t":"ack","b":3,"d":{"n":4}`,
		"cut in an escape":   `{"id":1,"t":"msg.ack","b":3,"d":{"message":"\`,
		"cut in a character": `{"id":1,"t":"msg.ack","b":3,"d":{"message":"\u00`,
		"a comma too many":   `{"t":"ack","b":3,"d":{"n":4,}}`,
		"an unknown topic":   strings.Replace(plainSend, "housing", "weather", 1),
		"an unknown command": `{"id":1,"t":"history","b":3,"d":{"conv":"c"}}`,
	} {
		if c, ok := plainCommand([]byte(frame)); ok {
			t.Errorf("%s: read as %+v", name, c)
		}
	}
}

// FuzzPlain holds the two ways of reading a frame against each other.
func FuzzPlain(f *testing.F) {
	files, err := filepath.Glob("testdata/command.*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("%d golden frames, %v", len(files), err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(strings.NewReplacer("\n", "", "  ", "", `": `, `":`).Replace(string(data))))
	}
	f.Add([]byte(plainSend))
	f.Add([]byte(`{"t":"ack","b":3,"d":{"n":4,"shown":["d-1\u0041"],"stale":["\n"]}}`))
	f.Fuzz(func(t *testing.T, frame []byte) {
		if len(frame) > MaxMessage {
			return
		}
		c, ok := plainCommand(frame)
		if !ok {
			return
		}
		want, err := longCommand(frame)
		if diff := cmp.Diff(want, c); diff != "" {
			t.Fatalf("the two ways differ (-long +plain):\n%s", diff)
		}
		if got := valid(c.Data); bridge.CodeOf(got) != bridge.CodeOf(err) {
			t.Fatalf("the plain way says %v, the long one %v", got, err)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	frame := []byte(`{"id":7,"t":"send","b":9,"d":{"conv":"019aa8c4-7f10-7c2e-9f51-0c9d5a3b1e77","mid":"m-ABCDEFGHIJKL-17","parts":[{"topics":["medication"],"text":"The blood tests are back and the dose stays as it is; please look at them before the visit on Thursday."}]}}`)
	for name, decode := range map[string]func([]byte) (Command, error){"plain": DecodeCommand, "long": longCommand} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := decode(frame); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
