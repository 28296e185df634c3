// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hpke"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/brobygger/brobygger/bridge"
)

// What is sealed is, in this order:
//
//	version 1: 1 | number of the key, 4 | nonce, 12 | ciphertext | tag, 16
//	version 2: 2 | number of the key, 4 | encapsulated key, 32 | ciphertext | tag, 16
const (
	overhead      = bridge.SealedPrefix + 12 + 16
	encapsulated  = 32
	spareOverhead = bridge.SealedPrefix + encapsulated + 16
	keySize       = 32
)

// errForeign is the error for bytes that were not sealed here.
var errForeign = errors.New("sealed bytes do not belong here, or were changed")

// associated appends what sealed bytes are bound to: every part with its length,
// so that no two places look the same.
func associated(dst []byte, at bridge.Place) []byte {
	dst = append(dst, "brobygger sealed v1"...)
	for _, s := range [...]string{string(at.Kind), at.Table, at.Column, at.Row, string(at.Patient)} {
		dst = binary.AppendUvarint(dst, uint64(len(s)))
		dst = append(dst, s...)
	}
	return dst
}

// scratch lends buffers for associated data.
var scratch = sync.Pool{New: func() any { b := make([]byte, 0, 256); return &b }}

// newAEAD makes the cipher of a patient's key.
func newAEAD(key []byte) (cipher.AEAD, error) {
	if len(key) != keySize {
		return nil, fmt.Errorf("key of %d bytes", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("making cipher: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// prefix appends version and number.
func prefix(dst []byte, version byte, number uint32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, version), number)
}

func sealWith(dst []byte, number uint32, aead cipher.AEAD, at bridge.Place, plain []byte) []byte {
	aad := scratch.Get().(*[]byte)
	defer scratch.Put(aad)
	*aad = associated((*aad)[:0], at)
	dst = slices.Grow(dst, overhead+len(plain))
	//nolint:gosec // G407: the nonce is random and is this cipher's own
	return aead.Seal(prefix(dst, bridge.SealedByKey, number), nil, plain, *aad)
}

func openWith(dst []byte, aead cipher.AEAD, at bridge.Place, sealed []byte) ([]byte, error) {
	aad := scratch.Get().(*[]byte)
	defer scratch.Put(aad)
	*aad = associated((*aad)[:0], at)
	out, err := aead.Open(dst, nil, sealed[bridge.SealedPrefix:], *aad)
	if err != nil {
		return nil, errForeign
	}
	return out, nil
}

// The suite of the spare key (RFC 9180 section 7).
var (
	kem  = hpke.DHKEM(ecdh.X25519())
	kdf  = hpke.HKDFSHA256()
	suit = hpke.AES256GCM()
)

func sealSpare(dst []byte, number uint32, to hpke.PublicKey, at bridge.Place, plain []byte) ([]byte, error) {
	enc, sender, err := hpke.NewSender(to, kdf, suit, nil)
	if err != nil {
		return nil, fmt.Errorf("sealing with the spare key: %w", err)
	}
	body, err := sender.Seal(associated(nil, at), plain)
	if err != nil {
		return nil, fmt.Errorf("sealing with the spare key: %w", err)
	}
	return append(append(prefix(dst, bridge.SealedBySpare, number), enc...), body...), nil
}

func openSpare(dst []byte, with hpke.PrivateKey, at bridge.Place, sealed []byte) ([]byte, error) {
	enc, body := sealed[bridge.SealedPrefix:][:encapsulated], sealed[bridge.SealedPrefix+encapsulated:]
	r, err := hpke.NewRecipient(enc, with, kdf, suit, nil)
	if err != nil {
		return nil, errForeign
	}
	plain, err := r.Open(associated(nil, at), body)
	if err != nil {
		return nil, errForeign
	}
	return append(dst, plain...), nil
}

// taken apart are version, number, and whether the length is possible.
func takeApart(sealed []byte) (version byte, number uint32, err error) {
	if len(sealed) < bridge.SealedPrefix {
		return 0, 0, errForeign
	}
	version, number = sealed[0], binary.BigEndian.Uint32(sealed[1:])
	switch {
	case version == bridge.SealedByKey && len(sealed) >= overhead:
	case version == bridge.SealedBySpare && len(sealed) >= spareOverhead:
	default:
		return 0, 0, errForeign
	}
	return version, number, nil
}
