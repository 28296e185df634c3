// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package seal_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/seal"
)

func TestRotatingTheKEKWrapsEverythingAnew(t *testing.T) {
	w := newWorld(t)
	var patients []bridge.PatientID
	for i := range 150 { // more than one page of keys
		patients = append(patients, bridge.PatientID(fmt.Sprintf("p%d", i)))
	}
	w.ready(patients...)
	sealed := w.sealed(here, "the text")
	first, err := os.ReadFile(w.kekFile())
	if err != nil {
		t.Fatal(err)
	}
	old, err := w.keys.Of(t.Context(), "p1")
	if err != nil {
		t.Fatal(err)
	}
	for rotation := range 3 {
		n, err := w.RotateKEK(t.Context())
		if want := 2*len(patients) + 1; err != nil || n != want {
			t.Errorf("rotation %d wrapped %d keys, want %d: %v", rotation, n, want, err)
		}
		st, err := w.Status(t.Context())
		if err != nil || len(st.Versions) != 1 || st.Patients != len(patients) || st.Keys != n {
			t.Errorf("after rotation %d: %+v, %v", rotation, st, err)
		}
		s := w.open(seal.Options{})
		if err := s.Ready(t.Context(), "p1", ""); err != nil {
			t.Fatal(err)
		}
		opens(t, s, here, sealed, "the text")
		_, err = w.kek.Decrypt(old[0].Wrapped, wrapping("p1", old[0]))
		if retired := rotation > 0; (err != nil) != retired {
			t.Errorf("after rotation %d a key of the first version opens: %v", rotation, err)
		}
	}
	// With the old file, as from a stolen backup, nothing of today opens.
	if err := os.WriteFile(w.kekFile(), first, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.open(seal.Options{}).Ready(t.Context(), "p1"); err == nil {
		t.Error("today's keys open with the first KEK")
	}
}

// wrapping is what a wrapped key is bound to, told anew.
func wrapping(p string, k bridge.WrappedKey) []byte {
	b := append([]byte("brobygger key v1"), byte(len(p)))
	b = append(append(b, p...), byte(len(k.Kind)))
	b = append(b, k.Kind...)
	return append(b, byte(k.Number>>24), byte(k.Number>>16), byte(k.Number>>8), byte(k.Number))
}

func TestAWrappedKeyOpensForItsPatientOnly(t *testing.T) {
	w := newWorld(t)
	w.ready("p1")
	all, err := w.keys.Of(t.Context(), "p1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.kek.Decrypt(all[0].Wrapped, wrapping("p1", all[0])); err != nil {
		t.Fatal(err)
	}
	stolen := all[0]
	stolen.Patient = "p2"
	if err := w.keys.Add(t.Context(), stolen); err != nil {
		t.Fatal(err)
	}
	if err := w.Ready(t.Context(), "p2"); err == nil {
		t.Error("a key moved to another patient was taken")
	}
}

func TestRotatingAKeyKeepsWhatWasSealed(t *testing.T) {
	w := newWorld(t)
	w.ready("p1", "p2", "p3")
	before := w.sealed(here, "before")
	number := func(b []byte) string { return string(b[:bridge.SealedPrefix]) }
	if n, err := w.Rotate(t.Context(), "p1"); n != 1 || err != nil {
		t.Errorf("rotated %d: %v", n, err)
	}
	after := w.sealed(here, "after")
	if number(before) == number(after) {
		t.Error("the old key is still in use")
	}
	if n, err := w.Rotate(t.Context()); n != 3 || err != nil {
		t.Errorf("rotated %d patients: %v", n, err)
	}
	again := w.sealed(here, "again")
	if number(again) == number(after) {
		t.Error("the old key is still in use")
	}
	for _, s := range []*seal.Sealer{w.Sealer, w.open(seal.Options{})} {
		if err := s.Ready(t.Context(), "p1"); err != nil {
			t.Fatal(err)
		}
		opens(t, s, here, before, "before")
		opens(t, s, here, after, "after")
		opens(t, s, here, again, "again")
	}
}

// Both rotations run while others seal and open, and nobody of them fails.
func TestRotatingDisturbsNobody(t *testing.T) {
	w := newWorld(t)
	w.ready("p1")
	stop := make(chan struct{})
	var working sync.WaitGroup
	for range 4 {
		working.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := w.Ready(t.Context(), "p1"); err != nil {
					t.Error(err)
					return
				}
				sealed, err := w.Seal(nil, here, []byte("text"))
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := w.Open(nil, here, sealed); err != nil || string(got) != "text" {
					t.Errorf("opened %q: %v", got, err)
					return
				}
			}
		})
	}
	for range 5 {
		if _, err := w.RotateKEK(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := w.Rotate(t.Context()); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	working.Wait()
}

func TestTheFileOfTheKEK(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets", "kek.json")
	if _, err := seal.OpenFile(path, false); err == nil {
		t.Error("a KEK was made without being asked for")
	}
	kek, err := seal.OpenFile(path, true)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v: %v", info.Mode(), err)
	}
	wrapped, err := kek.Encrypt([]byte("key"), nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := seal.OpenFile(path, true)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Decrypt(wrapped, nil); err != nil || string(got) != "key" {
		t.Errorf("after reopening: %q, %v", got, err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.OpenFile(path, true); err == nil {
		t.Error("a KEK that others may read was taken")
	}
	secret, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"empty": "", "no JSON": "x", "no keyset": "{}", "cut": string(secret[:len(secret)/2])} {
		p := filepath.Join(t.TempDir(), "kek.json")
		if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := seal.OpenFile(p, true)
		if err == nil {
			t.Errorf("%s: was taken", name)
			continue
		}
		if len(content) > 40 && bytes.Contains([]byte(err.Error()), []byte(content[40:])) {
			t.Errorf("%s: the error quotes the file", name)
		}
		if kept, err := os.ReadFile(p); err != nil || string(kept) != content {
			t.Errorf("%s: was overwritten: %v", name, err)
		}
	}
}
