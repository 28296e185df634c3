// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// tick is how often the embedded server's time is moved. Only the expiry of keys
// hangs on it, and no key lives for less than seconds; its clock is the process's.
const tick = time.Second

// startEmbedded starts a server within the process, for one machine. The rest of
// the package can't tell it from Redis. It listens on loopback behind a password
// that nobody else has: a pipe within the process would do, but a pipeline stands
// still on one, since neither end of a pipe without a buffer reads while it writes.
func startEmbedded(o Options) (*redis.Client, func(), error) {
	server := miniredis.NewMiniRedis()
	password := rand.Text()
	server.RequireAuth(password)
	if err := server.StartAddr("127.0.0.1:0"); err != nil {
		return nil, nil, fmt.Errorf("starting embedded live state: %w", err)
	}
	o.Log.Warn("live state is embedded: it is for one node, and ends with this process",
		slog.String("address", server.Addr()))
	if o.started != nil {
		o.started(server)
	}
	done := make(chan struct{})
	var ticking sync.WaitGroup
	ticking.Go(func() { moveTime(server, done) })
	stop := func() {
		close(done)
		ticking.Wait()
		server.Close()
	}
	return connect(o, &redis.Options{Addr: server.Addr(), Password: password}), stop, nil
}

// moveTime makes the server's keys expire. The server could follow the clock by
// itself, but would then look at all its keys with every command.
func moveTime(server *miniredis.Miniredis, done <-chan struct{}) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for last := time.Now(); ; {
		select {
		case <-done:
			return
		case <-ticker.C:
		}
		now := time.Now()
		server.FastForward(now.Sub(last))
		last = now
	}
}
