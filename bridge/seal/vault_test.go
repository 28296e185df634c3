// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package seal_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/seal"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
)

// transit speaks the part of Vault's transit engine that a KEK needs, in the way
// of the double that the tests of tink-go-hcvault use, and with versions besides
// (https://developer.hashicorp.com/vault/api-docs/secret/transit).
type transit struct {
	t *testing.T

	mu       sync.Mutex // guards the following fields
	versions []tink.AEAD
	least    int // version that still decrypts
	sealed   bool
}

func newTransit(t *testing.T) (*transit, *httptest.Server) {
	t.Helper()
	v := &transit{t: t, least: 1}
	v.rotate()
	s := httptest.NewServer(v)
	t.Cleanup(s.Close)
	return v, s
}

func (v *transit) rotate() {
	h, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		v.t.Fatal(err)
	}
	a, err := aead.New(h)
	if err != nil {
		v.t.Fatal(err)
	}
	v.versions = append(v.versions, a)
}

func (v *transit) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var in struct {
		Plaintext  string `json:"plaintext"`
		Ciphertext string `json:"ciphertext"`
		Associated string `json:"associated_data"`
		Least      int    `json:"min_decryption_version"`
	}
	if r.Method == http.MethodPut {
		_ = json.NewDecoder(r.Body).Decode(&in)
	}
	switch {
	case v.sealed:
		http.Error(w, `{"errors":["Vault is sealed"]}`, http.StatusServiceUnavailable)
		return
	case r.Header.Get("X-Vault-Token") != "token":
		http.Error(w, `{"errors":["permission denied"]}`, http.StatusForbidden)
		return
	}
	out := map[string]any{}
	ad, _ := base64.StdEncoding.DecodeString(in.Associated)
	switch strings.TrimPrefix(r.URL.Path, "/v1/transit/") {
	case "encrypt/bro":
		plain, _ := base64.StdEncoding.DecodeString(in.Plaintext)
		c, err := v.versions[len(v.versions)-1].Encrypt(plain, ad)
		if err != nil {
			v.t.Error(err)
		}
		out["ciphertext"] = fmt.Sprintf("vault:v%d:%s", len(v.versions), base64.StdEncoding.EncodeToString(c))
	case "decrypt/bro":
		plain, err := v.decrypt(in.Ciphertext, ad)
		if err != nil {
			http.Error(w, `{"errors":["`+err.Error()+`"]}`, http.StatusBadRequest)
			return
		}
		out["plaintext"] = base64.StdEncoding.EncodeToString(plain)
	case "keys/bro":
		out["latest_version"] = len(v.versions)
	case "keys/bro/rotate":
		v.rotate()
	case "keys/bro/config":
		v.least = in.Least
	default:
		http.NotFound(w, r)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"data": out})
}

func (v *transit) decrypt(ciphertext string, ad []byte) ([]byte, error) {
	var n int
	var body string
	if _, err := fmt.Sscanf(strings.ReplaceAll(ciphertext, ":", " "), "vault v%d %s", &n, &body); err != nil || n < 1 || n > len(v.versions) {
		return nil, fmt.Errorf("invalid ciphertext")
	}
	if n < v.least {
		return nil, fmt.Errorf("ciphertext or signature version is disallowed by policy (too old)")
	}
	c, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		return nil, fmt.Errorf("invalid ciphertext")
	}
	plain, err := v.versions[n-1].Decrypt(c, ad)
	if err != nil {
		return nil, fmt.Errorf("cipher: message authentication failed")
	}
	return plain, nil
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
	_, server := newTransit(t)
	w := vaultWorld(t, server.URL, "token")
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

func TestASealedVaultIsAway(t *testing.T) {
	v, server := newTransit(t)
	w := vaultWorld(t, server.URL, "token")
	w.Sealer = w.open(seal.Options{})
	w.ready("p1")
	v.mu.Lock()
	v.sealed = true
	v.mu.Unlock()
	if _, err := w.Seal(nil, here, []byte("x")); err != nil {
		t.Errorf("keys in memory: %v", err)
	}
	s := w.open(seal.Options{}) // starts, and is not ready
	if err := s.Ready(t.Context(), "p1"); bridge.CodeOf(err) != bridge.CodeBusy {
		t.Errorf("keys from a sealed vault: %v", err)
	}
	if err := s.Healthy(t.Context()); err == nil {
		t.Error("healthy with a sealed vault")
	}
	if _, err := s.Spare(nil, here, []byte("x")); err != nil {
		t.Errorf("what is essential: %v", err)
	}
}

func TestVaultIsConfiguredWhole(t *testing.T) {
	_, server := newTransit(t)
	for name, c := range map[string]seal.VaultConfig{
		"no address": {Token: "token", Key: "bro"}, "no token": {Address: server.URL, Key: "bro"}, "no key": {Address: server.URL, Token: "token"},
		"no such CA": {Address: server.URL, Token: "token", Key: "bro", CAFile: "/nowhere"},
	} {
		if _, err := seal.OpenVault(c); err == nil {
			t.Errorf("%s: was taken", name)
		}
	}
	w := vaultWorld(t, server.URL, "wrong")
	if _, err := seal.Open(t.Context(), w.keys, w.kek, seal.Options{}); err == nil {
		t.Error("a wrong token made a spare key")
	}
}
