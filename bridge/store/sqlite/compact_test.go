// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
)

// compactNouns are those that have a form of their own.
var compactNouns = []any{bridge.Event{}, bridge.Delivery{}, bridge.Disclosure{}, bridge.Message{}}

// fill sets every field to something that is not its zero; a field that JSON
// does not keep stays.
func fill(r *rand.Rand, v reflect.Value) {
	if _, ok := v.Interface().(time.Time); ok {
		v.Set(reflect.ValueOf(time.Unix(r.Int64N(1<<38)-1<<35, 1+r.Int64N(999_999_998)).UTC()))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("json") != "-" {
				fill(r, v.Field(i))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1+r.IntN(3), 3))
		for i := range v.Len() {
			fill(r, v.Index(i))
		}
	case reflect.String:
		v.SetString(string([]rune("aæ\"\x00語~")[r.IntN(6):]))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(1 + r.Int64N(1<<40))
	case reflect.Uint64:
		v.SetUint(1 + r.Uint64N(1<<62))
	default:
		panic("no value for " + v.Type().String())
	}
}

// Every field of a noun comes back as JSON gives it back, also one that the noun
// gets later.
func TestACompactDocumentIsWhatJSONKeeps(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, zero := range compactNouns {
		for n := range 50 {
			want := reflect.New(reflect.TypeOf(zero))
			if n > 0 {
				fill(r, want.Elem())
			}
			doc, err := sqlite.Encode(want.Elem().Interface())
			if err != nil {
				t.Fatal(err)
			}
			if bytes.HasPrefix(doc, []byte("{")) {
				t.Fatalf("%T is kept as JSON", zero)
			}
			text, err := json.Marshal(want.Elem().Interface())
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range [][]byte{doc, text} { // what an earlier version kept is read too
				got := reflect.New(reflect.TypeOf(zero))
				if err := sqlite.Decode(d, got.Interface()); err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(want.Interface(), got.Interface()); d != "" {
					t.Fatal(d)
				}
			}
		}
	}
}

// An older document ends before a field that came later, but nowhere else.
func TestACompactDocumentThatWasCut(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, zero := range compactNouns {
		noun := reflect.New(reflect.TypeOf(zero))
		fill(r, noun.Elem())
		doc, err := sqlite.Encode(noun.Elem().Interface())
		if err != nil {
			t.Fatal(err)
		}
		read := 0
		for cut := range len(doc) {
			if sqlite.Decode(doc[:cut], reflect.New(reflect.TypeOf(zero)).Interface()) == nil {
				read++
			}
		}
		if whole := reflect.TypeOf(zero).NumField() + 1; read > whole {
			t.Errorf("%T: %d documents that were cut are read, of %d fields", zero, read, whole)
		}
		if sqlite.Decode(append(doc, 0), reflect.New(reflect.TypeOf(zero)).Interface()) == nil {
			t.Errorf("%T: more than it has is read", zero)
		}
	}
}

func FuzzCompact(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	for i, zero := range compactNouns {
		noun := reflect.New(reflect.TypeOf(zero)).Elem()
		fill(r, noun)
		doc, err := sqlite.Encode(noun.Interface())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(i, doc)
	}
	f.Fuzz(func(t *testing.T, i int, doc []byte) {
		if i < 0 || i >= len(compactNouns) || len(doc) == 0 || doc[0] == '{' {
			return
		}
		one := reflect.New(reflect.TypeOf(compactNouns[i]))
		if sqlite.Decode(doc, one.Interface()) != nil {
			return
		}
		again, err := sqlite.Encode(one.Elem().Interface())
		if err != nil {
			t.Fatal(err)
		}
		two := reflect.New(reflect.TypeOf(compactNouns[i]))
		if err := sqlite.Decode(again, two.Interface()); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(one.Interface(), two.Interface(), cmpopts.EquateComparable()); d != "" {
			t.Error(d)
		}
	})
}
