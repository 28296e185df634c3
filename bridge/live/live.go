// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// Package live keeps live state in Redis: who can be reached now, on which
// devices, who takes rings on which line, whom a ring has, and who wants to be
// told when that changes. It is the one place that knows go-redis, and the server
// within the process that takes Redis' place on one machine.
//
// Nothing here is evidence of anything. What is lost is learnt again from the
// devices' next heartbeats; until then presence is unknown, never offline, and
// who takes rings is not known, never nobody.
//
// # Keys
//
// Every name is opaque and what must be read again is sealed (see names): who can
// read Redis, its slow log or its backups learns how many people are online and
// nothing else. {…} is the hash tag, so each script touches one slot of a cluster.
//
//	p:{u:…}:c     hash    connection -> rank|node
//	p:{u:…}:x     zset    connection -> when it is gone, ms
//	p:{u:…}:m     hash    agg, rev, pe, at, dnd
//	p:{u:…}:busy  string  the ring that has the party, sealed
//	l:{l:…}:open  zset    who takes rings on the line, sealed -> until when, ms
//	px:{k}        zset    party, or l:line -> when somebody must look at it again, ms
//	n:{n:…}:hb    string  a node's newest beat
//	ps:{u:…}      channel a party's transitions
//	ls:{l:…}      channel a line's changes, without saying which
//	pn:{n:…}      channel a node's probe of its own subscription
//
// # Lock order
//
// Keeper.mu, then watcher.mu. devices.mu, signs.mu and bookings.mu are taken alone.
// None is held while Redis is asked or a watcher is called.
package live

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/brobygger/brobygger/bridge"
)

// Options says where live state is kept. One of Addr, URL and Embedded must be
// set. The intervals have good defaults; tests shorten them.
type Options struct {
	Addr     string       // host:port of a Redis or Valkey, 6.2 or newer
	URL      string       // or redis://, rediss:// or unix://, with user, password and database
	Embedded bool         // or a server within this process, which ends with it
	Key      []byte       // names parties in Redis, the same on all nodes of a bridge; 16 bytes or more; may be empty if Embedded
	Node     string       // this node's name; "": a random one
	Log      *slog.Logger // nil: nothing is logged

	// Now is by which clock the ends of shifts are told; nil: time.Now. All else goes
	// by Redis' clock.
	Now func() time.Time
	// Await is for how long after the start nobody knows who takes rings: where people
	// were signed on before it, they are on their way back. 0: what there is is known.
	Await time.Duration

	TTL     time.Duration // a connection that is not touched for so long is gone; 0: 75 s
	Timeout time.Duration // of one question to Redis; 0: 250 ms
	Beat    time.Duration // between two looks whether Redis is there and has kept its memory; 0: 1 s
	Probe   time.Duration // between two proofs that the subscription delivers; 0: 10 s
	Sweep   time.Duration // between two looks for connections that are gone; 0: 2 s
	Settle  time.Duration // after a loss, for how long silence about a party is no news; 0: 3 s

	started func(*miniredis.Miniredis) // lets a test reach the embedded server, to break it
}

// Limits of one pipeline: what a server takes well within a Timeout. A script
// costs the embedded server 40 times what it costs Redis.
const (
	touchBatch    = 64
	embeddedBatch = 8
	readBatch     = 128
	sweepBatch    = 64
)

// metaTTL is for how long an offline party's revision is remembered.
const metaTTL = 24 * time.Hour

// nodeTTL is how long a node's beat lives.
const nodeTTL = 15 * time.Second

// Keeper keeps bridge.Live and bridge.Board. Its zero value keeps nothing; see Open.
type Keeper struct {
	o          Options
	client     *redis.Client
	stopServer func() // of the embedded server, or nothing
	names      names
	log        *slog.Logger
	devices    devices
	signs      signs
	bookings   bookings
	feed       feed
	beats      beats
	stop       context.CancelFunc
	running    sync.WaitGroup
	closing    sync.Once
	suspected  chan struct{} // capacity 1: a question failed, look now

	mu         sync.Mutex // guards the following fields
	up         bool
	why        error     // nil while up
	generation string    // changes when live state goes away; part of every epoch that is told
	memory     string    // changes when Redis has lost what it held
	lostAt     time.Time // when live state came back; zero: that is long ago
	unsent     bool      // a touch or a drop was not kept
	clock      clock
	watched    map[string]*watched
	opened     time.Time
	knew       bool                    // who takes rings, when it was last looked
	lines      map[string]*watchedLine // by lid
}

