// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// The three algorithms (RFC 7518 section 3.1, RFC 8037). One key serves one of
// them, so a token can't choose what its key is used as.
const (
	es256 = "ES256"
	rs256 = "RS256"
	eddsa = "EdDSA"
)

var algorithms = []string{es256, rs256, eddsa}

// Limits of a set of keys: bytes, keys, bytes of a key's name, bits of an RSA key.
const (
	maxKeySet  = 256 << 10
	maxKeys    = 64
	maxKeyID   = 128
	minRSABits = 2048
	maxRSABits = 8192
)

// key is a public key with the algorithm that it serves.
type key struct {
	algorithm string
	public    crypto.PublicKey
}

// parseKeys reads a JWK set (RFC 7517, section 5). Keys that are not for us are
// left out: other types, other uses, weak ones, those without a name, and those
// that share a name. A set that holds a private key is refused whole.
func parseKeys(b []byte) (map[string]key, error) {
	if len(b) > maxKeySet {
		return nil, errors.New("a set of keys that is too large")
	}
	set, err := readObject(b)
	if err != nil {
		return nil, fmt.Errorf("reading a set of keys: %w", err)
	}
	var list []json.RawMessage
	if err := json.Unmarshal(set["keys"], &list); err != nil {
		return nil, errors.New("a set of keys without a list of keys")
	}
	if len(list) > maxKeys {
		return nil, errors.New("a set of too many keys")
	}
	keys, twice := map[string]key{}, map[string]bool{}
	for _, raw := range list {
		jwk, err := readObject(raw)
		if err != nil {
			return nil, fmt.Errorf("reading a key: %w", err)
		}
		if jwk.has("d", "p", "q", "dp", "dq", "qi", "k") {
			return nil, errors.New("a set of keys with a secret in it")
		}
		kid := jwk.text("kid")
		k, err := parseKey(jwk)
		if err != nil || !plain(kid, maxKeyID) {
			continue
		}
		if _, ok := keys[kid]; ok {
			twice[kid] = true
		}
		keys[kid] = k
	}
	for kid := range twice {
		delete(keys, kid)
	}
	return keys, nil
}

func parseKey(jwk object) (key, error) {
	if jwk.has("use") && jwk.text("use") != "sig" {
		return key{}, errors.New("a key of another use")
	}
	if jwk.has("key_ops") && !slices.Contains(jwk.texts("key_ops"), "verify") {
		return key{}, errors.New("a key of another use")
	}
	var k key
	var err error
	switch jwk.text("kty") {
	case "RSA":
		k.algorithm = rs256
		k.public, err = parseRSA(jwk)
	case "EC":
		k.algorithm = es256
		k.public, err = parseEC(jwk)
	case "OKP":
		k.algorithm = eddsa
		k.public, err = parseEd25519(jwk)
	default:
		err = errors.New("a key of another type")
	}
	if err != nil {
		return key{}, err
	}
	if a := jwk.text("alg"); jwk.has("alg") && a != k.algorithm {
		return key{}, errors.New("a key of another algorithm")
	}
	return k, nil
}

func parseRSA(jwk object) (crypto.PublicKey, error) {
	n, err := jwk.number("n", maxRSABits/8)
	if err != nil {
		return nil, err
	}
	e, err := jwk.number("e", 4)
	if err != nil {
		return nil, err
	}
	public := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	if bits := public.N.BitLen(); bits < minRSABits || bits > maxRSABits {
		return nil, errors.New("an RSA key of a size that is not used")
	}
	if public.E < 3 || public.E%2 == 0 || public.E > 1<<31-1 {
		return nil, errors.New("an RSA key with an exponent that is not used")
	}
	return public, nil
}

func parseEC(jwk object) (crypto.PublicKey, error) {
	if jwk.text("crv") != "P-256" {
		return nil, errors.New("a key on another curve")
	}
	x, err := jwk.number("x", 32)
	if err != nil {
		return nil, err
	}
	y, err := jwk.number("y", 32)
	if err != nil {
		return nil, err
	}
	if len(x) != 32 || len(y) != 32 { // RFC 7518, section 6.2.1.2
		return nil, errors.New("a point of the wrong length")
	}
	point := slices.Concat([]byte{4}, x, y)
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return nil, errors.New("a point that is not on its curve")
	}
	return public, nil
}

func parseEd25519(jwk object) (crypto.PublicKey, error) {
	if jwk.text("crv") != "Ed25519" {
		return nil, errors.New("a key on another curve")
	}
	x, err := jwk.number("x", ed25519.PublicKeySize)
	if err != nil {
		return nil, err
	}
	if len(x) != ed25519.PublicKeySize {
		return nil, errors.New("a key of the wrong length")
	}
	return ed25519.PublicKey(x), nil
}

// number returns a member that is base64url of at most limit bytes.
func (o object) number(name string, limit int) ([]byte, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(o.text(name))
	if err != nil || len(b) == 0 || len(b) > limit {
		return nil, errors.New("a key with a number that can't be read")
	}
	return b, nil
}
