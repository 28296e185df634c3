// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package seal

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/brobygger/brobygger/bridge"
)

// KEK wraps patients' keys, and never leaves where it is. It has versions: what a
// version wrapped can be unwrapped until that version is retired.
type KEK interface {
	tink.AEAD
	// Version names the version that wrapped this; empty for what no KEK wrapped.
	Version(wrapped []byte) string
	// Rotate makes a new version, which wraps from now on.
	Rotate(ctx context.Context) error
	// Retire ends all versions but the newest keep; what they wrapped stays closed.
	Retire(ctx context.Context, keep int) error
}

// errAway is wrapped by the error of a KEK that could not be reached, so that
// trying again may help.
var errAway = errors.New("the key-encryption key is away")

// wrapping is what a wrapped key is bound to.
func wrapping(k bridge.WrappedKey) []byte {
	b := []byte("brobygger key v1")
	for _, s := range []string{string(k.Patient), string(k.Kind)} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return binary.BigEndian.AppendUint32(b, k.Number)
}

// wrap wraps key for k's place.
func wrap(kek KEK, k bridge.WrappedKey, key []byte) (bridge.WrappedKey, error) {
	wrapped, err := kek.Encrypt(key, wrapping(k))
	if err != nil {
		return k, fmt.Errorf("wrapping a key: %w", err)
	}
	k.Wrapped = wrapped
	return k, nil
}

// unwrap returns the key in k.
func unwrap(kek KEK, k bridge.WrappedKey) ([]byte, error) {
	key, err := kek.Decrypt(k.Wrapped, wrapping(k))
	if err != nil {
		return nil, fmt.Errorf("unwrapping a key: %w", err)
	}
	return key, nil
}
