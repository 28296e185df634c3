// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"context"
	"hash/maphash"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// Config is what a Hub is made of. Gate, Verifier and Log are required.
type Config struct {
	Gate     Gate
	Verifier bridge.Verifier
	Tickets  Tickets      // nil: no tickets are taken
	Live     bridge.Live  // nil: nobody's presence is told
	Board    bridge.Board // nil: nobody is told of lines
	Turn     *Turn        // nil: there is no relay for voice
	Log      *slog.Logger
	Meter    Meter // nil: nothing is counted

	// Origins are the pages that may connect: "https://bridge.example.org".
	Origins []string
	// Programs lets those connect who send no Origin, as programs do. They can't
	// use a ticket, and no cookie is read on this path.
	Programs bool
	// ClientIP names the peer that limits are kept for; nil: the address of the
	// connection. Behind a proxy it has to be told.
	ClientIP func(*http.Request) string

	// Negative ones are no limit.
	PerIP         int // sockets of one address that have not proven who they are; 0 means 20
	Handshakes    int // of one address a second; 0 means 10, with bursts of twice as many
	Unidentified  int // sockets of all addresses likewise; 0 means 2000
	SessionsLimit int // of one person; 0 means wire.MaxSessions
	Rate          int // commands of one session a second; 0 means wire.MaxRate, with bursts of three times as many
	Sends         int // commands of one person a second, over all sessions, that put something before others; 0 means twice Rate, likewise
}

// Tickets redeems what a browser was given over HTTP in place of a token.
type Tickets interface {
	// Redeem returns who the ticket was given to, once, within 30 s; else an
	// *Error with CodeUnauthenticated.
	Redeem(ticket string) (bridge.Identity, error)
}

// Meter counts what the hub does.
type Meter interface {
	Sessions(delta int)  // of proven identity
	Queue(frames int)    // how long a session's queue is, at each frame added
	Ended(closeCode int) // 0 when the client or the network ended it
	Dropped()            // an ephemeral push, since the queue was half full
	Limited()            // a command, since its sender had sent too many on all connections
}

// Hub is all live connections of this node. It is an http.Handler and a
// bridge.Listener.
type Hub struct {
	Config

	upgrader websocket.Upgrader
	workers  workers
	ctx      context.Context
	stop     context.CancelFunc
	closings closings
	arrivals arrivals
	swept    chan struct{} // closed when the sweeper has gone

	all     everybody // every socket
	parties [shards]shard[bridge.Ref]
	persons [shards]shard[bridge.Ref]
	ips     doorkeeper
	senders senders

	draining atomic.Bool // set under mu; nothing is added to open after that
	open     sync.WaitGroup

	mu sync.Mutex
}

var _ bridge.Listener = (*Hub)(nil)

// New returns a hub that runs until Close.
func New(c Config) *Hub {
	if c.PerIP == 0 {
		c.PerIP = 20
	}
	if c.Handshakes == 0 {
		c.Handshakes = 10
	}
	if c.Unidentified == 0 {
		c.Unidentified = 2000
	}
	if c.SessionsLimit == 0 {
		c.SessionsLimit = wire.MaxSessions
	}
	if c.Rate == 0 {
		c.Rate = wire.MaxRate
	}
	if c.Sends == 0 {
		c.Sends = 2 * c.Rate // none, where that has none
	}
	if c.ClientIP == nil {
		c.ClientIP = remoteIP
	}
	if c.Meter == nil {
		c.Meter = noMeter{}
	}
	h := &Hub{Config: c, swept: make(chan struct{})}
	h.upgrader = websocket.Upgrader{
		Subprotocols:    []string{wire.Subprotocol},
		ReadBufferSize:  0, // that of line
		WriteBufferSize: 4 << 10,
		WriteBufferPool: &sync.Pool{},
		CheckOrigin:     h.allowed,
		// Off: a compressed frame escapes the read limit, and leaks by its length.
		EnableCompression: false,
		HandshakeTimeout:  5 * time.Second,
	}
	h.ips.byIP = map[string]*visitor{}
	h.ctx, h.stop = context.WithCancel(context.Background())
	go h.sweepUntil(h.ctx.Done())
	return h
}

// Close ends every session at once, and waits until all have gone.
func (h *Hub) Close() error {
	h.shut()
	h.each(func(s *session) { s.cut(bridge.CloseDrain) })
	h.open.Wait()
	h.stop()
	<-h.swept
	h.closeAtOnce()
	h.workers.stop()
	return nil
}

// shut lets nobody in any more.
func (h *Hub) shut() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.draining.Store(true)
}

// admit puts a new session among all, unless the hub is shut.
func (h *Hub) admit(s *session) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.draining.Load() {
		return false
	}
	h.open.Add(1)
	h.all.put(s)
	return true
}

const shards = 64

var seed = maphash.MakeSeed()

// shard is a part of an index of sessions.
type shard[K comparable] struct {
	mu sync.RWMutex

	sessions map[K][]*session
}

func shardOf[K comparable](index *[shards]shard[K], key K) *shard[K] {
	return &index[maphash.Comparable(seed, key)%shards]
}

// enter adds s under key unless there are most already.
func enter[K comparable](index *[shards]shard[K], key K, s *session, most int) bool {
	p := shardOf(index, key)
	p.mu.Lock()
	defer p.mu.Unlock()
	if most > 0 && len(p.sessions[key]) >= most {
		return false
	}
	if p.sessions == nil {
		p.sessions = map[K][]*session{}
	}
	p.sessions[key] = append(p.sessions[key], s)
	return true
}

func leave[K comparable](index *[shards]shard[K], key K, s *session) {
	p := shardOf(index, key)
	p.mu.Lock()
	defer p.mu.Unlock()
	rest := p.sessions[key]
	for i, other := range rest {
		if other == s {
			// A copy: those who look on hold the old one.
			rest = append(append([]*session(nil), rest[:i]...), rest[i+1:]...)
			break
		}
	}
	if len(rest) == 0 {
		delete(p.sessions, key)
		return
	}
	p.sessions[key] = rest
}

// under lists the sessions under key. The list is not to be changed.
func under[K comparable](index *[shards]shard[K], key K) []*session {
	p := shardOf(index, key)
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.sessions[key]
}

// everybody is a set of sessions.
type everybody [shards]struct {
	mu sync.RWMutex

	sessions map[*session]struct{}
}

func (e *everybody) put(s *session) {
	p := &e[maphash.Comparable(seed, s)%shards]
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sessions == nil {
		p.sessions = map[*session]struct{}{}
	}
	p.sessions[s] = struct{}{}
}

func (e *everybody) drop(s *session) {
	p := &e[maphash.Comparable(seed, s)%shards]
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.sessions, s)
}

// appendShard appends the sessions of one shard.
func (e *everybody) appendShard(to []*session, shard int) []*session {
	p := &e[shard]
	p.mu.RLock()
	defer p.mu.RUnlock()
	for s := range p.sessions {
		to = append(to, s)
	}
	return to
}

// each calls f for every session, with no lock held.
func (h *Hub) each(f func(*session)) {
	var some []*session
	for i := range shards {
		some = h.all.appendShard(some[:0], i)
		for _, s := range some {
			f(s)
		}
	}
}

type noMeter struct{}

func (noMeter) Sessions(int) {}
func (noMeter) Queue(int)    {}
func (noMeter) Ended(int)    {}
func (noMeter) Dropped()     {}
func (noMeter) Limited()     {}
