// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/brobygger/brobygger/bridge"
)

// told is what Redis knows of a party. No epoch means that it knows nothing.
type told struct {
	state bridge.PresenceState
	rev   uint64
	epoch string
	age   int64 // ms since the transition
}

// Presence returns one answer per party, in their order.
func (k *Keeper) Presence(ctx context.Context, parties []bridge.Ref) []bridge.Presence {
	answers := make([]bridge.Presence, 0, len(parties))
	failed := false
	for batch := range slices.Chunk(parties, readBatch) {
		uids := make([]string, len(batch))
		for n, p := range batch {
			uids[n] = k.names.uid(p)
		}
		var known []told
		now := k.standing()
		if now.up && !failed {
			var err error
			if known, err = k.read(ctx, uids); err != nil {
				k.suspect()
				failed = true
			}
		}
		k.mu.Lock()
		for n, p := range batch {
			// A loss during the reading makes what was read worthless.
			if known == nil || now.generation != k.generation {
				answers = append(answers, k.unknownLocked(p))
				continue
			}
			answers = append(answers, k.presentLocked(p, known[n]))
		}
		k.mu.Unlock()
	}
	return answers
}

// unknownLocked is the answer while live state is away. Its revision is lower than
// that of any answer after it.
func (k *Keeper) unknownLocked(party bridge.Ref) bridge.Presence {
	return bridge.Presence{Party: party, State: bridge.PresenceUnknown, Epoch: k.generation}
}

// presentLocked puts what Redis knows in the words of the bridge. Silence about a
// party is offline, but not so soon after a loss: its node may not have spoken yet.
func (k *Keeper) presentLocked(party bridge.Ref, t told) bridge.Presence {
	if t.epoch == "" {
		if k.settlingLocked() {
			return k.unknownLocked(party)
		}
		return bridge.Presence{Party: party, State: bridge.PresenceOffline, Epoch: k.generation, Rev: 1}
	}
	return bridge.Presence{
		Party: party, State: t.state, Epoch: k.generation + "." + t.epoch, Rev: t.rev, AgeMS: max(0, t.age),
	}
}

func (k *Keeper) settlingLocked() bool {
	return !k.lostAt.IsZero() && time.Since(k.lostAt) < k.o.Settle
}

// read asks Redis for what it knows of the parties, in their order.
func (k *Keeper) read(ctx context.Context, uids []string) ([]told, error) {
	commands := make([]*redis.SliceCmd, len(uids))
	var clock *redis.TimeCmd
	err := k.pipe(ctx, func(p redis.Pipeliner) {
		clock = p.Time(ctx)
		for n, uid := range uids {
			commands[n] = p.HMGet(ctx, metaKey(uid), "agg", "rev", "pe", "at")
		}
	})
	if err != nil {
		return nil, err
	}
	now := clock.Val().UnixMilli()
	known := make([]told, len(uids))
	for n, c := range commands {
		known[n] = readMeta(c.Val(), now)
	}
	return known, nil
}

func readMeta(v []any, now int64) told {
	if len(v) != 4 {
		return told{}
	}
	var text [4]string
	for n := range text {
		text[n], _ = v[n].(string)
	}
	rev, err1 := strconv.ParseUint(text[1], 10, 64)
	at, err2 := strconv.ParseInt(text[3], 10, 64)
	state := bridge.PresenceState(text[0])
	if err1 != nil || err2 != nil || text[2] == "" || !knownState(state) {
		return told{}
	}
	return told{state: state, rev: rev, epoch: text[2], age: now - at}
}

func knownState(s bridge.PresenceState) bool {
	switch s {
	case bridge.PresenceOnline, bridge.PresenceAway, bridge.PresenceDND, bridge.PresenceOffline:
		return true
	default:
		return false
	}
}
