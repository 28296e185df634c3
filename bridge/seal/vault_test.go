// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package seal_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/seal"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
)

// transit is Vault's own transit engine in a process of its own (.ci/vault), with
// the key that a KEK is.
type transit struct {
	t       *testing.T
	url     string
	process *exec.Cmd
	stdin   io.WriteCloser
	lines   *bufio.Scanner
}

// engine builds the program, once; who built it last time finds it in Go's cache.
var engine = sync.OnceValues(func() (program string, err error) {
	if built, err = os.MkdirTemp("", "vault-"); err != nil {
		return "", err
	}
	program = filepath.Join(built, "vault")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", program, ".")
	build.Dir = filepath.Join("..", "..", ".ci", "vault")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building Vault's engine: %w\n%s", err, out)
	}
	return program, nil
})

// built is the folder of the engine, once it is built.
var built string

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		_ = os.RemoveAll(built)
	}
	os.Exit(code)
}

func newTransit(t *testing.T) *transit {
	t.Helper()
	program, err := engine()
	if err != nil {
		t.Fatal(err)
	}
	v := &transit{t: t, process: exec.Command(program, "--token", "token")}
	v.process.Stderr = t.Output()
	if v.stdin, err = v.process.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := v.process.StdoutPipe()
	if err == nil {
		err = v.process.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.stop)
	v.lines = bufio.NewScanner(out)
	v.url = strings.TrimPrefix(v.hear(), "ready ")
	v.write("keys/bro", "")
	return v
}

func (v *transit) hear() string {
	v.t.Helper()
	if !v.lines.Scan() {
		v.t.Fatalf("Vault's engine is gone: %v", v.lines.Err())
	}
	return v.lines.Text()
}

// tell has it seal or unseal.
func (v *transit) tell(what string) {
	v.t.Helper()
	if _, err := io.WriteString(v.stdin, what+"\n"); err != nil {
		v.t.Fatal(err)
	}
	v.hear()
}

// stop ends it, as a server that is away.
func (v *transit) stop() {
	_ = v.stdin.Close()
	_ = v.process.Wait() // the second time it says that it was waited for
}

// write does what an operator does with vault write.
func (v *transit) write(path, body string) {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.url+"/v1/transit/"+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("X-Vault-Token", "token")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode/100 != 2 {
		v.t.Fatalf("writing %s: %s, %v", path, res.Status, err)
	}
}

