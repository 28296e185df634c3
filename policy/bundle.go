// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"
)

// A policy travels as a bundle of OPA's format: gzipped tar with .manifest,
// data.json, the rules and .signatures.json, so that OPA's own tools read it. It
// is signed with ES256, the one algorithm that OPA's signatures and ours share;
// which one is checked is never up to the bundle.

const (
	keyName   = "policy"           // of the one key that is believed
	signedBy  = "ES256"            // ECDSA with P-256 and SHA-256 (RFC 7518)
	kindField = "kind"             // in the manifest's metadata
	kindValue = "brobygger-policy" // so that a bundle signed for something else is none
	fromField = "rollback_from"
)

// Manifest is what a bundle says of itself. It is signed with the rest.
type Manifest struct {
	// Revision is a number that grows with each bundle of one operator. The usual
	// one is the time of building, as 20261122174500.
	Revision uint64
	// RollbackFrom makes it a way back: it may then have a lower revision, and
	// counts only where RollbackFrom is the highest revision that was ever active.
	RollbackFrom uint64
}

// Build makes an unsigned bundle.
func Build(s *Sources, m Manifest) ([]byte, error) {
	if m.Revision == 0 {
		return nil, errors.New("building a bundle: a revision is a number above 0")
	}
	if m.RollbackFrom != 0 && m.RollbackFrom <= m.Revision {
		return nil, errors.New("building a bundle: a rollback leads to a lower revision")
	}
	b := bundle.Bundle{Data: s.Data, Manifest: bundle.Manifest{
		Revision: strconv.FormatUint(m.Revision, 10), Metadata: map[string]any{kindField: kindValue},
	}}
	if m.RollbackFrom != 0 {
		b.Manifest.Metadata[fromField] = strconv.FormatUint(m.RollbackFrom, 10)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Modules)) {
		parsed, err := ast.ParseModuleWithOpts(name, string(s.Modules[name]), ast.ParserOptions{RegoVersion: ast.RegoV1})
		if err != nil {
			return nil, fmt.Errorf("building a bundle: %w", err)
		}
		b.Modules = append(b.Modules, bundle.ModuleFile{URL: name, Path: name, RelativePath: name, Raw: s.Modules[name], Parsed: parsed})
	}
	b.SetRegoVersion(ast.RegoV1)
	return write(b)
}

func write(b bundle.Bundle) ([]byte, error) {
	var out bytes.Buffer
	if err := bundle.NewWriter(&out).DisableFormat(true).Write(b); err != nil {
		return nil, fmt.Errorf("writing a bundle: %w", err)
	}
	return out.Bytes(), nil
}

// Sign signs a bundle with a private key in PEM (PKCS 8).
func Sign(raw, private []byte) ([]byte, error) {
	key, err := readKey(private, x509.ParsePKCS8PrivateKey)
	if err != nil {
		return nil, err
	}
	if k, ok := key.(*ecdsa.PrivateKey); !ok || k.Curve != elliptic.P256() {
		return nil, errKey
	}
	if err := fits(raw); err != nil {
		return nil, err
	}
	b, err := bundle.NewReader(bytes.NewReader(raw)).WithSkipBundleVerification(true).WithSizeLimitBytes(maxFile).Read()
	if err != nil {
		return nil, fmt.Errorf("reading a bundle: %w", err)
	}
	// The reader's paths begin with a slash, the signature's don't.
	if err := b.GenerateSignature(bundle.NewSigningConfig(string(private), signedBy, ""), keyName, false); err != nil {
		return nil, fmt.Errorf("signing a bundle: %w", err)
	}
	return write(b)
}

// errKey tells what a key must be, and nothing of the one that was given.
var errKey = errors.New("the key is no ECDSA key on P-256 in PEM")

// NewKey makes a pair of keys in PEM: the private one signs, the public one is
// given to the bridge.
func NewKey() (private, public []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("making a key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, fmt.Errorf("making a key: %w", err)
	}
	pub, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, nil, fmt.Errorf("making a key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pub}), nil
}

// readKey parses the one key of a PEM file.
func readKey(raw []byte, parse func([]byte) (any, error)) (any, error) {
	block, rest := pem.Decode(raw)
	if block == nil || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errKey
	}
	key, err := parse(block.Bytes)
	if err != nil {
		return nil, errKey
	}
	return key, nil
}

// checkPublic refuses what is no public key of the one kind, private keys above all.
func checkPublic(public []byte) error {
	key, err := readKey(public, x509.ParsePKIXPublicKey)
	if err != nil {
		return err
	}
	if k, ok := key.(*ecdsa.PublicKey); !ok || k.Curve != elliptic.P256() {
		return errKey
	}
	return nil
}
