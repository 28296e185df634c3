// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/brobygger/brobygger/bridge/hub"
)

// turnConfig is the relay of voice.
type turnConfig struct {
	URLs       []string      `yaml:"urls"`
	SecretFile string        `yaml:"secret_file"`
	Lifetime   time.Duration `yaml:"lifetime"`
}

// open reads the secret that the bridge shares with the relay; without a relay it
// returns nil.
func (c turnConfig) open() (*hub.Turn, error) {
	if len(c.URLs) == 0 && c.SecretFile == "" {
		return nil, nil
	}
	if len(c.URLs) == 0 || c.SecretFile == "" {
		return nil, errors.New("configuration: turn needs both urls and secret_file")
	}
	for _, u := range c.URLs {
		if !relayURL(u) {
			return nil, errors.New("configuration: turn.urls has one that is not turn:host:port or turns:host:port, with ?transport=udp or tcp")
		}
	}
	if c.Lifetime < 0 || c.Lifetime > 24*time.Hour {
		return nil, errors.New("configuration: turn.lifetime is not of 24h at most")
	}
	secret, err := os.ReadFile(c.SecretFile)
	if err != nil {
		return nil, fmt.Errorf("reading the relay's secret: %w", err)
	}
	if secret = bytes.TrimSpace(secret); len(secret) < 16 {
		return nil, errors.New("configuration: the file of turn.secret_file holds fewer than 16 bytes")
	}
	return &hub.Turn{URLs: c.URLs, Secret: secret, Lifetime: c.Lifetime}, nil
}

// relayURL reports whether u is a URI of a TURN server (RFC 7065).
func relayURL(u string) bool {
	scheme, rest, _ := strings.Cut(u, ":")
	place, query, asked := strings.Cut(rest, "?")
	if _, err := url.Parse("//" + place); err != nil || place == "" || strings.ContainsAny(place, "/@# ") {
		return false
	}
	if host, _, err := net.SplitHostPort(place); err == nil && host == "" {
		return false
	}
	return (scheme == "turn" || scheme == "turns") && (!asked || query == "transport=udp" || query == "transport=tcp")
}