var (
	_ bridge.Live  = (*Keeper)(nil)
	_ bridge.Board = (*Keeper)(nil)
)

var errAway = errors.New("live state is away")

// Open starts keeping live state. A Redis that does not answer is no error: nothing
// is known until it does.
func Open(o Options) (*Keeper, error) {
	o, err := o.checked()
	if err != nil {
		return nil, fmt.Errorf("checking the options of live state: %w", err)
	}
	k := &Keeper{
		o:          o,
		names:      newNames(o.Key, o.Node),
		log:        o.Log,
		suspected:  make(chan struct{}, 1),
		generation: rand.Text()[:8],
		memory:     rand.Text()[:8],
		why:        errors.New("live state has not answered yet"),
		watched:    map[string]*watched{},
		lines:      map[string]*watchedLine{},
		opened:     time.Now(),
		stopServer: func() {},
	}
	k.devices.reset()
	k.signs.all = map[string]map[string]sign{}
	k.bookings.all = map[string]booking{}
	if o.Embedded {
		k.client, k.stopServer, err = startEmbedded(o)
	} else {
		k.client, err = dial(o)
	}
	if err != nil {
		return nil, err
	}
	k.feed = feed{k: k, wake: make(chan struct{}, 1)}
	ctx, stop := context.WithCancel(context.Background())
	k.stop = stop
	k.check(ctx, true)
	k.running.Go(func() { k.watchOver(ctx) })
	k.running.Go(func() { k.sweep(ctx) })
	k.running.Go(func() { k.feed.run(ctx) })
	return k, nil
}

func (o Options) checked() (Options, error) {
	places := 0
	for _, set := range []bool{o.Addr != "", o.URL != "", o.Embedded} {
		if set {
			places++
		}
	}
	if places != 1 {
		return o, errors.New("one of address, URL and embedded must be given")
	}
	if len(o.Key) == 0 && o.Embedded {
		o.Key = []byte(rand.Text())
	}
	if len(o.Key) < 16 {
		return o, errors.New("the key that names parties needs 16 bytes")
	}
	if o.Node == "" {
		o.Node = rand.Text()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	for _, d := range []struct {
		value    *time.Duration
		fallback time.Duration
	}{
		{&o.TTL, 75 * time.Second},
		{&o.Timeout, 250 * time.Millisecond},
		{&o.Beat, time.Second},
		{&o.Probe, 10 * time.Second},
		{&o.Sweep, 2 * time.Second},
		{&o.Settle, 3 * time.Second},
	} {
		if *d.value == 0 {
			*d.value = d.fallback
		}
		if *d.value < time.Millisecond {
			return o, errors.New("an interval is shorter than a millisecond")
		}
	}
	return o, nil
}

// Healthy returns nil when Redis answers and the subscription has been proven by
// traffic within two probes.
func (k *Keeper) Healthy() error {
	k.mu.Lock()
	up, why := k.up, k.why
	k.mu.Unlock()
	if !up {
		return fmt.Errorf("%w: %w", errAway, why)
	}
	return k.feed.healthy()
}

// Close ends what runs, and takes this node's connections back: people who leave
// with the node are offline at once, not after the TTL.
func (k *Keeper) Close() (err error) {
	k.closing.Do(func() { err = k.close() })
	return err
}

func (k *Keeper) close() error {
	now := k.standing()
	if now.up {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = k.apply(ctx, k.devices.farewell(), now.memory)
	}
	k.stop()
	k.running.Wait()
	k.mu.Lock()
	k.up, k.why = false, errors.New("it was closed")
	k.mu.Unlock()
	err := k.client.Close()
	k.stopServer()
	if err != nil {
		return fmt.Errorf("closing live state: %w", err)
	}
	return nil
}
