// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package witness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// Puller lets a witness fetch the checkpoints of logs by itself, with the proof
// that each goes on from the one before, so that nobody has to reach the witness.
type Puller struct {
	witness *Witness
	urls    []string
	http    *http.Client
}

// NewPuller pulls from bridges at these addresses, whose logs the witness must
// know. A nil client is one with limits.
func NewPuller(w *Witness, urls []string, client *http.Client) *Puller {
	if client == nil {
		client = &http.Client{Timeout: 10 * time.Second}
	}
	p := &Puller{witness: w, http: client}
	for _, u := range urls {
		p.urls = append(p.urls, strings.TrimSuffix(u, "/"))
	}
	return p
}

// Pull asks each log once, and cosigns what goes on from what was cosigned last. It
// returns what went wrong, and logs it; one log does not keep the others.
func (p *Puller) Pull(ctx context.Context) error {
	var all error
	for _, u := range p.urls {
		if err := p.pull(ctx, u); err != nil {
			if !errors.Is(err, ledger.ErrFork) { // which was logged as one
				p.witness.log.WarnContext(ctx, "a log was not cosigned", slog.String("log", u), slog.Any("error", err))
			}
			all = errors.Join(all, fmt.Errorf("pulling from %s: %w", u, err))
		}
	}
	return all
}

func (p *Puller) pull(ctx context.Context, url string) error {
	note, err := p.get(ctx, url+"/ledger/checkpoint")
	if err != nil {
		return err
	}
	next, err := ledger.ReadCheckpoint(note)
	if err != nil {
		return err
	}
	last, err := p.witness.last(ctx, next.Origin)
	if err != nil {
		return err
	}
	var proof []byte
	switch {
	case last.Size == next.Size && last.Root == next.Root && last.Size > 0:
		return nil
	case last.Size > next.Size:
		return fmt.Errorf("%w: %d leaves were cosigned, and it shows %d", ledger.ErrBackwards, last.Size, next.Size)
	case last.Size > 0 && last.Size < next.Size:
		if proof, err = p.get(ctx, fmt.Sprintf("%s/ledger/consistency?old=%d&size=%d", url, last.Size, next.Size)); err != nil {
			return err
		}
	}
	a := p.witness.add(ctx, fmt.Appendf(nil, "old %d\n%s\n%s", last.Size, proof, note))
	switch a.status {
	case http.StatusOK:
		return nil
	case http.StatusUnprocessableEntity:
		return ledger.ErrFork
	}
	return errors.New(strings.TrimSpace(string(a.body)))
}

func (p *Puller) get(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := p.http.Do(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err = errors.Join(err, resp.Body.Close()); err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("it answered %d", resp.StatusCode)
	}
	return body, err
}
