// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package seal_test

import (
	"testing"

	"github.com/brobygger/brobygger/bridge"
)

func benchWorld(b *testing.B) (*world, []byte) {
	b.Helper()
	w := newWorld(b)
	if err := w.Ready(b.Context(), here.Patient); err != nil {
		b.Fatal(err)
	}
	return w, make([]byte, 700) // as long as a usual entry or message
}

func BenchmarkSeal(b *testing.B) {
	w, plain := benchWorld(b)
	b.SetBytes(int64(len(plain)))
	b.ReportAllocs()
	var dst []byte
	for b.Loop() {
		var err error
		if dst, err = w.Seal(dst[:0], here, plain); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	w, plain := benchWorld(b)
	sealed, err := w.Seal(nil, here, plain)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(plain)))
	b.ReportAllocs()
	var dst []byte
	for b.Loop() {
		if dst, err = w.Open(dst[:0], here, sealed); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReady(b *testing.B) {
	w, _ := benchWorld(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Ready(b.Context(), here.Patient); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	w := newWorld(f)
	if err := w.Ready(f.Context(), here.Patient, ""); err != nil {
		f.Fatal(err)
	}
	sealed, err := w.Seal(nil, here, []byte("text"))
	if err != nil {
		f.Fatal(err)
	}
	spare, err := w.Spare(nil, here, []byte("text"))
	if err != nil {
		f.Fatal(err)
	}
	own := map[string]bool{string(sealed): true, string(spare): true}
	for s := range own {
		f.Add([]byte(s))
	}
	f.Add([]byte{})
	f.Add([]byte(`{"id":"m1"}`))
	f.Add([]byte{bridge.SealedByKey, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := w.Open(nil, here, b); err == nil && !own[string(b)] {
			t.Errorf("opened %q, which nobody sealed, to %q", b, got)
		}
	})
}
