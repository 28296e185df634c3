// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/api"
	"github.com/brobygger/brobygger/bridge/calendar"
	"github.com/brobygger/brobygger/bridge/hub"
	"github.com/brobygger/brobygger/bridge/live"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
	"github.com/brobygger/brobygger/policy"
)

// database is the file in the data folder that holds everything.
const database = "brobygger.db"

// sweepEvery is how often the bridge does what time asks for.
const sweepEvery = 5 * time.Second

// service is one whole bridge: everything that serve and demo have in common.
type service struct {
	config   config
	log      *slog.Logger
	store    *sqlite.Store
	desk     *policy.Desk
	bridge   *bridge.Bridge
	hub      *hub.Hub
	ledger   *ledgerService
	metrics  *api.Metrics
	handler  http.Handler
	draining atomic.Bool
	waiting  atomic.Pointer[bridge.Unreviewed] // emergency accesses, as of the last sweep
	closers  []func() error                    // in order of making
}

// Memory: a decision makes garbage, and collecting it less often makes decisions
// faster (measured); the limit keeps that from eating a small machine.
const (
	gcPercent   = 400
	memoryLimit = 1 << 30
)

func newService(ctx context.Context, c config, v bridge.Verifier, log *slog.Logger) (_ *service, err error) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	s := &service{config: c, log: log, metrics: api.NewMetrics()}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	keys, err := openSealed(ctx, c.Data, c.Keys, log)
	if err != nil {
		return nil, fmt.Errorf("opening the keys: %w", err)
	}
	s.closers = append(s.closers, keys.close)
	s.sealed(keys)
	options := sqlite.Options{Log: log, Committed: s.metrics.Committed, Sealer: keys.sealer, Keys: keys.keys.ID()}
	if bare {
		options.Sealer = nil
	}
	s.store, err = sqlite.Open(filepath.Join(c.Data, database), options)
	if err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	s.closers = append(s.closers, s.store.Close)
	s.desk, err = policy.OpenDesk(ctx, policy.DeskOptions{
		Store: s.store, Bundle: c.Policy.Bundle, Key: c.Policy.Key, Kept: filepath.Join(c.Data, keptPolicy),
		Shadow: c.Policy.Shadow, Share: c.Policy.ShadowShare, Log: log, Count: s.metrics,
	})
	if err != nil {
		return nil, fmt.Errorf("opening the policy: %w", err)
	}
	s.closers = append(s.closers, s.desk.Close)
	here, err := live.Open(c.liveOptions(log))
	if err != nil {
		return nil, fmt.Errorf("opening live state: %w", err)
	}
	s.closers = append(s.closers, here.Close)
	zone, err := time.LoadLocation(c.Timezone)
	if err != nil {
		return nil, fmt.Errorf("reading the time zone: %w", err)
	}
	if s.ledger, err = c.Ledger.open(ctx, c.Data, s.store, log); err != nil {
		return nil, fmt.Errorf("opening the ledger: %w", err)
	}
	s.bridge, err = bridge.New(bridge.Config{
		Ledger: s.ledger.signer, Witnesses: s.ledger.keys,
		Store: s.store, Decider: s.desk, Texts: s.desk, Live: here, Board: here, Log: log, Meter: s.metrics, Zone: zone, Holidays: calendar.Danish{},
		ReviewWithin: c.Emergencies.ReviewWithin, KeepDecisions: c.Policy.KeepDecisions, Sealer: keys.sealer, Keeper: keys.sealer,
	})
	if err != nil {
		return nil, fmt.Errorf("making the bridge: %w", err)
	}
	if err := s.bridge.FinishErasures(ctx); err != nil {
		return nil, fmt.Errorf("destroying the keys of who was erased: %w", err)
	}
	s.oversee()
	s.ledger.oversee(s.bridge, s.metrics)
	return s, s.face(ctx, c, v, here)
}

