// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/brobygger/brobygger/bridge"
)

// errUnsettled says that silence is no news yet.
var errUnsettled = errors.New("who takes rings is not known yet")

// SignOn says that people take rings on lines. What Redis can't be told now it is
// told with the next beat.
func (k *Keeper) SignOn(ctx context.Context, signs []bridge.Sign) error {
	return k.sign(ctx, signs, true, "signing on to lines")
}

// SignOff says that a person takes no rings on a line, on whichever node it was
// said that they do.
func (k *Keeper) SignOff(ctx context.Context, line bridge.LineID, party bridge.Ref) error {
	return k.sign(ctx, []bridge.Sign{{Line: line, Party: party}}, false, "signing off from a line")
}

func (k *Keeper) sign(ctx context.Context, signs []bridge.Sign, on bool, doing string) error {
	if len(signs) == 0 {
		return nil
	}
	now := k.standing()
	changes := k.signs.set(k.names, signs, on)
	if !now.up {
		return k.remember()
	}
	if err := k.applyLines(ctx, changes, now.memory); err != nil {
		_ = k.remember()
		k.suspect()
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// applyLines tells Redis of changes, and this node's watchers of what came of
// them. What was said otherwise while that was told is told after it.
func (k *Keeper) applyLines(ctx context.Context, changes []lineChange, memory string) error {
	for len(changes) > 0 {
		var again []lineChange
		for batch := range slices.Chunk(changes, k.scriptsAtOnce()) {
			if err := k.applyLineBatch(ctx, batch); err != nil {
				return err
			}
			again = append(again, k.signs.told(batch, memory)...)
		}
		changes = again
	}
	return nil
}

func (k *Keeper) applyLineBatch(ctx context.Context, batch []lineChange) error {
	commands := make([]*redis.Cmd, len(batch))
	err := k.scripted(ctx, func(p redis.Pipeliner) {
		for n, c := range batch {
			commands[n] = lineScript.EvalSha(ctx, p, []string{lineKey(c.lid)}, k.lineArguments(c)...)
		}
	})
	if err != nil {
		return err
	}
	looks := make([]look, len(batch))
	for n, c := range batch {
		v, err := commands[n].Int64Slice()
		if err != nil || len(v) != 2 {
			return errors.New("a script answered in another form")
		}
		looks[n] = look{name: lineLook(c.lid), due: time.Duration(v[1]) * time.Millisecond, leased: c.leased}
		if v[0] > 0 {
			k.tellLine(c.lid)
		}
	}
	return k.note(ctx, looks)
}

// lineArguments are the ARGV of line.lua.
func (k *Keeper) lineArguments(c lineChange) []any {
	var off, on []any
	now := k.o.Now()
	for _, item := range c.items {
		switch {
		case !item.on:
			off = append(off, item.member)
		case item.until.IsZero():
			on = append(on, item.member, "")
		default:
			on = append(on, item.member, item.until.Sub(now).Milliseconds())
		}
	}
	return slices.Concat([]any{lineChannel(c.lid), k.o.TTL.Milliseconds(), len(off)}, off, on)
}

// Available lists for each line who takes rings on it, and which of them a ring
// has. It is an error while that is not known: then nobody may be taken for away.
func (k *Keeper) Available(ctx context.Context, lines []bridge.LineID) ([]bridge.Availability, error) {
	now, err := k.knowing()
	if err != nil {
		return nil, err
	}
	all := make([]bridge.Availability, 0, len(lines))
	for batch := range slices.Chunk(lines, readBatch) {
		some, err := k.readLines(ctx, batch)
		if err != nil {
			k.suspect()
			return nil, fmt.Errorf("reading lines: %w", err)
		}
		all = append(all, some...)
	}
	var parties []bridge.Ref
	for _, a := range all {
		parties = append(parties, a.On...)
	}
	busy, err := k.Reserved(ctx, parties)
	if err != nil {
		return nil, err
	}
	for n := range all {
		for _, party := range all[n].On {
			if ring, ok := busy[party]; ok {
				all[n].Busy[party] = ring
			}
		}
	}
	// A loss during the reading makes what was read worthless.
	if after, err := k.knowing(); err != nil || after.generation != now.generation {
		return nil, cmp.Or(err, errUnsettled)
	}
	return all, nil
}

// knowing returns how things are, or an error while who takes rings is not known.
func (k *Keeper) knowing() (standing, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case !k.up:
		return standing{}, fmt.Errorf("%w: %w", errAway, k.why)
	case !k.knowsLinesLocked():
		return standing{}, errUnsettled
	}
	return standing{generation: k.generation, memory: k.memory, up: true}, nil
}

func (k *Keeper) knowsLinesLocked() bool {
	return k.up && !k.settlingLocked() && time.Since(k.opened) >= k.o.Await
}

func (k *Keeper) readLines(ctx context.Context, lines []bridge.LineID) ([]bridge.Availability, error) {
	commands := make([]*redis.ZSliceCmd, len(lines))
	var clock *redis.TimeCmd
	err := k.pipe(ctx, func(p redis.Pipeliner) {
		clock = p.Time(ctx)
		for n, line := range lines {
			commands[n] = p.ZRangeWithScores(ctx, lineKey(k.names.lid(line)), 0, -1)
		}
	})
	if err != nil {
		return nil, err
	}
	now := float64(clock.Val().UnixMilli())
	all := make([]bridge.Availability, len(lines))
	for n, line := range lines {
		lid := k.names.lid(line)
		all[n] = bridge.Availability{Line: line, Busy: map[bridge.Ref]bridge.RingID{}}
		for _, z := range commands[n].Val() {
			sealed, _ := z.Member.(string)
			if party, ok := k.names.unseal(lid, sealed); ok && z.Score > now {
				all[n].On = append(all[n].On, bridge.Ref(party))
			}
		}
		slices.SortFunc(all[n].On, func(a, b bridge.Ref) int { return strings.Compare(string(a), string(b)) })
	}
	return all, nil
}
