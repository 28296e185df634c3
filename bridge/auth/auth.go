// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// Package auth turns an access token into an identity: the one place that knows
// golang-jwt. It trusts the issuers that are named in its configuration, each for
// one audience, and refuses whatever is not said: RFC 8725 (JWT best practices),
// RFC 9068 (access tokens), OWASP ASVS 5.0 chapters 9 and 10.
//
// Which people a token may speak of is the directory's to say, not this package's.
package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/brobygger/brobygger/bridge"
)

// ScopeAdmin is the scope of an identity that may import and disable accounts,
// whatever its issuer calls it.
const ScopeAdmin = bridge.ScopeAdmin

// leeway is how far the clocks of issuer and bridge may differ.
const leeway = 30 * time.Second

// Verifier checks access tokens. Its methods are safe for concurrent use, and
// Verify never waits for the network.
type Verifier struct {
	issuers map[string]*issuer
	now     func() time.Time
	log     *slog.Logger
	stop    context.CancelFunc
	running sync.WaitGroup
}

var _ bridge.Verifier = (*Verifier)(nil)

// issuer is a trusted issuer with its keys and its parser.
type issuer struct {
	TrustedIssuer
	keys   *keyCache
	parser *jwt.Parser
}

// Open checks the configuration and loads the issuers' keys. Configuration that
// leaves anything open is an error. An issuer that does not answer is not: its
// tokens are refused, Healthy says so, and its keys are asked for until they come.
// ctx bounds the first load only.
func Open(ctx context.Context, c Config) (*Verifier, error) {
	c, err := c.checked()
	if err != nil {
		return nil, fmt.Errorf("checking the configuration of tokens: %w", err)
	}
	client := &http.Client{
		Transport: c.Transport,
		Timeout:   fetchTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("a key address must not redirect")
		},
	}
	background, stop := context.WithCancel(context.Background())
	v := &Verifier{issuers: map[string]*issuer{}, now: c.Now, log: c.Log, stop: stop}
	for _, t := range c.Issuers {
		keys := newKeyCache(t, client, c)
		v.issuers[t.URL] = &issuer{TrustedIssuer: t, keys: keys, parser: parserFor(t, c.Now)}
		if t.JWKS == "" {
			continue
		}
		if err := keys.fetch(ctx); err != nil {
			c.Log.ErrorContext(ctx, "loading an issuer's keys", slog.String("issuer", t.URL), slog.Any("error", err))
		}
		v.running.Go(func() { keys.refresh(background) })
	}
	return v, nil
}

// parserFor repeats, after the signature, what Verify checks before it: neither
// may be the only one.
func parserFor(t TrustedIssuer, now func() time.Time) *jwt.Parser {
	return jwt.NewParser(
		jwt.WithValidMethods(t.Algorithms),
		jwt.WithIssuer(t.URL),
		jwt.WithAudience(t.Audience),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithLeeway(leeway),
		jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(now),
	)
}

// Healthy returns an error that names the issuers whose keys are missing or too
// old to be believed.
func (v *Verifier) Healthy() error {
	var missing []error
	for url, i := range v.issuers {
		if i.keys.empty() {
			missing = append(missing, fmt.Errorf("no keys of the issuer %s", url))
		}
	}
	return errors.Join(missing...)
}

// Close ends the refreshing of keys.
func (v *Verifier) Close() error {
	v.stop()
	v.running.Wait()
	return nil
}
