// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/brobygger/brobygger/bridge"
)

//go:embed lua/party.lua
var partyLua string

//go:embed lua/strike.lua
var strikeLua string

//go:embed lua/due.lua
var dueLua string

//go:embed lua/line.lua
var lineLua string

//go:embed lua/reserve.lua
var reserveLua string

//go:embed lua/release.lua
var releaseLua string

var (
	partyScript  = redis.NewScript(partyLua)
	strikeScript = redis.NewScript(strikeLua)
	dueScript    = redis.NewScript(dueLua)

	lineScript    = redis.NewScript(lineLua)
	reserveScript = redis.NewScript(reserveLua)
	releaseScript = redis.NewScript(releaseLua)
)

// outcome is what party.lua gives.
type outcome struct {
	changed bool
	told    told
	due     time.Duration
}

// Touch says that the connections are alive. A Touch must not overtake the Drop
// of the same connection; one that was begun before it may end after it.
func (k *Keeper) Touch(ctx context.Context, conns []bridge.Connection) error {
	if len(conns) == 0 {
		return nil
	}
	now := k.standing()
	changes, alive, call := k.devices.touch(k.names, conns, now.memory)
	if !now.up {
		return k.remember()
	}
	if err := k.touchAll(ctx, changes, alive, call, now.memory); err != nil {
		_ = k.remember()
		k.suspect()
		return fmt.Errorf("touching connections: %w", err)
	}
	return nil
}

// touchAll tells Redis of heartbeats and changes. If a connection of theirs ended
// meanwhile, that is said once more.
func (k *Keeper) touchAll(ctx context.Context, changes []change, alive []heartbeat, call uint64, memory string) error {
	missing, err := k.beatFor(ctx, alive)
	if err != nil {
		return err
	}
	changes = append(changes, missing...)
	if err := k.apply(ctx, changes, memory); err != nil {
		return err
	}
	return k.apply(ctx, k.devices.overtaken(changes, call), memory)
}

// beatFor sends heartbeats: one plain command a party, since a script costs many
// times as much and nothing has changed. It gives those that Redis did not know.
func (k *Keeper) beatFor(ctx context.Context, alive []heartbeat) (missing []change, err error) {
	for batch := range slices.Chunk(alive, readBatch) {
		commands := make([]*redis.IntCmd, len(batch))
		until := float64(k.serverNow() + k.o.TTL.Milliseconds())
		err := k.pipe(ctx, func(p redis.Pipeliner) {
			for n, h := range batch {
				members := make([]redis.Z, len(h.devices))
				for m, d := range h.devices {
					members[m] = redis.Z{Score: until, Member: d.cid}
				}
				// XX: what is not there is not made. CH: count what was moved.
				commands[n] = p.ZAddArgs(ctx, partyKeys(h.uid)[1], redis.ZAddArgs{XX: true, Ch: true, Members: members})
			}
		})
		if err != nil {
			return nil, err
		}
		for n, c := range commands {
			if c.Val() < int64(len(batch[n].devices)) {
				missing = append(missing, change{uid: batch[n].uid, touched: batch[n].devices})
			}
		}
	}
	return missing, nil
}

// Drop says that a connection ended. If Redis can't be told now, it is told later.
func (k *Keeper) Drop(ctx context.Context, party bridge.Ref, id string) error {
	c := k.devices.end(k.names.uid(party), k.names.cid(id))
	return k.applyOne(ctx, c, "dropping a connection")
}

// SetDND sets or clears do-not-disturb. If Redis can't be told now, it is told
// later. After a restart of the process it must be said again from the store, best
// with a party's first connection; a node says again only what it was told itself.
func (k *Keeper) SetDND(ctx context.Context, party bridge.Ref, until time.Time) error {
	if !until.After(time.Now()) {
		until = time.Time{}
	}
	c := k.devices.disturb(k.names.uid(party), until)
	return k.applyOne(ctx, c, "setting do-not-disturb")
}

