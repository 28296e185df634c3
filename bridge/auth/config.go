// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package auth

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// Config says whose tokens are believed, and how far.
type Config struct {
	Issuers   []TrustedIssuer   // at least one
	Now       func() time.Time  // nil: time.Now
	Log       *slog.Logger      // nil: nothing is logged
	Transport http.RoundTripper // for the fetching of keys; nil: http.DefaultTransport
	Refresh   time.Duration     // between fetches of keys; 0: 15 minutes
	MaxStale  time.Duration     // for how long keys that can't be fetched again are believed; 0: 24 hours
}

// TrustedIssuer is one issuer of tokens. URL, Audience, Algorithms, Assurance
// and one of JWKS and Keys must be there, or nothing starts: an audience that is
// not checked is the best known way to let a stranger's token in.
type TrustedIssuer struct {
	URL        string   `json:"issuer"`                // equals the token's iss, byte for byte
	Audience   string   `json:"audience"`              // must be among the token's aud
	Algorithms []string `json:"algorithms"`            // of ES256, RS256, EdDSA
	JWKS       string   `json:"jwks,omitempty"`        // where its keys are: https, or http on loopback
	Keys       []byte   `json:"keys,omitempty"`        // or the keys themselves, a JWK set (RFC 7517)
	Scope      string   `json:"scope,omitempty"`       // claim with scopes; "": scope (RFC 8693, 4.2)
	Claim      string   `json:"claim,omitempty"`       // claim with the level of assurance; "": acr
	AdminScope string   `json:"admin_scope,omitempty"` // the scope that makes an admin; "": none does

	// Assurance maps the claim's values to levels; see NSIS. A value that is not in
	// it is refused, and so is a level under Minimum.
	Assurance map[string]bridge.Assurance `json:"assurance"`
	Minimum   bridge.Assurance            `json:"minimum,omitempty"`  // "": substantial
	MaxLife   time.Duration               `json:"max_life,omitempty"` // from iat to exp; 0: one hour
}

// NSIS returns the Danish levels of assurance by the names that NemLog-in gives
// them (National standard for identities' levels of assurance, NSIS 2.0).
func NSIS() map[string]bridge.Assurance {
	const base = "https://data.gov.dk/concept/core/nsis/"
	return map[string]bridge.Assurance{
		base + "Low":         bridge.AssuranceLow,
		base + "Substantial": bridge.AssuranceSubstantial,
		base + "High":        bridge.AssuranceHigh,
	}
}

// levels orders the levels of assurance. What is not in it counts as nothing.
var levels = map[bridge.Assurance]int{
	bridge.AssuranceLow:         1,
	bridge.AssuranceSubstantial: 2,
	bridge.AssuranceHigh:        3,
}

// checked returns the configuration with its defaults, or why it can't be used.
func (c Config) checked() (Config, error) {
	if len(c.Issuers) == 0 {
		return c, errors.New("no issuer is trusted")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Refresh == 0 {
		c.Refresh = 15 * time.Minute
	}
	if c.MaxStale == 0 {
		c.MaxStale = 24 * time.Hour
	}
	if c.Refresh < refetchEvery || c.MaxStale < c.Refresh {
		return c, errors.New("keys must be fetched at most once a minute, and believed for longer than between two fetches")
	}
	c.Issuers = slices.Clone(c.Issuers)
	seen := map[string]bool{}
	for n, t := range c.Issuers {
		t, err := t.checked()
		if err != nil {
			return c, fmt.Errorf("issuer %d: %w", n+1, err)
		}
		if seen[t.URL] {
			return c, fmt.Errorf("issuer %d: named twice", n+1)
		}
		seen[t.URL] = true
		c.Issuers[n] = t
	}
	return c, nil
}

func (t TrustedIssuer) checked() (TrustedIssuer, error) {
	if t.Claim == "" {
		t.Claim = "acr"
	}
	if t.Scope == "" {
		t.Scope = "scope"
	}
	if t.Minimum == "" {
		t.Minimum = bridge.AssuranceSubstantial
	}
	if t.MaxLife == 0 {
		t.MaxLife = time.Hour
	}
	t.Algorithms = slices.Clone(t.Algorithms)
	t.Assurance = maps.Clone(t.Assurance)
	switch {
	case t.URL == "":
		return t, errors.New("it has no name")
	case t.Audience == "":
		return t, errors.New("its audience is missing")
	case len(t.Algorithms) == 0:
		return t, errors.New("its algorithms are missing")
	case len(t.Assurance) == 0:
		return t, errors.New("its levels of assurance are missing")
	case levels[t.Minimum] == 0:
		return t, fmt.Errorf("its least level of assurance %q is not known", t.Minimum)
	case t.MaxLife < time.Second || t.MaxLife > 24*time.Hour:
		return t, errors.New("its tokens' longest life is not between a second and a day")
	case (t.JWKS == "") == (len(t.Keys) == 0):
		return t, errors.New("it needs either an address of keys or keys")
	}
	for _, a := range t.Algorithms {
		if !slices.Contains(algorithms, a) {
			return t, fmt.Errorf("its algorithm %q is none of %v", a, algorithms)
		}
	}
	for value, level := range t.Assurance {
		if value == "" || levels[level] == 0 {
			return t, fmt.Errorf("its level of assurance %q maps to the unknown %q", value, level)
		}
	}
	if t.JWKS != "" {
		return t, checkKeyAddress(t.JWKS)
	}
	if keys, err := parseKeys(t.Keys); err != nil {
		return t, err
	} else if len(keys) == 0 {
		return t, errors.New("none of its keys can be used")
	}
	return t, nil
}

// checkKeyAddress wants https: who can change the keys on their way signs what
// they like. Plain http stays possible within one machine.
func checkKeyAddress(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return errors.New("its address of keys can't be read")
	}
	if u.Host == "" || u.User != nil || u.Fragment != "" {
		return errors.New("its address of keys is not a plain address")
	}
	if u.Scheme == "https" || (u.Scheme == "http" && loopback(u.Hostname())) {
		return nil
	}
	return errors.New("its address of keys is not https")
}

// loopback reports whether host, without a port, means this machine.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
