// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live

import (
	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/brobygger/brobygger/bridge"
)

// OnEmbedded hands a test the embedded server.
func (o *Options) OnEmbedded(f func(*miniredis.Miniredis)) { o.started = f }

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

func mustKeeper(l bridge.Live) *keeper {
	k, ok := l.(*keeper)
	if !ok {
		panic("not of this package")
	}
	return k
}
