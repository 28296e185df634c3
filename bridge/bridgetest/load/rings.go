// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// Rings is what rings came to.
type Rings struct {
	Devices int   // rung by each ring
	First   Times // from ringing until the first device was told
	All     Times // until every device of all targets was
	Stopped Times // from answering until everything else had stopped: others, and other devices of who answered
	Seen    Times // from asking who can be rung until the answer
}

// devices of each person who is rung.
const devices = 2

// Exchange is the connections of desks: who rings, and all devices they ring.
type Exchange struct{ desks []*deskLine }

// deskLine is one desk's connections, and the ring that goes on there.
type deskLine struct {
	Desk
	caller *Client
	rung   [rung * devices]*Client

	mu   sync.Mutex // guards the following fields
	goal string     // what every device is waited for to be told
	seen [rung * devices]bool
	left int
	from int64
	all  Times // of each device in turn
	done chan struct{}
}

// Close ends all connections.
func (x *Exchange) Close() {
	for _, d := range x.desks {
		for _, c := range append(d.rung[:], d.caller) {
			if c != nil {
				c.Close()
			}
		}
	}
}

// Exchanged connects the people of the desks.
func Exchanged(ctx context.Context, address string, sign Signer, desks []Desk) (*Exchange, error) {
	x := &Exchange{desks: make([]*deskLine, len(desks))}
	errs := make([]error, len(desks))
	var wg sync.WaitGroup
	places := make(chan struct{}, 16)
	for i, d := range desks {
		x.desks[i] = &deskLine{Desk: d}
		places <- struct{}{}
		wg.Go(func() {
			errs[i] = x.desks[i].connect(ctx, address, sign)
			<-places
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		x.Close()
		return nil, err
	}
	return x, nil
}

func (d *deskLine) connect(ctx context.Context, address string, sign Signer) error {
	dial := func(name string, n int) (all []*Client, err error) {
		token, err := sign(ctx, name)
		for range n {
			if err != nil {
				return all, err
			}
			var c *Client
			if c, err = Dial(ctx, address, token); err == nil {
				all = append(all, c)
			}
		}
		return all, err
	}
	own, err := dial(d.Caller(), 1)
	if err != nil {
		return err
	}
	d.caller = own[0]
	for i := range rung {
		some, err := dial(d.Person(i), devices)
		copy(d.rung[i*devices:], some)
		if err != nil {
			return err
		}
	}
	for i, c := range d.rung {
		told := func(frame []byte) { d.told(i, frame) }
		c.onLine.Store(&told)
	}
	return nil
}

// await has every device but one waited for, from now on; -1: every device.
func (d *deskLine) await(goal string, but int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.goal, d.seen, d.left, d.all, d.done = goal, [len(d.seen)]bool{}, len(d.seen), nil, make(chan struct{})
	if but >= 0 {
		d.seen[but] = true
		d.left--
	}
	d.from = stamp()
}

// What devices are waited for to be told: that it rings, and that it rings no more.
const (
	goalRings = "rings"
	goalStops = "stops"
)

// told takes what a device was told of a ring.
func (d *deskLine) told(i int, frame []byte) {
	at := stamp()
	goal := ""
	switch {
	case bytes.HasPrefix(frame, []byte(`{"t":"line.ringing"`)):
		goal = goalRings
	case bytes.HasPrefix(frame, []byte(`{"t":"line.stop"`)), bytes.Contains(frame, []byte(`"state":"accepted"`)):
		goal = goalStops
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if goal != d.goal || d.seen[i] {
		return
	}
	d.seen[i] = true
	d.all = append(d.all, time.Duration(at-d.from))
	if d.left--; d.left == 0 {
		close(d.done)
	}
}

func (d *deskLine) wait(ctx context.Context) (Times, error) {
	select {
	case <-d.done:
		d.mu.Lock()
		defer d.mu.Unlock()
		return sorted(d.all), nil
	case <-ctx.Done():
		d.mu.Lock()
		defer d.mu.Unlock()
		return nil, fmt.Errorf("waiting until %d devices hear that it %s: %w", d.left, d.goal, ctx.Err())
	}
}

// Ready waits until all who are on duty are known to take rings.
func (x *Exchange) Ready(ctx context.Context) error {
	for try := time.NewTicker(50 * time.Millisecond); ; {
		n := 0
		for _, d := range x.desks {
			var v bridge.WhoView
			if err := d.caller.call(ctx, wire.CmdLineWho, bridge.WhoQuery{Patient: d.patient(), Line: d.line(), Purpose: bridge.PurposeTreatment}, &v); err != nil {
				return fmt.Errorf("asking who can be rung: %w", err)
			}
			if v.Count < rung {
				break
			}
			n++
		}
		if n == len(x.desks) {
			try.Stop()
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for those on duty, at %d desks they are there: %w", n, ctx.Err())
		case <-try.C:
		}
	}
}

// Run rings at all desks at the same moment, so often; when every device rings, one
// person answers on one device at each desk, at the same moment too. The first
// round does not count.
func (x *Exchange) Run(ctx context.Context, rounds int) (Rings, error) {
	r := Rings{Devices: len(x.desks[0].rung)}
	for round := range rounds + 1 {
		made := make([]bridge.RingID, len(x.desks))
		rang, err := x.together(func(i int, d *deskLine) (Times, error) {
			d.await(goalRings, -1)
			var a wire.RingAnswer
			err := d.caller.call(ctx, wire.CmdLineRing, wire.LineRing{
				MID:     "load-ring-" + strconv.FormatInt(began.UnixNano(), 36) + "-" + strconv.Itoa(round),
				Patient: d.patient(), Line: d.line(), Purpose: bridge.PurposeTreatment,
				Topics: []bridge.Topic{bridge.TopicMedication}, Note: "The dose was changed on Monday; may it be kept?",
			}, &a)
			if err != nil {
				return nil, fmt.Errorf("ringing: %w", err)
			}
			made[i] = a.Ring.ID
			return d.wait(ctx)
		})
		if err != nil {
			return r, err
		}
		const who = devices // the second person's first device
		stopped, err := x.together(func(i int, d *deskLine) (Times, error) {
			d.await(goalStops, who)
			var a wire.RingAnswer
			if err := d.rung[who].call(ctx, wire.CmdLineAccept, wire.RingOf{Ring: made[i]}, &a); err != nil {
				return nil, fmt.Errorf("answering: %w", err)
			}
			return d.wait(ctx)
		})
		if err != nil {
			return r, err
		}
		_, err = x.together(func(i int, d *deskLine) (Times, error) {
			return nil, d.caller.call(ctx, wire.CmdLineEnd, wire.RingOf{Ring: made[i]}, &wire.RingAnswer{})
		})
		if err != nil {
			return r, fmt.Errorf("ending a talk: %w", err)
		}
		if round == 0 {
			continue
		}
		for i := range x.desks {
			r.First = append(r.First, rang[i][0])
			r.All = append(r.All, rang[i][len(rang[i])-1])
			r.Stopped = append(r.Stopped, stopped[i][len(stopped[i])-1])
		}
	}
	r.First, r.All, r.Stopped = sorted(r.First), sorted(r.All), sorted(r.Stopped)
	return r, nil
}

// together does the same at all desks at the same moment.
func (x *Exchange) together(do func(int, *deskLine) (Times, error)) ([]Times, error) {
	took, errs := make([]Times, len(x.desks)), make([]error, len(x.desks))
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i, d := range x.desks {
		wg.Go(func() {
			<-begin
			took[i], errs[i] = do(i, d)
		})
	}
	close(begin)
	wg.Wait()
	return took, errors.Join(errs...)
}

// Seen asks who can be rung for the patients of all the region's lines, n times,
// four at a time.
func (x *Exchange) Seen(ctx context.Context, n int) (Times, error) {
	const atOnce = 4
	desks := Desks(Switchboards)
	parts, errs := make([]Times, atOnce), make([]error, atOnce)
	var wg sync.WaitGroup
	for k := range atOnce {
		wg.Go(func() {
			for i := k; i < n && errs[k] == nil; i += atOnce {
				d := desks[i%len(desks)]
				from := stamp()
				var v bridge.WhoView
				errs[k] = x.desks[d.number%len(x.desks)].caller.call(ctx, wire.CmdLineWho, d.Who(), &v)
				parts[k] = append(parts[k], time.Duration(stamp()-from))
			}
		})
	}
	wg.Wait()
	return sorted(parts...), errors.Join(errs...)
}
