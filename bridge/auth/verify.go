// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package auth

import (
	"context"
	"encoding/base64"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/brobygger/brobygger/bridge"
)

// maxToken bounds what is read at all: bytes of a whole token.
const maxToken = 8 << 10

// refusal is why a token was refused. It goes to the log and never to the caller,
// and holds nothing of the token.
type refusal string

const (
	refusedSize      refusal = "size"
	refusedForm      refusal = "form"
	refusedHeader    refusal = "header"
	refusedType      refusal = "type"
	refusedAlgorithm refusal = "algorithm"
	refusedKeyID     refusal = "key id"
	refusedIssuer    refusal = "issuer"
	refusedAudience  refusal = "audience"
	refusedKind      refusal = "kind"
	refusedSubject   refusal = "subject"
	refusedTimes     refusal = "times"
	refusedNotYet    refusal = "not yet valid"
	refusedLife      refusal = "life"
	refusedAssurance refusal = "assurance"
	refusedExpired   refusal = "expired"
	refusedNoKey     refusal = "unknown key"
	refusedNewKey    refusal = "key not known yet"
	refusedKey       refusal = "key of another algorithm"
	refusedSignature refusal = "signature"
)

// keysSoon is when to try again with a key that is being asked for.
const keysSoon = 5 * time.Second

// told returns what the caller is told of it: one sentence for all defects. A key
// that may be new is told apart, since nobody has to sign in again for it.
func (r refusal) told() error {
	if r == refusedExpired {
		return &bridge.Error{Code: bridge.CodeTokenExpired, Message: "the access token has expired"}
	}
	if r == refusedNewKey {
		return &bridge.Error{Code: bridge.CodeKeyUnknown, Message: "the issuer's keys are asked for; try again", After: keysSoon}
	}
	return &bridge.Error{Code: bridge.CodeUnauthenticated, Message: "the access token is not accepted"}
}

// Verify returns who the token speaks of. A token of an unknown key is refused at
// once; the key is asked for behind it. While that may still bring it the refusal
// is CodeKeyUnknown, and the same token may pass later.
func (v *Verifier) Verify(token string) (bridge.Identity, error) {
	id, why := v.verify(token)
	if why != "" {
		v.log.LogAttrs(context.Background(), slog.LevelDebug, "refusing a token", slog.String("reason", string(why)))
		return bridge.Identity{}, why.told()
	}
	return id, nil
}

// verify checks all that needs no key before it looks for one, so that nobody can
// make the bridge fetch keys or verify signatures with a token that is no use.
func (v *Verifier) verify(token string) (bridge.Identity, refusal) {
	h, c, why := split(token)
	if why != "" {
		return bridge.Identity{}, why
	}
	if why := checkHeader(h); why != "" {
		return bridge.Identity{}, why
	}
	i := v.issuers[c.text("iss")]
	if i == nil {
		return bridge.Identity{}, refusedIssuer
	}
	if !slices.Contains(i.Algorithms, h.text("alg")) {
		return bridge.Identity{}, refusedAlgorithm
	}
	id, why := i.read(c, v.now())
	if why != "" {
		return bridge.Identity{}, why
	}
	k, known := i.keys.find(h.text("kid"))
	if issued, _ := c.instant("iat"); !known && i.keys.behind(issued) {
		return bridge.Identity{}, refusedNewKey
	}
	if !known {
		return bridge.Identity{}, refusedNoKey
	}
	if k.algorithm != h.text("alg") {
		return bridge.Identity{}, refusedKey
	}
	_, err := i.parser.Parse(token, func(*jwt.Token) (any, error) { return k.public, nil })
	if err != nil {
		return bridge.Identity{}, refusedSignature
	}
	return id, ""
}

