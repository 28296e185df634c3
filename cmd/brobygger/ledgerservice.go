// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/api"
	"github.com/brobygger/brobygger/bridge/ledger"
	watching "github.com/brobygger/brobygger/bridge/witness"
)

// ledgerConfig is whose name the tree is signed in, and who watches whom.
type ledgerConfig struct {
	Name       string          `yaml:"name"`        // the origin is name/<id of the log>
	Key        string          `yaml:"key"`         // file of the log's seed
	WitnessKey string          `yaml:"witness_key"` // file of the seed to cosign with
	Witnesses  []witnessConfig `yaml:"witnesses"`   // who cosigns for us
	WitnessFor []string        `yaml:"witness_for"` // verifier keys of the logs that we cosign
}

// witnessConfig is one witness.
type witnessConfig struct {
	URL string `yaml:"url"`
	Key string `yaml:"key"`
}

// ledgerService keeps the tree of a bridge growing, signed and watched.
type ledgerService struct {
	log     *slog.Logger
	signer  *ledger.Signer
	keys    []*ledger.Verifier // of the witnesses
	peers   []watching.Peer
	witness *watching.Witness // of others; nil: of nobody

	bridge   *bridge.Bridge
	gatherer *watching.Gatherer
	started  time.Time
}

// open reads the keys, making those that are missing.
func (c ledgerConfig) open(ctx context.Context, data string, store bridge.Store, log *slog.Logger) (*ledgerService, error) {
	s := &ledgerService{log: log, started: time.Now()}
	seed, err := seedFile(c.Key, filepath.Join(data, "ledger.key"))
	if err != nil {
		return nil, err
	}
	name := c.Name
	if name == "" {
		name = "brobygger"
	}
	// A restore from a backup changes the log's id, and with it the origin: what was
	// signed before the restore and is lost now was another log's.
	if s.signer, err = ledger.NewSigner(name+"/"+store.Log(), seed); err != nil {
		return nil, err
	}
	if err := signedBy(ctx, store, s.signer.Verifier()); err != nil {
		return nil, err
	}
	for _, w := range c.Witnesses {
		key, err := ledger.ParseVerifier(w.Key)
		if err == nil && !key.Witness() {
			err = errors.New("it is the key of a log")
		}
		if err != nil {
			return nil, fmt.Errorf("configuration: ledger.witnesses: %w", err)
		}
		if u, err := url.Parse(w.URL); err != nil || u.Host == "" {
			return nil, fmt.Errorf("configuration: ledger.witnesses: %q is no address", w.URL)
		}
		s.keys, s.peers = append(s.keys, key), append(s.peers, watching.Peer{URL: w.URL, Key: key})
	}
	if len(c.WitnessFor) > 0 {
		s.witness, err = c.witness(data, name, store, log)
	}
	return s, err
}

// witness is the bridge as a witness of others.
func (c ledgerConfig) witness(data, name string, store bridge.Store, log *slog.Logger) (*watching.Witness, error) {
	seed, err := seedFile(c.WitnessKey, filepath.Join(data, "witness.key"))
	if err != nil {
		return nil, err
	}
	key, err := ledger.NewWitness(name+"/witness", seed, time.Now)
	if err != nil {
		return nil, err
	}
	logs, err := verifiers(c.WitnessFor)
	if err != nil {
		return nil, fmt.Errorf("configuration: ledger.witness_for: %w", err)
	}
	return watching.New(key, logs, watching.InStore(store, time.Now), log)
}

func verifiers(texts []string) ([]*ledger.Verifier, error) {
	var all []*ledger.Verifier
	for _, t := range texts {
		v, err := ledger.ParseVerifier(t)
		if err != nil {
			return nil, fmt.Errorf("%.80q: %w", t, err)
		}
		all = append(all, v)
	}
	return all, nil
}

// signedBy refuses to sign on in the name of a key that has signed before.
func signedBy(ctx context.Context, store bridge.Store, key *ledger.Verifier) error {
	var last bridge.SignedTree
	err := store.View(ctx, func(tx bridge.Tx) (err error) {
		last, err = tx.Checkpoints().Latest(false)
		return err
	})
	if errors.Is(err, bridge.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the newest checkpoint: %w", err)
	}
	_, err = ledger.OpenCheckpoint(last.Note, key)
	if errors.Is(err, ledger.ErrOrigin) {
		return nil // of before a restore
	}
	if err != nil {
		return fmt.Errorf("the newest checkpoint was signed with another key; put the ledger's key file back: %w", err)
	}
	return nil
}

