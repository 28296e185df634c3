// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package seal

import (
	"context"
	"fmt"

	"github.com/brobygger/brobygger/bridge"
)

// keptVersions is how many versions of the KEK stay of use: a backup of the keys
// that is as old as one rotation still opens.
const keptVersions = 2

// page is how many keys are read, and rewrapped, at once.
const page = 200

// RotateKEK makes a new version of the KEK, wraps every key with it and then
// retires all versions but two. It touches no data, and may run again after it
// was interrupted. It returns how many keys it wrapped.
func (s *Sealer) RotateKEK(ctx context.Context) (int, error) {
	if err := s.kek.Rotate(ctx); err != nil {
		return 0, err
	}
	n, err := s.rewrap(ctx)
	if err != nil {
		return n, err
	}
	return n, s.kek.Retire(ctx, keptVersions)
}

// rewrap wraps what an older version of the KEK has wrapped.
func (s *Sealer) rewrap(ctx context.Context) (int, error) {
	probe, err := s.kek.Encrypt([]byte("probe"), nil)
	if err != nil {
		return 0, fmt.Errorf("asking for the current version: %w", err)
	}
	current := s.kek.Version(probe)
	done := 0
	err = s.each(ctx, func(all []bridge.WrappedKey) error {
		var old []bridge.WrappedKey
		for _, k := range all {
			if !k.Destroyed.IsZero() || s.kek.Version(wrapped(k)) == current {
				continue
			}
			again, err := s.again(k)
			if err != nil {
				return err
			}
			old = append(old, again)
		}
		n, err := s.keys.Rewrap(ctx, old...)
		done += n
		return err
	})
	return done, err
}

// wrapped is the part of k that the KEK has wrapped.
func wrapped(k bridge.WrappedKey) []byte {
	if k.Kind == bridge.KeySpare && len(k.Wrapped) >= encapsulated {
		return k.Wrapped[encapsulated:]
	}
	return k.Wrapped
}

// again wraps a key with the current version.
func (s *Sealer) again(k bridge.WrappedKey) (bridge.WrappedKey, error) {
	public := k.Wrapped[:len(k.Wrapped)-len(wrapped(k))]
	bare := k
	bare.Wrapped = wrapped(k)
	key, err := unwrap(s.kek, bare)
	if err != nil {
		return k, err
	}
	defer clear(key)
	if bare, err = wrap(s.kek, bare, key); err != nil {
		return k, err
	}
	k.Wrapped = append(append([]byte{}, public...), bare.Wrapped...)
	return k, nil
}

// each goes through all keys in pages.
func (s *Sealer) each(ctx context.Context, f func([]bridge.WrappedKey) error) error {
	var last bridge.WrappedKey
	for {
		all, err := s.keys.After(ctx, last, page)
		if err != nil || len(all) == 0 {
			return err
		}
		if err := f(all); err != nil {
			return err
		}
		last = all[len(all)-1]
	}
}

// Rotate gives the patients new keys, for all that is sealed from now on; of no
// patients, all of them. What was sealed stays as it is. It returns how many
// patients got keys.
func (s *Sealer) Rotate(ctx context.Context, patients ...bridge.PatientID) (int, error) {
	if len(patients) > 0 {
		return len(patients), s.rotate(ctx, patients)
	}
	done := 0
	var last bridge.PatientID
	err := s.each(ctx, func(all []bridge.WrappedKey) error {
		var due []bridge.PatientID
		for _, k := range all {
			if k.Patient != last && k.Destroyed.IsZero() && k.Kind != bridge.KeySpare {
				due, last = append(due, k.Patient), k.Patient
			}
		}
		done += len(due)
		return s.rotate(ctx, due)
	})
	return done, err
}

func (s *Sealer) rotate(ctx context.Context, patients []bridge.PatientID) error {
	if err := s.Ready(ctx, patients...); err != nil {
		return err
	}
	s.loading.RLock()
	defer s.loading.RUnlock()
	var fresh []bridge.WrappedKey
	for _, p := range patients {
		for _, kind := range []bridge.KeyKind{bridge.KeyContent, bridge.KeyLog} {
			k, _, err := s.make(p, kind)
			if err != nil {
				return err
			}
			fresh = append(fresh, k)
		}
	}
	if err := s.keys.Add(ctx, fresh...); err != nil {
		return fmt.Errorf("keeping new keys: %w", err)
	}
	return s.load(ctx, patients)
}

// Status counts what is kept.
func (s *Sealer) Status(ctx context.Context) (bridge.KeyStatus, error) {
	st := bridge.KeyStatus{Versions: map[string]int{}}
	var last bridge.PatientID
	err := s.each(ctx, func(all []bridge.WrappedKey) error {
		for _, k := range all {
			switch {
			case !k.Destroyed.IsZero():
				st.Destroyed++
				continue
			case k.Kind != bridge.KeySpare && k.Patient != last:
				st.Patients++
				last = k.Patient
			}
			st.Keys++
			st.Versions[s.kek.Version(wrapped(k))]++
		}
		return nil
	})
	if err != nil {
		return st, err
	}
	if st.BackedUp, err = s.keys.BackedUp(ctx); err != nil {
		return st, err
	}
	st.Whole, err = s.keys.Whole(ctx)
	return st, err
}

// Healthy reports why keys can't be had, if they can't.
func (s *Sealer) Healthy(ctx context.Context) error {
	return s.Ready(ctx, "")
}
