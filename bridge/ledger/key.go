// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package ledger

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"golang.org/x/mod/sumdb/note"
)

// The types of keys (https://c2sp.org/signed-note, "Signature types").
const (
	typeLog     byte = 1 // Ed25519 over the text of a note
	typeWitness byte = 4 // Ed25519 over a checkpoint and a time
)

// EmptyRoot is the root of a tree without leaves (RFC 6962 section 2.1).
var EmptyRoot = Hash(sha256.Sum256(nil))

// Signer signs as a log, or cosigns as a witness. The two never share a key.
type Signer struct {
	name string
	kind byte
	key  ed25519.PrivateKey
	now  func() time.Time
}

// SeedSize is the length of a key's seed in bytes (RFC 8032).
const SeedSize = ed25519.SeedSize

// NewSeed draws a seed.
func NewSeed() []byte {
	seed := make([]byte, SeedSize)
	_, _ = rand.Read(seed) // never fails (crypto/rand, since Go 1.24)
	return seed
}

// NewSigner is the signer of a log; its name is the log's origin.
func NewSigner(name string, seed []byte) (*Signer, error) { return newSigner(name, typeLog, seed, nil) }

// NewWitness is a signer that cosigns checkpoints of others (https://c2sp.org/tlog-cosignature).
func NewWitness(name string, seed []byte, now func() time.Time) (*Signer, error) {
	return newSigner(name, typeWitness, seed, now)
}

func newSigner(name string, kind byte, seed []byte, now func() time.Time) (*Signer, error) {
	if !validName(name) {
		return nil, fmt.Errorf("a key needs a name without spaces and plus signs")
	}
	if len(seed) != SeedSize {
		return nil, fmt.Errorf("a key's seed has %d bytes, want %d", len(seed), SeedSize)
	}
	if now == nil {
		now = time.Now
	}
	return &Signer{name: name, kind: kind, key: ed25519.NewKeyFromSeed(seed), now: now}, nil
}

func validName(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool { return unicode.IsSpace(r) || r == '+' || r == unicode.ReplacementChar }) < 0
}

// Name is the key's name; for a log its origin.
func (s *Signer) Name() string { return s.name }

// KeyHash is the key's id: the first four bytes of a hash of name, type and key.
func (s *Signer) KeyHash() uint32 { return keyID(s.name, s.kind, s.public()) }

func (s *Signer) public() ed25519.PublicKey { return s.key.Public().(ed25519.PublicKey) }

// Sign implements note.Signer: the signature over a note's text, without its id.
func (s *Signer) Sign(text []byte) ([]byte, error) {
	if s.kind == typeLog {
		return ed25519.Sign(s.key, text), nil
	}
	at := uint64(s.now().Unix())
	signed := ed25519.Sign(s.key, cosignedText(at, text))
	return append(binary.BigEndian.AppendUint64(nil, at), signed...), nil
}

// VerifierKey is the public key as others are given it:
// name+hex(id)+base64(type and key).
func (s *Signer) VerifierKey() string {
	key := append([]byte{s.kind}, s.public()...)
	return fmt.Sprintf("%s+%08x+%s", s.name, s.KeyHash(), base64.StdEncoding.EncodeToString(key))
}

// Verifier checks what the signer signs.
func (s *Signer) Verifier() *Verifier {
	return &Verifier{name: s.name, kind: s.kind, key: s.public(), text: s.VerifierKey()}
}

func keyID(name string, kind byte, key []byte) uint32 {
	h := sha256.New()
	h.Write([]byte(name + "\n"))
	h.Write([]byte{kind})
	h.Write(key)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

func cosignedText(at uint64, text []byte) []byte {
	return fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at, text)
}

// Verifier is the public key of a log or of a witness.
type Verifier struct {
	name string
	kind byte
	key  ed25519.PublicKey
	text string
}

var errKey = errors.New("not a verifier key: want name+id+key, Ed25519, of a log (type 1) or a witness (type 4)")

// ParseVerifier reads a verifier key (https://c2sp.org/signed-note, "Verifier keys").
func ParseVerifier(text string) (*Verifier, error) {
	name, rest, _ := strings.Cut(text, "+")
	id, encoded, ok := strings.Cut(rest, "+")
	if !ok || !validName(name) {
		return nil, errKey
	}
	number, err := hex.DecodeString(id)
	if err != nil || len(number) != 4 {
		return nil, errKey
	}
	key, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != typeLog && key[0] != typeWitness {
		return nil, errKey
	}
	v := &Verifier{name: name, kind: key[0], key: key[1:], text: text}
	if binary.BigEndian.Uint32(number) != v.KeyHash() {
		return nil, fmt.Errorf("%w: its id does not fit", errKey)
	}
	return v, nil
}

// Name is the key's name; of a log's key, the log's origin.
func (v *Verifier) Name() string { return v.name }

// KeyHash is the key's id.
func (v *Verifier) KeyHash() uint32 { return keyID(v.name, v.kind, v.key) }

// Witness reports whether it is the key of a witness.
func (v *Verifier) Witness() bool { return v.kind == typeWitness }

// String is the key as ParseVerifier reads it.
func (v *Verifier) String() string { return v.text }

// Verify implements note.Verifier.
func (v *Verifier) Verify(text, sig []byte) bool {
	if v.kind == typeLog {
		return len(sig) == ed25519.SignatureSize && ed25519.Verify(v.key, text, sig)
	}
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(sig)
	return at < 1<<63 && ed25519.Verify(v.key, cosignedText(at, text), sig[8:])
}

var (
	_ note.Signer   = (*Signer)(nil)
	_ note.Verifier = (*Verifier)(nil)
)