func (k *Keeper) applyOne(ctx context.Context, c change, doing string) error {
	now := k.standing()
	if !now.up {
		return k.remember()
	}
	if err := k.apply(ctx, []change{c}, now.memory); err != nil {
		_ = k.remember()
		k.suspect()
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// apply tells Redis of changes, in pipelines, and this node's watchers of what
// came of it. memory is that of Redis when the changes were made.
func (k *Keeper) apply(ctx context.Context, changes []change, memory string) error {
	for batch := range slices.Chunk(changes, k.scriptsAtOnce()) {
		outcomes, err := k.applyBatch(ctx, batch)
		if err != nil {
			return err
		}
		looks := make([]look, len(batch))
		for n, c := range batch {
			looks[n] = look{name: c.uid, due: outcomes[n].due, leased: c.leased}
		}
		if err := k.note(ctx, looks); err != nil {
			return err
		}
		k.devices.told(batch, memory)
		for n, o := range outcomes {
			if o.changed {
				k.deliver(batch[n].uid, o.told)
			}
		}
	}
	return nil
}

// scriptsAtOnce is how many scripts a pipeline may have.
func (k *Keeper) scriptsAtOnce() int {
	if k.o.Embedded {
		return embeddedBatch
	}
	return touchBatch
}

func (k *Keeper) applyBatch(ctx context.Context, batch []change) ([]outcome, error) {
	commands := make([]*redis.Cmd, len(batch))
	run := func(p redis.Pipeliner) {
		for n, c := range batch {
			commands[n] = partyScript.EvalSha(ctx, p, partyKeys(c.uid), k.arguments(c)...)
		}
	}
	if err := k.scripted(ctx, run); err != nil {
		return nil, err
	}
	outcomes := make([]outcome, len(batch))
	for n, c := range commands {
		var err error
		if outcomes[n], err = readOutcome(c); err != nil {
			return nil, err
		}
	}
	return outcomes, nil
}

// arguments are the ARGV of party.lua.
func (k *Keeper) arguments(c change) []any {
	dnd := ""
	if c.dnd != nil {
		dnd = strconv.FormatInt(max(0, c.dnd.UnixMilli()), 10)
	}
	args := []any{
		channel(c.uid), k.o.TTL.Milliseconds(), metaTTL.Milliseconds(), rand.Text()[:8], dnd, len(c.ended),
	}
	for _, cid := range c.ended {
		args = append(args, cid)
	}
	for _, d := range c.touched {
		args = append(args, d.cid, d.value(k.o.Node))
	}
	return args
}

func readOutcome(c *redis.Cmd) (outcome, error) {
	v, err := c.Slice()
	if err != nil || len(v) != 6 {
		return outcome{}, errors.New("a script answered in another form")
	}
	changed, ok1 := v[0].(int64)
	state, ok2 := v[1].(string)
	rev, ok3 := v[2].(int64)
	epoch, ok4 := v[3].(string)
	age, ok5 := v[4].(int64)
	due, ok6 := v[5].(int64)
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !ok6 || rev < 0 {
		return outcome{}, errors.New("a script answered in another form")
	}
	return outcome{
		changed: changed == 1,
		told:    told{state: bridge.PresenceState(state), rev: uint64(rev), epoch: epoch, age: age},
		due:     time.Duration(due) * time.Millisecond,
	}, nil
}

// look says when a name of the index must be looked at again.
type look struct {
	name   string
	due    time.Duration // 0: nobody need
	leased string        // by which score a sweeper holds it
}

// note writes into the index when each name must be looked at again, and strikes
// off those which nobody need look at.
func (k *Keeper) note(ctx context.Context, looks []look) error {
	var later [partitions][]redis.Z
	done := map[string][]any{} // by key; a sweep has one lease a key
	now := k.serverNow()
	for _, l := range looks {
		at := partition(l.name)
		switch {
		case l.due > 0:
			later[at] = append(later[at], redis.Z{Score: float64(now + l.due.Milliseconds()), Member: l.name})
		case l.leased != "":
			key := indexKey(int(at))
			if done[key] == nil {
				done[key] = []any{l.leased}
			}
			done[key] = append(done[key], l.name)
		}
	}
	return k.scripted(ctx, func(p redis.Pipeliner) {
		for n, members := range later {
			if len(members) > 0 {
				p.ZAdd(ctx, indexKey(n), members...)
			}
		}
		for key, args := range done {
			strikeScript.EvalSha(ctx, p, []string{key}, args...)
		}
	})
}

func indexKey(partition int) string { return "px:{" + strconv.Itoa(partition) + "}" }

// scripted runs a pipeline of scripts, and once more if Redis has forgotten them.
// A pipeline that was partly run is harmless to run again: a script says how
// things are, not how they changed.
func (k *Keeper) scripted(ctx context.Context, fill func(redis.Pipeliner)) error {
	err := k.pipe(ctx, fill)
	if err == nil || !redis.HasErrorPrefix(err, "NOSCRIPT") {
		return err
	}
	if err := k.pipe(ctx, loadScripts(ctx)); err != nil {
		return err
	}
	return k.pipe(ctx, fill)
}

func loadScripts(ctx context.Context) func(redis.Pipeliner) {
	return func(p redis.Pipeliner) {
		for _, s := range []string{partyLua, strikeLua, dueLua, lineLua, reserveLua, releaseLua} {
			p.ScriptLoad(ctx, s)
		}
	}
}
