// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/brobygger/brobygger/bridge/auth"
	"github.com/brobygger/brobygger/bridge/wire"
)

type serveCmd struct {
	Config string `help:"File of configuration (YAML)." type:"existingfile" placeholder:"FILE"`
	Listen string `help:"Address to listen on, instead of the configured one." placeholder:"HOST:PORT"`
	Data   string `help:"Folder of what must survive, instead of the configured one." placeholder:"FOLDER"`

	policyFlags
}

// comeBack is how long clients may need to connect again after a restart: until
// then rings go by the rota.
const comeBack = 10 * time.Second

// Run serves until it is told to stop, and then drains.
func (s *serveCmd) Run(ctx context.Context, out *printer) error {
	c, err := readConfig(s.Config, os.Environ())
	if err != nil {
		return err
	}
	if s.Listen != "" {
		c.Listen = s.Listen
	}
	if s.Data != "" {
		c.Data = s.Data
	}
	s.policyFlags.put(&c)
	if err := c.check(); err != nil {
		return err
	}
	log, err := c.logger(out.stderr)
	if err != nil {
		return err
	}
	issuers, err := c.trusted()
	if err != nil {
		return err
	}
	verifier, err := auth.Open(ctx, auth.Config{Issuers: issuers, Log: log})
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	c.ready = map[string]func(context.Context) error{"issuers": func(context.Context) error { return verifier.Healthy() }}
	c.await = comeBack
	bridge, err := newService(ctx, c, verifier, log)
	if err != nil {
		return errors.Join(err, verifier.Close())
	}
	ln, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return errors.Join(fmt.Errorf("listening: %w", err), bridge.close(), verifier.Close())
	}
	log.InfoContext(ctx, "serving", slog.String("address", ln.Addr().String()), slog.String("version", version), slog.Bool("live_embedded", c.Redis.URL == ""))
	err = bridge.serve(ctx, ln, wire.DrainGrace)
	log.InfoContext(ctx, "stopped")
	return errors.Join(err, verifier.Close())
}

// policyFlags say which policy decides, in place of what is configured.
type policyFlags struct {
	PolicyBundle string `help:"Signed bundle that decides in place of the built-in policy; it is read again when it changes, and on SIGHUP." placeholder:"FILE"`
	PolicyKey    string `help:"Public key that the bundle is signed with (PEM)." placeholder:"FILE"`
	PolicyShadow string `help:"Signed bundle that is asked beside the policy, and only compared." placeholder:"FILE"`
}

func (p policyFlags) put(c *config) {
	for _, f := range []struct {
		flag string
		to   *string
	}{{p.PolicyBundle, &c.Policy.Bundle}, {p.PolicyKey, &c.Policy.Key}, {p.PolicyShadow, &c.Policy.Shadow}} {
		if f.flag != "" {
			*f.to = f.flag
		}
	}
}