// face makes what the outside sees: sockets and HTTP.
func (s *service) face(ctx context.Context, c config, v bridge.Verifier, here *live.Keeper) error {
	proxies, err := c.proxies()
	if err != nil {
		return err
	}
	turn, err := c.Turn.open()
	if err != nil {
		return err
	}
	s.hub = hub.New(hub.Config{
		Gate: hub.GateOf(s.bridge), Verifier: v, Live: here, Board: here, Turn: turn, Log: s.log, Meter: s.metrics,
		Origins: c.Origins, Programs: true, ClientIP: api.ClientIP(proxies),
		Handshakes: c.Limits.Handshakes, PerIP: c.Limits.Unidentified,
		Rate: c.Limits.Commands, Sends: c.Limits.Sends,
	})
	s.closers = append(s.closers, s.hub.Close)
	s.bridge.Listen(s.hub)
	var tracing *api.Tracing
	if c.OTLP.Endpoint != "" {
		if tracing, err = api.StartTracing(ctx, c.OTLP.Endpoint, version, c.OTLP.Share); err != nil {
			return fmt.Errorf("starting traces: %w", err)
		}
		s.closers = append(s.closers, func() error { return tracing.Close(context.WithoutCancel(ctx)) })
	}
	s.handler, err = api.New(api.Config{
		Bridge: s.bridge, Verifier: v, Hub: s.hub, Log: s.log,
		Metrics: s.metrics, MetricsElsewhere: c.Metrics != "", Tracing: tracing,
		Attention: map[string]func() bool{
			"emergencies": func() bool { return s.unreviewed().Overdue > 0 },
			"ledger":      s.ledger.late, "canary": s.ledger.canaryFailed, "witness": s.ledger.forked,
		},
		Witness: s.ledger.handler(),
		Ready:   s.checks(), Policy: s.desk, Draining: s.draining.Load, Limits: c.Limits.api(), TrustedProxies: proxies, HSTS: c.HSTS,
	})
	return err
}

// serve serves until ctx ends, and then lets everybody go.
func (s *service) serve(ctx context.Context, ln net.Listener, grace time.Duration) error {
	server := api.NewServer(ln.Addr().String(), s.handler)
	failed := make(chan error, 2)
	var running sync.WaitGroup
	running.Go(func() {
		if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("serving: %w", err)
		}
	})
	others, err := s.serveMetrics(&running, failed)
	sweeping, stop := context.WithCancel(context.WithoutCancel(ctx))
	running.Go(func() { s.sweep(sweeping) })
	running.Go(func() { _ = s.bridge.RunLines(sweeping) }) // it ends with sweeping, and logs what goes wrong
	if !bare {
		s.ledger.run(sweeping, &running)
	}
	running.Go(func() { s.watchPolicy(sweeping) })
	if err == nil {
		select {
		case <-ctx.Done():
		case err = <-failed:
		}
	}
	s.draining.Store(true)
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace+5*time.Second)
	defer cancel()
	s.hub.Drain(ending, grace)
	err = errors.Join(err, server.Shutdown(ending))
	if others != nil {
		err = errors.Join(err, others.Shutdown(ending))
	}
	stop()
	running.Wait()
	return errors.Join(err, s.close())
}

// serveMetrics serves /metrics on an address of its own, if there is one.
func (s *service) serveMetrics(running *sync.WaitGroup, failed chan<- error) (*http.Server, error) {
	if s.config.Metrics == "" {
		return nil, nil
	}
	ln, err := net.Listen("tcp", s.config.Metrics)
	if err != nil {
		return nil, fmt.Errorf("listening for metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.metrics.Handler())
	server := api.NewServer(s.config.Metrics, mux)
	running.Go(func() {
		if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("serving metrics: %w", err)
		}
	})
	return server, nil
}

// sweep does what time asks for: at start, and every few seconds.
func (s *service) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		err := errors.Join(s.bridge.Sweep(ctx), s.reseal(ctx))
		if u, countErr := s.bridge.Unreviewed(ctx); countErr != nil {
			err = errors.Join(err, countErr)
		} else {
			s.waiting.Store(&u)
		}
		if err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "sweeping failed", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// close closes what was made, last first.
func (s *service) close() error {
	var err error
	for i := len(s.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, s.closers[i]())
	}
	s.closers = nil
	return err
}

// proxies parses whose X-Forwarded-For is believed.
func (c config) proxies() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range c.Proxies {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, addrErr := netip.ParseAddr(text)
			if addrErr != nil {
				return nil, fmt.Errorf("proxies: %q is no address", text)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		all = append(all, p)
	}
	return all, nil
}
