// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

const (
	fetchTimeout = 5 * time.Second
	// refetchEvery is the least time between two fetches that a token can cause:
	// anybody can write a token with a key's name that nobody knows.
	refetchEvery = time.Minute
)

// keyCache holds one issuer's keys. Keys come from the background only; a
// request reads what is there.
type keyCache struct {
	url      string // "": the keys were given, and stay
	client   *http.Client
	log      *slog.Logger
	interval time.Duration
	maxStale time.Duration
	wanted   chan struct{} // capacity 1: somebody asked for a key that is not here

	mu      sync.RWMutex // guards the following fields
	keys    map[string]key
	fetched time.Time // the last success
}

func newKeyCache(t TrustedIssuer, client *http.Client, c Config) *keyCache {
	k := &keyCache{
		url: t.JWKS, client: client, log: c.Log.With(slog.String("issuer", t.URL)),
		interval: c.Refresh, maxStale: c.MaxStale, wanted: make(chan struct{}, 1),
	}
	if t.JWKS == "" {
		k.keys, _ = parseKeys(t.Keys) // the configuration has been checked
	}
	return k
}

// find returns the key of that name, and asks for new keys if there is none.
func (k *keyCache) find(kid string) (key, bool) {
	k.mu.RLock()
	found, ok := k.keys[kid]
	old := k.oldLocked()
	k.mu.RUnlock()
	if ok && !old {
		return found, true
	}
	select {
	case k.wanted <- struct{}{}:
	default:
	}
	return key{}, false
}

// oldLocked reports whether the keys were confirmed too long ago: a key that its
// issuer has withdrawn must not live on because the issuer can't be reached.
func (k *keyCache) oldLocked() bool {
	return k.url != "" && time.Since(k.fetched) > k.maxStale
}

// behind reports whether a token that was issued then may have been signed with a
// key that is newer than those that are here.
func (k *keyCache) behind(issued time.Time) bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.url != "" && (k.oldLocked() || k.fetched.Before(issued.Add(leeway)))
}

func (k *keyCache) empty() bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return len(k.keys) == 0 || k.oldLocked()
}

// refresh fetches keys until ctx ends: by the interval, and sooner when a key is
// wanted or the last fetch failed, but never twice within refetchEvery.
func (k *keyCache) refresh(ctx context.Context) {
	tried := time.Now() // Open has just tried
	due := time.NewTimer(k.wait(k.empty()))
	defer due.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-k.wanted:
			if rest := refetchEvery - time.Since(tried); rest > 0 {
				// The wish is kept, not dropped: the timer fires when it may.
				due.Reset(rest)
				continue
			}
		case <-due.C:
		}
		tried = time.Now()
		err := k.fetch(ctx)
		if err != nil && ctx.Err() == nil {
			k.log.ErrorContext(ctx, "refreshing an issuer's keys", slog.Any("error", err))
		}
		due.Reset(k.wait(err != nil))
	}
}

func (k *keyCache) wait(failed bool) time.Duration {
	if failed {
		return refetchEvery
	}
	return k.interval
}

// fetch replaces the keys by what the issuer says now. What the issuer no longer
// names is gone; after an error the old keys stay.
func (k *keyCache) fetch(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, k.url, nil)
	if err != nil {
		return fmt.Errorf("asking for keys: %w", err)
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	answer, err := k.client.Do(request)
	if err != nil {
		return fmt.Errorf("asking for keys: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("asking for keys: status %d", answer.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxKeySet+1))
	if err != nil {
		return fmt.Errorf("reading keys: %w", err)
	}
	keys, err := parseKeys(body)
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		return errors.New("the issuer names no key that can be used")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys, k.fetched = keys, time.Now()
	return nil
}
