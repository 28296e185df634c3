// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package seal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// Ready implements bridge.Sealer.
func (s *Sealer) Ready(ctx context.Context, patients ...bridge.PatientID) error {
	var due []bridge.PatientID
	for _, p := range patients {
		if !s.cache.ready(p) {
			due = append(due, p)
		}
	}
	if len(due) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("loading keys: %w", err)
	}
	if err := s.breaker.allows(); err != nil {
		return unavailable(err)
	}
	s.loading.RLock()
	defer s.loading.RUnlock()
	err := s.load(ctx, due)
	s.breaker.note(err)
	if errors.Is(err, bridge.ErrErased) {
		return err
	}
	if err != nil {
		return unavailable(err)
	}
	return nil
}

// unavailable is what a caller is told when keys can't be had now.
func unavailable(err error) error {
	return fmt.Errorf("loading keys: %w", &bridge.Error{
		Code: bridge.CodeBusy, Message: "keys can't be had now", After: time.Second, Err: err,
	})
}

// load brings patients' keys into the cache, and makes all that lack in one step.
func (s *Sealer) load(ctx context.Context, patients []bridge.PatientID) error {
	rings := make([]*ring, 0, len(patients))
	var fresh []bridge.WrappedKey
	for _, p := range patients {
		kept, err := s.keys.Of(ctx, p)
		if err != nil {
			return fmt.Errorf("reading keys: %w", err)
		}
		r := &ring{patient: p}
		for _, k := range kept {
			l, err := s.unwrap(k)
			if err != nil {
				return err
			}
			r.keys = append(r.keys, l)
		}
		if err := s.complete(r, &fresh); err != nil {
			return err
		}
		rings = append(rings, r)
	}
	if len(fresh) > 0 {
		if err := s.keys.Add(ctx, fresh...); err != nil {
			return fmt.Errorf("keeping new keys: %w", err)
		}
	}
	for _, r := range rings {
		s.cache.put(r)
	}
	return nil
}

// complete makes the keys that a patient lacks. Two that do so at once make two
// keys, of which both are kept.
func (s *Sealer) complete(r *ring, fresh *[]bridge.WrappedKey) error {
	if r.patient == "" {
		return nil
	}
	var content, log, erased bool
	for _, k := range r.keys {
		content = content || k.kind == bridge.KeyContent && k.aead != nil
		log = log || k.kind == bridge.KeyLog && k.aead != nil
		erased = erased || k.kind == bridge.KeyLog && k.aead == nil
	}
	if erased && !log {
		s.cache.put(r) // so that what is left of the patient can be told to be erased
		return bridge.ErrErased
	}
	for _, need := range []struct {
		kind bridge.KeyKind
		has  bool
	}{{bridge.KeyContent, content}, {bridge.KeyLog, log}} {
		if need.has {
			continue
		}
		k, l, err := s.make(r.patient, need.kind)
		if err != nil {
			return err
		}
		*fresh, r.keys = append(*fresh, k), append(r.keys, l)
	}
	return nil
}

// breaker remembers for a moment that the KEK was away, so that those who ask
// meanwhile need not wait for it again.
type breaker struct {
	now func() time.Time

	mu    sync.Mutex // guards the following fields
	err   error
	until time.Time
}

const breakFor = time.Second

func (b *breaker) allows() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.now().Before(b.until) {
		return b.err
	}
	return nil
}

func (b *breaker) note(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err, b.until = nil, time.Time{}
	if errors.Is(err, errAway) {
		b.err, b.until = err, b.now().Add(breakFor)
	}
}
