// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live

import (
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/brobygger/brobygger/bridge"
)

// OnEmbedded hands a test the embedded server.
func (o *Options) OnEmbedded(f func(*miniredis.Miniredis)) { o.started = f }

// Forge writes members into a line's key, as somebody could who can write to Redis.
func Forge(t testing.TB, l bridge.Live, key string, members ...string) {
	t.Helper()
	for _, m := range members {
		z := redis.Z{Score: float64(time.Now().Add(time.Minute).UnixMilli()), Member: m}
		if err := Client(l).ZAdd(t.Context(), key, z).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// Client is what the node asks Redis with.
func Client(l bridge.Live) *redis.Client { return mustKeeper(l).client }

// Crash ends a node as a power failure would: without a word to Redis.
func Crash(l bridge.Live) {
	k := mustKeeper(l)
	k.devices.farewell()
	if err := k.Close(); err != nil {
		panic(err)
	}
}

// IndexKeys are the keys of the index.
func IndexKeys() (keys []string) {
	for n := range partitions {
		keys = append(keys, indexKey(n))
	}
	return keys
}

func mustKeeper(l bridge.Live) *Keeper {
	k, ok := l.(*Keeper)
	if !ok {
		panic("not of this package")
	}
	return k
}