// seedFile reads a key's seed, 64 hexadecimal digits, and draws one where there is
// no file yet. Others may not read it.
func seedFile(path, otherwise string) ([]byte, error) {
	if path == "" {
		path = otherwise
	}
	text := append(hex.AppendEncode(nil, ledger.NewSeed()), '\n')
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	switch {
	case err == nil:
		_, err = f.Write(text)
		if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
			return nil, errors.Join(fmt.Errorf("making a key: %w", err), os.Remove(path))
		}
	case !errors.Is(err, fs.ErrExist):
		return nil, fmt.Errorf("making a key: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading a key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("reading a key: others may read %s; chmod 600", path)
	}
	if text, err = os.ReadFile(path); err != nil {
		return nil, fmt.Errorf("reading a key: %w", err)
	}
	seed, err := hex.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil || len(seed) != ledger.SeedSize {
		return nil, fmt.Errorf("reading a key: %s does not hold 64 hexadecimal digits", path)
	}
	return seed, nil
}

// oversee shows how the ledger is.
func (s *ledgerService) oversee(b *bridge.Bridge, m *api.Metrics) {
	s.bridge = b
	s.gatherer = watching.NewGatherer(b, s.signer.Verifier(), s.peers, nil, s.log)
	m.Gauge("ledger_unsequenced_seconds", "How old the oldest entry may be that is in no signed tree; an alarm from 10 on.", func() float64 { return b.SequenceLag().Seconds() })
	m.Gauge("ledger_canary_failed", "1 when the record of the canary patient is not whole, or was not verified for two hours.", func() float64 { return number(s.canaryFailed()) })
	m.Counter("ledger_damaged_exports_total", "Exports that showed a patient a record with entries gone or changed; an alarm at once.", func() float64 { return float64(b.DamagedExports()) })
	m.Counter("ledger_witness_silent_total", "Times that a witness did not cosign.", func() float64 { silent, _ := s.gatherer.Failures(); return float64(silent) })
	m.Counter("ledger_witness_forks_total", "Times that a witness said that this ledger has forked; an alarm at once.", func() float64 { _, forked := s.gatherer.Failures(); return float64(forked) })
	m.Counter("ledger_forks_refused_total", "Checkpoints of other ledgers that were refused here, since they had forked.", func() float64 {
		if s.witness == nil {
			return 0
		}
		return float64(s.witness.Refused())
	})
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (s *ledgerService) late() bool { return s.bridge.SequenceLag() > bridge.SequenceLate }

func (s *ledgerService) canaryFailed() bool {
	at, err := s.bridge.CanaryHealth()
	if at.IsZero() {
		at = s.started
	}
	return err != nil || time.Since(at) > 2*bridge.CanaryEvery
}

func (s *ledgerService) forked() bool {
	_, forked := s.gatherer.Failures()
	return forked > 0
}

// handler serves the other logs that we witness; nil: there are none.
func (s *ledgerService) handler() http.Handler {
	if s.witness == nil {
		return nil
	}
	return s.witness.Handler(api.WitnessPrefix)
}

// run sequences, gathers and sings until ctx ends.
func (s *ledgerService) run(ctx context.Context, running *sync.WaitGroup) {
	attrs := []slog.Attr{slog.String("key", s.signer.VerifierKey())}
	if s.witness != nil {
		attrs = append(attrs, slog.String("witness", s.witness.Key()))
	}
	s.log.LogAttrs(ctx, slog.LevelInfo, "the ledger is signed", attrs...)
	running.Go(func() {
		every(ctx, bridge.SequenceEvery, func(ctx context.Context) { s.sequence(ctx) })
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		s.sequence(last) // nothing is left out while the bridge is down
	})
	running.Go(func() {
		// What is wrong is logged where it is found, and counted.
		every(ctx, bridge.CanaryEvery, func(ctx context.Context) { _ = s.bridge.Canary(ctx) })
	})
	if len(s.peers) > 0 {
		running.Go(func() {
			every(ctx, watching.AskEvery, func(ctx context.Context) { _ = s.gatherer.Gather(ctx) })
		})
	}
}

func (s *ledgerService) sequence(ctx context.Context) {
	if err := s.bridge.Sequence(ctx); err != nil && ctx.Err() == nil {
		s.log.ErrorContext(ctx, "entries do not come into the tree", slog.Any("error", err))
	}
}

// every calls f now, and then each time that d has passed, until ctx ends.
func every(ctx context.Context, d time.Duration, f func(context.Context)) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		f(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
