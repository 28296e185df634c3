// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package auth

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/brobygger/brobygger/bridge"
)

// substantial is the level that the built-in issuer claims for everybody.
const substantial = "https://data.gov.dk/concept/core/nsis/Substantial"

// IssuerOptions is what a built-in issuer is made of.
type IssuerOptions struct {
	Listen   string        // the address that the demo listens on, host:port with the real port; must be loopback
	Audience string        // for whom the tokens are
	Life     time.Duration // of a token; 0: ten minutes, at most one hour
	Now      func() time.Time

	// Subjects says who may have a token, and with which scopes. Without it nobody
	// could, so it must be there.
	Subjects func(subject string) (scopes []string, known bool)
}

// Issuer is the built-in issuer of a demo: it gives anybody who can reach it a
// token of anybody, and asks for no password. It therefore works on loopback
// only, its key never leaves the process and dies with it, and nothing but the
// demo may trust it.
type Issuer struct {
	url      string
	audience string
	life     time.Duration
	now      func() time.Time
	subjects func(string) ([]string, bool)
	kid      string
	private  ed25519.PrivateKey
}

// NewIssuer makes an issuer with a key of its own. It refuses every address that
// others than this machine can reach.
func NewIssuer(o IssuerOptions) (*Issuer, error) {
	host, port, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return nil, fmt.Errorf("reading the address to listen on: %w", err)
	}
	switch {
	case !loopback(host):
		return nil, errors.New("the built-in issuer works on a loopback address only")
	case port == "" || port == "0":
		return nil, errors.New("the built-in issuer needs the port that is listened on")
	case o.Audience == "":
		return nil, errors.New("the built-in issuer needs an audience")
	case o.Subjects == nil:
		return nil, errors.New("the built-in issuer needs to know who may have a token")
	case o.Life < 0 || o.Life > time.Hour:
		return nil, errors.New("the built-in issuer's tokens live for an hour at most")
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	i := &Issuer{
		url:      "http://" + o.Listen,
		audience: o.Audience,
		life:     o.Life,
		now:      o.Now,
		subjects: o.Subjects,
		kid:      "demo-" + strings.ToLower(rand.Text()[:12]),
		private:  private,
	}
	if i.life == 0 {
		i.life = 10 * time.Minute
	}
	if i.now == nil {
		i.now = time.Now
	}
	return i, nil
}

// URL is the issuer's name: the iss of its tokens.
func (i *Issuer) URL() string { return i.url }

// Trust returns what a Verifier's configuration must hold to believe the issuer.
// The keys go by memory, not by HTTP, so it can be used before anybody listens.
func (i *Issuer) Trust() TrustedIssuer {
	return TrustedIssuer{
		URL:        i.url,
		Audience:   i.audience,
		Algorithms: []string{eddsa},
		Keys:       i.keySet(),
		AdminScope: ScopeAdmin,
		Assurance:  map[string]bridge.Assurance{substantial: bridge.AssuranceSubstantial},
		MaxLife:    i.life,
	}
}

// Token mints an access token (RFC 9068), or answers an *Error with CodeForbidden
// for a subject that may have none.
func (i *Issuer) Token(subject string) (token string, expires time.Time, err error) {
	scopes, known := i.subjects(subject)
	if !known || !plain(subject, 255) {
		return "", time.Time{}, &bridge.Error{Code: bridge.CodeForbidden, Message: "nobody of this name may sign in"}
	}
	now := i.now().Truncate(time.Second)
	expires = now.Add(i.life)
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{
		"iss": i.url, "aud": i.audience, "sub": subject, "client_id": "brobygger-demo",
		"iat": now.Unix(), "nbf": now.Unix(), "exp": expires.Unix(), "jti": rand.Text(),
		"acr": substantial, "scope": strings.Join(scopes, " "),
	})
	t.Header["typ"], t.Header["kid"] = "at+jwt", i.kid
	token, err = t.SignedString(i.private)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("signing a token: %w", err)
	}
	return token, expires, nil
}

// keySet returns the public key as a JWK set (RFC 7517, RFC 8037).
func (i *Issuer) keySet() []byte {
	public, _ := i.private.Public().(ed25519.PublicKey)
	b, err := json.Marshal(map[string]any{"keys": []map[string]string{{
		"kty": "OKP", "crv": "Ed25519", "alg": eddsa, "use": "sig", "kid": i.kid,
		"x": base64.RawURLEncoding.EncodeToString(public),
	}}})
	if err != nil {
		panic("strings that can't be JSON: " + err.Error())
	}
	return b
}
