// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package auth_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/auth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// keyServer is an issuer's key address without a network, so that time can be
// synctest's.
type keyServer struct {
	mu     sync.Mutex
	body   []byte
	broken bool
	asked  int
}

func (s *keyServer) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.broken {
		return nil, errors.New("no route")
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(s.body)), Request: r}, nil
}

func (s *keyServer) serve(broken bool, jwks ...m) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken, s.body = broken, jwkSet(jwks...)
}

func (s *keyServer) fetches() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func fetching() auth.TrustedIssuer {
	i := trust()
	i.Keys, i.JWKS = nil, "https://id.example.org/keys"
	return i
}

// bubble opens a verifier on a key server within synctest's time.
func bubble(t *testing.T, s *keyServer) *auth.Verifier {
	return open(t, auth.Config{Issuers: []auth.TrustedIssuer{fetching()}, Transport: s, Now: time.Now})
}

// fresh is a good token by synctest's clock.
func fresh(kid string) string {
	f := good()
	f.header["kid"] = kid
	f.claims["iat"], f.claims["nbf"], f.claims["exp"] = time.Now().Unix(), time.Now().Unix(), time.Now().Unix()+60
	return f.token()
}

func named(kid string) m { return with(keys().jwks()[0], m{"kid": kid}) }

func TestAThousandUnknownKeysCauseOneFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &keyServer{}
		s.serve(false, named("ed"))
		v := bubble(t, s)
		time.Sleep(5 * time.Minute) // of the bubble: the start's fetch is long ago
		before := s.fetches()
		for n := range 1000 {
			if _, err := v.Verify(fresh(fmt.Sprint("storm-", n))); code(err) != bridge.CodeKeyUnknown {
				t.Fatalf("an unknown key: %v", err)
			}
		}
		synctest.Wait()
		for n := range 1000 {
			_, _ = v.Verify(fresh(fmt.Sprint("again-", n)))
		}
		synctest.Wait()
		if got := s.fetches() - before; got != 1 {
			t.Errorf("%d fetches, want 1", got)
		}
		// The wish that came too soon is kept, and granted once.
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if got := s.fetches() - before; got != 2 {
			t.Errorf("%d fetches after a minute, want 2", got)
		}
	})
}

func TestUselessTokensCauseNoFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &keyServer{}
		s.serve(false, named("ed"))
		v := bubble(t, s)
		time.Sleep(5 * time.Minute)
		before := s.fetches()
		for _, spoil := range []func(*forged){
			func(f *forged) { f.claims["iss"] = "https://else.example.org" },
			func(f *forged) { f.claims["aud"] = "https://else.example.org" },
			func(f *forged) { f.claims["exp"] = 1 },
			func(f *forged) { delete(f.claims, "sub") },
			func(f *forged) { f.header["typ"] = "JWT" },
			func(f *forged) { f.header["alg"] = "HS256" },
		} {
			f := good()
			f.header["kid"] = "unknown"
			f.claims["iat"], f.claims["nbf"], f.claims["exp"] = time.Now().Unix(), time.Now().Unix(), time.Now().Unix()+60
			spoil(f)
			if _, err := v.Verify(f.token()); err == nil {
				t.Error("it passed")
			}
		}
		synctest.Wait()
		if got := s.fetches() - before; got != 0 {
			t.Errorf("%d fetches, want none", got)
		}
	})
}

// Whoever comes with a key that may be new comes back with the same token, until
// it is certain that there is no such key.
func TestAKeyThatMayBeNewIsWorthComingBackFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &keyServer{}
		s.serve(false, named("old"))
		v := bubble(t, s)
		time.Sleep(5 * time.Minute)
		token := fresh("new")
		if _, err := v.Verify(token); code(err) != bridge.CodeKeyUnknown {
			t.Errorf("before it was asked for: %v", err)
		}
		synctest.Wait() // the issuer was asked too soon: it does not have it yet
		time.Sleep(10 * time.Second)
		s.serve(false, named("old"), named("new"))
		if _, err := v.Verify(token); code(err) != bridge.CodeKeyUnknown {
			t.Errorf("within the minute: %v", err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if _, err := v.Verify(token); err != nil {
			t.Errorf("behind the minute: %v", err)
		}
		f := good()
		f.header["kid"] = "never"
		f.claims["iat"], f.claims["nbf"], f.claims["exp"] = time.Now().Unix()-60, time.Now().Unix()-60, time.Now().Unix()+60
		if _, err := v.Verify(f.token()); code(err) != bridge.CodeUnauthenticated {
			t.Errorf("a key that the issuer has never had: %v", err)
		}
	})
}

func TestKeysRotate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &keyServer{}
		s.serve(false, named("old"))
		v := bubble(t, s)
		if _, err := v.Verify(fresh("old")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		s.serve(false, named("old"), named("new"))
		if _, err := v.Verify(fresh("new")); err == nil {
			t.Fatal("a key passed before it was fetched")
		}
		synctest.Wait() // the refusal has asked for it
		for _, kid := range []string{"old", "new"} {
			if _, err := v.Verify(fresh(kid)); err != nil {
				t.Errorf("%s: %v", kid, err)
			}
		}
		s.serve(false, named("new"))
		time.Sleep(16 * time.Minute)
		synctest.Wait()
		if _, err := v.Verify(fresh("old")); err == nil {
			t.Error("a withdrawn key passes")
		}
		if _, err := v.Verify(fresh("new")); err != nil {
			t.Error(err)
		}
	})
}

func TestAnIssuerThatIsDownAtStartIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &keyServer{}
		s.serve(true)
		v := bubble(t, s)
		if v.Healthy() == nil {
			t.Error("healthy without keys")
		}
		if _, err := v.Verify(fresh("ed")); err == nil {
			t.Error("a token passes without keys")
		}
		s.serve(false, named("ed"))
		time.Sleep(time.Minute)
		synctest.Wait()
		if err := v.Healthy(); err != nil {
			t.Error(err)
		}
		if _, err := v.Verify(fresh("ed")); err != nil {
			t.Error(err)
		}
	})
}

func TestKeysOutliveABreakButNotForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &keyServer{}
		s.serve(false, named("ed"))
		v := bubble(t, s)
		s.serve(true)
		time.Sleep(23 * time.Hour)
		if _, err := v.Verify(fresh("ed")); err != nil {
			t.Errorf("after a break of 23 hours: %v", err)
		}
		time.Sleep(2 * time.Hour)
		if _, err := v.Verify(fresh("ed")); err == nil {
			t.Error("a key that nobody has confirmed for 25 hours passes")
		}
		if v.Healthy() == nil {
			t.Error("healthy with keys that are not believed")
		}
	})
}

// What an address of keys may answer, over a real connection.
func TestKeyServersThatMisbehave(t *testing.T) {
	goodSet := string(jwkSet(keys().jwks()...))
	for _, tt := range []struct {
		name   string
		handle http.HandlerFunc
	}{
		{"an error", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, goodSet, http.StatusInternalServerError) }},
		{"a page", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>sign in</html>") }},
		{"no list", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }},
		{"keys twice", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"keys":[],`+goodSet[1:])
		}},
		{"a secret", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(jwkSet(named("ed"), with(named("x"), m{"d": "AAAA"})))
		}},
		{"a huge set", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat(" ", 300<<10)+goodSet)
		}},
		{"too many keys", func(w http.ResponseWriter, _ *http.Request) {
			var all []m
			for n := range 65 {
				all = append(all, named(fmt.Sprint("k", n)))
			}
			_, _ = w.Write(jwkSet(all...))
		}},
		{"another address", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/keys" {
				http.Redirect(w, r, "/elsewhere", http.StatusFound)
				return
			}
			_, _ = io.WriteString(w, goodSet)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(tt.handle)
			defer server.Close()
			i := trust()
			i.Keys, i.JWKS = nil, server.URL+"/keys"
			v := open(t, auth.Config{Issuers: []auth.TrustedIssuer{i}, Transport: &http.Transport{DisableKeepAlives: true}})
			if v.Healthy() == nil {
				t.Error("its keys were taken")
			}
			if _, err := v.Verify(good().token()); err == nil {
				t.Error("a token passes")
			}
		})
	}
}

func TestAKeyServerOverHTTP(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(jwkSet(keys().jwks()...))
	}))
	defer server.Close()
	i := trust()
	i.Keys, i.JWKS = nil, server.URL
	v := open(t, auth.Config{Issuers: []auth.TrustedIssuer{i}, Transport: &http.Transport{DisableKeepAlives: true}})
	if _, err := v.Verify(good().token()); err != nil {
		t.Error(err)
	}
}

func TestKeysThatAreLeftOut(t *testing.T) {
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ed, ec, rs := keys().jwks()[0], keys().jwks()[1], keys().jwks()[2]
	for _, tt := range []struct {
		name string
		keys []m
	}{
		{"RSA of 1024 bits", []m{{"kty": "RSA", "kid": "rsa", "n": b64(weak.N.Bytes()), "e": "AQAB"}}},
		{"RSA of 16384 bits", []m{with(rs, m{"n": b64(new(big.Int).Lsh(weak.N, 15360).Bytes())})}},
		{"RSA with an even exponent", []m{with(rs, m{"e": "AQAA"})}},
		{"RSA with an exponent of 1", []m{with(rs, m{"e": "AQ"})}},
		{"P-384", []m{ecJWK("ec", &p384.PublicKey)}},
		{"P-256 off the curve", []m{with(ec, m{"y": ec["x"]})}},
		{"P-256 cut short", []m{with(ec, m{"x": "AQAB"})}},
		{"Ed448", []m{with(ed, m{"crv": "Ed448"})}},
		{"X25519", []m{with(ed, m{"crv": "X25519"})}},
		{"for encryption", []m{with(ed, m{"use": "enc"})}},
		{"for signing only", []m{with(ed, m{"key_ops": []string{"sign"}})}},
		{"of another algorithm", []m{with(rs, m{"alg": "PS256"})}},
		{"without a name", []m{with(ed, m{"kid": ""})}},
		{"two of one name", []m{ed, with(ec, m{"kid": "ed"})}},
		{"three of one name", []m{ed, with(ec, m{"kid": "ed"}), ed}},
		{"a secret for everybody", []m{{"kty": "oct", "kid": "ed", "k": "AAAA"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			i := trust()
			i.Keys = jwkSet(tt.keys...)
			v, err := auth.Open(t.Context(), auth.Config{Issuers: []auth.TrustedIssuer{i}, Log: slog.New(slog.DiscardHandler)})
			if err == nil {
				_ = v.Close()
				t.Error("it was taken")
			}
		})
	}
}
