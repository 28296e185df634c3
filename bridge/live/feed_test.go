// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live_test

import (
	"bytes"
	"net"
	"sync"
	"testing"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/live"
)

// proxy stands between a node and Redis. It can make subscriptions dumb: their
// connections stay, and nothing comes through.
type proxy struct {
	listener net.Listener
	target   string
	running  sync.WaitGroup

	mu    sync.Mutex // guards the following fields
	links []*link
}

type link struct {
	client, server net.Conn

	mu         sync.Mutex // guards the following fields
	subscribes bool
	dumb       bool
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, target: target}
	p.running.Go(p.accept)
	t.Cleanup(func() {
		_ = l.Close()
		p.mu.Lock()
		for _, l := range p.links {
			_, _ = l.client.Close(), l.server.Close()
		}
		p.mu.Unlock()
		p.running.Wait()
	})
	return p
}

func (p *proxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		s, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = c.Close()
			continue
		}
		l := &link{client: c, server: s}
		p.mu.Lock()
		p.links = append(p.links, l)
		p.mu.Unlock()
		p.running.Go(func() { l.copy(s, c, true) })
		p.running.Go(func() { l.copy(c, s, false) })
	}
}

func (l *link) copy(to, from net.Conn, up bool) {
	defer func() { _, _ = to.Close(), from.Close() }()
	b := make([]byte, 64<<10)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		l.mu.Lock()
		if up && bytes.Contains(bytes.ToLower(b[:n]), []byte("subscribe")) {
			l.subscribes = true
		}
		dumb := l.dumb && !up
		l.mu.Unlock()
		if dumb {
			continue
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

// silence makes all subscriptions of now dumb, and gives how many.
func (p *proxy) silence() (count int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.links {
		l.mu.Lock()
		if l.subscribes {
			l.dumb = true
			count++
		}
		l.mu.Unlock()
	}
	return count
}

// The connection is there, publishing works, and nothing arrives: only traffic
// shows it.
func TestASubscriptionThatDeliversNothingIsReplaced(t *testing.T) {
	s := startRedis(t)
	p := newProxy(t, s.addr())
	o := quick()
	o.Addr = p.listener.Addr().String()
	l := open(t, o)
	other := s.open(t, quick())
	w := watch(t, l, holm)
	touch(t, other, online(holm, "desk"))
	w.until(t, bridge.PresenceOnline)
	healthy(t, l)

	if p.silence() == 0 {
		t.Fatal("there is no subscription to silence")
	}
	touch(t, other, idle(holm, "desk"))
	eventually(t, "it is noticed", func() bool { return l.Healthy() != nil })
	w.until(t, bridge.PresenceAway) // by the new subscription
	healthy(t, l)
	touch(t, other, online(holm, "desk"))
	w.until(t, bridge.PresenceOnline)
}

func TestASubscriptionThatIsCutIsMadeAgain(t *testing.T) {
	s := startRedis(t)
	l, other := s.open(t, quick()), s.open(t, quick())
	w := watch(t, l, holm)
	touch(t, other, online(holm, "desk"))
	w.until(t, bridge.PresenceOnline)
	killed, err := live.Client(other).ClientKillByFilter(t.Context(), "TYPE", "pubsub").Result()
	if err != nil || killed == 0 {
		t.Fatalf("cut %d: %v", killed, err)
	}
	touch(t, other, idle(holm, "desk"))
	w.until(t, bridge.PresenceAway)
}

// Who can write to Redis can publish anything.
func TestNonsenseOnAPartysChannel(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		l := s.open(t, quick())
		w := watch(t, l, holm)
		touch(t, l, online(holm, "desk"))
		p := w.until(t, bridge.PresenceOnline)
		var channel string
		eventually(t, "it is subscribed", func() bool {
			channels := live.Client(l).PubSubChannels(t.Context(), "ps:*").Val()
			if len(channels) == 1 {
				channel = channels[0]
			}
			return channel != ""
		})
		for _, m := range []string{
			"", "online", "online|1", "online|-1|x", "online|9|", "busy|9|x", "unknown|9|x", "online|9|x|y",
			"away|99999999999999999999999|x", "away|2|" + string(bytes.Repeat([]byte("x"), 33)),
		} {
			redisErr(t, live.Client(l).Publish(t.Context(), channel, m))
		}
		touch(t, l, idle(holm, "desk"))
		if next := w.until(t, bridge.PresenceAway); next.Rev != p.Rev+1 || next.Epoch != p.Epoch {
			t.Errorf("%+v, then %+v", p, next)
		}
	})
}
