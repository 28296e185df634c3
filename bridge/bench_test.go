// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
)

// BenchmarkSendShown is the whole of a message without a network: decided,
// accepted, claimed, and closed by the client's word.
func BenchmarkSendShown(b *testing.B) {
	for _, senders := range []int{1, 64} {
		b.Run(fmt.Sprintf("senders=%d", senders), func(b *testing.B) {
			w := bridgetest.New(b, bridgetest.WithClock(time.Now))
			e := &ear{caller: w.As("psy")}
			gp := w.As("gp")
			conv := w.Talk(bridge.PurposeTreatment, "gp", "psy")
			var n atomic.Uint64
			b.SetParallelism(max(1, senders/2))
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					sent, err := w.Send(b.Context(), gp, bridgetest.Draft(conv, "a line of text of the usual length", bridge.TopicMedication))
					if err != nil {
						b.Error(err)
						return
					}
					n.Store(max(n.Load(), sent.Seq))
					items, _, err := w.History(b.Context(), e.caller, fresh, bridge.HistoryQuery{Conversation: conv.ID, After: sent.Seq - 1, Limit: 1})
					if err != nil || len(items) != 1 || items[0].Disclosure == "" {
						b.Errorf("claimed %+v, %v", items, err)
						return
					}
					if err := w.Close(b.Context(), e.caller, []bridge.DisclosureID{items[0].Disclosure}, bridge.DisclosureShown); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
		})
	}
}

// BenchmarkDisk is the floor: 4 KiB appended to a file and synced.
func BenchmarkDisk(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "floor"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	page := make([]byte, 4096)
	for b.Loop() {
		if _, err := f.Write(page); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
}
