// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/brobygger/brobygger/bridge"
)

// Limits are how much one caller and one address may ask for. Rates are per
// second. A zero field has its default; a negative rate means no limit.
type Limits struct {
	PerCaller   float64 // by sign-in; default 20
	CallerBurst int     // default 60
	PerIP       float64 // before anybody is known; default 50, since a clinic may share one address
	IPBurst     int     // default 200

	Import int64 // bytes of an import; default 64 MiB
}

func (l Limits) withDefaults() Limits {
	or := func(v *float64, d float64) {
		if *v == 0 {
			*v = d
		}
	}
	orInt := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	or(&l.PerCaller, 20)
	orInt(&l.CallerBurst, 60)
	or(&l.PerIP, 50)
	orInt(&l.IPBurst, 200)
	if l.Import == 0 {
		l.Import = 64 << 20
	}
	return l
}

// maxBuckets is the most keys that a limiter remembers. Beyond it, full buckets
// are forgotten, which changes nothing for them.
const maxBuckets = 1 << 16

// limiter is a token bucket for each key.
type limiter[K comparable] struct {
	limit rate.Limit
	burst int

	mu      sync.Mutex // guards the following field
	buckets map[K]*rate.Limiter
}

func newLimiter[K comparable](perSecond float64, burst int) *limiter[K] {
	limit := rate.Limit(perSecond)
	if perSecond < 0 {
		limit = rate.Inf
	}
	return &limiter[K]{limit: limit, burst: burst, buckets: map[K]*rate.Limiter{}}
}

// take takes one token of the key, or says how long until there is one.
func (l *limiter[K]) take(key K) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.buckets[key]
	if b == nil {
		if len(l.buckets) >= maxBuckets {
			l.forget()
		}
		b = l.fresh()
		l.buckets[key] = b
	}
	r := b.Reserve()
	if wait = r.Delay(); wait > 0 {
		r.Cancel()
		return wait, false
	}
	return 0, true
}

// fresh is a full bucket.
func (l *limiter[K]) fresh() *rate.Limiter { return rate.NewLimiter(l.limit, l.burst) }

// forget drops the buckets that are full again. Where none is, all are in use by
// a flood, and starting over is the lesser harm.
func (l *limiter[K]) forget() {
	for k, b := range l.buckets {
		if b.Tokens() >= float64(l.burst) {
			delete(l.buckets, k)
		}
	}
	if len(l.buckets) >= maxBuckets {
		clear(l.buckets)
	}
}

// limitIP counts calls by the address that they come from.
func (a *api) limitIP(l *limiter[netip.Addr], next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if wait, ok := l.take(network(clientIP(r, a.TrustedProxies))); !ok {
			a.Metrics.limited("address")
			a.refuse(w, r, &bridge.Error{Code: bridge.CodeRateLimited, After: wait})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ClientIP names the address that a call came from, as text, for limits kept
// elsewhere; trusted are proxies whose X-Forwarded-For is believed.
func ClientIP(trusted []netip.Prefix) func(*http.Request) string {
	return func(r *http.Request) string { return network(clientIP(r, trusted)).String() }
}

// clientIP is the peer, or behind trusted proxies the last address of
// X-Forwarded-For that is not one of them.
func clientIP(r *http.Request, trusted []netip.Prefix) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := peer.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && within(addr, trusted); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = hop.Unmap()
	}
	return addr
}

func within(a netip.Addr, prefixes []netip.Prefix) bool {
	for _, p := range prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// network is what one subscriber has: an IPv4 address, or an IPv6 /64.
func network(a netip.Addr) netip.Addr {
	if !a.Is6() {
		return a
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return a
	}
	return p.Addr()
}
