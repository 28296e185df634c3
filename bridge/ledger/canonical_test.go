// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package ledger_test

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// byReflection is what encoding/json makes of an entry.
func byReflection(t testing.TB, e ledger.Entry) string {
	t.Helper()
	e.Time = e.Time.UTC()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		t.Fatal(err)
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

func sameCanonical(t testing.TB, e ledger.Entry) {
	t.Helper()
	got, err := e.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	if want := byReflection(t, e); string(got) != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// Every field comes as encoding/json has it, alone and with all others, also one
// that an entry gets later.
func TestCanonicalIsWhatJSONSays(t *testing.T) {
	sameCanonical(t, ledger.Entry{})
	var all ledger.Entry
	fill := func(v reflect.Value) {
		switch v.Interface().(type) {
		case []string:
			v.Set(reflect.ValueOf([]string{"x", "", `"`}))
		case time.Time:
			v.Set(reflect.ValueOf(time.Date(2026, 3, 2, 12, 0, 0, 120, time.FixedZone("", 3600))))
		case uint64:
			v.SetUint(math.MaxUint64)
		default:
			v.SetString("æ <&> \\ \x00 \xff \u2028")
		}
	}
	for i := range reflect.TypeFor[ledger.Entry]().NumField() {
		var one ledger.Entry
		fill(reflect.ValueOf(&one).Elem().Field(i))
		sameCanonical(t, one)
		fill(reflect.ValueOf(&all).Elem().Field(i))
	}
	sameCanonical(t, all)
}

func TestCanonicalRefusesAYearThatJSONCannotTell(t *testing.T) {
	if _, err := (ledger.Entry{Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}).Canonical(); err == nil {
		t.Error("the year 10000 was taken")
	}
}

func FuzzCanonical(f *testing.F) {
	f.Add("a", "Patient/a", "x", int64(0), uint64(1))
	f.Fuzz(func(t *testing.T, patient, by, topic string, nanos int64, seq uint64) {
		sameCanonical(t, ledger.Entry{Patient: patient, By: by, Topics: []string{topic}, Time: time.Unix(0, nanos), Seq: seq})
	})
}
