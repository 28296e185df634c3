// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// allowed is the check of Origin: one of the list, letter for letter.
func (h *Hub) allowed(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	switch len(origins) {
	case 0:
		return h.Programs
	case 1:
		return slices.Contains(h.Origins, origins[0])
	}
	return false
}

// ServeHTTP takes a connection.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.draining.Load() {
		refuse(w, http.StatusServiceUnavailable, time.Second)
		return
	}
	ip := h.ClientIP(r)
	if wait, ok := h.ips.knock(ip, time.Now(), h.PerIP, h.Handshakes, h.Unidentified); !ok {
		refuse(w, http.StatusTooManyRequests, wait)
		return
	}
	now := time.Now()
	s := &session{hub: h, id: newID(), door: &door{ip: ip, page: r.Header.Get("Origin") != "", since: now}, heard: now, sent: now}
	conn, err := h.upgrader.Upgrade(taker{w, &s.line}, r, nil)
	if err != nil { // which has been answered
		h.ips.leave(ip)
		return
	}
	s.conn = conn
	// What is over the limit of our own is told with a code of our own; this one
	// only stops a frame that claims to be huge.
	conn.SetReadLimit(4 * wire.MaxMessage)
	conn.SetPingHandler(s.pinged)
	if !h.admit(s) { // shut since it was asked above
		h.ips.leave(ip)
		_ = conn.Close()
		return
	}
	s.tell(wire.PushWelcome, wire.Welcome{
		Protocol: wire.Subprotocol, Features: []string{}, AuthMS: wire.AuthTimeout.Milliseconds(),
	}, lasting)
	if conn.Subprotocol() != wire.Subprotocol {
		s.cut(bridge.CloseVersion)
	}
	// In a goroutine of its own, so that the stack and the buffers of the HTTP
	// handler go.
	go s.read()
}

func refuse(w http.ResponseWriter, status int, after time.Duration) {
	seconds := int(after/time.Second) + 1
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	http.Error(w, http.StatusText(status), status)
}
