// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live_test

import (
	"fmt"
	"testing"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/live"
)

// BenchmarkTouch tells of heartbeats, a batch a call. "touches/s" is what one
// node's batches come to.
func BenchmarkTouch(b *testing.B) {
	servers := map[string]func() server{
		"embedded":     func() server { return &embedded{} },
		"redis-server": func() server { return startRedis(b) },
	}
	for _, name := range []string{"embedded", "redis-server"} {
		for _, size := range []int{1, 100, 1000} {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				l := servers[name]().open(b, live.Options{Key: key})
				conns := make([]bridge.Connection, size)
				for n := range conns {
					conns[n] = online(bridge.Ref(fmt.Sprintf("PractitionerRole/%d", n)), fmt.Sprint(n))
				}
				touch(b, l, conns...)
				for b.Loop() {
					touch(b, l, conns...)
				}
				b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "touches/s")
			})
		}
	}
}

// BenchmarkPresence asks for 100 parties.
func BenchmarkPresence(b *testing.B) {
	for name, s := range map[string]server{"embedded": &embedded{}, "redis-server": startRedis(b)} {
		b.Run(name, func(b *testing.B) {
			l := s.open(b, live.Options{Key: key})
			var parties []bridge.Ref
			for n := range 100 {
				parties = append(parties, bridge.Ref(fmt.Sprintf("PractitionerRole/%d", n)))
				touch(b, l, online(parties[n], "desk"))
			}
			for b.Loop() {
				for _, p := range l.Presence(b.Context(), parties) {
					if p.State != bridge.PresenceOnline {
						b.Fatal(p.State)
					}
				}
			}
		})
	}
}
