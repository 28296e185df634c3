// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package auth_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"maps"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/auth"
)

// The tests forge tokens with the standard library alone, so that the library
// that checks them does not also make them.

const (
	issuerURL = "https://id.example.org"
	audience  = "https://bridge.example.org"
	nsis      = "https://data.gov.dk/concept/core/nsis/"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// keyring holds one private key of each kind, under the names "ed", "ec" and "rsa".
type keyring struct {
	ed  ed25519.PrivateKey
	ec  *ecdsa.PrivateKey
	rsa *rsa.PrivateKey
}

// keys and strangers are made once: RSA keys are slow to make under -race.
var keys, strangers = sync.OnceValue(makeKeys), sync.OnceValue(makeKeys)

func makeKeys() keyring {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return keyring{ed: ed, ec: ec, rsa: r}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

type m = map[string]any

func (k keyring) jwks() []m {
	public, _ := k.ed.Public().(ed25519.PublicKey)
	return []m{
		{"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": b64(public), "use": "sig", "alg": "EdDSA"},
		ecJWK("ec", &k.ec.PublicKey),
		{
			"kty": "RSA", "kid": "rsa", "n": b64(k.rsa.N.Bytes()),
			"e": b64(big.NewInt(int64(k.rsa.E)).Bytes()), "key_ops": []string{"verify"},
		},
	}
}

func ecJWK(kid string, k *ecdsa.PublicKey) m {
	point, err := k.Bytes()
	if err != nil {
		panic(err)
	}
	half := (len(point) - 1) / 2
	return m{"kty": "EC", "crv": k.Curve.Params().Name, "kid": kid, "x": b64(point[1 : 1+half]), "y": b64(point[1+half:])}
}

func jwkSet(jwks ...m) []byte { return mustJSON(m{"keys": jwks}) }

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func (k keyring) signature(alg, text string) []byte {
	digest := sha256.Sum256([]byte(text))
	switch alg {
	case "EdDSA":
		return ed25519.Sign(k.ed, []byte(text))
	case "ES256":
		r, s, err := ecdsa.Sign(rand.Reader, k.ec, digest[:])
		if err != nil {
			panic(err)
		}
		out := make([]byte, 64)
		r.FillBytes(out[:32])
		s.FillBytes(out[32:])
		return out
	case "RS256":
		s, err := rsa.SignPKCS1v15(rand.Reader, k.rsa, crypto.SHA256, digest[:])
		if err != nil {
			panic(err)
		}
		return s
	case "PS256":
		s, err := rsa.SignPSS(rand.Reader, k.rsa, crypto.SHA256, digest[:], nil)
		if err != nil {
			panic(err)
		}
		return s
	case "HS256": // the public key as the secret: CVE-2016-5431 and its kin
		public, _ := k.ed.Public().(ed25519.PublicKey)
		mac := hmac.New(sha256.New, public)
		mac.Write([]byte(text))
		return mac.Sum(nil)
	}
	return nil
}

// forged is a token in the making: a good one, until a row of a table spoils it.
type forged struct {
	header, claims m
	rawHeader      string // instead of header
	rawClaims      string // instead of claims
	signAs         string // algorithm of the signature; "": the header's
	keys           keyring
	after          func(token string) string
}

func good() *forged {
	return &forged{
		header: m{"typ": "at+jwt", "alg": "EdDSA", "kid": "ed"},
		claims: m{
			"iss": issuerURL, "aud": audience, "sub": "holm", "acr": nsis + "Substantial",
			"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(),
			"jti": "1", "client_id": "staff", "scope": "openid messages",
		},
		keys: keys(),
	}
}

func (f *forged) alg(alg, kid string) { f.header["alg"], f.header["kid"] = alg, kid }

func (f *forged) token() string {
	header, claims := f.rawHeader, f.rawClaims
	if header == "" {
		header = string(mustJSON(f.header))
	}
	if claims == "" {
		claims = string(mustJSON(f.claims))
	}
	alg := f.signAs
	if alg == "" {
		alg, _ = f.header["alg"].(string)
	}
	text := b64([]byte(header)) + "." + b64([]byte(claims))
	token := text + "." + b64(f.keys.signature(alg, text))
	if f.after != nil {
		token = f.after(token)
	}
	return token
}

// trust is a configuration with nothing missing.
func trust() auth.TrustedIssuer {
	return auth.TrustedIssuer{
		URL: issuerURL, Audience: audience, Algorithms: []string{"ES256", "RS256", "EdDSA"},
		Keys: jwkSet(keys().jwks()...), Assurance: auth.NSIS(), AdminScope: "brobygger/admin",
	}
}

// reasons is a log that keeps why tokens were refused, and all that was said.
type reasons struct {
	mu   sync.Mutex
	last string
	all  []byte
}

func (*reasons) Enabled(context.Context, slog.Level) bool { return true }
func (r *reasons) WithAttrs([]slog.Attr) slog.Handler     { return r }
func (r *reasons) WithGroup(string) slog.Handler          { return r }
func (r *reasons) Handle(_ context.Context, l slog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, l.Message...)
	l.Attrs(func(a slog.Attr) bool {
		r.all = append(r.all, a.String()...)
		if a.Key == "reason" {
			r.last = a.Value.String()
		}
		return true
	})
	return nil
}

func open(t testing.TB, c auth.Config) *auth.Verifier {
	t.Helper()
	if c.Now == nil {
		c.Now = func() time.Time { return now }
	}
	v, err := auth.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	return v
}

func with(base m, changes m) m {
	out := maps.Clone(base)
	maps.Copy(out, changes)
	return out
}

func code(err error) bridge.Code { return bridge.CodeOf(err) }
