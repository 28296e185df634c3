// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package seal

import (
	"context"
	"crypto/hpke"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// Sealer implements bridge.Sealer over a KEK and a collection of wrapped keys. It
// is safe for concurrent use.
type Sealer struct {
	keys  bridge.Keys
	kek   KEK
	now   func() time.Time
	cache cache
	spare struct {
		number uint32
		public hpke.PublicKey
	}
	// loading is held for reading while keys travel from the collection into the
	// cache, and for writing while some are destroyed: none comes back by chance.
	loading sync.RWMutex
	breaker breaker
	whole   atomic.Bool
}

var _ bridge.Sealer = (*Sealer)(nil)

// Options tune a Sealer. The zero Options are good for production.
type Options struct {
	MaxPatients int              // whose keys are in memory; 0 means 8192
	MaxAge      time.Duration    // how long they stay there; 0 means 10 minutes
	Now         func() time.Time // nil means time.Now
}

// Open returns a Sealer. The first one over a collection makes the spare key, which
// needs the KEK; later ones start without it.
func Open(ctx context.Context, keys bridge.Keys, kek KEK, o Options) (*Sealer, error) {
	if o.MaxPatients <= 0 {
		o.MaxPatients = 8192
	}
	if o.MaxAge <= 0 {
		o.MaxAge = 10 * time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Sealer{keys: keys, kek: kek, now: o.Now, cache: cache{most: o.MaxPatients, age: o.MaxAge, now: o.Now}}
	s.breaker.now = o.Now
	since, err := keys.Whole(ctx)
	if err == nil {
		s.whole.Store(!since.IsZero())
		err = s.openSpareKey(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the seal: %w", err)
	}
	return s, nil
}

// Close forgets all keys.
func (s *Sealer) Close() error {
	s.cache.clear()
	return nil
}

// openSpareKey reads the store's public key, or makes it. It stands before its
// wrapped private half.
func (s *Sealer) openSpareKey(ctx context.Context) error {
	all, err := s.keys.Of(ctx, "")
	if err != nil {
		return err
	}
	if len(all) == 0 {
		k := bridge.WrappedKey{Kind: bridge.KeySpare, Number: newNumber(), Made: s.now()}
		private, err := kem.GenerateKey()
		if err != nil {
			return fmt.Errorf("making the spare key: %w", err)
		}
		secret, err := private.Bytes()
		if err != nil {
			return fmt.Errorf("making the spare key: %w", err)
		}
		if k, err = wrap(s.kek, k, secret); err != nil {
			return err
		}
		k.Wrapped = append(private.PublicKey().Bytes(), k.Wrapped...)
		if err := s.keys.Add(ctx, k); err != nil {
			return err
		}
		all = []bridge.WrappedKey{k}
	}
	newest := all[len(all)-1]
	if len(newest.Wrapped) < encapsulated {
		return errors.New("the spare key is damaged")
	}
	s.spare.number = newest.Number
	s.spare.public, err = kem.NewPublicKey(newest.Wrapped[:encapsulated])
	return err
}

// newNumber is a number for a key: random, so that keys of two collections are
// not taken for each other.
func newNumber() uint32 {
	var b [4]byte
	for {
		_, _ = rand.Read(b[:]) // never fails (crypto/rand, since Go 1.24)
		if n := binary.BigEndian.Uint32(b[:]); n != 0 {
			return n
		}
	}
}

// Seal implements bridge.Sealer.
func (s *Sealer) Seal(dst []byte, at bridge.Place, plain []byte) ([]byte, error) {
	k, ok := s.cache.current(at.Patient, at.Kind)
	if !ok {
		return nil, &bridge.NotReadyError{Patient: at.Patient}
	}
	if k.aead == nil {
		return nil, bridge.ErrErased
	}
	return sealWith(dst, k.number, k.aead, at, plain), nil
}

// Spare implements bridge.Sealer.
func (s *Sealer) Spare(dst []byte, at bridge.Place, plain []byte) ([]byte, error) {
	return sealSpare(dst, s.spare.number, s.spare.public, at, plain)
}

// Open implements bridge.Sealer.
func (s *Sealer) Open(dst []byte, at bridge.Place, sealed []byte) ([]byte, error) {
	version, number, err := takeApart(sealed)
	if err != nil {
		return nil, err
	}
	patient, kind := at.Patient, at.Kind
	if version == bridge.SealedBySpare {
		patient, kind = "", bridge.KeySpare
	}
	k, ok := s.cache.numbered(patient, kind, number)
	switch {
	case !ok:
		return nil, &bridge.NotReadyError{Patient: patient}
	case k.private != nil:
		return openSpare(dst, k.private, at, sealed)
	case k.aead != nil:
		return openWith(dst, k.aead, at, sealed)
	}
	return nil, bridge.ErrErased
}

// Whole implements bridge.Sealer.
func (s *Sealer) Whole() bool { return s.whole.Load() }

// SetWhole implements bridge.Sealer.
func (s *Sealer) SetWhole(ctx context.Context) error {
	if s.whole.Load() {
		return nil
	}
	if err := s.keys.SetWhole(ctx); err != nil {
		return fmt.Errorf("noting that everything is sealed: %w", err)
	}
	s.whole.Store(true)
	return nil
}

// Erase implements bridge.Sealer.
func (s *Sealer) Erase(ctx context.Context, patient bridge.PatientID, then time.Time, kinds ...bridge.KeyKind) error {
	if patient == "" || len(kinds) == 0 || slices.Contains(kinds, bridge.KeySpare) {
		return bridge.BadRequest("erasing takes a patient and kinds of key")
	}
	s.loading.Lock()
	defer s.loading.Unlock()
	s.cache.forget(patient)
	if err := s.keys.Destroy(ctx, patient, then, kinds...); err != nil {
		return fmt.Errorf("destroying keys: %w", err)
	}
	return nil
}