// split decodes the three parts, of which the last stays for the parser. Package
// base64 skips line breaks even when strict, so the alphabet is checked first.
func split(token string) (header, claims object, why refusal) {
	if len(token) > maxToken {
		return nil, nil, refusedSize
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, nil, refusedForm
	}
	var objects [2]object
	for n, part := range parts {
		if part == "" || strings.ContainsAny(part, "\r\n") {
			return nil, nil, refusedForm
		}
		b, err := base64.RawURLEncoding.Strict().DecodeString(part)
		if err != nil {
			return nil, nil, refusedForm
		}
		if n == 2 {
			break
		}
		if objects[n], err = readObject(b); err != nil {
			return nil, nil, refusedForm
		}
	}
	return objects[0], objects[1], ""
}

// checkHeader refuses headers that bring their own key or that ask for an
// understanding which is not there (RFC 7515, section 4.1).
func checkHeader(h object) refusal {
	if h.has("crit", "b64", "zip", "enc", "jwk", "jku", "x5u", "x5c") {
		return refusedHeader
	}
	// RFC 9068, section 4: at+jwt or application/at+jwt, in any case. An ID token
	// has JWT, a logout token logout+jwt.
	kind := strings.TrimPrefix(strings.ToLower(h.text("typ")), "application/")
	if kind != "at+jwt" {
		return refusedType
	}
	if !slices.Contains(algorithms, h.text("alg")) {
		return refusedAlgorithm
	}
	if !plain(h.text("kid"), maxKeyID) {
		return refusedKeyID
	}
	return ""
}

// read checks the claims, as yet unproven, and makes an identity of them.
func (i *issuer) read(c object, now time.Time) (bridge.Identity, refusal) {
	if !slices.Contains(c.texts("aud"), i.Audience) {
		return bridge.Identity{}, refusedAudience
	}
	// Only ID tokens have hashes of other tokens (OpenID Connect Core, 3.3.2.11),
	// only logout tokens and other security events have events (RFC 8417, 2.2).
	if c.has("at_hash", "c_hash", "events") {
		return bridge.Identity{}, refusedKind
	}
	subject := c.text("sub")
	if !plain(subject, 255) { // OpenID Connect Core, section 2
		return bridge.Identity{}, refusedSubject
	}
	level := i.Assurance[c.text(i.Claim)]
	if levels[level] < levels[i.Minimum] {
		return bridge.Identity{}, refusedAssurance
	}
	issued, expires, why := i.times(c, now)
	if why != "" {
		return bridge.Identity{}, why
	}
	return bridge.Identity{
		Subject:   bridge.Subject{Issuer: i.URL, Name: subject},
		Assurance: level,
		Issued:    issued,
		Expires:   expires,
		Scopes:    i.scopes(c),
	}, ""
}

func (i *issuer) times(c object, now time.Time) (issued, expires time.Time, why refusal) {
	expires, ok := c.instant("exp")
	issued, ok2 := c.instant("iat")
	if !ok || !ok2 {
		return issued, expires, refusedTimes
	}
	if issued.After(now.Add(leeway)) {
		return issued, expires, refusedNotYet
	}
	if c.has("nbf") {
		before, ok := c.instant("nbf")
		if !ok {
			return issued, expires, refusedTimes
		}
		if before.After(now.Add(leeway)) {
			return issued, expires, refusedNotYet
		}
	}
	if life := expires.Sub(issued); life <= 0 || life > i.MaxLife {
		return issued, expires, refusedLife
	}
	if !now.Before(expires.Add(leeway)) {
		return issued, expires, refusedExpired
	}
	return issued, expires, ""
}

// scopes returns the token's scopes, the issuer's word for an admin being
// ours. An issuer that gives none the power can't give it by chance.
func (i *issuer) scopes(c object) []string {
	var out []string
	for _, field := range c.texts(i.Scope) {
		for _, s := range strings.Fields(field) {
			switch {
			case i.AdminScope != "" && s == i.AdminScope:
				out = append(out, ScopeAdmin)
			case s == ScopeAdmin:
			default:
				out = append(out, s)
			}
		}
	}
	return out
}

// plain reports whether s is 1 to limit bytes of printable ASCII.
func plain(s string, limit int) bool {
	if s == "" || len(s) > limit {
		return false
	}
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}
