// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// dial prepares a client. It connects to nothing yet.
func dial(o Options) (*redis.Client, error) {
	r := &redis.Options{Addr: o.Addr}
	if o.URL != "" {
		var err error
		if r, err = redis.ParseURL(o.URL); err != nil {
			// The error would repeat the URL, and the URL has the password.
			return nil, errors.New("reading the URL of live state: it is not one of Redis")
		}
	}
	return connect(o, r), nil
}

// connect sets what makes every question short: no retries and no waiting beyond
// the Timeout, because whoever asks has something better to do than to wait.
func connect(o Options, r *redis.Options) *redis.Client {
	hush()
	r.Protocol = 2
	r.MaxRetries = -1
	r.DialerRetries = 1
	r.DialTimeout = o.Timeout
	r.ReadTimeout = o.Timeout
	r.WriteTimeout = o.Timeout
	r.PoolTimeout = o.Timeout
	r.PoolSize = 8
	r.ContextTimeoutEnabled = true
	r.DisableIdentity = true
	r.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return redis.NewClient(r)
}

// hush keeps go-redis from writing to standard error by itself; this package
// tells of every failure, once.
var hush = sync.OnceFunc(func() { redis.SetLogger(silence{}) })

type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}

// question bounds one question to Redis.
func (k *Keeper) question(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, k.o.Timeout)
}

// pipe runs one pipeline within the Timeout. Its error is the first of its
// commands', other than that there was nothing.
func (k *Keeper) pipe(ctx context.Context, fill func(redis.Pipeliner)) error {
	ctx, cancel := k.question(ctx)
	defer cancel()
	commands, err := k.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		fill(p)
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return fmt.Errorf("asking Redis: %w", err)
	}
	for _, c := range commands {
		if err := c.Err(); err != nil && !errors.Is(err, redis.Nil) {
			return fmt.Errorf("asking Redis: %w", err)
		}
	}
	return nil
}
