// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/api"
	"github.com/brobygger/brobygger/bridge/auth"
	"github.com/brobygger/brobygger/bridge/bridgetest/load"
)

// benchChildCmd is what a bench measures, in a process of its own. It says when
// it is ready, and goes when its standard input ends.
type benchChildCmd struct {
	What  string `arg:"" enum:"bridge,relay,plain"`
	Data  string `help:"Folder of the data."`
	Pairs int    `help:"How many pairs of people to import."`
	Lines bool   `help:"Import a region's lines and their people instead."`

	service *service // of a bridge
	issuer  string
}

// Run serves until standard input ends.
func (b *benchChildCmd) Run(ctx context.Context, stdin io.Reader, out *printer) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var serve func() error
	switch b.What {
	case "bridge":
		s, err := b.newService(ctx, ln.Addr().String(), out)
		if err != nil {
			return errors.Join(err, ln.Close())
		}
		b.service = s
		serve = func() error { return s.serve(ctx, ln, time.Second) }
	case "relay":
		serve = plainServer(ctx, ln, &load.Relay{})
	default:
		serve = plainServer(ctx, ln, http.HandlerFunc(load.Plain))
	}
	go func() {
		b.obey(ctx, stdin, out)
		cancel()
	}()
	out.printf("ready %s\n", ln.Addr())
	return serve()
}

// newService makes the same service as serve does, with limits that let a few
// connections do the work of many, and with an issuer of its own.
func (b *benchChildCmd) newService(ctx context.Context, address string, out *printer) (*service, error) {
	c := defaults()
	c.Data, c.Log.Level, c.Log.Format = b.Data, "error", "text"
	const many = 1 << 30
	c.Limits = limitsConfig{
		PerCaller: many, CallerBurst: many, PerIP: many, IPBurst: many,
		Handshakes: many, Unidentified: 1000, Commands: -1,
	}
	log, err := c.logger(out.stderr)
	if err != nil {
		return nil, err
	}
	issuer, err := auth.NewIssuer(auth.IssuerOptions{
		Listen: address, Audience: "brobygger", Life: time.Hour,
		Subjects: func(name string) ([]string, bool) { return nil, strings.HasPrefix(name, "load-") },
	})
	if err != nil {
		return nil, fmt.Errorf("making the issuer: %w", err)
	}
	verifier, err := auth.Open(ctx, auth.Config{Issuers: []auth.TrustedIssuer{issuer.Trust()}, Log: log})
	if err != nil {
		return nil, fmt.Errorf("trusting the issuer: %w", err)
	}
	s, err := newService(ctx, c, verifier, log)
	if err != nil {
		return nil, errors.Join(err, verifier.Close())
	}
	s.closers = append(s.closers, verifier.Close)
	b.issuer = issuer.URL()
	if err := b.populate(ctx, s); err != nil {
		return nil, errors.Join(fmt.Errorf("importing people: %w", err), s.close())
	}
	s.handler = withIssuer(s.handler, issuer)
	return s, nil
}

// populate imports whom the bench is about.
func (b *benchChildCmd) populate(ctx context.Context, s *service) error {
	var batch bridge.ImportBatch
	switch {
	case b.Lines:
		batch = load.Region(b.issuer, time.Now())
	case b.Pairs > 0:
		batch = load.People(b.Pairs, b.issuer, time.Now())
	default:
		return nil
	}
	_, err := s.bridge.Import(ctx, bridge.Caller{Admin: true}, batch)
	return err
}

// who asks the bridge itself who can be rung, n times, and words how long the
// median and the slowest hundredth took, in nanoseconds.
func (b *benchChildCmd) who(ctx context.Context, n int) (string, error) {
	desks := load.Desks(load.Switchboards)
	var took load.Times
	for i := range n {
		d := desks[i%len(desks)]
		c, err := b.service.bridge.Caller(ctx, bridge.Identity{
			Subject: bridge.Subject{Issuer: b.issuer, Name: d.Caller()}, Assurance: bridge.AssuranceSubstantial,
			Issued: time.Now(), Expires: time.Now().Add(time.Hour),
		}, "")
		if err != nil {
			return "", err
		}
		from := time.Now()
		if _, err := b.service.bridge.WhoCanBeRung(ctx, c, d.Who()); err != nil {
			return "", fmt.Errorf("asking who can be rung: %w", err)
		}
		took = append(took, time.Since(from))
	}
	slices.Sort(took)
	return fmt.Sprintf("%d %d", took.At(.5), took.At(.99)), nil
}

func plainServer(ctx context.Context, ln net.Listener, h http.Handler) func() error {
	server := api.NewServer(ln.Addr().String(), h)
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return func() error {
		if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serving: %w", err)
		}
		return nil
	}
}

// obey does what is asked of it, a line each, until there is no more: collect
// gives unused memory back, cpu and stop write a profile, heap writes what is held, who asks who can be rung.
func (b *benchChildCmd) obey(ctx context.Context, stdin io.Reader, out *printer) {
	var profile *os.File
	for lines := bufio.NewScanner(stdin); lines.Scan(); {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "collect":
			debug.FreeOSMemory()
		case "cpu":
			var err error
			if profile, err = os.Create(filepath.Clean(rest)); err == nil {
				err = pprof.StartCPUProfile(profile)
			}
			if err != nil {
				out.fault(err)
			}
		case "stop":
			pprof.StopCPUProfile()
			_ = profile.Close()
		case "heap":
			if err := writeHeap(filepath.Clean(rest)); err != nil {
				out.fault(err)
			}
		case "who":
			n, err := strconv.Atoi(rest)
			if err == nil {
				word, err = b.who(ctx, n)
			}
			if err != nil {
				out.fault(err)
			}
		}
		out.printf("done %s\n", word)
	}
}

// writeHeap writes what memory is held, and by whom.
func writeHeap(name string) error {
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("writing what is held: %w", err)
	}
	return errors.Join(pprof.Lookup("heap").WriteTo(f, 0), f.Close())
}
