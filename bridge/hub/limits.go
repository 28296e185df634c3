// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// bucket is a token bucket: rate tokens a second, at most burst.
type bucket struct {
	tokens float64
	at     time.Time
}

// take takes a token, and says how long until there is one when there is none.
func (b *bucket) take(now time.Time, rate, burst float64) (wait time.Duration, ok bool) {
	if b.at.IsZero() {
		b.tokens = burst
	} else {
		b.tokens = min(burst, b.tokens+rate*now.Sub(b.at).Seconds())
	}
	b.at = now
	if b.tokens < 1 {
		return time.Duration((1 - b.tokens) / rate * float64(time.Second)), false
	}
	b.tokens--
	return 0, true
}

// doorkeeper keeps the limits of those who have not yet proven who they are.
type doorkeeper struct {
	mu sync.Mutex

	byIP  map[string]*visitor
	total int // sockets
}

type visitor struct {
	shakes  bucket
	sockets int
}

// knock asks for one more socket from ip.
func (d *doorkeeper) knock(ip string, now time.Time, perIP, rate, total int) (wait time.Duration, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	v := d.byIP[ip]
	if v == nil {
		v = &visitor{}
		d.byIP[ip] = v
	}
	if rate < 0 {
		v.shakes.at = now
	} else if wait, ok := v.shakes.take(now, float64(rate), 2*float64(rate)); !ok {
		return wait, false
	}
	if perIP > 0 && v.sockets >= perIP || total > 0 && d.total >= total {
		return time.Second, false
	}
	v.sockets++
	d.total++
	return 0, true
}

// leave gives back what knock took: the socket is gone, or has proven who it is.
func (d *doorkeeper) leave(ip string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.total--
	if v := d.byIP[ip]; v != nil {
		v.sockets--
	}
}

// forget drops the addresses that have been quiet.
func (d *doorkeeper) forget(now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for ip, v := range d.byIP {
		if v.sockets == 0 && now.Sub(v.shakes.at) > time.Minute {
			delete(d.byIP, ip)
		}
	}
}

func remoteIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
