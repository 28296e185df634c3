// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/brobygger/brobygger/bridge"
)

// feed is this node's subscription: one connection, one channel per party and
// per line that is watched here, and one on which the node hears itself. A connection that looks
// alive and delivers nothing is the usual way for subscriptions to fail, so only
// what was heard counts.
//
// The channels are classic ones. Sharded ones would need one connection per
// shard, and the embedded server has none.
type feed struct {
	k    *Keeper
	wake chan struct{} // capacity 1: the set of watched parties has changed

	mu    sync.Mutex // guards the following field
	heard time.Time  // when the newest probe came back; zero: none since the connection was made
}

var errSilent = errors.New("the subscription delivers nothing")

func (f *feed) changed() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

func (f *feed) healthy() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.heard.IsZero() || time.Since(f.heard) > 2*f.k.o.Probe {
		return errSilent
	}
	return nil
}

// run keeps a subscription until ctx ends.
func (f *feed) run(ctx context.Context) {
	for {
		err := f.subscription(ctx)
		if ctx.Err() != nil {
			return
		}
		level := slog.LevelWarn
		if !f.k.isUp() {
			level = slog.LevelDebug // that it is away has been said
		}
		f.k.log.Log(ctx, level, "the subscription of live state has ended", slog.Any("error", err))
		f.k.suspect()
		select {
		case <-ctx.Done():
			return
		case <-time.After(min(f.k.o.Beat, f.k.o.Probe) / 2):
		}
	}
}

// subscription makes one connection and uses it until it fails.
func (f *feed) subscription(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	f.mu.Lock()
	f.heard = time.Time{}
	f.mu.Unlock()
	ps := f.k.client.Subscribe(ctx, f.k.names.probeChannel())
	input, failed := make(chan any, 256), make(chan error, 1)
	var receiving sync.WaitGroup
	receiving.Go(func() { failed <- receive(ctx, ps, input) })
	defer func() {
		cancel()
		_ = ps.Close()
		receiving.Wait()
	}()

	subscribed := map[string]bool{}
	if err := f.adjust(ctx, ps, subscribed); err != nil {
		return err
	}
	probes := time.NewTicker(f.k.o.Probe)
	defer probes.Stop()
	made := time.Now()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-failed:
			return err
		case <-f.wake:
			if err := f.adjust(ctx, ps, subscribed); err != nil {
				return err
			}
		case m := <-input:
			f.take(ctx, m, input)
			continue
		case <-probes.C:
		}
		if time.Since(f.since(made)) > 2*f.k.o.Probe {
			return errSilent
		}
		f.probe(ctx)
	}
}

// since is when the subscription last proved itself, made if it never did.
func (f *feed) since(made time.Time) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.heard.IsZero() {
		return made
	}
	return f.heard
}

// receive hands over all that comes in.
func receive(ctx context.Context, ps *redis.PubSub, input chan<- any) error {
	for {
		m, err := ps.Receive(ctx)
		if err != nil {
			return fmt.Errorf("receiving: %w", err)
		}
		select {
		case input <- m:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// probe publishes to ourselves.
func (f *feed) probe(ctx context.Context) {
	ctx, cancel := f.k.question(ctx)
	defer cancel()
	if err := f.k.client.Publish(ctx, f.k.names.probeChannel(), "").Err(); err != nil {
		f.k.suspect()
	}
}

// adjust makes the subscribed channels those of the parties that are watched.
func (f *feed) adjust(ctx context.Context, ps *redis.PubSub, subscribed map[string]bool) error {
	wanted := map[string]bool{}
	for _, uid := range f.k.watchedUIDs() {
		wanted[channel(uid)] = true
	}
	for _, lid := range f.k.watchedLines() {
		wanted[lineChannel(lid)] = true
	}
	var more, less []string
	for c := range wanted {
		if !subscribed[c] {
			more = append(more, c)
			subscribed[c] = true
		}
	}
	for c := range subscribed {
		if !wanted[c] {
			less = append(less, c)
			delete(subscribed, c)
		}
	}
	for batch := range slices.Chunk(more, readBatch) {
		if err := ps.Subscribe(ctx, batch...); err != nil {
			return fmt.Errorf("subscribing: %w", err)
		}
	}
	for batch := range slices.Chunk(less, readBatch) {
		if err := ps.Unsubscribe(ctx, batch...); err != nil {
			return fmt.Errorf("unsubscribing: %w", err)
		}
	}
	return nil
}

// take handles m and what has come in behind it. Parties whose channel was
// confirmed are read once: what happened before the confirmation was not heard.
func (f *feed) take(ctx context.Context, m any, input <-chan any) {
	var confirmed []string
	for {
		if uid, ok := f.one(ctx, m); ok {
			confirmed = append(confirmed, uid)
		}
		select {
		case m = <-input:
			continue
		default:
		}
		if len(confirmed) > 0 {
			f.k.refresh(ctx, confirmed)
		}
		return
	}
}

// one handles one message, and gives the party whose subscription it confirms.
func (f *feed) one(ctx context.Context, m any) (confirmed string, ok bool) {
	switch m := m.(type) {
	case *redis.Subscription:
		if m.Kind != "subscribe" {
			return "", false
		}
		if m.Channel == f.k.names.probeChannel() {
			f.probe(ctx)
			return "", false
		}
		if lid, ok := nameIn("ls:{l:", m.Channel); ok {
			f.k.tellLine(lid)
			return "", false
		}
		return nameIn("ps:{u:", m.Channel)
	case *redis.Message:
		if m.Channel == f.k.names.probeChannel() {
			f.mu.Lock()
			f.heard = time.Now()
			f.mu.Unlock()
			return "", false
		}
		if lid, ok := nameIn("ls:{l:", m.Channel); ok {
			f.k.tellLine(lid)
			return "", false
		}
		uid, ok := nameIn("ps:{u:", m.Channel)
		if !ok {
			return "", false
		}
		if t, ok := readTransition(m.Payload); ok {
			f.k.deliver(uid, t)
		}
	}
	return "", false
}

func nameIn(prefix, channel string) (string, bool) {
	rest, ok := strings.CutPrefix(channel, prefix)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(rest, "}")
}

// readTransition reads what party.lua publishes: state|rev|epoch. Anybody who can
// write to Redis can write this, so it is read with care; all that it can do is
// to show a wrong presence.
func readTransition(payload string) (told, bool) {
	parts := strings.Split(payload, "|")
	if len(parts) != 3 || len(parts[2]) == 0 || len(parts[2]) > 32 || !knownState(bridge.PresenceState(parts[0])) {
		return told{}, false
	}
	rev, err := strconv.ParseUint(parts[1], 10, 64)
	if err != nil {
		return told{}, false
	}
	return told{state: bridge.PresenceState(parts[0]), rev: rev, epoch: parts[2]}, true
}
