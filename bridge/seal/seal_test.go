// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package seal_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/seal"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
)

// world is a collection of keys with its KEK in a file.
type world struct {
	t      testing.TB
	folder string
	keys   *sqlite.Keys
	kek    *counting
	*seal.Sealer
}

// counting is a KEK that counts what it is asked.
type counting struct {
	seal.KEK
	asked atomic.Int64
}

func (c *counting) Decrypt(wrapped, associated []byte) ([]byte, error) {
	c.asked.Add(1)
	return c.KEK.Decrypt(wrapped, associated)
}

func (w *world) kekFile() string { return filepath.Join(w.folder, "kek.json") }

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, folder: t.TempDir()}
	var err error
	if w.keys, err = sqlite.OpenKeys(filepath.Join(w.folder, "keys.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.keys.Close(); err != nil {
			t.Error(err)
		}
	})
	kek, err := seal.OpenFile(w.kekFile(), true)
	if err != nil {
		t.Fatal(err)
	}
	w.kek = &counting{KEK: kek}
	w.Sealer = w.open(seal.Options{})
	return w
}

// open opens one more sealer over the same keys, as a restart does.
func (w *world) open(o seal.Options) *seal.Sealer {
	w.t.Helper()
	s, err := seal.Open(w.t.Context(), w.keys, w.kek, o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			w.t.Error(err)
		}
	})
	return s
}

func (w *world) ready(patients ...bridge.PatientID) {
	w.t.Helper()
	if err := w.Ready(w.t.Context(), patients...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) sealed(at bridge.Place, plain string) []byte {
	w.t.Helper()
	b, err := w.Seal(nil, at, []byte(plain))
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

// opens wants s to read plain at the place.
func opens(t *testing.T, s bridge.Sealer, at bridge.Place, sealed []byte, plain string) {
	t.Helper()
	got, err := s.Open(nil, at, sealed)
	if err != nil || string(got) != plain {
		t.Errorf("opened %q: %v", got, err)
	}
}

var here = bridge.Place{Patient: "p1", Kind: bridge.KeyContent, Table: "messages", Column: "doc", Row: "m1"}

func TestWhatIsSealedOpensAtItsPlaceOnly(t *testing.T) {
	w := newWorld(t)
	w.ready("p1", "p2")
	bySpare, err := w.Spare(nil, here, []byte("the text"))
	if err != nil {
		t.Fatal(err)
	}
	w.ready("")
	for name, sealed := range map[string][]byte{"by the patient's key": w.sealed(here, "the text"), "by the spare key": bySpare} {
		opens(t, w, here, sealed, "the text")
		if bytes.Contains(sealed, []byte("the text")) {
			t.Error(name, "the text can be read")
		}
		for moved, at := range map[string]bridge.Place{
			"another patient": {Patient: "p2", Kind: here.Kind, Table: here.Table, Column: here.Column, Row: here.Row},
			"another kind":    {Patient: here.Patient, Kind: bridge.KeyLog, Table: here.Table, Column: here.Column, Row: here.Row},
			"another table":   {Patient: here.Patient, Kind: here.Kind, Table: "versions", Column: here.Column, Row: here.Row},
			"another column":  {Patient: here.Patient, Kind: here.Kind, Table: here.Table, Column: "text", Row: here.Row},
			"another row":     {Patient: here.Patient, Kind: here.Kind, Table: here.Table, Column: here.Column, Row: "m2"},
			"a letter moved":  {Patient: here.Patient, Kind: here.Kind, Table: here.Table, Column: here.Column + "m", Row: "1"},
		} {
			if got, err := w.Open(nil, at, sealed); err == nil {
				t.Errorf("%s, moved to %s: opened %q", name, moved, got)
			}
		}
		for i := range sealed {
			changed := bytes.Clone(sealed)
			changed[i] ^= 1
			if got, err := w.Open(nil, here, changed); err == nil {
				t.Errorf("%s, byte %d changed: opened %q", name, i, got)
			}
		}
		for n := range len(sealed) {
			if got, err := w.Open(nil, here, sealed[:n]); err == nil {
				t.Errorf("%s, cut to %d: opened %q", name, n, got)
			}
		}
	}
}

func TestSealingTheSameTwiceLooksDifferent(t *testing.T) {
	w := newWorld(t)
	w.ready("p1")
	if bytes.Equal(w.sealed(here, "x"), w.sealed(here, "x")) {
		t.Error("who sees two rows can tell that they say the same")
	}
}

func TestKeysSurviveARestart(t *testing.T) {
	w := newWorld(t)
	w.ready("p1")
	sealed := w.sealed(here, "the text")
	again := w.open(seal.Options{})
	var notReady *bridge.NotReadyError
	if _, err := again.Open(nil, here, sealed); !errors.As(err, &notReady) || notReady.Patient != "p1" {
		t.Errorf("opened without its key: %v", err)
	}
	if _, err := again.Seal(nil, here, nil); !errors.As(err, &notReady) {
		t.Errorf("sealed without a key: %v", err)
	}
	if err := again.Ready(t.Context(), "p1"); err != nil {
		t.Fatal(err)
	}
	opens(t, again, here, sealed, "the text")
}

// A collection of keys that is not the one of the data must not look like an error
// of the program: what it lacks can't be read, and that is known after one look.
func TestAMissingKeyIsAnAnswer(t *testing.T) {
	w, other := newWorld(t), newWorld(t)
	other.ready("p1")
	sealed := other.sealed(here, "the text")
	w.ready("p1")
	var notReady *bridge.NotReadyError
	if _, err := w.Open(nil, here, sealed); !errors.As(err, &notReady) {
		t.Errorf("a number not seen before: %v", err)
	}
	w.ready("p1")
	for range 2 {
		if _, err := w.Open(nil, here, sealed); !errors.Is(err, bridge.ErrErased) {
			t.Errorf("a key that is nowhere: %v", err)
		}
	}
}

func TestErasedContentStaysErased(t *testing.T) {
	w := newWorld(t)
	w.ready("p1", "p2")
	entry := bridge.Place{Patient: "p1", Kind: bridge.KeyLog, Table: "entries", Column: "entry", Row: "1"}
	sealed, logged := w.sealed(here, "the text"), w.sealed(entry, "an entry")
	if err := w.Erase(t.Context(), "p1", time.Time{}, bridge.KeyContent); err != nil {
		t.Fatal(err)
	}
	w.ready("p1")
	if _, err := w.Open(nil, here, sealed); !errors.Is(err, bridge.ErrErased) {
		t.Errorf("erased content: %v", err)
	}
	opens(t, w, entry, logged, "an entry")
	opens(t, w, here, w.sealed(here, "what came later"), "what came later")

	if err := w.Erase(t.Context(), "p1", time.Time{}, bridge.KeyContent, bridge.KeyLog); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*seal.Sealer{w.Sealer, w.open(seal.Options{})} {
		if err := s.Ready(t.Context(), "p1"); !errors.Is(err, bridge.ErrErased) {
			t.Errorf("keys were made for an erased patient: %v", err)
		}
		for at, b := range map[bridge.Place][]byte{here: sealed, entry: logged} {
			if _, err := s.Open(nil, at, b); !errors.Is(err, bridge.ErrErased) {
				t.Errorf("erased %s: %v", at.Table, err)
			}
		}
		if _, err := s.Seal(nil, entry, nil); !errors.Is(err, bridge.ErrErased) {
			t.Errorf("sealed for an erased patient: %v", err)
		}
	}
	for _, kinds := range [][]bridge.KeyKind{nil, {bridge.KeySpare}} {
		if err := w.Erase(t.Context(), "p1", time.Time{}, kinds...); bridge.CodeOf(err) != bridge.CodeBadRequest {
			t.Errorf("erasing %v: %v", kinds, err)
		}
	}
}

func TestKeysAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.ready("p1")
		asked := w.kek.asked.Load()
		time.Sleep(9 * time.Minute)
		w.ready("p1")
		if got := w.kek.asked.Load(); got != asked {
			t.Errorf("the KEK was asked %d times for keys in memory", got-asked)
		}
		time.Sleep(time.Minute)
		var notReady *bridge.NotReadyError
		if _, err := w.Seal(nil, here, nil); !errors.As(err, &notReady) {
			t.Errorf("a key of ten minutes was used: %v", err)
		}
		if err := w.Close(); err != nil { // ends the timer
			t.Error(err)
		}
	})
}

