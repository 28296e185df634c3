// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
)

// BenchmarkUpdateGrouped is the store's share of a message: taken (message,
// delivery, two events, entry) in one Update, and disclosed (claim, delivery,
// receipt, entry) in another, by so many senders at once, each to a patient of
// their own. disk-p50-µs is the same disk's own append of 4 KiB with fdatasync,
// in the same run.
func BenchmarkUpdateGrouped(b *testing.B) {
	for _, senders := range []int{1, 64, 256} {
		for _, c := range []struct {
			name  string
			steps []func(bridge.PatientID, bridge.ConversationID, int) func(bridge.Tx) error
		}{
			{"accept", []func(bridge.PatientID, bridge.ConversationID, int) func(bridge.Tx) error{accepted}},
			{"message", []func(bridge.PatientID, bridge.ConversationID, int) func(bridge.Tx) error{accepted, disclosed}},
		} {
			b.Run(fmt.Sprintf("%s/%d", c.name, senders), func(b *testing.B) {
				folder := b.TempDir()
				disk := fdatasync(b, folder)
				s, err := sqlite.Open(filepath.Join(folder, "bridge.db"), sqlite.Options{})
				if err != nil {
					b.Fatal(err)
				}
				defer func() { _ = s.Close() }()
				grouped(b, s, senders, c.steps)
				b.ReportMetric(float64(disk.Microseconds()), "disk-p50-µs")
			})
		}
	}
}

func grouped(b *testing.B, s *sqlite.Store, senders int, steps []func(bridge.PatientID, bridge.ConversationID, int) func(bridge.Tx) error) {
	ctx := context.Background()
	for i := range senders {
		p := bridge.PatientID(fmt.Sprintf("p%04d", i))
		c := bridge.ConversationID("c-" + p)
		for _, fn := range []func(bridge.Tx) error{newPatient(p), newTalk(p, c)} {
			if err := s.Update(ctx, p, fn); err != nil {
				b.Fatal(err)
			}
		}
	}
	var next atomic.Int64
	before := cpu(b)
	took := make([]time.Duration, b.N)
	b.ResetTimer()
	var wg sync.WaitGroup
	for i := range senders {
		wg.Go(func() {
			p := bridge.PatientID(fmt.Sprintf("p%04d", i))
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				start := time.Now()
				for _, step := range steps {
					if err := s.Update(ctx, p, step(p, bridge.ConversationID("c-"+p), int(n))); err != nil {
						b.Error(err)
						return
					}
				}
				took[n-1] = time.Since(start)
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(b.N), "cpu-µs/msg")
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// fdatasync is the median of the disk's own append of 4 KiB.
func fdatasync(b *testing.B, folder string) time.Duration {
	f, err := os.Create(filepath.Join(folder, "disk"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	page := make([]byte, 4096)
	var took []time.Duration
	for range 200 {
		start := time.Now()
		if _, err := f.Write(page); err != nil {
			b.Fatal(err)
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// cpu is what the process has used, which a busy machine disturbs less than time.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
