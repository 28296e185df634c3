// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// sweep looks every Sweep for connections that are gone without a word, whichever
// node they were on, for do-not-disturb that is over and for shifts that are.
func (k *Keeper) sweep(ctx context.Context) {
	timer := time.NewTicker(k.o.Sweep)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		k.devices.forget(k.o.TTL)
		k.signs.untold(k.o.TTL, k.standing().memory)
		for more := true; more && k.isUp() && ctx.Err() == nil; {
			var err error
			if more, err = k.sweepOnce(ctx); err != nil {
				k.suspect()
				break
			}
		}
	}
}

// sweepOnce claims what is due, looks at it, and notes when it is due again. A
// sweeper that dies in between leaves its claims to whoever comes after the lease.
func (k *Keeper) sweepOnce(ctx context.Context) (more bool, err error) {
	var counts [partitions]*redis.IntCmd
	err = k.pipe(ctx, func(p redis.Pipeliner) {
		now := strconv.FormatInt(k.serverNow(), 10)
		for n := range counts {
			counts[n] = p.ZCount(ctx, indexKey(n), "-inf", now)
		}
	})
	if err != nil {
		return false, err
	}
	var due []change
	var lines []lineChange
	for n, c := range counts {
		if c.Val() == 0 {
			continue
		}
		found, leased, err := k.claim(ctx, n)
		if err != nil {
			return false, err
		}
		for _, name := range found {
			if lid, ok := strings.CutPrefix(name, lineLook("")); ok {
				lines = append(lines, lineChange{lid: lid, leased: leased})
			} else {
				due = append(due, change{uid: name, leased: leased})
			}
		}
		more = more || len(found) == sweepBatch
	}
	if err := k.applyLines(ctx, lines, ""); err != nil {
		return false, err
	}
	return more, k.apply(ctx, due, "")
}

// claim claims what is due in one partition. Redis' own clock decides.
func (k *Keeper) claim(ctx context.Context, partition int) (names []string, leased string, err error) {
	lease := max(10*k.o.Timeout, k.o.Sweep)
	var claimed *redis.Cmd
	err = k.scripted(ctx, func(p redis.Pipeliner) {
		claimed = dueScript.EvalSha(ctx, p, []string{indexKey(partition)}, lease.Milliseconds(), sweepBatch)
	})
	if err != nil {
		return nil, "", err
	}
	found, err := claimed.StringSlice()
	if err != nil || len(found) == 0 {
		return nil, "", errors.New("a script answered in another form")
	}
	return found[1:], found[0], nil
}
