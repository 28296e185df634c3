// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package seal

import (
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/brobygger/brobygger/bridge"
)

// make makes a new key for a patient, and wraps it.
func (s *Sealer) make(p bridge.PatientID, kind bridge.KeyKind) (bridge.WrappedKey, loaded, error) {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails (crypto/rand, since Go 1.24)
	defer clear(key)
	k := bridge.WrappedKey{Patient: p, Kind: kind, Number: newNumber(), Made: s.now()}
	k, err := wrap(s.kek, k, key)
	if err != nil {
		return k, loaded{}, err
	}
	aead, err := newAEAD(key)
	return k, loaded{kind: kind, number: k.Number, aead: aead}, err
}

// unwrap opens a wrapped key; one that was destroyed stays as one that opens nothing.
func (s *Sealer) unwrap(k bridge.WrappedKey) (loaded, error) {
	l := loaded{kind: k.Kind, number: k.Number}
	if !k.Destroyed.IsZero() {
		return l, nil
	}
	if k.Kind == bridge.KeySpare {
		if len(k.Wrapped) < encapsulated {
			return l, errors.New("the spare key is damaged")
		}
		k.Wrapped = k.Wrapped[encapsulated:]
	}
	key, err := unwrap(s.kek, k)
	if err != nil {
		return l, err
	}
	defer clear(key)
	if k.Kind == bridge.KeySpare {
		if l.private, err = kem.NewPrivateKey(key); err != nil {
			return l, fmt.Errorf("opening the spare key: %w", err)
		}
		return l, nil
	}
	l.aead, err = newAEAD(key)
	return l, err
}
