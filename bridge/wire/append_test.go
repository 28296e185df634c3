// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// writtenByHand is one of each that appendData does not leave to encoding/json.
func writtenByHand() []any {
	return []any{&MessageEvent{}, &ReceiptEvent{}, &bridge.Sent{}, &ReadDone{}, &Acknowledged{}}
}

func TestWhatIsWrittenByHandReadsAsJSON(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		for _, v := range writtenByHand() {
			fill(dice, reflect.ValueOf(v).Elem(), 4)
			sameAsJSON(t, v)
		}
	}
	for _, v := range writtenByHand() { // with nothing in it
		sameAsJSON(t, v)
	}
}

func sameAsJSON(t *testing.T, v any) {
	t.Helper()
	if o := (object{}); !o.value(v) {
		t.Fatalf("%T is not written by hand", v)
	}
	got, err := Data(v)
	if err != nil {
		t.Fatal(err)
	}
	want, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if want = lists(want); !bytes.Equal(want, got) {
		t.Fatalf("%T\n by hand %s\n as JSON %s", v, got, want)
	}
}

// fill sets about two of three fields to something, however deep they are.
func fill(dice *rand.Rand, v reflect.Value, depth int) {
	if _, ok := v.Interface().(time.Time); ok {
		v.Set(reflect.ValueOf(time.Unix(dice.Int64N(4e9), dice.Int64N(3)*dice.Int64N(1e9)).UTC()))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && dice.IntN(3) > 0 {
				fill(dice, v.Field(i), depth)
			}
		}
	case reflect.Pointer:
		if depth > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(dice, v.Elem(), depth-1)
		}
	case reflect.Slice:
		n := dice.IntN(4)
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(dice, v.Index(i), depth-1)
		}
	case reflect.String:
		v.SetString(words(dice))
	case reflect.Bool:
		v.SetBool(dice.IntN(2) > 0)
	case reflect.Int, reflect.Int64:
		v.SetInt(dice.Int64N(1 << 40))
	case reflect.Uint64:
		v.SetUint(dice.Uint64())
	}
}

// words is a text with everything in it that is written in a way of its own.
func words(dice *rand.Rand) string {
	odd := []string{"æ", "😀", "\u2028", "\u2029", "<b>", "&", `"`, `\`, "\x00", "\x1f", "\b\f\n\r\t", "\x7f", "\xff", "\xc3", "\xed\xa0\x80", "null", "\ufffd"}
	var b strings.Builder
	for range dice.IntN(6) {
		b.WriteString("a line ")
		b.WriteString(odd[dice.IntN(len(odd))])
	}
	return b.String()
}

func TestATimeThatJSONCannotHoldIsAnError(t *testing.T) {
	if _, err := Data(&Acknowledged{At: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}); err == nil {
		t.Error("the year 10000 was written")
	}
}

func FuzzText(f *testing.F) {
	f.Add("The dose was raised <on> Friday.")
	f.Add("\xe2\x80\xa8 \xf0\x9f\x98 \\u2028 \x00")
	f.Fuzz(func(t *testing.T, s string) {
		want, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := appendText(nil, s); !bytes.Equal(want, got) {
			t.Fatalf("%q: by hand %s, as JSON %s", s, got, want)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	m := &bridge.Message{
		ID: "019aa8c4-7f10-7c2e-9f51-0c9d5a3b1e77", Conversation: "019aa8c4-7f10-7c2e-9f51-0c9d5a3b1e78", Patient: "load-p00017", Seq: 12, MID: "m-ABCDEFGHIJKL-17",
		Sender: "PractitionerRole/load-s00017", Priority: bridge.Routine, State: bridge.MessageAccepted, SentAt: time.Unix(1e9, 123456789).UTC(), Version: 1,
		Parts:   []bridge.Part{{Topics: []bridge.Topic{bridge.TopicMedication}, Text: "The blood tests are back and the dose stays as it is; please look at them before the visit on Thursday."}},
		Purpose: bridge.PurposeTreatment, Basis: "dk.health-act.41-2-1", Revision: "sha256:1f0c5b5b5b5b5b5b5b5b5b5b5b5b5b5b",
	}
	e := MessageEvent{At: m.SentAt, Patient: m.Patient, Conversation: m.Conversation, ID: m.ID, By: m.Sender, Message: m, Disclosure: "019aa8c4-7f10-7c2e-9f51-0c9d5a3b1e79"}
	b.Run("hand", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Push(PushMessage, 10421, 41, &e); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("reflection", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			data, err := json.Marshal(e)
			if err != nil {
				b.Fatal(err)
			}
			AppendPush(nil, PushMessage, 10421, 41, lists(data))
		}
	})
}
