// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// beats is how a node proves that Redis still has what it was given. Each beat
// replaces the one before; a Redis that gives back any other was emptied, or was
// set back to an older copy, be it by a restart or by a failover. Used by one
// goroutine.
type beats struct {
	count  uint64
	sent   []string // that Redis may hold now: the last that it confirmed, and later tries
	server string   // its run_id, where it has one
}

var errLost = errors.New("what live state held was lost")

// beat asks whether Redis is there, can write, and has kept its memory.
func (k *Keeper) beat(ctx context.Context) (lost bool, err error) {
	b := &k.beats
	b.count++
	value := fmt.Sprintf("%d:%s", b.count, rand.Text()[:8])
	var before *redis.StatusCmd
	var clock *redis.TimeCmd
	err = k.pipe(ctx, func(p redis.Pipeliner) {
		before = p.SetArgs(ctx, k.names.beatKey(), value, redis.SetArgs{TTL: nodeTTL, Get: true})
		clock = p.Time(ctx)
	})
	if err != nil {
		if len(b.sent) < 64 {
			b.sent = append(b.sent, value)
		}
		return false, err
	}
	k.setClock(clock.Val())
	lost = len(b.sent) > 0
	for _, sent := range b.sent {
		if before.Val() == sent {
			lost = false
		}
	}
	if server := k.runID(ctx); server != "" {
		lost = lost || (b.server != "" && b.server != server)
		b.server = server
	}
	b.sent = []string{value}
	return lost, nil
}

// clock is what time it was there when it was what time here.
type clock struct {
	server int64 // ms
	here   time.Time
}

func (k *Keeper) setClock(server time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.clock = clock{server: server.UnixMilli(), here: time.Now()}
}

// serverNow is what time it is by Redis' clock, in ms, as of the last beat: this
// node's own clock measures only what has passed since.
func (k *Keeper) serverNow() int64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.clock.server + time.Since(k.clock.here).Milliseconds()
}

// runID is Redis' name for one run of itself, "" where it has none or does not
// say: it only helps to see sooner what the beats would show.
func (k *Keeper) runID(ctx context.Context) string {
	ctx, cancel := k.question(ctx)
	defer cancel()
	for line := range strings.Lines(k.client.Info(ctx, "server").Val()) {
		if id, ok := strings.CutPrefix(line, "run_id:"); ok {
			return strings.TrimSpace(id)
		}
	}
	return ""
}

// watchOver looks after Redis: every Beat, and at once when a question has failed.
func (k *Keeper) watchOver(ctx context.Context) {
	timer := time.NewTicker(k.o.Beat)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-k.suspected:
			if k.isUp() {
				k.check(ctx, false)
			}
		case <-timer.C:
			k.check(ctx, true)
		}
	}
}

// check looks whether Redis is there and has kept its memory, and brings it up to
// date if it was not or has not. What single questions did not get to say is said
// again only if regular, so that a question that always fails makes no storm.
func (k *Keeper) check(ctx context.Context, regular bool) {
	lost, err := k.beat(ctx)
	if err != nil {
		k.fall(err)
		return
	}
	if lost {
		k.fall(errLost)
	}
	k.mu.Lock()
	up, unsent, settled := k.up, k.unsent, false
	switch {
	case up && !regular:
		k.mu.Unlock()
		return
	case !up || unsent:
		k.unsent = false
	default:
		settled = k.settledLocked()
		k.lookLinesLocked()
	}
	k.mu.Unlock()
	if !up || unsent {
		if err := k.restore(ctx); err != nil {
			k.fall(err)
			return
		}
	}
	if !up {
		k.rise()
	}
	if !up || settled {
		k.refresh(ctx, k.watchedUIDs())
	}
}

// settledLocked reports, once, that the time after a loss is over.
func (k *Keeper) settledLocked() bool {
	if k.lostAt.IsZero() || k.settlingLocked() {
		return false
	}
	k.lostAt = time.Time{}
	return true
}

// restore tells Redis all that this node knows. What it did not get to say is said
// the next time; what it did say is not said again.
func (k *Keeper) restore(ctx context.Context) error {
	if err := k.pipe(ctx, loadScripts(ctx)); err != nil {
		return err
	}
	memory := k.standing().memory
	changes, alive, call := k.devices.everything(k.o.TTL, memory)
	if err := k.touchAll(ctx, changes, alive, call, memory); err != nil {
		return err
	}
	return k.restoreLines(ctx, memory)
}

// fall takes live state for away: from now on nothing is asked, everything is
// unknown, and what was told before belongs to an older epoch.
func (k *Keeper) fall(why error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	wasUp := k.up
	k.up, k.why = false, why
	if errors.Is(why, errLost) {
		k.memory = rand.Text()[:8]
	}
	if !wasUp {
		return
	}
	k.generation = rand.Text()[:8]
	k.lookLinesLocked()
	for _, p := range k.watched {
		p.tellLocked(k.unknownLocked(p.party))
	}
	k.log.Warn("live state is away", slog.Any("error", why))
}

// rise takes live state for there again.
func (k *Keeper) rise() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.log.Info("live state is there", slog.Any("after", k.why))
	k.up, k.why = true, nil
	// What was empty may have been lost. An embedded server that has just been
	// started has lost nothing.
	if !k.o.Embedded || k.beats.count > 1 {
		k.lostAt = time.Now()
	}
	k.lookLinesLocked()
}

// standing is how things are between this node and Redis.
type standing struct {
	generation, memory string
	up                 bool
}

func (k *Keeper) standing() standing {
	k.mu.Lock()
	defer k.mu.Unlock()
	return standing{generation: k.generation, memory: k.memory, up: k.up}
}

func (k *Keeper) isUp() bool { return k.standing().up }

// remember says that Redis was not told of something, and is to be told with the
// next beat.
func (k *Keeper) remember() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.unsent = true
	return errAway
}

// suspect asks for a look at Redis, without waiting for it.
func (k *Keeper) suspect() {
	select {
	case k.suspected <- struct{}{}:
	default:
	}
}
