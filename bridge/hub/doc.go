// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// Package hub keeps the live connections: it speaks the protocol of package
// wire over WebSockets, asks the bridge for everything, and hands out what the
// bridge has claimed for a session.
//
// A session at rest is one goroutine that waits, with little on its stack and no
// buffer. Whatever else it needs, a worker of the hub does, and goes: one carries
// out commands, in their order, and writes their answers; one writes what is
// queued otherwise; one fetches and queues what the party's log has grown by; one
// closes claims by the client's word, together with those of other sessions. Each
// of the four runs at most once per session at a time.
//
// Lock order: session.delivering or closes, then session.mu, then that of a shard
// or the closings, then the workers'. No lock but the first two is held while the
// bridge is called.
package hub