func TestTheLeastUsedKeysGoFirst(t *testing.T) {
	w := newWorld(t)
	s := w.open(seal.Options{MaxPatients: 2})
	place := func(p bridge.PatientID) bridge.Place { return bridge.Place{Patient: p, Kind: bridge.KeyLog} }
	if err := s.Ready(t.Context(), "p1", "p2"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Seal(nil, place("p1"), nil); err != nil {
		t.Error(err)
	}
	if err := s.Ready(t.Context(), "p3"); err != nil {
		t.Fatal(err)
	}
	for p, want := range map[bridge.PatientID]bool{"p1": true, "p2": false, "p3": true} {
		if _, err := s.Seal(nil, place(p), nil); (err == nil) != want {
			t.Errorf("%s in memory: %t, want %t", p, err == nil, want)
		}
	}
}

func TestWithoutTheKEKOnlyTheSpareKeySeals(t *testing.T) {
	w := newWorld(t)
	w.ready("p1")
	moved := w.kekFile() + ".away"
	if err := os.Rename(w.kekFile(), moved); err != nil {
		t.Fatal(err)
	}
	s := w.open(seal.Options{MaxAge: time.Hour}) // a start without the KEK
	err := s.Ready(t.Context(), "p1")
	if bridge.CodeOf(err) != bridge.CodeBusy {
		t.Errorf("keys without the KEK: %v", err)
	}
	if strings.Contains(err.Error(), "p1") {
		t.Errorf("the error names a patient: %v", err)
	}
	if err := s.Healthy(t.Context()); err == nil {
		t.Error("healthy without the KEK")
	}
	entry := bridge.Place{Patient: "p1", Kind: bridge.KeyLog, Table: "entries", Column: "entry", Row: "1"}
	sealed, err := s.Spare(nil, entry, []byte("withdrawn"))
	if err != nil {
		t.Fatal(err)
	}
	opens(t, w, here, w.sealed(here, "in memory"), "in memory")
	if err := os.Rename(moved, w.kekFile()); err != nil {
		t.Fatal(err)
	}
	back := w.open(seal.Options{})
	if err := back.Ready(t.Context(), "", "p1"); err != nil {
		t.Fatal(err)
	}
	opens(t, back, entry, sealed, "withdrawn")
}

func TestAKEKThatIsAwayIsNotAskedAgainAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.ready("p1")
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if err := os.Remove(w.kekFile()); err != nil {
			t.Fatal(err)
		}
		asked := w.kek.asked.Load()
		for range 5 {
			if err := w.Ready(t.Context(), "p1"); err == nil {
				t.Error("keys without the KEK")
			}
		}
		time.Sleep(time.Second)
		if err := w.Ready(t.Context(), "p1"); err == nil {
			t.Error("keys without the KEK")
		}
		if got := w.kek.asked.Load() - asked; got != 2 {
			t.Errorf("asked %d times, want 2", got)
		}
	})
}

func TestReadyEndsWithItsContext(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Ready(ctx, "p1"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
