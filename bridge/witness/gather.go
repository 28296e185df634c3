// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package witness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// Log is what a gatherer asks of the log that is cosigned; *bridge.Bridge keeps it.
type Log interface {
	Checkpoint(ctx context.Context, cosigned bool) ([]byte, error)
	ProvePrefix(ctx context.Context, old, size uint64) ([]ledger.Hash, error)
	Cosigned(ctx context.Context, note, lines []byte) error
}

// Peer is a witness that is asked.
type Peer struct {
	URL string // submission prefix, without add-checkpoint
	Key *ledger.Verifier
}

// How often a witness is asked: soon behind a new head, and at least now and then,
// so that a cosignature's time says that the tree was not larger.
const (
	AskEvery  = 10 * time.Second
	AskAtMost = 10 * time.Minute
)

// Gatherer asks witnesses to cosign the heads of a log.
type Gatherer struct {
	of    Log
	key   *ledger.Verifier // of the log
	peers []*peer
	http  *http.Client
	log   *slog.Logger
	now   func() time.Time
}

type peer struct {
	Peer
	size  uint64    // that it cosigned last, as far as we know
	asked time.Time // when it did
	fails atomic.Uint64
	forks atomic.Uint64
}

// NewGatherer asks peers. A nil client is one with limits.
func NewGatherer(of Log, key *ledger.Verifier, peers []Peer, client *http.Client, log *slog.Logger) *Gatherer {
	if client == nil {
		client = &http.Client{Timeout: 10 * time.Second}
	}
	g := &Gatherer{of: of, key: key, http: client, log: log, now: time.Now}
	for _, p := range peers {
		p.URL = strings.TrimSuffix(p.URL, "/")
		g.peers = append(g.peers, &peer{Peer: p})
	}
	return g
}

// Failures counts what went wrong with witnesses since the start: those that did
// not answer, and those that said that this log has forked.
func (g *Gatherer) Failures() (silent, forked uint64) {
	for _, p := range g.peers {
		silent += p.fails.Load()
		forked += p.forks.Load()
	}
	return silent, forked
}

// Gather asks each witness that has not cosigned the newest head. It returns what
// went wrong, and logs it; one witness does not keep the others. It is called
// again and again, by one goroutine.
func (g *Gatherer) Gather(ctx context.Context) error {
	note, err := g.of.Checkpoint(ctx, false)
	if err != nil {
		return fmt.Errorf("gathering cosignatures: %w", err)
	}
	c, err := ledger.OpenCheckpoint(note, g.key)
	if err != nil {
		return fmt.Errorf("gathering cosignatures: %w", err)
	}
	var all error
	for _, p := range g.peers {
		if p.size == c.Size && g.now().Sub(p.asked) < AskAtMost {
			continue
		}
		err := g.ask(ctx, p, c, note)
		switch {
		case err == nil:
			p.size, p.asked = c.Size, g.now()
			continue
		case errors.Is(err, ledger.ErrFork):
			p.forks.Add(1)
			g.log.ErrorContext(ctx, "a witness says that this ledger has forked", slog.String("witness", p.Key.Name()))
		default:
			p.fails.Add(1)
			g.log.WarnContext(ctx, "a witness did not cosign", slog.String("witness", p.Key.Name()), slog.Any("error", err))
		}
		all = errors.Join(all, fmt.Errorf("asking %s: %w", p.Key.Name(), err))
	}
	return all
}

// ask submits the head; a witness that stands elsewhere says where, once.
func (g *Gatherer) ask(ctx context.Context, p *peer, c ledger.Checkpoint, note []byte) error {
	old := p.size
	for range 2 {
		if old > c.Size {
			return fmt.Errorf("%w: it has cosigned %d leaves, and there are %d", ledger.ErrFork, old, c.Size)
		}
		proof, err := g.of.ProvePrefix(ctx, old, c.Size)
		if err != nil {
			return err
		}
		status, body, err := g.post(ctx, p, ledger.Submission{Old: old, Proof: proof, Checkpoint: note}.Format())
		if err != nil {
			return err
		}
		switch status {
		case http.StatusOK:
			return g.of.Cosigned(ctx, note, body)
		case http.StatusConflict:
			if old, err = strconv.ParseUint(strings.TrimSuffix(string(body), "\n"), 10, 62); err != nil {
				return errors.New("it does not say where it stands")
			}
		case http.StatusUnprocessableEntity:
			return ledger.ErrFork
		default:
			return fmt.Errorf("it answered %d", status)
		}
	}
	return errors.New("somebody else asks it at the same time")
}

func (g *Gatherer) post(ctx context.Context, p *peer, body []byte) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL+"/add-checkpoint", bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "text/plain; charset=utf-8")
	resp, err := g.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	return resp.StatusCode, answer, errors.Join(err, resp.Body.Close())
}
