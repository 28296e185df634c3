// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/brobygger/brobygger/bridge"
)

// Reserve takes a party for a ring, or keeps it taken by the same ring. Soon after
// a loss it may return true with an error: the ring has the party now, but nobody
// knows whom it had before.
func (k *Keeper) Reserve(ctx context.Context, party bridge.Ref, ring bridge.RingID, d time.Duration) (bool, error) {
	if d < time.Millisecond {
		return false, errors.New("reserving somebody for no time")
	}
	if !k.isUp() {
		return false, errAway
	}
	uid := k.names.uid(party)
	b := booking{ring: k.names.seal(busyKey(uid), string(ring)), held: true, until: time.Now().Add(d)}
	taken, err := k.book(ctx, uid, b)
	if err != nil {
		k.suspect()
		return false, fmt.Errorf("reserving somebody: %w", err)
	}
	if taken {
		k.bookings.hold(uid, b)
		_, err = k.knowing()
	}
	return taken, err
}

// Release lets go of a party if this ring has it. If Redis can't be told now, it
// is told later, as long as that matters.
func (k *Keeper) Release(ctx context.Context, party bridge.Ref, ring bridge.RingID) error {
	uid := k.names.uid(party)
	b := booking{ring: k.names.seal(busyKey(uid), string(ring)), until: time.Now().Add(k.o.TTL)}
	k.bookings.letGo(uid, b)
	if !k.isUp() {
		return k.remember()
	}
	if _, err := k.book(ctx, uid, b); err != nil {
		_ = k.remember()
		k.suspect()
		return fmt.Errorf("releasing somebody: %w", err)
	}
	return nil
}

// book tells Redis of one booking, and reports whether it was so that it changed
// or kept anything.
func (k *Keeper) book(ctx context.Context, uid string, b booking) (bool, error) {
	var did *redis.Cmd
	err := k.scripted(ctx, func(p redis.Pipeliner) {
		if b.held {
			left := max(1, time.Until(b.until).Milliseconds())
			did = reserveScript.EvalSha(ctx, p, []string{busyKey(uid)}, b.ring, left)
		} else {
			did = releaseScript.EvalSha(ctx, p, []string{busyKey(uid)}, b.ring)
		}
	})
	if err != nil {
		return false, err
	}
	n, err := did.Int64()
	if err != nil {
		return false, errors.New("a script answered in another form")
	}
	if !b.held || n == 0 {
		k.bookings.settled(uid, b)
	}
	return n == 1, nil
}

// Reserved returns, for each of the parties that a ring has, which one.
func (k *Keeper) Reserved(ctx context.Context, parties []bridge.Ref) (map[bridge.Ref]bridge.RingID, error) {
	now, err := k.knowing()
	if err != nil {
		return nil, err
	}
	rings := map[bridge.Ref]bridge.RingID{}
	for batch := range slices.Chunk(parties, readBatch) {
		commands := make([]*redis.StringCmd, len(batch))
		err := k.pipe(ctx, func(p redis.Pipeliner) {
			for n, party := range batch {
				commands[n] = p.Get(ctx, busyKey(k.names.uid(party)))
			}
		})
		if err != nil {
			k.suspect()
			return nil, fmt.Errorf("reading who is reserved: %w", err)
		}
		for n, party := range batch {
			if ring, ok := k.names.unseal(busyKey(k.names.uid(party)), commands[n].Val()); ok {
				rings[party] = bridge.RingID(ring)
			}
		}
	}
	if after, err := k.knowing(); err != nil || after.generation != now.generation {
		return nil, errUnsettled
	}
	return rings, nil
}

// restoreLines tells Redis what this node knows of lines and of reservations.
func (k *Keeper) restoreLines(ctx context.Context, memory string) error {
	if err := k.applyLines(ctx, k.signs.untold(k.o.TTL, memory), memory); err != nil {
		return err
	}
	for uid, b := range k.bookings.standing() {
		if _, err := k.book(ctx, uid, b); err != nil {
			return err
		}
	}
	return nil
}
