// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// process is a child that is measured.
type process struct {
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	lines   *bufio.Scanner
	address string
	took    time.Duration // from its start until it answered that it is ready
}

// start starts this program again as a child.
func start(ctx context.Context, what, data string, pairs int) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	return startOf(ctx, self, what, data, pairs)
}

// startOf starts a program, this one or the one without wall, ledger and sealing.
func startOf(ctx context.Context, program, what, data string, pairs int) (*process, error) {
	return startWith(ctx, program, what, data, "--pairs", strconv.Itoa(pairs))
}

func startWith(ctx context.Context, program, what, data string, more ...string) (_ *process, err error) {
	p := &process{cmd: exec.CommandContext(ctx, program, append([]string{"bench-child", what, "--data", data}, more...)...)} //nolint:gosec // who runs the bench names it
	p.cmd.Stderr = os.Stderr
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", what, err)
	}
	p.lines = bufio.NewScanner(stdout)
	line, err := p.hear()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", what, err), p.end())
	}
	var ok bool
	if p.address, ok = strings.CutPrefix(line, "ready "); !ok {
		return nil, errors.Join(fmt.Errorf("starting %s: it says %q", what, line), p.end())
	}
	if what == "bridge" {
		err = p.ready(ctx)
	}
	p.took = time.Since(began)
	return p, err
}

// ready waits until the bridge says that it can serve.
func (p *process) ready(ctx context.Context) error {
	for try := time.NewTicker(time.Millisecond); ; {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.address+"/readyz", nil)
		if err != nil {
			return err
		}
		res, err := httpClient.Do(req)
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				try.Stop()
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-try.C:
		}
	}
}

func (p *process) hear() (string, error) {
	if !p.lines.Scan() {
		return "", errors.Join(io.ErrUnexpectedEOF, p.lines.Err())
	}
	return p.lines.Text(), nil
}

// tell has the child do something, and waits until it has.
func (p *process) tell(words string) error {
	_, err := p.ask(words)
	return err
}

// ask is tell, and returns what the child says of it.
func (p *process) ask(words string) (string, error) {
	if _, err := io.WriteString(p.stdin, words+"\n"); err != nil {
		return "", fmt.Errorf("telling %s: %w", words, err)
	}
	line, err := p.hear()
	return strings.TrimPrefix(line, "done "), err
}

// end lets the child go, and waits for it.
func (p *process) end() error {
	_ = p.stdin.Close()
	for p.lines.Scan() { // what it still says
	}
	return p.cmd.Wait()
}

// metric reads one counter of the bridge.
func (p *process) metric(ctx context.Context, name string) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.address+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	res, err := httpClient.Do(req)
	if err != nil {
		return 0, fmt.Errorf("reading metrics: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	for rows := bufio.NewScanner(res.Body); rows.Scan(); {
		if value, ok := strings.CutPrefix(rows.Text(), name+" "); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("reading metrics: there is no %s", name)
}
