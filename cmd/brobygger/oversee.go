// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

const (
	keptPolicy  = "policy.bundle" // the last verified bundle, beside the database
	policyEvery = 5 * time.Second // how often the bundle's file is looked at
)

// checks are what /readyz asks besides the store.
func (s *service) checks() map[string]func(context.Context) error {
	all := map[string]func(context.Context) error{"policy": s.desk.Ready}
	maps.Copy(all, s.config.ready)
	return all
}

// watchPolicy reads the policy's files again when they change, and at once on
// SIGHUP. What is refused is logged and counted, and the old policy stays.
func (s *service) watchPolicy(ctx context.Context) {
	if s.config.Policy.Bundle == "" && s.config.Policy.Shadow == "" {
		return
	}
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGHUP)
	defer signal.Stop(told)
	tick := time.NewTicker(policyEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-told:
		case <-tick.C:
			if !s.desk.Changed() {
				continue
			}
		}
		if err := s.desk.Reload(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "the policy stays as it was", slog.Any("error", err))
		}
	}
}

// unreviewed is how many emergency accesses waited for a review at the last sweep.
func (s *service) unreviewed() bridge.Unreviewed {
	if u := s.waiting.Load(); u != nil {
		return *u
	}
	return bridge.Unreviewed{}
}

// oversee shows what people have to look at.
func (s *service) oversee() {
	s.metrics.Policy(func() (string, string) {
		p := s.desk.State()
		return p.Revision, p.SHA256
	})
	s.metrics.Gauge("emergencies_unreviewed", "Confirmed emergency accesses that nobody has reviewed.",
		func() float64 { return float64(s.unreviewed().All) })
	s.metrics.Gauge("emergencies_overdue", "Emergency accesses that have waited for their review longer than they may.",
		func() float64 { return float64(s.unreviewed().Overdue) })
	s.metrics.Gauge("emergency_oldest_unreviewed_seconds", "Age of the oldest emergency access that nobody has reviewed; 0 when there is none.",
		func() float64 {
			if t := s.unreviewed().Oldest; !t.IsZero() {
				return time.Since(t).Seconds()
			}
			return 0
		})
}