// vaultWorld is a world whose KEK is in Vault.
func vaultWorld(t *testing.T, address, token string) *world {
	t.Helper()
	kek, err := seal.OpenVault(seal.VaultConfig{Address: address, Token: token, Key: "bro"})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, folder: t.TempDir(), kek: &counting{KEK: kek}}
	if w.keys, err = sqlite.OpenKeys(filepath.Join(w.folder, "keys.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.keys.Close() })
	return w
}

func TestVaultWrapsRotatesAndRetires(t *testing.T) {
	v := newTransit(t)
	w := vaultWorld(t, v.url, "token")
	w.Sealer = w.open(seal.Options{})
	w.ready("p1", "p2")
	sealed := w.sealed(here, "the text")
	old, err := w.keys.Of(t.Context(), "p1")
	if err != nil {
		t.Fatal(err)
	}
	for rotation := range 3 {
		if n, err := w.RotateKEK(t.Context()); n != 5 || err != nil {
			t.Errorf("wrapped %d: %v", n, err)
		}
		st, err := w.Status(t.Context())
		if want := fmt.Sprintf("v%d", rotation+2); err != nil || st.Versions[want] != 5 {
			t.Errorf("after rotation %d: %+v, %v", rotation, st, err)
		}
		_, err = w.kek.Decrypt(old[0].Wrapped, wrapping("p1", old[0]))
		if retired := rotation > 0; (err != nil) != retired {
			t.Errorf("after rotation %d a key of the first version opens: %v", rotation, err)
		}
	}
	again := w.open(seal.Options{})
	if err := again.Ready(t.Context(), "p1"); err != nil {
		t.Fatal(err)
	}
	opens(t, again, here, sealed, "the text")
	moved := old[0]
	moved.Patient = "p3"
	if err := w.keys.Add(t.Context(), moved); err != nil {
		t.Fatal(err)
	}
	if err := again.Ready(t.Context(), "p3"); err == nil {
		t.Error("a key moved to another patient was taken")
	}
}

// A Vault that is sealed, gone, or does not know our token any more is away: keys in
// memory go on, what is essential goes on, and the rest is to come back.
func TestAVaultThatDoesNotAnswerIsAway(t *testing.T) {
	for name, harm := range map[string]func(*transit, *world){
		"sealed": func(v *transit, _ *world) { v.tell("seal") },
		"gone":   func(v *transit, _ *world) { v.stop() },
		"with another token": func(v *transit, w *world) {
			kek, err := seal.OpenVault(seal.VaultConfig{Address: v.url, Token: "revoked", Key: "bro"})
			if err != nil {
				v.t.Fatal(err)
			}
			w.kek.KEK = kek
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := newTransit(t)
			w := vaultWorld(t, v.url, "token")
			w.Sealer = w.open(seal.Options{})
			w.ready("p1")
			sealed := w.sealed(here, "the text")
			harm(v, w)
			if _, err := w.Seal(nil, here, []byte("x")); err != nil {
				t.Errorf("keys in memory: %v", err)
			}
			s := w.open(seal.Options{}) // starts, and is not ready
			if err := s.Ready(t.Context(), "p1"); bridge.CodeOf(err) != bridge.CodeBusy {
				t.Errorf("keys from it: %v", err)
			}
			if err := s.Healthy(t.Context()); err == nil {
				t.Error("healthy without it")
			}
			if _, err := s.RotateKEK(t.Context()); err == nil {
				t.Error("rotated without it")
			}
			if _, err := s.Spare(nil, here, []byte("x")); err != nil {
				t.Errorf("what is essential: %v", err)
			}
			if name != "sealed" {
				return
			}
			v.tell("unseal")
			again := w.open(seal.Options{})
			if err := again.Ready(t.Context(), "p1"); err != nil {
				t.Errorf("unsealed: %v", err)
			}
			opens(t, again, here, sealed, "the text")
		})
	}
}

// What Vault itself says to bytes that it did not wrap, or for another patient, is a
// refusal, and not that it is away, for which everybody else would wait too.
func TestVaultRefusesWhatItDidNotWrap(t *testing.T) {
	v := newTransit(t)
	kek, err := seal.OpenVault(seal.VaultConfig{Address: v.url, Token: "token", Key: "bro"})
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := kek.Encrypt([]byte("a key"), []byte("for p1"))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := kek.Decrypt(wrapped, []byte("for p1")); string(plain) != "a key" || err != nil {
		t.Errorf("opened %q: %v", plain, err)
	}
	changed := append([]byte{}, wrapped...)
	changed[len(changed)-6] ^= 1
	for name, x := range map[string][2][]byte{
		"for another patient": {wrapped, []byte("for p2")}, "changed": {changed, []byte("for p1")},
		"of no version": {[]byte("vault:v9:" + strings.TrimPrefix(string(wrapped), "vault:v1:")), []byte("for p1")}, "not wrapped": {[]byte("a key"), nil},
	} {
		if plain, err := kek.Decrypt(x[0], x[1]); err == nil || seal.Away(err) {
			t.Errorf("%s: opened %q, %v", name, plain, err)
		}
	}
}

func TestVaultIsConfiguredWhole(t *testing.T) {
	v := newTransit(t)
	for name, c := range map[string]seal.VaultConfig{
		"no address": {Token: "token", Key: "bro"}, "no token": {Address: v.url, Key: "bro"}, "no key": {Address: v.url, Token: "token"},
		"no such CA": {Address: v.url, Token: "token", Key: "bro", CAFile: "/nowhere"},
	} {
		if _, err := seal.OpenVault(c); err == nil {
			t.Errorf("%s: was taken", name)
		}
	}
	w := vaultWorld(t, v.url, "wrong")
	if _, err := seal.Open(t.Context(), w.keys, w.kek, seal.Options{}); err == nil {
		t.Error("a wrong token made a spare key")
	}
}
